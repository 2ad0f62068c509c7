"""The page of a ServiceNow server: base URL, credential, network route, and the staged check."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from PyQt6.QtGui import QHideEvent, QShowEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from console.checks.check_subject import CheckSubject, build_check_subject, find_first_process
from console.forms import field_editors
from console.forms.form import FieldSpec, GroupSpec
from console.forms.reference_picker import reference_field
from console.objects.server_page import ServerPage
from console.objects.server_passwords import ROUTE_ROWS
from console.objects.switch_notice import SwitchNotice
from console.runtime.page_targets import MOVE_OFF, Target
from models.kinds import Kind
from models.translation_marks import tr_later

if TYPE_CHECKING:
    from console.runtime.context import Context
    from services.store import Change


class ForeignSystemPage(ServerPage):
    """Details and check of a ServiceNow instance that Privilege Manager talks to."""

    object_kind: ClassVar[Kind] = Kind.FOREIGN_SYSTEM
    offered = ("discard", "check", "move_off")
    groups = (
        GroupSpec(
            rows=(
                (
                    FieldSpec("name", "Name", field_editors.text, "Unique among ServiceNow Servers"),
                    FieldSpec("description", "Description", field_editors.text, "Optional"),
                ),
                (
                    FieldSpec(
                        "base_url",
                        "Base URL",
                        field_editors.url,
                        "https://INSTANCE.service-now.com/, as in the browser",
                    ),
                ),
                (
                    FieldSpec(
                        "credential_id",
                        "User Credential",
                        reference_field(Kind.USER_CREDENTIAL),
                        "Roles: web_service_admin, approval_admin",
                        stretch=2,
                    ),
                    FieldSpec(
                        "production",
                        "Environment",
                        field_editors.checkbox(tr_later("Production")),
                        "Rehearsals then ask a second time",
                    ),
                ),
            )
        ),
        GroupSpec(
            title="Network",
            caption="Only where the instance is not reached directly, or is not to be asked often",
            rows=(
                *ROUTE_ROWS,
                (
                    FieldSpec(
                        "minimum_interval_s",
                        "Minimum interval",
                        field_editors.duration,
                        "Between two rounds of questions about open requests, 1 second to 1 hour",
                    ),
                ),
            ),
        ),
    )

    def __init__(self, ctx: "Context", target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.switch_notice = SwitchNotice(self)
        layout = self.layout()
        if isinstance(layout, QVBoxLayout):
            layout.insertWidget(layout.indexOf(self.notice) + 1, self.switch_notice)

    def on_loaded(self) -> None:
        """See also whether polls fail since a switch."""
        super().on_loaded()
        self.switch_notice.look()

    def on_changes(self, changes: "list[Change]") -> None:
        """As `on_loaded`, after a switch or its undo."""
        super().on_changes(changes)
        if any(change.kind == "task_run" for change in changes):
            self.switch_notice.look_soon()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Watch polls while the page is shown."""
        super().showEvent(event)
        self.switch_notice.watch()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Watch polls no more."""
        super().hideEvent(event)
        self.switch_notice.rest()

    def extra_actions(self) -> dict[str, Callable[[], None]]:
        """Return the commands of the check, and the way to the page that moves this server off passwords."""
        found = super().extra_actions()
        if self.session.ready and not self.session.is_new and not self.session.dirty:
            found["move_off"] = self.move_off_passwords
        return found

    def move_off_passwords(self) -> None:
        """Show the page that moves this server to another sign-in."""
        self.ctx.navigate(Target(MOVE_OFF, self.session.id))

    async def load_check_subject(self) -> CheckSubject:
        """Return what to check: the values as typed, with the first process that runs on this server."""
        from models.foreign_system import ForeignSystem

        server, unsaved = self.session.candidate_of(ForeignSystem), self.checks_unsaved_values
        process = await find_first_process(self.ctx, self.session.id)
        subject = await build_check_subject(self.ctx, server, process, unsaved=unsaved)
        await self.passwords.check_secrets()
        return subject
