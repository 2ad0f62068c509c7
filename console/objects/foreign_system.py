"""The page of a ServiceNow server: base URL, credential, network route, and the staged check."""

from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar

from console.checks.check_subject import CheckSubject, build_check_subject, find_first_process
from console.checks.checked_page import CheckablePage, CheckScope
from console.forms import field_editors, vault_access
from console.forms.edit_session import as_sentence
from console.forms.form import FieldSpec, GroupSpec
from console.forms.password_dialog import PasswordDialog
from console.forms.reference_picker import ReferenceField, reference_field
from console.runtime.task_runner import show_and_wait
from console.widgets.field import FieldState
from models.addresses import Destination, Origin, alternate_hostname_text, normalise_base_url
from models.kinds import Kind
from models.translation_marks import tr_later
from services.common.secret import Secret
from services.language import tr, tr_message

if TYPE_CHECKING:
    from models.base import ConfigurationObject
    from models.foreign_system import ForeignSystem
    from models.user_credential import UserCredential

REENTER_FOR_HOST_TEXT = tr_message("Enter it for this host")
REENTER_FOR_PROXY_TEXT = tr_message("Enter it for this proxy")
ALLOW_ROUTE_TEXT = tr_message("Let it go this way")
PROXY_UNUSED_TEXT = tr_later("Not used: no proxy on this way")
ROUTE_FIELDS = ("ca_bundle", "proxy")
"""Fields that decide the route of a password."""


class PasswordOffer(Enum):
    """What the link under a credential does when its password may not be sent to the typed address."""

    CONFIRM_ROUTE = auto()
    """Allow the password on the typed route: the same origin, another proxy or CA bundle."""
    ENTER_AGAIN = auto()
    """Ask for the password, for another origin."""


