"""The page of a ServiceNow Approval Process: server, Request Item, three scripted services checked live, and timing."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from PyQt6.QtCore import QEvent, QTimer
from PyQt6.QtGui import QHideEvent, QShowEvent
from PyQt6.QtWidgets import QWidget

from console.checks.check_subject import CheckSubject, build_check_subject
from console.checks.checked_page import CheckablePage, CheckScope
from console.forms import field_editors
from console.forms.form import FieldSpec, GroupSpec
from console.forms.reference_picker import ReferenceField, reference_field
from console.forms.request_item_picker import RequestItemField, contract_text, request_item_field
from console.objects.process_rail import ProcessSidePanel
from console.objects.service_lookup import SERVICE_ROLES, ServiceListSnapshot, ServiceNameChecker
from console.objects.timing_statistics import TimingStatistics
from console.runtime import lazy_imports
from console.runtime.debounce import Debounce
from console.widgets.field import FieldState
from console.widgets.labels import LinkLabel
from models.kinds import Kind
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.language import tr

if TYPE_CHECKING:
    from services.servicenow.request_item_search import RequestItem
    from services.store.change_feed import Change

NAME_CHECK_DEBOUNCE_MS = 300
AGE_REFRESH_MS = 10_000
"""How often the displayed age of the server's reply is updated."""
SERVICES_GROUP, TIMING_GROUP = "services", "timing"


