"""A line between header and tabs for a message; hidden while there is none."""

from collections.abc import Callable

from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from console.widgets import buttons
from console.widgets.labels import IconLabel, Label
from console.widgets.possible_causes import PossibleCauses
from services.common.errors import Problem
from services.language import tr, translate


class Notice(QFrame):
    """A status icon, a sentence, and buttons to dismiss it or to retry."""

    def __init__(self, parent: QWidget | None = None, *, margin: int = 24) -> None:
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(margin, 12 if margin else 0, margin, 0)
        self._panel = QFrame()
        self._panel.setProperty("role", "panel")
        outer.addWidget(self._panel)
        rows = QVBoxLayout(self._panel)
        rows.setContentsMargins(12, 6, 6, 6)
        rows.setSpacing(6)
        line = QHBoxLayout()
        line.setSpacing(8)
        rows.addLayout(line)
        self._shape = IconLabel("", 14, ground="raised")
        self.label = Label("")
        self.label.setWordWrap(True)
        self.action = buttons.small("Retry")
        self._copy = buttons.small("Copy")
        self._close = buttons.small("Dismiss")
        self.show_causes = buttons.small("Possible causes")
        self.show_causes.clicked.connect(lambda: self.causes.setVisible(self.causes.isHidden()))
        self.causes = PossibleCauses()
        self.action.clicked.connect(lambda: self._again and self._again())
        self._copy.clicked.connect(self._copy_problem)
        self._close.clicked.connect(self.clear)
        line.addWidget(self._shape)
        line.addWidget(self.label, 1)
        for button in (self.action, self.show_causes, self._copy, self._close):
            line.addWidget(button)
        rows.addWidget(self.causes)
        self._again: Callable[[], None] | None = None
        self.problem: Problem | None = None
        self.hide()

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
        self.label.setText("")
        self.hide()

    def _show(self, text: str, tone: str) -> None:
        self.label.setText(text)
        self._shape.show_shape(tone)
        self.action.setVisible(self._again is not None)
        self._copy.setVisible(self.problem is not None)
        candidates = self.problem.candidates if self.problem is not None else ()
        self.causes.show_candidates(candidates)
        self.causes.hide()  # until the button is pressed: a notice is one line
        self.show_causes.setVisible(bool(candidates))
        self.setAccessibleName(text)
        self.show()

    def _copy_problem(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if self.problem is not None and clipboard is not None:
            clipboard.setText(self.problem.as_text())
