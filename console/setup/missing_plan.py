"""What an instance lacks for approvals: the plan, and what runs that stopped before their end have written of it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.runtime import lazy_imports
from models.translation_marks import plural_later
from services.language import plural, tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.foreign_system import ForeignSystem
    from services.provisioning import ItemNames, RecordChange
    from services.provisioning.run_receipts import ReceiptStep

TABLE_LABELS = (
    ("sc_category", *plural_later("{count} category", "{count} categories")),
    ("sc_cat_item", *plural_later("{count} catalog item", "{count} catalog items")),
    ("item_option_new", *plural_later("{count} variable", "{count} variables")),
    ("sys_web_service", *plural_later("{count} scripted service", "{count} scripted services")),
    ("sys_web_service_input", *plural_later("{count} input", "{count} inputs")),
    ("sys_web_service_output", *plural_later("{count} output", "{count} outputs")),
)
"""Tables of a plan with singular and plural of their records."""


def record_counts_text(changes: "Sequence[RecordChange]") -> str:
    """Return how many records of which kind changes are about."""
    counts = [(sum(1 for c in changes if c.table == table), one, many) for table, one, many in TABLE_LABELS]
    return ", ".join(plural(count, one, many) for count, one, many in counts if count)


def provisional_server_id(base_url: str) -> uuid.UUID:
    """Return the id under which runs on an address are stored before a server object exists for it.

    The same address gives the same id, so that the next wizard finds the run of one that was closed.
    """
    return uuid.uuid5(uuid.NAMESPACE_URL, base_url)


@dataclass(frozen=True, slots=True)
class PartialRun:
    """What a run that did not reach its end has written on an instance so far, by its receipt."""

    done: "tuple[ReceiptStep, ...]" = ()
    """Steps that were carried out."""
    doubtful: "tuple[ReceiptStep, ...]" = ()
    """Steps that may have been carried out: their call was not answered."""
    earlier: bool = False
    """Whether an earlier run wrote something that still exists, as far as the store says."""
    known: bool = True
    """Whether the receipts could be read."""

    @property
    def anything(self) -> bool:
        """Whether something was written, or may have been."""
        return bool(self.done or self.doubtful or not self.known)

    @property
    def text(self) -> str:
        """The sentence about it."""
        if not self.known:
            return tr("It could not be read how many records were written in ServiceNow.")
        if not self.anything:
            return "" if self.earlier else tr("Nothing was changed on the instance.")
        sentences = []
        if self.done:
            sentences.append(
                plural(
                    len(self.done),
                    "{count} record was written in ServiceNow before it stopped.",
                    "{count} records were written in ServiceNow before it stopped.",
                )
            )
        if self.doubtful:
            names = ", ".join(step.name for step in self.doubtful)
            sentences.append(tr("It is not known whether this record was written: {names}.", names=names))
        return " ".join(sentences)


async def read_partial_run(ctx: "Context", server: "ForeignSystem", names: "ItemNames") -> PartialRun:
    """Return what the last run of these names on a server has written if it stopped before its end."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services.provisioning import run_receipts

    workspace = await ctx.ready()
    receipts = [
        receipt
        for receipt in await run_receipts.Receipt.list_for_server(workspace.store, server)
        if receipt.is_for_server(server)
    ]
    earlier = any(receipt.live and not receipt.undone for receipt in receipts)
    # A run continues the newest one of its names when that stopped, and starts anew when it reached its end.
    newest = next((receipt for receipt in receipts if receipt.names.identity == names.identity), None)
    live = newest.live if newest is not None and newest.unfinished else []
    done = tuple(step for step in live if step.state != "doing")
    return PartialRun(done, tuple(step for step in live if step.state == "doing"), earlier=earlier)


class MissingPlan:
    """The changes that a plan writes, without those that a stopped run has carried out."""

    def __init__(self, writes: "Sequence[RecordChange]", written: PartialRun) -> None:
        self._writes = writes
        self.written = written

    @property
    def remaining(self) -> "list[RecordChange]":
        """The changes that are still to be written."""
        done = {step.key for step in self.written.done}
        return [change for change in self._writes if change.key not in done]

    def counts_texts(self) -> tuple[str, str]:
        """Return which records are still to be created and updated; empty texts for none."""
        remaining = self.remaining if self.written.known else []
        created = record_counts_text([change for change in remaining if change.operation == "create"])
        updated = record_counts_text([change for change in remaining if change.operation != "create"])
        return (
            tr("To be created in ServiceNow: {records}", records=created) if created else "",
            tr("To be updated in ServiceNow: {records}", records=updated) if updated else "",
        )

    @property
    def run_text(self) -> str:
        """The text of the button that starts the run."""
        remaining = self.remaining
        count = len(remaining)
        if not count:
            return tr("Verify the run") if self.written.anything else tr("Create and check")
        if self.written.doubtful or not self.written.known:
            return tr("Continue in ServiceNow")
        if any(change.operation != "create" for change in remaining):
            return plural(count, "Write {count} record in ServiceNow", "Write {count} records in ServiceNow")
        return plural(count, "Create {count} record in ServiceNow", "Create {count} records in ServiceNow")

    @property
    def reason(self) -> str:
        """Why the run cannot start, or an empty text."""
        if self.remaining or self.written.anything:
            return ""
        return tr("The instance lacks what is marked")
