"""The page of an Approval Type (Execute Application Approval Request): its process, and how far an answer counts."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from console.checks.check_subject import CheckSubject, build_check_subject
from console.checks.checked_page import CheckablePage, CheckScope
from console.forms import field_editors
from console.forms.form import FieldSpec, GroupSpec
from console.forms.reference_picker import ReferenceField, reference_field
from models.kinds import Kind
from models.translation_marks import tr_later
from services.common.errors import Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.language import tr, tr_message

if TYPE_CHECKING:
    from models.approval_process import ApprovalProcess
    from services.store.change_feed import Change


class ApprovalTypePage(CheckablePage):
    """Binds actions to the process that decides their requests."""

    object_kind: ClassVar[Kind] = Kind.APPROVAL_TYPE
    offered = ("discard", "check", "rehearse")
    needed = tr_later("Choose a Process Handler first.")
    checked_fields = ("process_id",)
    groups = (
        GroupSpec(
            rows=(
                (
                    FieldSpec(
                        "name", "Name", field_editors.text, "Unique among Approval Types; actions refer to it"
                    ),
                    FieldSpec("description", "Description", field_editors.text, "Optional"),
                ),
            )
        ),
        GroupSpec(
            title="Options",
            rows=(
                (
                    FieldSpec(
                        "process_id",
                        "Process Handler",
                        reference_field(Kind.APPROVAL_PROCESS),
                        "The Approval Process that answers its requests",
                    ),
                ),
            ),
        ),
        GroupSpec(
            title="Characteristics",
            caption="How far an answer counts",
            rows=(
                (
                    FieldSpec(
                        "policy_specific",
                        "Policy Specific",
                        field_editors.checkbox(tr_later("Only for the policy that asked")),
                        "Off: for every policy with this type",
                    ),
                    FieldSpec(
                        "file_specific",
                        "File Specific",
                        field_editors.checkbox(tr_later("Only for the same file")),
                        "Off: for every file the policy covers",
                    ),
                ),
            ),
        ),
    )

    def build(self) -> None:
        """Follow the process that is chosen."""
        self.process = self.form.editor("process_id", ReferenceField)
        self.process.shown.connect(self._process_shown)
        super().build()
        self.process.edited.connect(self.check.invalidate_past_checks)

    def _process_shown(self, process: "ApprovalProcess | None") -> None:
        if process is not None and process.server_id is None:
            self.form.note("process_id", tr("This process has no ServiceNow Server yet"))
        else:
            self.form.note("process_id")
        self.head.refresh()

    def on_changes(self, changes: "list[Change]") -> None:
        """Show the process again when it changed."""
        super().on_changes(changes)
        if any(c.kind == Kind.APPROVAL_PROCESS for c in changes):
            self.process.reload_item()

    def can_check(self) -> bool:
        """Whether a process is chosen."""
        return self.session.values.get("process_id") is not None

    def extra_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done with a type now."""
        found = super().extra_actions()
        if "check" in found and not self.session.dirty:
            found["rehearse"] = self.rehearse
        return found

    async def _load_process(self) -> "ApprovalProcess | None":
        """Return the chosen process as stored, or None when none is chosen."""
        from models.approval_process import ApprovalProcess

        process_id = self.session.reference("process_id")
        if process_id is None:
            return None
        workspace = await self.ctx.ready()
        return await self.ctx.call(workspace.configuration.get, ApprovalProcess, process_id)

    # -- the check ---------------------------------------------------------------------------------------------

    async def load_check_scope(self) -> CheckScope | None:
        """Return whose past checks are shown: those of the process's server through that process."""
        process = await self._load_process()
        return None if process is None or process.server_id is None else (process.server_id, process.id)

    async def load_check_subject(self) -> CheckSubject:
        """Return what to check: the process that is chosen and its server, both as stored."""
        from models.foreign_system import ForeignSystem

        process = await self._load_process()
        if process is None or process.server_id is None:
            raise RefusedError(_server_missing_problem(process.name if process is not None else ""))
        workspace = await self.ctx.ready()
        server = await self.ctx.call(workspace.configuration.get, ForeignSystem, process.server_id)
        return await build_check_subject(self.ctx, server, process)

    def rehearse(self) -> None:
        """Open the rehearsal of a request of this type."""
        self.tasks.start(self._rehearse(), group="go")

    async def _rehearse(self) -> None:
        from console.rehearsal.rehearsal_dialog import open_rehearsal
        from models.approval_type import ApprovalType

        process = await self._load_process()
        if process is not None and process.server_id is None:
            self.ctx.show_problem(_server_missing_problem(process.name))
        elif process is not None:
            approval_type = self.session.stored_as(ApprovalType)
            await open_rehearsal(self.ctx, self, process=process, approval_type=approval_type)


def _server_missing_problem(name: str) -> Problem:
    return Problem(
        tried=tr_message("Go through “{name}”", name=name),
        evidence=tr_message("No ServiceNow Server is chosen on the Approval Process."),
        cause=tr_message("Requests are decided on a server."),
        owner=Owner.CONSOLE,
        remedy=tr_message("Choose a ServiceNow Server on “{name}”.", name=name),
        fault=FaultId.SERVER_MISSING,
    )
