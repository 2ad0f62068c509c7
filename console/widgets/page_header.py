"""The head of a page: place, title with badges, one row of actions, tabs. It never scrolls."""

from collections.abc import Sequence

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFont, QFontMetrics
from PyQt6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from console.design import theme
from console.widgets.buttons import ThemedButton
from console.widgets.labels import ElidedLabel, FittingLabel, IconLabel, TextButton
from services.language import tr, translate

MARGIN, TOP, CAPTION = 24, 12, 22


class BreadcrumbLink(TextButton):
    """One part of the place; a link without underline until the pointer or the keyboard is on it."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "caption", "muted")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Go to {text}", text=text))

    def display_font(self) -> QFont:
        """Return the font, underlined while the pointer or the keyboard is here."""
        font = super().display_font()
        font.setUnderline(self.underMouse() or self.hasFocus())
        return font


class Tabs(QTabBar):
    """Tabs with an underline; each as wide as its bold self, so that none moves when it is selected."""

    def tabSizeHint(self, index: int) -> QSize:
        """Return the room of the bold text."""
        font = theme.font("strong")
        hint = super().tabSizeHint(index)
        hint.setWidth(QFontMetrics(font).horizontalAdvance(self.tabText(index)) + 24)
        return hint


class PageHeader(QWidget):
    """Place, title, badges, actions and tabs of a page."""

    breadcrumb_clicked = pyqtSignal(int)
    tab_changed = pyqtSignal(int)

    def __init__(
        self,
        breadcrumb: Sequence[str] = (),
        title: str = "",
        left: Sequence[QAbstractButton] = (),
        right: Sequence[QPushButton] = (),
        tabs: Sequence[str] = (),
        parent: QWidget | None = None,
        *,
        beside: Sequence[QPushButton] = (),
        ruled: bool = True,
    ) -> None:
        """Make a head; the actions of a root page stand `beside` its title, those of others in a row of their own.

        Not `ruled`, it goes over into what stands below it.
        """
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, TOP, 0, 0)
        self._layout.setSpacing(0)
        self._layout.addLayout(self._crumbs(breadcrumb))
        self._layout.addSpacing(4)
        self._layout.addLayout(self._title_row(title, beside))
        self.caption = FittingLabel("caption")
        self.caption.setMinimumHeight(CAPTION)
        self._layout.addLayout(self._caption_row())
        if not beside:
            self._layout.addSpacing(10)
        self._layout.addLayout(self._actions(left, right))
        self._layout.addSpacing(8)
        self.tabs: Tabs | None = None
        if tabs:
            self._add_tabs(tabs)
        if ruled:
            rule = QFrame()
            rule.setProperty("role", "rule")
            self._layout.addWidget(rule)

    def _crumbs(self, breadcrumb: Sequence[str]) -> QHBoxLayout:
        self._breadcrumb: list[BreadcrumbLink] = []
        row = QHBoxLayout()
        row.setContentsMargins(MARGIN, 0, MARGIN, 0)
        row.setSpacing(6)
        for number, text in enumerate(breadcrumb):
            if number:
                row.addWidget(IconLabel("chevron-right", 10))
            crumb = BreadcrumbLink(text)
            self._breadcrumb.append(crumb)
            crumb.clicked.connect(lambda _on, number=number: self.breadcrumb_clicked.emit(number))
            row.addWidget(crumb)
        row.addStretch(1)
        return row

    def _caption_row(self) -> QHBoxLayout:
        row = self._caption_line = QHBoxLayout()
        row.setContentsMargins(MARGIN, 0, MARGIN, 0)
        row.setSpacing(8)
        row.addWidget(self.caption, 1)
        self.caption.hide()
        return row

    def _title_row(self, title: str, beside: Sequence[QPushButton]) -> QHBoxLayout:
        row = QHBoxLayout()
        # A button without a border stands out of the margin, so that its text ends where the rest ends.
        quiet = bool(beside) and beside[-1].property("kind") == "quiet"
        row.setContentsMargins(MARGIN, 0, MARGIN - 9 if quiet else MARGIN, 0)
        row.setSpacing(10)
        self.title = ElidedLabel(title, role="title")
        # The titles of root pages are words of the console: they are never cut off.
        width = QSizePolicy.Policy.Minimum if beside else QSizePolicy.Policy.Preferred
        self.title.setSizePolicy(width, QSizePolicy.Policy.Preferred)
        self.title.setMinimumHeight(26)
        row.addWidget(self.title)
        self._badges = QHBoxLayout()
        self._badges.setSpacing(10)
        row.addLayout(self._badges)
        row.addStretch(1)
        self._beside = row
        self._before_beside = row.count()
        for button in beside:
            if isinstance(button, ThemedButton):
                button.set_compactable()
            row.addWidget(button)
        return row

    def _actions(self, left: Sequence[QAbstractButton], right: Sequence[QPushButton]) -> QHBoxLayout:
        row = self._action_row = QHBoxLayout()
        row.setContentsMargins(MARGIN, 0, MARGIN - 9, 0)
        row.setSpacing(8)
        self.reason = FittingLabel("caption")
        self.reason.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        for number, button in enumerate(left):
            row.addWidget(button)
            if number == 0:
                self.reason.setContentsMargins(0, 0, 4, 0)
                row.addWidget(self.reason)
        row.addStretch(1)
        for button in right:
            if isinstance(button, ThemedButton):
                button.set_compactable()
            row.addWidget(button)
        return row

    def _add_tabs(self, tabs: Sequence[str]) -> None:
        bar = self.tabs = Tabs()
        bar.setExpanding(False)
        bar.setDrawBase(False)
        bar.setUsesScrollButtons(True)  # in sight only where the tabs have no room
        bar.setAccessibleName(tr("Tabs"))
        for name in tabs:
            bar.addTab(translate(name))
        bar.currentChanged.connect(self.tab_changed)
        row = QHBoxLayout()
        row.setContentsMargins(MARGIN, 0, MARGIN, 0)
        row.addWidget(bar)
        row.addStretch(1)
        self._layout.addLayout(row)

    # -- what it shows -----------------------------------------------------------------------------------------

    def set_title(self, text: str) -> None:
        """Show another title."""
        self.title.setText(text)
        self.title.updateGeometry()

    def set_crumb(self, number: int, text: str) -> None:
        """Show another text for one place of the path."""
        self._breadcrumb[number].setText(text)

    def set_badges(self, badges: Sequence[QWidget]) -> None:
        """Show badges behind the title."""
        while (old := self._badges.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for badge in badges:
            self._badges.addWidget(badge)

    def add_title_button(self, button: QPushButton) -> None:
        """Put a button first of those beside the title, where it is not there already."""
        if self._beside.indexOf(button) < 0:
            self._beside.insertWidget(self._before_beside, button)

    def set_caption(self, *wordings: str) -> None:
        """Say what the page shows in a line under its title, in the longest of the wordings that fits."""
        self.caption.set_wordings(*wordings)
        shown = bool(wordings and wordings[0])
        self._caption_line.setContentsMargins(MARGIN, 4 if shown else 0, MARGIN, 0)
        self.caption.setVisible(shown)

    def add_to_caption(self, widget: QWidget) -> None:
        """Add something to the right end of the line under the title."""
        self._caption_line.addWidget(widget)

    def set_primary_reason(self, *wordings: str) -> None:
        """Show why the primary button cannot run, in the longest wording that fits; nothing when it can."""
        self.reason.set_wordings(*wordings, "")
        self.reason.setVisible(any(wordings))

    def place_reason_behind(self, button: QAbstractButton) -> None:
        """Move what stands beside the primary button behind another button, which is the primary one now."""
        row = self._action_row
        row.removeWidget(self.reason)
        row.insertWidget(row.indexOf(button) + 1, self.reason)

    def set_tab_text(self, index: int, text: str) -> None:
        """Call a tab differently."""
        if self.tabs is not None:
            self.tabs.setTabText(index, text)

    def set_current_tab(self, index: int) -> None:
        """Show a tab."""
        if self.tabs is not None:
            self.tabs.setCurrentIndex(index)