class ApprovalProcessPage(CheckablePage):
    """How requests of an Approval Type are decided in ServiceNow."""

    object_kind: ClassVar[Kind] = Kind.APPROVAL_PROCESS
    offered = ("discard", "check", "rehearse")
    needed = tr_later("Choose a ServiceNow Server first.")
    checked_fields = ("server_id", "request_item_id", *SERVICE_ROLES, "check_every_s", "timeout_after_s")
    groups = (
        GroupSpec(
            rows=(
                (
                    FieldSpec("name", "Name", field_editors.text, "Unique among Approval Processes"),
                    FieldSpec("description", "Description", field_editors.text, "Optional"),
                ),
                (
                    FieldSpec(
                        "server_id",
                        "ServiceNow Server",
                        reference_field(Kind.FOREIGN_SYSTEM),
                        "Where requests are decided",
                    ),
                    FieldSpec(
                        "request_item_id",
                        "Request Item",
                        request_item_field,
                        "What a request orders in ServiceNow",
                    ),
                ),
            )
        ),
        GroupSpec(
            title="Scripted SOAP services",
            caption="Names must match ServiceNow exactly",
            key=SERVICES_GROUP,
            rows=(
                (
                    FieldSpec(
                        "create_service", "Create request service", field_editors.text, "Raises a request"
                    ),
                ),
                (
                    FieldSpec(
                        "status_service",
                        "Get request status service",
                        field_editors.text,
                        "Asks how it stands",
                    ),
                ),
                (
                    FieldSpec(
                        "cancel_service",
                        "Cancel request service",
                        field_editors.text,
                        "Withdraws it at the timeout",
                    ),
                ),
            ),
        ),
        GroupSpec(
            title="Timing",
            key=TIMING_GROUP,
            rows=(
                (
                    FieldSpec(
                        "check_every_s",
                        "Check request status every",
                        field_editors.duration,
                        "At least 10 seconds",
                        fixed=True,
                    ),
                    FieldSpec(
                        "timeout_after_s",
                        "Timeout after",
                        field_editors.duration,
                        "Then cancelled in ServiceNow",
                        fixed=True,
                    ),
                ),
            ),
        ),
    )

    # -- building ----------------------------------------------------------------------------------------------

    def build(self) -> None:
        """Add the forecast beside the durations, and follow server and item."""
        self.checks = ServiceNameChecker(self.ctx)
        self.timing = TimingStatistics(self)
        self.form.add_to_row(TIMING_GROUP, 0, self.timing.forecast)
        self.form.add_below(self.timing.answers)
        self.compare = LinkLabel(tr("Compare with ServiceNow"))
        self.compare.clicked.connect(lambda *_: self.reload_server())
        self.form.add_to_heading(SERVICES_GROUP, self.compare)
        self.server = self.form.editor("server_id", ReferenceField)
        self.item = self.form.editor("request_item_id", RequestItemField)
        self.server.shown.connect(self._server_shown)
        self.server.edited.connect(lambda: self._look(propose=True))
        self.item.shown.connect(self._show_item_note)

        def start_check(name: str) -> Callable[[], object]:
            return lambda: self.tasks.start(self._check_name(name), group=f"check {name}")

        self._name_checks = {
            name: Debounce(self, NAME_CHECK_DEBOUNCE_MS, start_check(name)) for name in SERVICE_ROLES
        }
        self.form.edited.connect(self._typed)
        self._view: ServiceListSnapshot | None = None
        self._ageing = QTimer(self)
        self._ageing.setInterval(AGE_REFRESH_MS)
        self._ageing.timeout.connect(lambda: self.chain.show_server(self._view))
        super().build()
        self.server.edited.connect(self.check.invalidate_past_checks)

    def rail(self) -> QWidget:
        """Show the chain from credential to type, and figures of the last 30 days."""
        self.chain = ProcessSidePanel(self)
        return self.chain

    def can_check(self) -> bool:
        """Whether a server is chosen."""
        return self.session.reference("server_id") is not None

    def extra_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done with a process now."""
        found = super().extra_actions()
        if "check" in found and not self.session.dirty:
            found["rehearse"] = self.rehearse
        return found

    def update_state(self) -> None:
        """Show what holds now, in the chain as well."""
        super().update_state()
        self.chain.show_process()

    # -- what ServiceNow says ----------------------------------------------------------------------------------

    def on_loaded(self) -> None:
        """Compare what is stored with the server, and show the load."""
        self.timing.show()
        self.timing.load()
        self._look(propose=False)

    def on_changes(self, changes: "list[Change]") -> None:
        """React to changes of the server, its credential and the types that use this process."""
        super().on_changes(changes)
        self.timing.request_load()
        if not self.session.ready or not any(c.kind in set(Kind) for c in changes):
            return
        server_id = self.session.reference("server_id")
        if any(c.kind in (Kind.FOREIGN_SYSTEM, Kind.USER_CREDENTIAL) for c in changes):
            self.checks.forget(server_id)
            self.server.reload_item()
            self._look(propose=False)
        self.tasks.start(self.chain.refresh(self._view), group="chain")

    def reload_server(self) -> None:
        """Ask the server again about everything on this page."""
        self.checks.forget(self.session.reference("server_id"))
        self._look(propose=False)

    def _server_shown(self, item: object) -> None:
        self.compare.setEnabled(item is not None)
        self.tasks.start(self.chain.refresh(self._view), group="chain")

    def _look(self, *, propose: bool) -> None:
        self.tasks.start(self._load_server_view(propose=propose), group="look at server")

    async def _load_server_view(self, *, propose: bool) -> None:
        server_id = self.session.reference("server_id")
        self._view = None
        if server_id is None:
            for name in ("server_id", "request_item_id", *SERVICE_ROLES):
                self.session.set_external_error(name)
                self.form.note(name)
            await self.chain.refresh(None)
            return
        self.form.note("server_id", tr("Asking the server"), FieldState.BUSY)
        view = self._view = await self.checks.view(server_id)
        self._show_server(view)
        if propose and view.problem is None:
            await self._propose_service_names(server_id)
        for name in SERVICE_ROLES:
            await self._check_name(name)
        await self._check_request_item(server_id)
        self._follow(server_id)
        await self.chain.refresh(self._view)

    def _follow(self, server_id: uuid.UUID) -> None:
        """Show the cached state of the server, which a later call may have changed."""
        view = self.checks.known(server_id)
        if view is not None and server_id == self.session.reference("server_id"):
            self._view = view
            self._show_server(view)

    def _show_server(self, view: ServiceListSnapshot) -> None:
        if view.problem is None:
            self.form.note(
                "server_id",
                tr("{host}, answered in {ms} ms", host=view.host, ms=round(view.ms)),
                FieldState.GOOD,
            )
        else:
            self.form.note("server_id", tr("Not reached: {cause}", cause=view.problem.cause))
        self.chain.show_server(view)

    def _look_again(self) -> None:
        """Read the server again if its reply is old, because the page is visible now."""
        if self.session.ready and self._view is not None and not self._view.fresh:
            self.reload_server()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Refresh an old reply, and update its displayed age while the page is visible."""
        super().showEvent(event)
        self._ageing.start()
        self._look_again()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Stop updating the age while the page is hidden."""
        super().hideEvent(event)
        self._ageing.stop()

    def event(self, event: QEvent | None) -> bool:
        """Refresh an old reply when the window is activated."""
        if event is not None and event.type() == QEvent.Type.WindowActivate:
            self._look_again()
        return super().event(event)

    async def _propose_service_names(self, server_id: uuid.UUID) -> None:
        view = await self.checks.view(server_id)
        found = await self.checks.propose_names(server_id)
        typed = self.form.values()  # not before: typing goes on while the server is asked
        better = {
            name: new for name, new in found.items() if typed[name] not in view.names and typed[name] != new
        }
        if better:
            self.form.write({**typed, **better})
            self.session.edit(self.form.values())

    def _typed(self, name: str) -> None:
        if name in self._name_checks:
            one = self.form.field(name)
            shown = one.note[1]
            if shown and not one.error:
                self.form.note(name, shown, FieldState.BUSY)
            self._name_checks[name].restart()
        elif name in ("check_every_s", "timeout_after_s"):
            self.timing.show()

    async def _check_name(self, name: str) -> None:
        server_id, typed = self.session.reference("server_id"), self.session.text(name)
        if server_id is None or not typed:
            self.session.set_external_error(name)
            self.form.note(name)
            return
        verdict = await self.checks.verdict(server_id, SERVICE_ROLES[name], typed)
        self._follow(server_id)
        if (server_id, typed) != (self.session.reference("server_id"), self.session.text(name)):
            return  # an answer about what was typed before
        if verdict.state == "error":
            self.form.field(name).touched = True
            self.session.set_external_error(name, verdict.text, verdict.suggestion)
        else:
            self.session.set_external_error(name)
            self.form.note(
                name, verdict.text, FieldState.GOOD if verdict.state == "good" else FieldState.HELP
            )

    # -- the Request Item --------------------------------------------------------------------------------------

    def _show_item_note(self, item: "RequestItem | None") -> None:
        if item is not None:
            self.session.set_external_error("request_item_id")
        if item is None:
            self.form.note("request_item_id")
            return
        met, text = contract_text(item)
        self.form.note("request_item_id", text, FieldState.GOOD if met else FieldState.HELP)

    async def _check_request_item(self, server_id: uuid.UUID) -> None:
        wanted = self.session.text("request_item_id")
        if not wanted or self._view is None or self._view.problem is not None:
            self.session.set_external_error("request_item_id")
            return
        await lazy_imports.ready(self.ctx, lazy_imports.servicenow)
        from services.servicenow import request_item_search

        workspace = await self.ctx.ready()
        try:
            instance = await workspace.instance(server_id)
            catalogue = request_item_search.Catalogue(instance)
            found = await catalogue.get(wanted)
            doubt = "" if found else (await catalogue.visibility()).sentence
        except ConsoleError as error:
            self.checks.heard(server_id, error)
            self.form.note("request_item_id", tr("Not checked: {cause}", cause=error.problem.cause))
            return
        if wanted != self.session.text("request_item_id"):
            return  # an answer about what was chosen before
        if doubt:
            self.session.set_external_error("request_item_id")
            unseen = tr("Not seen on {server}", server=self._view.server_name)
            self.form.note("request_item_id", f"{unseen}. {doubt}")
            return
        missing = tr(
            "Not seen on {server}: deleted, or hidden from the account; choose it again",
            server=self._view.server_name,
        )
        self.session.set_external_error("request_item_id", "" if found else missing)
        self._show_item_note(found)

    # -- acts --------------------------------------------------------------------------------------------------

    async def load_check_scope(self) -> CheckScope | None:
        """Return whose past checks are shown: those of the server through this process."""
        server_id = self.session.reference("server_id")
        return None if server_id is None else (server_id, self.session.id)

    async def load_check_subject(self) -> CheckSubject:
        """Return what to check: the process as typed, and its server as stored."""
        from models.approval_process import ApprovalProcess
        from models.foreign_system import ForeignSystem

        process, unsaved = self.session.candidate_of(ApprovalProcess), self.checks_unsaved_values
        workspace = await self.ctx.ready()
        server = await self.ctx.call(
            workspace.configuration.get, ForeignSystem, process.server_id or uuid.UUID(int=0)
        )
        return await build_check_subject(self.ctx, server, process, unsaved=unsaved)

    def rehearse(self) -> None:
        """Open the rehearsal of a request through this process."""
        from console.rehearsal.rehearsal_dialog import open_rehearsal
        from models.approval_process import ApprovalProcess

        process = self.session.stored_as(ApprovalProcess)
        if process is not None:
            self.tasks.start(open_rehearsal(self.ctx, self, process=process), group="rehearse")
