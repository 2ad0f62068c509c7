"""The Used by tab: every object that refers to this one, opened by a click or Enter."""

from typing import Any

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QStackedLayout, QVBoxLayout, QWidget

from console import icons, plain
from console.pages.session import MISSING
from console.targets import REQUESTS, Target
from console.widgets.labels import Label
from models.kinds import KINDS, Kind
from services.errors import ConsoleError, Reference
from services.language import tr

ROW_HEIGHT = 28
TARGET = Qt.ItemDataRole.UserRole


class UsedByTab(QWidget):
    """A list of references; says so when there are none."""

    def __init__(self, page: Any) -> None:
        super().__init__(page)
        self._page = page
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
        layout.addWidget(holder, 1)

    async def refresh(self) -> None:
        """Read the users again and show how many there are in the tab's title."""
        ctx, session = self._page.ctx, self._page.session
        workspace = await ctx.ready()
        try:
            users = await ctx.call(workspace.configuration.used_by, session.kind, session.id)
        except ConsoleError as error:
            if error.problem.fault != MISSING:
                raise
            return  # deleted meanwhile, which the page says
        self.show_users(users)

    def show_users(self, users: list[Any]) -> None:
        """Show references, keeping the current one current."""
        current = self.list.currentItem()
        kept = current.data(TARGET) if current is not None else None
        self.list.clear()
        for user in users:
            picture, word, target = user_words(user)
            item = QListWidgetItem(icons.icon(picture), plain.one_line(user.name))
            item.setData(TARGET, target)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, plain.one_line(f"{word} {user.name}"))
            plain.set_tip(item, word)
            item.setSizeHint(QSize(0, ROW_HEIGHT))
            self.list.addItem(item)
            if target == kept:
                self.list.setCurrentItem(item)
        self._stack.setCurrentIndex(1 if users else 0)
        self._page.head.set_users(len(users))

    def _open(self, item: QListWidgetItem) -> None:
        self._page.ctx.navigate(item.data(TARGET))


def user_words(user: Reference) -> tuple[str, str, Target]:
    """Return icon, kind in words and target of a reference; requests that hang on an object are one entry."""
    if user.kind in set(Kind):
        info = KINDS[Kind(user.kind)]
        return info.icon, tr(info.singular), Target(user.kind, user.id)
    return "tray", tr("Requests"), Target(REQUESTS)
