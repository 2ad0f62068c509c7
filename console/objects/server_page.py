"""Base of the pages of servers: address, credentials, and whether their passwords may be sent there."""

from typing import TYPE_CHECKING

from console.checks.checked_page import CheckablePage, CheckScope
from console.objects.server_passwords import ServerPasswords
from models.translation_marks import tr_later
from services.language import tr

if TYPE_CHECKING:
    from models.base import ConfigurationObject


class ServerPage(CheckablePage):
    """The page of a ServiceNow or Privilege Manager server."""

    needed = tr_later("Fill in a Base URL that can be used first.")
    checked_fields = (
        "base_url",
        "credential_id",
        "ca_bundle",
        "client_certificate",
        "proxy",
        "proxy_credential_id",
    )

    def build(self) -> None:
        """Follow the credentials that are chosen."""
        self.passwords = ServerPasswords(self)
        super().build()

    def can_check(self) -> bool:
        """Whether the address can be used."""
        return self.passwords.origin is not None

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

    async def load_check_scope(self) -> CheckScope | None:
        """Return whose past checks are shown: those of this server, with any process."""
        return self.session.id, None
