"""The page of a User Credential: account and password, where the password is kept, and who signs in with it."""

from typing import TYPE_CHECKING, ClassVar

from PyQt6.QtWidgets import QVBoxLayout, QWidget

from console.forms import field_editors, vault_access
from console.forms.form import FieldSpec, GroupSpec
from console.forms.notice import Notice
from console.forms.object_page import USED_BY, ObjectPage
from console.forms.password_field import PasswordField, password
from console.runtime.page_targets import Target
from console.widgets.labels import Label, wrapped_label
from console.widgets.link_chain import ChainLink, ObjectChain, truncate_links
from models.kinds import KINDS, Kind
from services.common.secret import Secret
from services.language import tr

if TYPE_CHECKING:
    from models.base import ConfigurationObject
    from models.servers import Server
    from services.store.change_feed import Change

MORE_LINK_KEY = "more"
SERVER_KINDS = (Kind.FOREIGN_SYSTEM, Kind.PRIVILEGE_MANAGER_SERVER)
"""The kinds of objects that sign in with a credential."""


class CredentialPage(ObjectPage):
    """Name, description, account and a password that can only be written."""

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
        GroupSpec(
            title="Settings",
            caption="An account in ServiceNow, or an API client of Privilege Manager",
            rows=(
                (
                    FieldSpec(
                        "account",
                        "Account Name",
                        field_editors.text,
                        "The ServiceNow user name, or the client ID",
                    ),
                ),
                (FieldSpec("password", "Password", password),),
            ),
        ),
    )

    def build(self) -> None:
        """Connect the password line, which is no value of the object."""
        self.password = self.form.editor("password", PasswordField)
        self.password.entered.connect(self._typed)
        self.vault_notice = Notice(margin=0)
        self.form.add_below(self.vault_notice)

    def rail(self) -> QWidget:
        """List the servers that sign in with this credential."""
        rail = QWidget()
        layout = QVBoxLayout(rail)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(Label(tr("Servers"), role="section"))
        self._rail_caption = wrapped_label("", "caption")
        layout.addWidget(self._rail_caption)
        layout.addSpacing(4)
        self.chain = ObjectChain()
        self.chain.clicked.connect(self._open_link)
        layout.addWidget(self.chain)
        layout.addStretch(1)
        return rail

    def _open_link(self, key: object) -> None:
        if key == MORE_LINK_KEY:
            self.open_tab(USED_BY)
        elif isinstance(key, Target):
            self.ctx.navigate(key)

    # -- the password ------------------------------------------------------------------------------------------

    def focus_field(self, name: str) -> bool:
        """Open the line of the password where that is the field."""
        if name == "password" and not self.password.editing:
            self.password.begin()
        return super().focus_field(name)

    def _typed(self, secret: Secret | None) -> None:
        self.session.set_secret(secret)

    def on_loaded(self) -> None:
        """Ask the vault about the password, and the store about servers."""
        if self.session.secret and not self.password.editing:
            self.password.begin(self.session.secret)
        elif not self.session.secret and self.password.editing:
            self.password.end()
        self.tasks.start(self._read_state(), group="vault")

    def on_changes(self, changes: "list[Change]") -> None:
        """Look again when a server changed: it may use this credential, or have moved."""
        if self.session.ready and any(c.kind in SERVER_KINDS for c in changes):
            self.tasks.start(self._read_state(), group="vault")

    async def _read_state(self) -> None:
        name = str((self.session.base or self.session.values)["name"])
        state = await vault_access.read_secret_state(self.ctx, self.session.id, name)
        self.password.set_state(state.text)
        self._show_servers(await vault_access.find_servers_using(self.ctx, self.session.id), state)
        await self._show_vault()

    def _show_servers(self, servers: "list[Server]", state: vault_access.SecretState) -> None:
        self._rail_caption.setText(
            tr("Each sign-in that uses this password") if servers else tr("None uses it yet")
        )
        links = []
        for server in servers:
            # It may sign in to the server, to the proxy before it, or to both.
            places = server.destinations_for(self.session.id)
            bound = state.present and all(map(state.covers, places))
            word = tr("Bound") if bound else (tr("Needs it again") if state.origins else tr("Not bound"))
            links.append(
                ChainLink(
                    key=Target(str(server.kind), server.id),
                    icon="server",
                    kind=", ".join(vault_access.format_origin(one.origin) for one in places),
                    name=server.name
                    if server.credential_id == self.session.id
                    else tr("Proxy of {name}", name=server.name),
                    state="good" if bound else "notice",
                    word=word if state.present else tr("No password"),
                )
            )
        self.chain.set_links(truncate_links(links, MORE_LINK_KEY, tr(KINDS[Kind.FOREIGN_SYSTEM].plural)))

    async def _show_vault(self) -> None:
        workspace = await self.ctx.ready()
        vault = await vault_access.probe_vault(self.ctx)
        if workspace.vault.kind == "session":
            self.form.note("password", tr("Kept in memory until the console closes"))
            self.vault_notice.tell(
                tr("Passwords are kept until the console closes and are never written."), tone="notice"
            )
        elif vault.usable:
            self.form.note("password", tr("Kept in {label}, never in the store", label=vault.label))
            self.vault_notice.clear()
        else:
            self.form.note("password", tr("Cannot be kept: no vault is usable"))
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
        """Put a password that was typed into the vault; it stays in the line when the vault refuses it."""
        from models.user_credential import UserCredential

        secret = self.session.secret
        if secret and isinstance(stored, UserCredential):
            await vault_access.store_secret(self.ctx, stored, secret)
            if self.session.secret is secret:  # else more of it was typed meanwhile, and is saved next
                self.session.set_secret(None)
                self.password.end()
        await self._read_state()
