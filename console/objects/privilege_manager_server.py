"""The page of a Privilege Manager server: base URL, API client, network route, and the staged check."""

from collections.abc import Callable
from typing import ClassVar

from console.checks.check_subject import CheckSubject, build_check_subject
from console.forms import field_editors
from console.forms.form import FieldSpec, GroupSpec
from console.forms.reference_picker import reference_field
from console.objects.server_page import ServerPage
from console.objects.server_passwords import ROUTE_ROWS
from console.runtime.page_targets import CONNECT, Target
from models.kinds import Kind
from models.translation_marks import tr_later


class PrivilegeManagerServerPage(ServerPage):
    """Details and check of a Privilege Manager server."""

    object_kind: ClassVar[Kind] = Kind.PRIVILEGE_MANAGER_SERVER
    checked_kind = Kind.PRIVILEGE_MANAGER_SERVER
    offered = ("discard", "check", "connect")
    groups = (
        GroupSpec(
            rows=(
                (
                    FieldSpec("name", "Name", field_editors.text, "Unique among Privilege Manager Servers"),
                    FieldSpec("description", "Description", field_editors.text, "Optional"),
                ),
                (
                    FieldSpec(
                        "base_url",
                        "Base URL",
                        field_editors.url,
                        "https://SERVER/TMS/, as in the browser",
                    ),
                ),
                (
                    FieldSpec(
                        "credential_id",
                        "API Credential",
                        reference_field(Kind.USER_CREDENTIAL),
                        "Client ID as Account Name, client secret as password",
                        stretch=2,
                    ),
                    FieldSpec(
                        "production",
                        "Environment",
                        field_editors.checkbox(tr_later("Production")),
                        "Changes then ask a second time",
                    ),
                ),
            )
        ),
        GroupSpec(title="Network", caption="Only where the server is not reached directly", rows=ROUTE_ROWS),
    )

    def extra_actions(self) -> dict[str, Callable[[], None]]:
        """Return the commands of the check, and the way to the guide that connects this server."""
        found = super().extra_actions()
        if self.session.ready and not self.session.is_new and not self.session.dirty:
            found["connect"] = self.connect_privilege_manager
        return found

    def connect_privilege_manager(self) -> None:
        """Show the guide that connects this server by its webhook."""
        self.ctx.navigate(Target(CONNECT, self.session.id))

    async def load_check_subject(self) -> CheckSubject:
        """Return what to check: the values as typed."""
        from models.privilege_manager_server import PrivilegeManagerServer

        server, unsaved = self.session.candidate_of(PrivilegeManagerServer), self.checks_unsaved_values
        subject = await build_check_subject(self.ctx, server, None, unsaved=unsaved)
        await self.passwords.check_secrets()
        return subject
