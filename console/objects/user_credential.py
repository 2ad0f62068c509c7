"""The page of a User Credential: how it signs in, its secrets, a probe of the sign-in, and who signs in with it."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from PyQt6.QtWidgets import QPushButton, QWidget

from console.forms import field_editors, vault_access
from console.forms.form import FieldSpec, GroupSpec
from console.forms.method_field import (
    AUTHENTICATION_GROUP,
    method_of,
    show_method,
)
from console.forms.object_page import USED_BY, ObjectPage
from console.forms.secret_field import SECRET_LABELS
from console.objects.credential_expiry import SecretExpiry
from console.objects.credential_rail import MORE_LINK_KEY, CredentialRail
from console.objects.credential_secret_fields import CredentialSecretFields
from console.objects.credential_tokens import TokenFigures
from console.objects.probe_card import ProbeCard
from console.objects.probe_presenter import ProbePresenter
from console.runtime.activity import FAILED
from console.runtime.page_targets import Target
from console.widgets import buttons
from console.widgets.buttons import set_kind
from models.kinds import Kind
from models.secret_names import SecretName
from models.sign_in import METHODS, TOKEN_METHODS, SignInMethod
from services.language import tr

if TYPE_CHECKING:
    import uuid

    from console.forms.object_header import ObjectHeader
    from models.approval_process import ApprovalProcess
    from models.approval_type import ApprovalType
    from models.base import ConfigurationObject
    from services.store.change_feed import Change

PROBE, RENEW = "probe_sign_in", "renew_secret"
DEPENDENT_KINDS = (
    Kind.FOREIGN_SYSTEM,
    Kind.PRIVILEGE_MANAGER_SERVER,
    Kind.APPROVAL_PROCESS,
    Kind.APPROVAL_TYPE,
    Kind.USER_CREDENTIAL,
)
"""The kinds of objects that sign in with a credential, or depend on one that does."""


class CredentialPage(ObjectPage):
    """Name, description, method with its fields, and secrets that can only be written."""

    object_kind: ClassVar[Kind] = Kind.USER_CREDENTIAL
    groups = (
        GroupSpec(
            rows=(
                (
                    FieldSpec("name", "Name", field_editors.text, "Unique among User Credentials"),
                    FieldSpec("description", "Description", field_editors.text, "Optional"),
                ),
            )
        ),
        AUTHENTICATION_GROUP,
    )

    def build(self) -> None:
        """Connect the fields of secrets, which are no values of the object, and add the probe."""
        self.parts = CredentialSecretFields(self)
        self.secrets = self.parts.fields
        self.password = self.secrets[SecretName.PASSWORD]
        self.vault_notice = self.parts.notice
        self.form.add_below(self.vault_notice)
        self.parts.removed.connect(self._on_removed)
        self.probe = ProbePresenter(self.ctx, self.session.id, self._on_probe_changed)
        self.probe_card = ProbeCard(self.probe)
        self.probe_card.server_chosen.connect(self.probe.choose_server)
        self.form.add_below(self.probe_card)

    def rail(self) -> QWidget:
        """List what signs in with this credential, and when its secret ends."""
        self.side = CredentialRail(self._token_figures)
        self.chain = self.side.chain
        self.side.clicked.connect(self._open_link)
        self.session.changed.connect(self._show_method)
        return self.side

    def _token_figures(self) -> TokenFigures | None:
        """Return what is known of the access tokens of the servers that use this credential; makes no call."""
        if not self.session.ready:
            return None
        own = [server for server in self.parts.servers if server.credential_id == self.session.id]
        asked = own if self.method in TOKEN_METHODS else []
        facts = [self.ctx.workspace.token_facts(server.id) for server in asked]
        return TokenFigures.of(one for one in facts if one is not None)

    def _open_link(self, key: object) -> None:
        if key == MORE_LINK_KEY:
            self.open_tab(USED_BY)
        elif isinstance(key, Target):
            self.ctx.navigate(key)

    # -- header ------------------------------------------------------------------------------------------------

    def extra_buttons(self) -> dict[str, QPushButton]:
        """Return the buttons behind Save."""
        self.probe_button = buttons.secondary("Probe sign-in", icon="refresh")
        self.probe_button.set_short(tr("Probe"))
        self.renew_button = buttons.secondary("Renew secret…", icon="key")
        self.renew_button.set_short(tr("Renew…"))
        return {PROBE: self.probe_button, RENEW: self.renew_button}

    def arrange_buttons(self, header: "ObjectHeader") -> None:
        """Make the probe the primary button while the credential was never probed and there is nothing to save."""
        never = self.probe.can_run and self.probe.record is None and not self.session.dirty
        set_kind(self.probe_button, "primary" if never else "secondary", "refresh")
        set_kind(header.save_button, "secondary" if never else "primary", "disk")
        header.buttons["discard"].setVisible(self.session.dirty)
        self.renew_button.setVisible(bool(METHODS[self.method].secrets))

    def extra_actions(self) -> dict[str, Callable[[], None]]:
        """Probe what is stored, and renew a secret."""
        found: dict[str, Callable[[], None]] = {}
        if self.probe.can_run and not self.session.dirty:
            found[PROBE] = self.probe_sign_in
        if METHODS[self.method].secrets and self.parts.vault_usable:
            found[RENEW] = self.renew_secret
        return found

    def extra_badges(self) -> list[tuple[str, str, str | None]]:
        """Return the outcome of the probe, and that the secret ends soon."""
        found = [self.probe.badge] if self.probe.badge is not None and not self.session.dirty else []
        expiry = self.expiry
        if expiry is not None and expiry.tone:
            found.append((expiry.badge, expiry.tone, expiry.tone))
        return found

    # -- the method --------------------------------------------------------------------------------------------

    @property
    def method(self) -> SignInMethod:
        """The method as it is edited."""
        return method_of(self.session.values)

    @property
    def expiry(self) -> SecretExpiry | None:
        """When the secret ends, as it was entered."""
        return SecretExpiry.of(self.session.text("secret_expires_on"), date.today())  # noqa: DTZ011 - a day of the user

    def _show_method(self) -> None:
        if not self.session.ready:
            return
        show_method(self.form, self.method)
        self.parts.show_notes()
        secrets = METHODS[self.method].secrets
        self.side.show_expiry(self.expiry, tr(SECRET_LABELS[secrets[0]]) if secrets else tr("Secret"))

    # -- the secrets -------------------------------------------------------------------------------------------

    def focus_field(self, name: str) -> bool:
        """Open the line of a secret where that is the field."""
        editor = self.secrets.get(SecretName(name)) if name in set(SecretName) else None
        if editor is not None and not editor.editing:
            editor.begin()
        return super().focus_field(name)

    def renew_secret(self) -> None:
        """Open the line of the first secret of the method."""
        secrets = METHODS[self.method].secrets
        if secrets:
            self.focus_field(secrets[0].value)

    def _on_removed(self) -> None:
        self.probe.forget()
        self.tasks.start(self._read_state(), group="vault")

    def _use_session(self) -> None:
        self.tasks.start(self._switch_to_session_vault(), group="session vault")

    async def _switch_to_session_vault(self) -> None:
        await vault_access.use_session_vault(self.ctx)
        await self._read_state()

    def on_loaded(self) -> None:
        """Ask the vault about the secrets, and the store about what uses them."""
        self.parts.show_typed()
        self._show_method()
        self.tasks.start(self._read_state(), group="vault")

    def on_changes(self, changes: "list[Change]") -> None:
        """Look again when a server changed: it may use this credential, or have moved."""
        if self.session.ready and any(c.kind in DEPENDENT_KINDS for c in changes):
            self.tasks.start(self._read_state(), group="vault")

    async def _read_state(self) -> None:
        name = str((self.session.base or self.session.values)["name"])
        await self.parts.read(name)
        servers = await vault_access.find_servers_using(self.ctx, self.session.id)
        self.parts.servers = servers
        await self.parts.show_vault(self._use_session)
        self.side.show_users(
            servers,
            await self._find_users([server.id for server in servers]),
            self.parts.used_state(),
            self.session.id,
            self._missing_word(),
        )
        self.side.refresh_tokens()
        await self.probe.refresh()

    def _missing_word(self) -> str:
        if not self.parts.vault_usable:
            return tr("Cannot be read")
        return tr("No password") if self.method is SignInMethod.BASIC else tr("Secret missing")

    async def _find_users(self, servers: "list[uuid.UUID]") -> "list[ApprovalProcess | ApprovalType]":
        from models.approval_process import ApprovalProcess
        from models.approval_type import ApprovalType

        configuration = (await self.ctx.ready()).configuration
        every = await self.ctx.call(configuration.all, ApprovalProcess)
        processes = [one for one in every if one.server_id in servers]
        ids = {one.id for one in processes}
        types = [one for one in await self.ctx.call(configuration.all, ApprovalType) if one.process_id in ids]
        return [*processes, *types]

    async def after_save(self, stored: "ConfigurationObject") -> None:
        """Put typed secrets into the vault; they stay in their lines when the vault refuses them."""
        from models.user_credential import UserCredential

        if self.session.secrets and isinstance(stored, UserCredential):
            await self.parts.store(stored)
            self.probe.forget()
        await self._read_state()

    # -- the probe ---------------------------------------------------------------------------------------------

    def probe_sign_in(self) -> None:
        """Probe the stored sign-in."""
        self.tasks.start(self._probe(), group="probe")

    async def _probe(self) -> None:
        found = await self.probe.run()
        if found is not None:
            text = (
                tr(
                    "Sign-in probed: {server} accepts {name} on REST and SOAP",
                    server=found.server,
                    name=self.title,
                )
                if found.is_good
                else tr(
                    "Sign-in probed: not everything on {server} accepts {name}",
                    server=found.server,
                    name=self.title,
                )
            )
            if found.is_good:
                self.ctx.notify(text)
            else:
                self.ctx.activity.record(text, text, FAILED)
        await self._read_state()
        self.probe_card.bring_finding_into_sight()

    def _on_probe_changed(self) -> None:
        self.probe_card.refresh()
        if self.session.ready:
            self.update_state()
