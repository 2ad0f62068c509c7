"""The Used by tab: every object that refers to this one, opened by a click or Enter."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QStackedLayout, QVBoxLayout, QWidget

from console.design import icons
from console.forms.edit_session import OBJECT_MISSING_FAULT
from console.runtime.page_targets import CONNECT, REQUESTS, Target
from console.widgets import plain_text
from console.widgets.labels import Label, LinkLabel
from console.widgets.late_content import LateContent
from models.kinds import KINDS, Kind
from services.common.errors import ConsoleError, Reference
from services.language import tr

if TYPE_CHECKING:
    from console.forms.object_page import ObjectPage

ROW_HEIGHT = 28
TARGET_ROLE = Qt.ItemDataRole.UserRole


class UsedByTab(LateContent):
    """A list of references, or a sentence when there are none."""

    def __init__(self, page: "ObjectPage") -> None:
        super().__init__(page)
        self._page = page
        self._users: list[Reference] = []

    def make_content(self) -> None:
        """Make the list, and the link to the approval chain."""
        page = self._page
        info = KINDS[page.object_kind]
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Objects that use this {kind}", kind=tr(info.singular)))
        self.list.setIconSize(QSize(16, 16))
        self.list.setUniformItemSizes(True)
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.itemActivated.connect(self._open)
        self.list.itemClicked.connect(self._open)
        self.empty: QLabel = Label(tr("Nothing refers to this {kind}.", kind=tr(info.singular)))
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        self.chain_link = LinkLabel(tr("Approval chain"))
        self.chain_link.setAccessibleName(
            tr("Check the approval chain through this {kind}", kind=tr(info.singular))
        )
        self.chain_link.clicked.connect(lambda: page.ctx.navigate(page.chain_target()))
        layout.addWidget(self.chain_link, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addSpacing(8)
        layout.addWidget(holder, 1)
        self._fill()

    async def refresh(self) -> None:
        """Read the users again and show how many there are in the tab's title."""
        ctx, session = self._page.ctx, self._page.session
        workspace = await ctx.ready()
        try:
            users = await ctx.call(workspace.configuration.used_by, session.kind, session.id)
        except ConsoleError as error:
            if error.problem.fault != OBJECT_MISSING_FAULT:
                raise
            return  # deleted meanwhile; the page shows it
        self.show_users(users)

    def show_users(self, users: list[Reference]) -> None:
        """Show references, keeping the current one current."""
        self._users = users
        if self.is_made:
            self._fill()
        self._page.head.set_users(len(users))

    def _fill(self) -> None:
        users = self._users
        current = self.list.currentItem()
        kept = current.data(TARGET_ROLE) if current is not None else None
        self.list.clear()
        for user in users:
            picture, word, target = describe_reference(user)
            item = QListWidgetItem(icons.icon(picture), plain_text.one_line(user.name))
            item.setData(TARGET_ROLE, target)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, plain_text.one_line(f"{word} {user.name}"))
            plain_text.set_tooltip(item, word)
            item.setSizeHint(QSize(0, ROW_HEIGHT))
            self.list.addItem(item)
            if target == kept:
                self.list.setCurrentItem(item)
        self._stack.setCurrentIndex(1 if users else 0)

    def _open(self, item: QListWidgetItem) -> None:
        self._page.ctx.navigate(item.data(TARGET_ROLE))


INTAKE_CLIENT = "intake_client"
"""The kind of references from intake clients, which have no page of their own."""


def describe_reference(user: Reference) -> tuple[str, str, Target]:
    """Return icon, name of the kind and target of a reference; all requests of an object are one entry."""
    if user.kind in set(Kind):
        info = KINDS[Kind(user.kind)]
        return info.icon, tr(info.singular), Target(user.kind, user.id)
    if user.kind == INTAKE_CLIENT:
        return "link", tr("Intake client"), Target(CONNECT, user.id) if user.id else Target(REQUESTS)
    return "tray", tr("Requests"), Target(REQUESTS)
