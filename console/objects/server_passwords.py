"""The address and the passwords of a server page: for which host and route a password may be used."""

from enum import Enum, auto
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from console.forms import field_editors, vault_access
from console.forms.edit_session import as_sentence
from console.forms.form import FieldSpec
from console.forms.object_page import ObjectPage
from console.forms.reference_picker import ReferenceField, reference_field
from console.forms.secrets_dialog import SecretsDialog
from console.runtime.task_runner import show_and_wait
from console.widgets.field import FieldState
from models.addresses import (
    Destination,
    Origin,
    alternate_hostname_text,
    normalise_base_url,
    normalise_privilege_manager_url,
)
from models.kinds import Kind
from models.sign_in import SignInMethod
from models.translation_marks import tr_later
from services.common.errors import Problem
from services.language import tr, tr_message

if TYPE_CHECKING:
    from models.base import ConfigurationObject
    from models.secret_names import SecretName
    from models.servers import Server
    from models.user_credential import UserCredential
    from services.credential_secrets import CredentialSecrets

REENTER_FOR_HOST_TEXT = tr_message("Enter it for this host")
REENTER_FOR_PROXY_TEXT = tr_message("Enter it for this proxy")
ALLOW_ROUTE_TEXT = tr_message("Let it go this way")
PROXY_UNUSED_TEXT = tr_later("Not used: no proxy on this way")
PASSWORD_ONLY_TEXT = tr_later("Takes a user name and password only")
ROUTE_FIELDS = ("ca_bundle", "proxy", "client_certificate")
"""Fields that decide where secrets may go: the route, and the file that the passphrase of a certificate opens."""


ROUTE_ROWS = (
    (
        FieldSpec(
            "ca_bundle",
            "CA bundle",
            field_editors.path(tr_later("CA bundle")),
            "Optional, in place of the system's trust store",
        ),
    ),
    (
        FieldSpec(
            "client_certificate",
            "Client certificate",
            field_editors.path(tr_later("Client certificate")),
            "Optional, PEM or PKCS#12 with its key",
        ),
    ),
    (
        FieldSpec(
            "proxy",
            "Proxy",
            field_editors.optional_text,
            "Optional, such as http://proxy.acme.com:3128",
        ),
        FieldSpec(
            "proxy_credential_id",
            "Proxy credential",
            reference_field(Kind.USER_CREDENTIAL),
            "Only where the proxy asks for a sign-in",
        ),
    ),
)
"""The rows of a form for the route to a server."""


class PasswordOffer(Enum):
    """What the link under a credential does when its password may not be sent to the typed address."""

    CONFIRM_ROUTE = auto()
    """Allow the password on the typed route: the same origin, another proxy or CA bundle."""
    ENTER_AGAIN = auto()
    """Ask for the password, for another origin."""


