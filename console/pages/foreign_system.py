"""The page of a ServiceNow server: its address, who signs in, the way through the network, and its staged check."""

from typing import Any, ClassVar

from console.pages import editors, secrets
from console.pages.check_subject import Subject, first_process, subject_of
from console.pages.checked_page import CheckedPage
from console.pages.form import GOOD, FieldSpec, GroupSpec
from console.pages.new_dialog import PasswordDialog
from console.pages.session import sentence
from console.pickers.reference import ReferenceField, reference
from console.workers import ask
from models.addresses import Origin, normalise_base_url
from models.kinds import Kind
from services.secret import Secret

ENTER_AGAIN = "Enter it for this host"


class ForeignSystemPage(CheckedPage):
    """Details and check of a ServiceNow instance that Privilege Manager talks to."""

    object_kind: ClassVar[Kind] = Kind.FOREIGN_SYSTEM
    offered = ("discard", "check")
    needed = "Fill in a Base URL that can be used first."
    tested = ("base_url", "credential_id", "ca_bundle", "client_certificate", "proxy")
    groups = (
        GroupSpec(
            rows=(
                (
                    FieldSpec("name", "Name", editors.text, "Unique among ServiceNow Servers"),
                    FieldSpec("description", "Description", editors.text, "Optional"),
                ),
                (
                    FieldSpec(
                        "base_url",
                        "Base URL",
                        editors.url,
                        "https://INSTANCE.service-now.com/, as in the browser",
                    ),
                ),
                (
                    FieldSpec(
                        "credential_id",
                        "User Credential",
                        reference(Kind.USER_CREDENTIAL),
                        "Roles: web_service_admin, approval_admin",
                        stretch=2,
                    ),
                    FieldSpec(
                        "production",
                        "Environment",
                        editors.check("Production"),
                        "Rehearsals then ask a second time",
                    ),
                ),
            )
        ),
        GroupSpec(
            title="Network",
            caption="Only where the instance is not reached directly",
            rows=(
                (
                    FieldSpec(
                        "ca_bundle",
                        "CA bundle",
                        editors.path("CA bundle"),
                        "Optional, on top of the system's trust store",
                    ),
                ),
                (
                    FieldSpec(
                        "client_certificate",
                        "Client certificate",
                        editors.path("Client certificate"),
                        "Optional, PEM with its key",
                    ),
                ),
                (
                    FieldSpec(
                        "proxy",
                        "Proxy",
                        editors.optional_text,
                        "Optional, such as http://proxy.acme.com:3128",
                    ),
                ),
            ),
        ),
    )

    def build(self) -> None:
        """Follow the credential that is chosen."""
        editor = self.form.field("credential_id").editor
        assert isinstance(editor, ReferenceField)  # noqa: S101 - the spec above says so
        self.credential = editor
        self.credential.shown.connect(lambda _item: self._look_at_secret())
        super().build()

    def can_check(self) -> bool:
        """Whether the address can be used."""
        return self.origin is not None

    def extra_badges(self) -> list[tuple[str, str, str | None]]:
        """Return what the last check said, and whether this is a production instance."""
        badges = super().extra_badges()
        if self.session.values.get("production"):
            badges.append(("Production", "outline", None))
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
        """Write the address as it will be stored once the field is left."""
        if name != "base_url":
            return
        one = self.form.field("base_url")
        typed = one.editor.read()["base_url"]
        if not typed and not one.touched:
            return
        one.touched = True
        try:
            normal = normalise_base_url(typed)
        except ValueError as error:
            one.error = sentence(str(error))
            one.show_line()
            return
        if normal != typed:
            one.editor.write({"base_url": normal})
            self.session.edit(self.form.values())
        self._look_at_secret()

    # -- the password ------------------------------------------------------------------------------------------

    def on_loaded(self) -> None:
        """Look whether the credential's password may be sent to this address."""
        self._look_at_secret()

    def _look_at_secret(self) -> None:
        if self.session.ready:
            self.workers.start(self._check_secret(), group="secret")

    async def _check_secret(self) -> None:
        credential, origin = self.credential.item, self.origin
        if credential is None or origin is None:
            self.session.set_outside_error("credential_id")
            self.form.note("credential_id")
            return
        state = await secrets.read_state(self.ctx, credential.id, credential.name)
        host = secrets.host_text(origin)
        if state.present and state.origins and not state.covers(origin):
            others = ", ".join(secrets.host_text(o) for o in state.origins)
            self.session.set_outside_error("credential_id", f"Password is for {others}.", ENTER_AGAIN)
            return
        self.session.set_outside_error("credential_id")
        if state.problem is not None:
            self.form.note("credential_id", "The vault cannot be used; see the User Credential")
        elif not state.present:
            self.form.note("credential_id", f"{credential.name} has no password yet")
        elif state.origins:
            self.form.note("credential_id", f"Its password is bound to {host}", GOOD)
        else:
            self.form.note("credential_id", f"Saving or checking binds its password to {host}")

    def on_suggestion(self, name: str, text: str) -> None:
        """Ask for the password again where that is what the link under the credential offers."""
        if name == "credential_id":
            self.workers.start(self._ask_password(), group="password")
        else:
            super().on_suggestion(name, text)

    async def _ask_password(self) -> None:
        credential, origin = self.credential.item, self.origin
        if credential is None or origin is None:
            return
        dialog = PasswordDialog(credential.name, credential.account, secrets.host_text(origin), self.window())
        if await ask(dialog):
            await secrets.store_secret(self.ctx, credential, Secret(dialog.line.text()), origin)
            await self._check_secret()

    async def after_save(self, stored: Any) -> None:
        """Bind the credential's password to this server when it was never bound; the help line said so."""
        credential = self.credential.item
        if credential is not None:
            state = await secrets.read_state(self.ctx, credential.id, credential.name)
            if state.present and not state.origins:
                await secrets.bind(self.ctx, credential, stored.origin)
        await self._check_secret()

    # -- the check ---------------------------------------------------------------------------------------------

    async def checked_place(self) -> tuple[Any, Any]:
        """Return whose past checks are shown: those of this server, with any process."""
        return self.session.id, None

    async def what_to_check(self) -> Subject:
        """Return what to check: the values as typed, with the first process that runs on this server."""
        server, unsaved = self.session.candidate(), self.tests_unsaved
        process = await first_process(self.ctx, self.session.id)
        subject = await subject_of(self.ctx, server, process, unsaved=unsaved)
        await self._check_secret()
        return subject
