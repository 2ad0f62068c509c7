"""The page of a Privilege Manager server: base URL, API client, network route, and the staged check."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from console.checks.check_subject import CheckSubject, build_check_subject
from console.checks.checked_page import CheckablePage, CheckScope
from console.forms import field_editors
from console.forms.form import FieldSpec, GroupSpec
from console.forms.reference_picker import reference_field
from console.objects.server_passwords import ROUTE_ROWS, ServerPasswords
from console.runtime.page_targets import CONNECT, Target
from models.kinds import Kind
from models.translation_marks import tr_later
from services.language import tr

if TYPE_CHECKING:
    from models.base import ConfigurationObject


class PrivilegeManagerServerPage(CheckablePage):
    """Details and check of a Privilege Manager server."""

    object_kind: ClassVar[Kind] = Kind.PRIVILEGE_MANAGER_SERVER
    checked_kind = Kind.PRIVILEGE_MANAGER_SERVER
    offered = ("discard", "check", "connect")
    needed = tr_later("Fill in a Base URL that can be used first.")
    checked_fields = (
        "base_url",
        "credential_id",
        "ca_bundle",
        "client_certificate",
        "proxy",
        "proxy_credential_id",
    )
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

    def build(self) -> None:
        """Follow the credentials that are chosen."""
        self.passwords = ServerPasswords(self)
        super().build()

    def can_check(self) -> bool:
        """Whether the address can be used."""
        return self.passwords.origin is not None

    def extra_actions(self) -> dict[str, Callable[[], None]]:
        """Return the commands of the check, and the way to the guide that connects this server."""
        found = super().extra_actions()
        if self.session.ready and not self.session.is_new and not self.session.dirty:
            found["connect"] = self.connect_privilege_manager
        return found

    def connect_privilege_manager(self) -> None:
        """Show the guide that connects this server by its webhook."""
        self.ctx.navigate(Target(CONNECT, self.session.id))

    def extra_badges(self) -> list[tuple[str, str, str | None]]:
        """Return what the last check said, and whether this is a production server."""
        badges = super().extra_badges()
        if self.session.values.get("production"):
            badges.append((tr("Production"), "outline", None))
        return badges

    def field_left(self, name: str) -> None:
        """Normalise the base URL when its field is left, and check the passwords for the new route."""
        self.passwords.field_left(name)

    def on_loaded(self) -> None:
        """Check whether the passwords may be sent to this address by this route."""
        self.passwords.refresh_notes()

    def on_suggestion(self, name: str, text: str) -> None:
        """Run the offer of the link under a credential: enter the password again, or confirm the route."""
        if not self.passwords.accept_offer(name):
            super().on_suggestion(name, text)

    async def after_save(self, stored: "ConfigurationObject") -> None:
        """Bind passwords to this server and its proxy when they were never bound; the help lines said so."""
        await self.passwords.after_save(stored)

    # -- the check ---------------------------------------------------------------------------------------------

    async def load_check_scope(self) -> CheckScope | None:
        """Return whose past checks are shown: those of this server."""
        return self.session.id, None

    async def load_check_subject(self) -> CheckSubject:
        """Return what to check: the values as typed."""
        from models.privilege_manager_server import PrivilegeManagerServer

        server, unsaved = self.session.candidate_of(PrivilegeManagerServer), self.checks_unsaved_values
        subject = await build_check_subject(self.ctx, server, None, unsaved=unsaved)
        await self.passwords.check_secrets()
        return subject
