"""A line between header and tabs for a message; hidden while there is none."""

from collections.abc import Callable
from functools import cached_property

from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from console.widgets import buttons
from console.widgets.labels import IconLabel, Label
from console.widgets.possible_causes import PossibleCauses
from services.common.errors import Problem
from services.language import tr, translate


class NoticePanel(QFrame):
    """A status icon, a sentence, and the buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        rows = QVBoxLayout(self)
        rows.setContentsMargins(12, 6, 6, 6)
        rows.setSpacing(6)
        line = QHBoxLayout()
        line.setSpacing(8)
        rows.addLayout(line)
        self.shape = IconLabel("", 14, ground="raised")
        self.label = Label("")
        self.label.setWordWrap(True)
        self.action = buttons.small("Retry")
        self.copy = buttons.small("Copy")
        self.close_button = buttons.small("Dismiss")
        self.show_causes = buttons.small("Possible causes")
        self.show_causes.clicked.connect(lambda: self.causes.setVisible(self.causes.isHidden()))
        self.causes = PossibleCauses()
        line.addWidget(self.shape)
        line.addWidget(self.label, 1)
        for button in (self.action, self.show_causes, self.copy, self.close_button):
            line.addWidget(button)
        rows.addWidget(self.causes)


class Notice(QFrame):
    """A status icon, a sentence, and buttons to dismiss it or to retry; made when there is something to say."""

    def __init__(self, parent: QWidget | None = None, *, margin: int = 24) -> None:
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(margin, 12 if margin else 0, margin, 0)
        self._again: Callable[[], None] | None = None
        self.problem: Problem | None = None
        self.hide()

    @cached_property
    def _panel(self) -> NoticePanel:
        panel = NoticePanel()
        panel.action.clicked.connect(lambda: self._again and self._again())
        panel.copy.clicked.connect(self._copy_problem)
        panel.close_button.clicked.connect(self.clear)
        layout = self.layout()
        if layout is not None:
            layout.addWidget(panel)
        return panel

    @property
    def label(self) -> Label:
        """The sentence."""
        return self._panel.label

    @property
    def action(self) -> QPushButton:
        """The button of what is offered."""
        return self._panel.action

    @property
    def show_causes(self) -> QPushButton:
        """The button that opens the possible causes."""
        return self._panel.show_causes

    @property
    def text(self) -> str:
        """Return the shown text, or an empty one."""
        return self.label.text() if self.isVisibleTo(self.parentWidget()) else ""

    def tell(
        self, text: str, *, tone: str = "off", offer: str = "", act: Callable[[], None] | None = None
    ) -> None:
        """Show a sentence, optionally with a button for an action."""
        self._again, self.problem = act, None
        self.action.setText(offer or tr("Retry"))
        self._show(text, tone)

    def show_problem(self, problem: Problem, *, retry: Callable[[], None] | None = None) -> None:
        """Show a problem and its remedy, with buttons to retry, to see the possible causes, and to copy all of it."""
        self._again, self.problem = retry, problem
        self.action.setText(tr("Retry"))
        self._show(
            f"{translate(problem.tried)}: {translate(problem.cause)} {translate(problem.remedy)}", "bad"
        )

    def clear(self) -> None:
        """Hide the notice."""
        self._again, self.problem = None, None
        if not self.isHidden():
            self.label.setText("")
            self.hide()

    def _show(self, text: str, tone: str) -> None:
        self.label.setText(text)
        panel = self._panel
        panel.shape.show_shape(tone)
        panel.action.setVisible(self._again is not None)
        panel.copy.setVisible(self.problem is not None)
        candidates = self.problem.candidates if self.problem is not None else ()
        panel.causes.show_candidates(candidates)
        panel.causes.hide()  # until the button is pressed: a notice is one line
        panel.show_causes.setVisible(bool(candidates))
        self.setAccessibleName(text)
        self.show()

    def _copy_problem(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if self.problem is not None and clipboard is not None:
            clipboard.setText(self.problem.as_text())
