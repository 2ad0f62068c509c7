"""A panel with the five parts of a problem and its possible causes, for dialogs."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFrame, QGridLayout, QLabel

from console.widgets import buttons
from console.widgets.labels import Label
from console.widgets.placeholders import capitalize_first
from console.widgets.possible_causes import PossibleCauses
from models.translation_marks import tr_later
from services.common.errors import Problem
from services.language import tr, translate

PROBLEM_PARTS = (
    tr_later("Tried"),
    tr_later("Evidence"),
    tr_later("Cause"),
    tr_later("Owner"),
    tr_later("Remedy"),
)


class FailurePanel(QFrame):
    """The five parts of a problem; hidden while there is none."""

    shown = pyqtSignal()
    """A problem was shown, and may have to be scrolled into view."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.problem: Problem | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 8, 12, 8)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self._texts: list[QLabel] = []
        for row, part in enumerate(PROBLEM_PARTS):
            text = Label("", role="code" if part == PROBLEM_PARTS[1] else "body")
            text.setWordWrap(True)
            text.setAccessibleName(tr(part))
            self._grid.addWidget(Label(tr(part), role="field"), row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text, row, 1)
            self._texts.append(text)
        self.causes = PossibleCauses()
        self._causes_name = Label(tr("Possible causes"), role="field")
        self._grid.addWidget(self._causes_name, len(PROBLEM_PARTS), 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(self.causes, len(PROBLEM_PARTS), 1)
        copy = buttons.small("Copy")
        copy.setAccessibleName(tr("Copy the failure"))
        copy.clicked.connect(self._copy)
        self._grid.addWidget(copy, 0, 2)
        self.hide()

    def show_problem(self, problem: Problem) -> None:
        """Show the parts of a problem."""
        self.problem = problem
        parts = (
            translate(problem.tried),
            translate(problem.evidence),
            translate(problem.cause),
            capitalize_first(translate(problem.owner.value)),
            translate(problem.remedy),
        )
        for name, label, text in zip(PROBLEM_PARTS, self._texts, parts, strict=True):
            label.setText(text)
            label.setAccessibleName(f"{tr(name)}: {text}")
        self.causes.show_candidates(problem.candidates)
        self._causes_name.setVisible(bool(problem.candidates))
        self.show()
        self.shown.emit()

    def clear(self) -> None:
        """Hide the panel."""
        self.problem = None
        self.hide()

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if self.problem is not None and clipboard is not None:
            clipboard.setText(self.problem.as_text())
