"""The page of an Approval Type (Execute Application Approval Request): its process, and how far an answer counts."""

from collections.abc import Callable
from typing import Any, ClassVar

from console.checks.check_subject import CheckSubject, build_check_subject
from console.checks.checked_page import CheckablePage
from console.forms import field_editors
from console.forms.form import FieldSpec, GroupSpec
from console.forms.reference_picker import ReferenceField, reference_field
from models.kinds import Kind
from models.translation_marks import tr_later
from services.common.errors import Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.language import tr, tr_message


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
        editor = self.form.field("process_id").editor
        assert isinstance(editor, ReferenceField)  # noqa: S101 - the spec above says so
        self.process = editor
        self.process.shown.connect(self._process_shown)
        super().build()
        self.process.edited.connect(self.check.past_checks.invalidate)

    def _process_shown(self, process: Any) -> None:
        if process is not None and process.server_id is None:
            self.form.note("process_id", tr("This process has no ServiceNow Server yet"))
        else:
            self.form.note("process_id")
        self.head.refresh()

    def on_changes(self, changes: list[Any]) -> None:
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

    async def _handler(self) -> Any:
        """Return the process that is chosen; None, with the reason shown, when it has no server."""
        workspace = await self.ctx.ready()
        process = await self.ctx.call(
            workspace.configuration.get, Kind.APPROVAL_PROCESS, self.session.values["process_id"]
        )
        if process.server_id is None:
            self.ctx.show_problem(_server_missing_problem(process.name))
            return None
        return process

    # -- the check ---------------------------------------------------------------------------------------------

    async def load_check_scope(self) -> tuple[Any, Any] | None:
        """Return whose past checks are shown: those of the process's server through that process."""
        process_id = self.session.values.get("process_id")
        if process_id is None:
            return None
        workspace = await self.ctx.ready()
        process = await self.ctx.call(workspace.configuration.get, Kind.APPROVAL_PROCESS, process_id)
        return None if process.server_id is None else (process.server_id, process.id)

    async def load_check_subject(self) -> CheckSubject:
        """Return what to check: the process that is chosen and its server, both as stored."""
        process_id = self.session.values["process_id"]
        workspace = await self.ctx.ready()
        process = await self.ctx.call(workspace.configuration.get, Kind.APPROVAL_PROCESS, process_id)
        if process.server_id is None:
            raise RefusedError(_server_missing_problem(process.name))
        server = await self.ctx.call(workspace.configuration.get, Kind.FOREIGN_SYSTEM, process.server_id)
        return await build_check_subject(self.ctx, server, process)

    def rehearse(self) -> None:
        """Open the rehearsal of a request of this type."""
        self.tasks.start(self._rehearse(), group="go")

    async def _rehearse(self) -> None:
        from console.rehearsal.rehearsal_dialog import open_rehearsal

        process = await self._handler()
        if process is not None:
            await open_rehearsal(self.ctx, self, process=process, approval_type=self.session.item)


def _server_missing_problem(name: str) -> Problem:
    return Problem(
        tried=tr_message("Go through “{name}”", name=name),
        evidence=tr_message("No ServiceNow Server is chosen on the Approval Process."),
        cause=tr_message("Requests are decided on a server."),
        owner=Owner.CONSOLE,
        remedy=tr_message("Choose a ServiceNow Server on “{name}”.", name=name),
        fault=FaultId.SERVER_MISSING,
    )
