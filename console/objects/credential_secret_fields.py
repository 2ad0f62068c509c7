"""The secrets on a credential's page: entering, removing and storing them, and the line under each."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from console.forms import vault_access
from console.forms.method_field import method_of, secret_fields, used_secrets
from console.forms.notice import Notice
from console.forms.object_page import ObjectPage
from console.forms.secret_field import SECRET_LABELS
from console.widgets.field import FieldState
from models.secret_names import SecretName
from models.sign_in import METHODS, SignInMethod
from services.common.secret import Secret
from services.language import tr

if TYPE_CHECKING:
    from models.servers import Server
    from models.user_credential import UserCredential


class CredentialSecretFields(QObject):
    """The fields of the secrets of a page, with what the vault says of each."""

    removed = pyqtSignal()
    """A secret was removed from the vault."""

    def __init__(self, page: ObjectPage) -> None:
        super().__init__(page)
        self._page = page
        self.fields = secret_fields(page.form)
        for name, editor in self.fields.items():
            editor.entered.connect(partial(self._typed, name))
            editor.removal_requested.connect(partial(self._remove, name))
        self.states: dict[SecretName, vault_access.SecretState] = {}
        self.servers: list[Server] = []
        """The servers that sign in with the credential."""
        self._vault_text = ""
        self.vault_usable = True
        self.notice = Notice(margin=0)

    @property
    def method(self) -> SignInMethod:
        """The method as it is edited."""
        return method_of(self._page.session.values)

    async def read(self, name: str) -> None:
        """Ask the vault about every secret of the credential, which is stored as `name`."""
        ctx, found = self._page.ctx, {}
        for one in SecretName:
            found[one] = await vault_access.read_secret_state(ctx, self._page.session.id, name, one)
        self.states = found
        for one, state in found.items():
            self.fields[one].set_present(present=state.present)

    def show_typed(self) -> None:
        """Open the lines of secrets that were typed before, and close the others."""
        for name, editor in self.fields.items():
            typed = self._page.session.secrets.get(name)
            if typed and not editor.editing:
                editor.begin(typed, focus=False)
            elif not typed and editor.editing:
                editor.end()

    async def store(self, stored: "UserCredential") -> None:
        """Put the typed secrets of the method into the vault; they stay in their lines when the vault refuses them."""
        session, typed = self._page.session, dict(self._page.session.secrets)
        await vault_access.store_secrets(self._page.ctx, stored, used_secrets(typed, stored.method))
        for name, secret in typed.items():
            if session.secrets.get(name) is secret:  # else more was typed meanwhile, and is saved next
                session.set_secret(name, None)
                self.fields[name].end()

    def _typed(self, name: SecretName, secret: Secret | None) -> None:
        self._page.session.set_secret(name, secret)

    def _remove(self, name: SecretName) -> None:
        self._page.tasks.start(self._remove_secret(name), group="vault")

    async def _remove_secret(self, name: SecretName) -> None:
        stored = str((self._page.session.base or self._page.session.values)["name"])
        await vault_access.remove_secret(self._page.ctx, self._page.session.id, stored, name)
        self.fields[name].end()
        self._page.ctx.notify(
            tr("Removed from the vault: {secret} of {name}", secret=tr(SECRET_LABELS[name]), name=stored)
        )
        self.removed.emit()

    def used_state(self) -> vault_access.SecretState:
        """Return the state of all secrets that the method uses."""
        form = METHODS[self.method]
        is_complete = all(self.states[one].present for one in form.required_secrets)
        secrets = tuple(secret for one in form.secrets for secret in self.states[one].secrets)
        return vault_access.SecretState(is_complete, secrets)

    def show_notes(self) -> None:
        """Show under each secret where it is kept, and for which hosts."""
        if not self.states:
            return
        form = METHODS[self.method]
        for name, editor in self.fields.items():
            text, tone = self._secret_note(self.states[name], optional=name in form.optional_secrets)
            if editor.editing and self.vault_usable:
                text, tone = (
                    tr("Kept in {label}, never in the store", label=self._vault_text),
                    FieldState.HELP,
                )
            self._page.form.note(name.value, text, tone)

    def _secret_note(self, state: vault_access.SecretState, *, optional: bool) -> tuple[str, FieldState]:
        if not self.vault_usable:
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
        places = [
            place for server in self.servers for place in server.destinations_for(self._page.session.id)
        ]
        missed = [place for place in places if not state.covers(place)]
        if missed:
            return tr(
                "Enter it again for {host}", host=vault_access.format_origin(missed[0].origin)
            ), FieldState.ERROR
        hosts = ", ".join(map(vault_access.format_origin, state.origins))
        return tr("In {label}, for {hosts} only", label=self._vault_text, hosts=hosts), FieldState.HELP

    async def show_vault(self, use_session: Callable[[], None]) -> None:
        """Show where secrets are kept, or that no vault is usable with an offer to use the session."""
        workspace = await self._page.ctx.ready()
        vault = await vault_access.probe_vault(self._page.ctx)
        self._vault_text, self.vault_usable = vault.label, vault.usable
        if workspace.vault.kind == "session":
            self._vault_text = tr("memory until the console closes")
            self.notice.tell(
                tr("Passwords are kept until the console closes and are never written."), tone="notice"
            )
        elif vault.usable:
            self.notice.clear()
        else:
            for editor in self.fields.values():
                editor.show_unreadable()
            reason = f": {vault.reason}" if vault.reason else ""
            self.notice.tell(
                tr(
                    "{label} cannot be used{reason}. Passwords can be kept in memory until the console closes.",
                    label=vault.label,
                    reason=reason,
                ),
                tone="notice",
                offer=tr("Use this session only"),
                act=use_session,
            )
        self.show_notes()
