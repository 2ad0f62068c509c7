"""The page of a User Credential: how it signs in, its secrets, a probe of the sign-in, and who signs in with it."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from PyQt6.QtWidgets import QPushButton, QWidget

from console.forms import field_editors, vault_access
from console.forms.form import FieldSpec, GroupSpec
from console.forms.method_field import (
    AUTHENTICATION_GROUP,
    method_of,
    secret_fields,
    show_method,
    used_secrets,
)
from console.forms.notice import Notice
from console.forms.object_page import USED_BY, ObjectPage
from console.forms.secret_field import SECRET_LABELS
from console.objects.credential_expiry import SecretExpiry
from console.objects.credential_rail import MORE_LINK_KEY, CredentialRail
from console.objects.probe_card import ProbeCard
from console.objects.probe_presenter import ProbePresenter
from console.runtime.page_targets import Target
from console.widgets import buttons
from console.widgets.buttons import set_kind
from console.widgets.field import FieldState
from models.kinds import Kind
from models.secret_names import SecretName
from models.sign_in import METHODS, SignInMethod
from services.common.secret import Secret
from services.language import tr

if TYPE_CHECKING:
    import uuid

    from console.forms.object_header import ObjectHeader
    from models.approval_process import ApprovalProcess
    from models.approval_type import ApprovalType
    from models.base import ConfigurationObject
    from models.servers import Server
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
        self.secrets = secret_fields(self.form)
        self.password = self.secrets[SecretName.PASSWORD]
        for name, editor in self.secrets.items():
            editor.entered.connect(partial(self._typed, name))
            editor.removal_requested.connect(partial(self._remove, name))
        self.states: dict[SecretName, vault_access.SecretState] = {}
        self._servers: list[Server] = []
        self._vault_text = ""
        self._vault_usable = True
        self.vault_notice = Notice(margin=0)
        self.form.add_below(self.vault_notice)
        self.probe = ProbePresenter(self.ctx, self.session.id, self._on_probe_changed)
        self.probe_card = ProbeCard(self.probe)
        self.probe_card.server_chosen.connect(self.probe.choose_server)
        self.form.add_below(self.probe_card)
        self.session.changed.connect(self._show_method)

    def rail(self) -> QWidget:
        """List what signs in with this credential, and when its secret ends."""
        self.side = CredentialRail()
        self.chain = self.side.chain
        self.side.clicked.connect(self._open_link)
        return self.side

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
        set_kind(self.probe_button, "primary" if never else "secondary")
        set_kind(header.save_button, "secondary" if never else "primary")
        header.buttons["discard"].setVisible(self.session.dirty)
        self.renew_button.setVisible(bool(METHODS[self.method].secrets))

    def extra_actions(self) -> dict[str, Callable[[], None]]:
        """Probe what is stored, and renew a secret."""
        found: dict[str, Callable[[], None]] = {}
        if self.probe.can_run and not self.session.dirty:
            found[PROBE] = self.probe_sign_in
        if METHODS[self.method].secrets and self._vault_usable:
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
        self._show_secrets()
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

    def _typed(self, name: SecretName, secret: Secret | None) -> None:
        self.session.set_secret(name, secret)

    def _remove(self, name: SecretName) -> None:
        self.tasks.start(self._remove_secret(name), group="vault")

    async def _remove_secret(self, name: SecretName) -> None:
        stored = str((self.session.base or self.session.values)["name"])
        await vault_access.remove_secret(self.ctx, self.session.id, stored, name)
        self.secrets[name].end()
        self.probe.forget()
        self.ctx.notify(
            tr("Removed from the vault: {secret} of {name}", secret=tr(SECRET_LABELS[name]), name=stored)
        )
        await self._read_state()

    def on_loaded(self) -> None:
        """Ask the vault about the secrets, and the store about what uses them."""
        for name, editor in self.secrets.items():
            typed = self.session.secrets.get(name)
            if typed and not editor.editing:
                editor.begin(typed, focus=False)
            elif not typed and editor.editing:
                editor.end()
        self._show_method()
        self.tasks.start(self._read_state(), group="vault")

    def on_changes(self, changes: "list[Change]") -> None:
        """Look again when a server changed: it may use this credential, or have moved."""
        if self.session.ready and any(c.kind in DEPENDENT_KINDS for c in changes):
            self.tasks.start(self._read_state(), group="vault")

    async def _read_state(self) -> None:
        name = str((self.session.base or self.session.values)["name"])
        states = {
            one: await vault_access.read_secret_state(self.ctx, self.session.id, name, one)
            for one in SecretName
        }
        self.states = states
        for one, state in states.items():
            self.secrets[one].set_present(present=state.present)
        self._servers = await vault_access.find_servers_using(self.ctx, self.session.id)
        self.side.show_users(
            self._servers,
            await self._find_users([server.id for server in self._servers]),
            self._used_state(),
            self.session.id,
            tr("No password") if self.method is SignInMethod.BASIC else tr("Secret missing"),
        )
        await self._show_vault()
        self._show_secrets()
        await self.probe.refresh()

    def _used_state(self) -> vault_access.SecretState:
        form = METHODS[self.method]
        is_complete = all(self.states[one].present for one in form.required_secrets)
        places = tuple(place for one in form.secrets for place in self.states[one].places)
        return vault_access.SecretState(is_complete, places)

    async def _find_users(self, servers: "list[uuid.UUID]") -> "list[ApprovalProcess | ApprovalType]":
        from models.approval_process import ApprovalProcess
        from models.approval_type import ApprovalType

        configuration = (await self.ctx.ready()).configuration
        every = await self.ctx.call(configuration.all, ApprovalProcess)
        processes = [one for one in every if one.server_id in servers]
        ids = {one.id for one in processes}
        types = [one for one in await self.ctx.call(configuration.all, ApprovalType) if one.process_id in ids]
        return [*processes, *types]

    def _show_secrets(self) -> None:
        """Show under each secret where it is kept, and for which hosts."""
        if not self.states:
            return
        form = METHODS[self.method]
        for name, editor in self.secrets.items():
            text, tone = self._secret_note(name, self.states[name], optional=name in form.optional_secrets)
            if editor.editing and self._vault_usable:
                text, tone = (
                    tr("Kept in {label}, never in the store", label=self._vault_text),
                    FieldState.HELP,
                )
            self.form.note(name.value, text, tone)

    def _secret_note(
        self, name: SecretName, state: vault_access.SecretState, *, optional: bool
    ) -> tuple[str, FieldState]:
        if not self._vault_usable:
            return tr("Cannot be kept: no vault is usable"), FieldState.HELP
        if not state.present:
            text = (
                tr("Optional")
                if optional
                else tr("Kept in {label}, never in the store", label=self._vault_text)
            )
            return text, FieldState.HELP
        if not state.is_bound:
            return tr("In {label}, not yet bound to a server", label=self._vault_text), FieldState.HELP
        del name
        places = [place for server in self._servers for place in server.destinations_for(self.session.id)]
        missed = [place for place in places if not state.covers(place)]
        if missed:
            return tr(
                "Enter it again for {host}", host=vault_access.format_origin(missed[0].origin)
            ), FieldState.ERROR
        hosts = ", ".join(map(vault_access.format_origin, state.origins))
        return tr("In {label}, for {hosts} only", label=self._vault_text, hosts=hosts), FieldState.HELP

    async def _show_vault(self) -> None:
        workspace = await self.ctx.ready()
        vault = await vault_access.probe_vault(self.ctx)
        self._vault_text, self._vault_usable = vault.label, vault.usable
        if workspace.vault.kind == "session":
            self._vault_text = tr("memory until the console closes")
            self.vault_notice.tell(
                tr("Passwords are kept until the console closes and are never written."), tone="notice"
            )
        elif vault.usable:
            self.vault_notice.clear()
        else:
            reason = f": {vault.reason}" if vault.reason else ""
            self.vault_notice.tell(
                tr(
                    "{label} cannot be used{reason}. Passwords can be kept in memory until the console closes.",
                    label=vault.label,
                    reason=reason,
                ),
                tone="notice",
                offer=tr("Use this session only"),
                act=self._use_session,
            )

    def _use_session(self) -> None:
        self.tasks.start(self._switch_to_session_vault(), group="vault")

    async def _switch_to_session_vault(self) -> None:
        await vault_access.use_session_vault(self.ctx)
        await self._read_state()

    async def after_save(self, stored: "ConfigurationObject") -> None:
        """Put typed secrets into the vault; they stay in their lines when the vault refuses them."""
        from models.user_credential import UserCredential

        typed = dict(self.session.secrets)
        if typed and isinstance(stored, UserCredential):
            await vault_access.store_secrets(self.ctx, stored, used_secrets(typed, stored.method))
            self.probe.forget()
            for name, secret in typed.items():
                if (
                    self.session.secrets.get(name) is secret
                ):  # else more was typed meanwhile, and is saved next
                    self.session.set_secret(name, None)
                    self.secrets[name].end()
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
            self.ctx.notify(text)
        await self._read_state()

    def _on_probe_changed(self) -> None:
        self.probe_card.refresh()
        if self.session.ready:
            self.update_state()