class ServerPasswords(QObject):
    """Normalises the base URL of a server page, and shows under its credentials whether their passwords may be sent."""

    def __init__(self, page: ObjectPage) -> None:
        super().__init__(page)
        self._page = page
        self._offers: dict[str, PasswordOffer] = {}
        self._credential = page.form.editor("credential_id", ReferenceField)
        self._proxy_credential = page.form.editor("proxy_credential_id", ReferenceField)
        for picker in (self._credential, self._proxy_credential):
            picker.shown.connect(lambda _item: self.refresh_notes())

    # -- the address -------------------------------------------------------------------------------------------

    def _normalise(self, text: str) -> str:
        """Return the base URL that `text` means; raises ValueError."""
        if self._page.object_kind is Kind.PRIVILEGE_MANAGER_SERVER:
            return normalise_privilege_manager_url(text)
        return normalise_base_url(text)

    @property
    def origin(self) -> Origin | None:
        """Return scheme, host and port of the address as typed, or None while it is none."""
        try:
            return Origin.of(self._normalise(str(self._page.session.values.get("base_url", ""))))
        except ValueError:
            return None

    def field_left(self, name: str) -> None:
        """Normalise the base URL when its field is left, and check the passwords for the new route."""
        if name in ROUTE_FIELDS:
            self.refresh_notes()
        if name != "base_url":
            return
        one = self._page.form.field("base_url")
        typed = str(one.editor.read()["base_url"])
        if not typed and not one.touched:
            return
        one.touched = True
        try:
            normal = self._normalise(typed)
        except ValueError as error:
            one.error = as_sentence(str(error))
            one.show_message()
            return
        if normal != typed:
            one.editor.write({"base_url": normal})
            self._page.session.edit(self._page.form.values())
        self.refresh_notes()

    # -- the passwords -----------------------------------------------------------------------------------------

    def _typed(self) -> "Server | None":
        """Return the server as typed, with its normalised base URL, or None while that is not valid."""
        from models.servers import SERVER_MODELS

        models = {model.kind: model for model in SERVER_MODELS}
        server = self._page.session.candidate_of(models[self._page.object_kind])
        try:
            server.base_url = self._normalise(str(server.base_url or ""))
        except ValueError:
            return None
        return server

    def refresh_notes(self) -> None:
        """Check whether the passwords may be sent to this address by this route."""
        if self._page.session.ready:
            spelling = "" if self.origin is None else alternate_hostname_text(self.origin.host)
            self._page.form.note("base_url", spelling[:1].upper() + spelling[1:])
            self._page.tasks.start(self.check_secrets(), group="secret")

    async def check_secrets(self) -> None:
        """Show under each credential what its password is bound to, and offer what is missing."""
        server = self._typed()
        await self._check_secret("credential_id", server.destination if server is not None else None)
        await self._check_secret(
            "proxy_credential_id", server.proxy_destination if server is not None else None
        )

    async def _check_secret(self, name: str, place: Destination | None) -> None:
        """Show under a credential what its password is bound to, and offer what is missing."""
        credential = self._chosen_credential(name)
        if credential is None or place is None:
            self._page.session.set_external_error(name)
            self._page.form.note(
                name, tr(PROXY_UNUSED_TEXT) if credential is not None and name != "credential_id" else ""
            )
            return
        if credential.method is not SignInMethod.BASIC and self._takes_password_only(name):
            self._page.session.set_external_error(name, tr(PASSWORD_ONLY_TEXT))
            return
        found = await vault_access.read_credential_secrets(self._page.ctx, credential)
        if isinstance(found, Problem):
            self._page.session.set_external_error(name)
            self._page.form.note(name, tr("The vault cannot be used; see the User Credential"))
            return
        is_basic = credential.method is SignInMethod.BASIC
        elsewhere = [one for one in found.to_enter_again(place) if found.states[one].destinations]
        if elsewhere:
            self._offer_again(name, found, place, elsewhere, is_basic=is_basic)
            return
        self._page.session.set_external_error(name)
        host = vault_access.format_origin(place.origin)
        if found.missing and is_basic:
            self._page.form.note(name, tr("{name} has no password yet", name=credential.name))
        elif found.missing:
            self._page.form.note(name, tr("{name} lacks a secret of its sign-in", name=credential.name))
        elif not found.used:
            self._page.form.note(name, tr("Signs in with the client certificate of this server"))
        elif found.covers(place):
            said = (
                tr("Its password is bound to {host}", host=host)
                if is_basic
                else tr("Its secrets are bound to {host}", host=host)
            )
            self._page.form.note(name, said, FieldState.GOOD)
        else:
            said = (
                tr("Saving or checking binds its password to {host}", host=host)
                if is_basic
                else tr("Saving or checking binds its secrets to {host}", host=host)
            )
            self._page.form.note(name, said)

    def _takes_password_only(self, name: str) -> bool:
        """Whether a proxy or a Privilege Manager server signs in with the credential."""
        return name == "proxy_credential_id" or self._page.object_kind is Kind.PRIVILEGE_MANAGER_SERVER

    def _offer_again(
        self,
        name: str,
        found: "CredentialSecrets",
        place: Destination,
        elsewhere: "list[SecretName]",
        *,
        is_basic: bool,
    ) -> None:
        """Offer what makes secrets usable that were entered for elsewhere."""
        if all(place.origin in found.states[one].origins for one in elsewhere):
            self._offers[name] = PasswordOffer.CONFIRM_ROUTE
            said = (
                tr("Its password was entered for another way.")
                if is_basic
                else tr("Its secrets were entered for another way.")
            )
            self._page.session.set_external_error(name, said, ALLOW_ROUTE_TEXT)
            return
        others = ", ".join(vault_access.format_origin(o) for o in found.origins)
        again = REENTER_FOR_HOST_TEXT if name == "credential_id" else REENTER_FOR_PROXY_TEXT
        self._offers[name] = PasswordOffer.ENTER_AGAIN
        said = (
            tr("Password is for {others}.", others=others)
            if is_basic
            else tr("Its secrets are for {others}.", others=others)
        )
        self._page.session.set_external_error(name, said, again)

    def _chosen_credential(self, name: str) -> "UserCredential | None":
        from models.user_credential import UserCredential

        picker = self._credential if name == "credential_id" else self._proxy_credential
        return picker.item_as(UserCredential)

    def accept_offer(self, name: str) -> bool:
        """Run the offer of the link under a credential, if there is one: enter the password again, or confirm the route."""
        match self._offers.get(name):
            case PasswordOffer.CONFIRM_ROUTE:
                self._page.tasks.start(self._confirm_route(name), group="password")
            case PasswordOffer.ENTER_AGAIN:
                self._page.tasks.start(self._ask_password(name), group="password")
            case None:
                return False
        return True

    def _place(self, name: str) -> Destination | None:
        server = self._typed()
        if server is None:
            return None
        return server.destination if name == "credential_id" else server.proxy_destination

    async def _confirm_route(self, name: str) -> None:
        """Bind a password to the typed route: the user has just confirmed proxy and CA bundle."""
        credential, place = self._chosen_credential(name), self._place(name)
        if credential is None or place is None:
            return
        await vault_access.bind_secret(self._page.ctx, credential, place, another_way=True)
        await self.check_secrets()

    async def _ask_password(self, name: str) -> None:
        credential, place = self._chosen_credential(name), self._place(name)
        if credential is None or place is None:
            return
        host = vault_access.format_origin(place.origin)
        found = await vault_access.read_credential_secrets(self._page.ctx, credential)
        if isinstance(found, Problem):
            return
        names = dict.fromkeys([*found.missing, *found.used])
        dialog = SecretsDialog(self._page, credential, list(names), host)
        if await show_and_wait(dialog):
            await vault_access.store_secrets(self._page.ctx, credential, dialog.secrets, place)
            await self.check_secrets()

    async def after_save(self, stored: "ConfigurationObject") -> None:
        """Bind passwords to this server and its proxy when they were never bound; the help lines said so."""
        from models.servers import Server

        if not isinstance(stored, Server):
            return
        credential = self._chosen_credential("credential_id")
        if credential is not None:
            await vault_access.bind_new_secrets(self._page.ctx, credential, stored.destination)
        if stored.proxy_credential_id is not None and stored.proxy_destination is not None:
            await vault_access.bind_proxy_secret(self._page.ctx, stored)
        await self.check_secrets()