class ForeignSystemPage(CheckablePage):
    """Details and check of a ServiceNow instance that Privilege Manager talks to."""

    object_kind: ClassVar[Kind] = Kind.FOREIGN_SYSTEM
    offered = ("discard", "check")
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
                        "Optional, PEM with its key",
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

    def build(self) -> None:
        """Follow the credential that is chosen."""
        self._offers: dict[str, PasswordOffer] = {}
        self.credential = self.form.editor("credential_id", ReferenceField)
        self.credential.shown.connect(lambda _item: self._refresh_secret_notes())
        self.proxy_credential = self.form.editor("proxy_credential_id", ReferenceField)
        self.proxy_credential.shown.connect(lambda _item: self._refresh_secret_notes())
        super().build()

    def can_check(self) -> bool:
        """Whether the address can be used."""
        return self.origin is not None

    def extra_badges(self) -> list[tuple[str, str, str | None]]:
        """Return what the last check said, and whether this is a production instance."""
        badges = super().extra_badges()
        if self.session.values.get("production"):
            badges.append((tr("Production"), "outline", None))
        return badges

    # -- the address -------------------------------------------------------------------------------------------

    @property
    def origin(self) -> Origin | None:
        """Return scheme, host and port of the address as typed, or None while it is none."""
        try:
            return Origin.of(normalise_base_url(str(self.session.values.get("base_url", ""))))
        except ValueError:
            return None

    def field_left(self, name: str) -> None:
        """Normalise the base URL when its field is left, and check the passwords for the new route."""
        if name in ROUTE_FIELDS:
            self._refresh_secret_notes()
        if name != "base_url":
            return
        one = self.form.field("base_url")
        typed = str(one.editor.read()["base_url"])
        if not typed and not one.touched:
            return
        one.touched = True
        try:
            normal = normalise_base_url(typed)
        except ValueError as error:
            one.error = as_sentence(str(error))
            one.show_message()
            return
        if normal != typed:
            one.editor.write({"base_url": normal})
            self.session.edit(self.form.values())
        self._refresh_secret_notes()

    # -- the passwords -----------------------------------------------------------------------------------------

    def _typed(self) -> "ForeignSystem | None":
        """Return the server as typed, with its normalised base URL, or None while that is not valid."""
        from models.foreign_system import ForeignSystem

        server = self.session.candidate_of(ForeignSystem)
        try:
            server.base_url = normalise_base_url(str(server.base_url or ""))
        except ValueError:
            return None
        return server

    def on_loaded(self) -> None:
        """Check whether the passwords may be sent to this address by this route."""
        self._refresh_secret_notes()

    def _refresh_secret_notes(self) -> None:
        if self.session.ready:
            spelling = "" if self.origin is None else alternate_hostname_text(self.origin.host)
            self.form.note("base_url", spelling[:1].upper() + spelling[1:])
            self.tasks.start(self._check_secrets(), group="secret")

    async def _check_secrets(self) -> None:
        server = self._typed()
        await self._check_secret("credential_id", server.destination if server is not None else None)
        await self._check_secret(
            "proxy_credential_id", server.proxy_destination if server is not None else None
        )

    async def _check_secret(self, name: str, place: Destination | None) -> None:
        """Show under a credential what its password is bound to, and offer what is missing."""
        credential = self._chosen_credential(name)
        if credential is None or place is None:
            self.session.set_external_error(name)
            self.form.note(
                name, tr(PROXY_UNUSED_TEXT) if credential is not None and name != "credential_id" else ""
            )
            return
        state = await vault_access.read_secret_state(self.ctx, credential.id, credential.name)
        host = vault_access.format_origin(place.origin)
        if state.present and state.bound and not state.covers(place):
            if place.origin in state.origins:
                self._offers[name] = PasswordOffer.CONFIRM_ROUTE
                self.session.set_external_error(
                    name, tr("Its password was entered for another way."), ALLOW_ROUTE_TEXT
                )
                return
            others = ", ".join(vault_access.format_origin(o) for o in state.origins)
            again = REENTER_FOR_HOST_TEXT if name == "credential_id" else REENTER_FOR_PROXY_TEXT
            self._offers[name] = PasswordOffer.ENTER_AGAIN
            self.session.set_external_error(name, tr("Password is for {others}.", others=others), again)
            return
        self.session.set_external_error(name)
        if state.problem is not None:
            self.form.note(name, tr("The vault cannot be used; see the User Credential"))
        elif not state.present:
            self.form.note(name, tr("{name} has no password yet", name=credential.name))
        elif state.bound:
            self.form.note(name, tr("Its password is bound to {host}", host=host), FieldState.GOOD)
        else:
            self.form.note(name, tr("Saving or checking binds its password to {host}", host=host))

    def _chosen_credential(self, name: str) -> "UserCredential | None":
        from models.user_credential import UserCredential

        picker = self.credential if name == "credential_id" else self.proxy_credential
        return picker.item_as(UserCredential)

    def on_suggestion(self, name: str, text: str) -> None:
        """Run the offer of the link under a credential: enter the password again, or confirm the route."""
        match self._offers.get(name):
            case PasswordOffer.CONFIRM_ROUTE:
                self.tasks.start(self._confirm_route(name), group="password")
            case PasswordOffer.ENTER_AGAIN:
                self.tasks.start(self._ask_password(name), group="password")
            case None:
                super().on_suggestion(name, text)

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
        await vault_access.bind_secret(self.ctx, credential, place, another_way=True)
        await self._check_secrets()

    async def _ask_password(self, name: str) -> None:
        credential, place = self._chosen_credential(name), self._place(name)
        if credential is None or place is None:
            return
        host = vault_access.format_origin(place.origin)
        dialog = PasswordDialog(credential.name, credential.account, host, self.window())
        if await show_and_wait(dialog):
            await vault_access.store_secret(self.ctx, credential, Secret(dialog.line.text()), place)
            await self._check_secrets()

    async def after_save(self, stored: "ConfigurationObject") -> None:
        """Bind passwords to this server and its proxy when they were never bound; the help lines said so."""
        from models.foreign_system import ForeignSystem

        if not isinstance(stored, ForeignSystem):
            return
        credential = self._chosen_credential("credential_id")
        if credential is not None:
            state = await vault_access.read_secret_state(self.ctx, credential.id, credential.name)
            if state.present and not state.bound:
                await vault_access.bind_secret(self.ctx, credential, stored.destination)
        if stored.proxy_credential_id is not None and stored.proxy_destination is not None:
            await vault_access.bind_proxy_secret(self.ctx, stored)
        await self._check_secrets()

    # -- the check ---------------------------------------------------------------------------------------------

    async def load_check_scope(self) -> CheckScope | None:
        """Return whose past checks are shown: those of this server, with any process."""
        return self.session.id, None

    async def load_check_subject(self) -> CheckSubject:
        """Return what to check: the values as typed, with the first process that runs on this server."""
        from models.foreign_system import ForeignSystem

        server, unsaved = self.session.candidate_of(ForeignSystem), self.checks_unsaved_values
        process = await find_first_process(self.ctx, self.session.id)
        subject = await build_check_subject(self.ctx, server, process, unsaved=unsaved)
        await self._check_secrets()
        return subject
