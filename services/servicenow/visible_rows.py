"""Whether an empty list means that there is nothing: what the account can see of the rows of that kind.

An instance answers a list whose rows are all hidden like one without rows: 200, and nothing. Rows that access rules hide
one by one are in the count of the list; those that a query rule or a domain hides are not. So an empty list is believed
only where the account is shown another row of the table, best one that is known to exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultTrait
from services.servicenow.encoded_query import Operator, TableQuery, where
from services.servicenow.http_client import ServiceNowClient


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
                return RowVisibility(
                    Visibility.SEEN, f"the account sees a record of {table} that is known to exist"
                )
            if page.total:
                return RowVisibility(
                    Visibility.HIDDEN, f"access rules hide a record of {table} that is known to exist"
                )
        page = await instance.table(table).page(TableQuery(), fields=(), limit=1)
    except ConsoleError as error:
        if FaultTrait.ROWS_HIDDEN not in error.problem.fault.traits:
            raise
        return RowVisibility(Visibility.HIDDEN, f"{table} is refused: {error.problem.evidence}")
    if page.rows and not known_ids:
        return RowVisibility(Visibility.SEEN, f"the account sees other records of {table}")
    if page.rows:
        text = f"the account sees records of {table}, and none of those that are known to exist"
        return RowVisibility(Visibility.UNKNOWN, text)
    if page.total:
        return RowVisibility(Visibility.HIDDEN, f"access rules hide all of {page.total} records of {table}")
    text = f"the account sees no record of {table} at all; whether there are any is unknown"
    return RowVisibility(Visibility.UNKNOWN, text)
