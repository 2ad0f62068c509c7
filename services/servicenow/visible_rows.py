"""Whether an empty list means that there is nothing: what the account can see of the rows of that kind.

An instance answers a list whose rows are all hidden like one without rows: 200, and nothing. Rows that access rules hide
one by one are in the count of the list; those that a query rule or a domain hides are not. So an empty list is believed
only where the account is shown another row of the table, best one that is known to exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultTrait
from services.language import tr
from services.servicenow.encoded_query import Operator, TableQuery, where
from services.servicenow.http_client import ServiceNowClient

_UNKNOWN_TEXT = tr_later("Whether there are any is unknown: the account sees no record of {table} at all")
_HIDDEN_TEXT = tr_later("ServiceNow hides records of {table} from the account, so there may be some")


class Visibility(StrEnum):
    """What an account can see of the rows of a table."""

    SEEN = "seen"
    HIDDEN = "hidden"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RowVisibility:
    """What was found out, and the evidence in words."""

    state: Visibility
    evidence: str
    table: str = ""

    @property
    def is_proof(self) -> bool:
        """Whether an empty answer is to be believed."""
        return self.state is Visibility.SEEN

    @property
    def sentence(self) -> str:
        """Return in words for a person why an empty list of the table is no proof, without a full stop; empty if it is one."""
        if self.is_proof:
            return ""
        return tr(_HIDDEN_TEXT if self.state is Visibility.HIDDEN else _UNKNOWN_TEXT, table=self.table)


async def probe_visibility(
    instance: ServiceNowClient, table: str, known_ids: Sequence[str] = ()
) -> RowVisibility:
    """Say whether the account sees rows of `table`, after a query of it came back without any; one call, or two.

    `known_ids` are sys_ids of records that are known to exist. Raises ConsoleError for everything that is no access rule.
    """
    try:
        if known_ids:
            query = where("sys_id", Operator.IN, *known_ids)
            page = await instance.table(table).page(query, fields=(), limit=len(known_ids))
            if page.rows:
                text = f"the account sees a record of {table} that is known to exist"
                return RowVisibility(Visibility.SEEN, text, table)
            if page.total:
                return hidden_rows(table, f"access rules hide a record of {table} that is known to exist")
        page = await instance.table(table).page(TableQuery(), fields=(), limit=1)
    except ConsoleError as error:
        if FaultTrait.ROWS_HIDDEN not in error.problem.fault.traits:
            raise
        return hidden_rows(table, f"{table} is refused: {error.problem.evidence}")
    if page.rows and not known_ids:
        return RowVisibility(Visibility.SEEN, f"the account sees other records of {table}", table)
    if page.rows:
        text = f"the account sees records of {table}, and none of those that are known to exist"
        return RowVisibility(Visibility.UNKNOWN, text, table)
    if page.total:
        return hidden_rows(table, f"access rules hide all of {page.total} records of {table}")
    text = f"the account sees no record of {table} at all; whether there are any is unknown"
    return RowVisibility(Visibility.UNKNOWN, text, table)


def hidden_rows(table: str, evidence: str) -> RowVisibility:
    """Return that rows of `table` are certainly hidden, for a list whose count says more than it shows."""
    return RowVisibility(Visibility.HIDDEN, evidence, table)
