"""Shows a run: its progress, then its outcome with receipt, reminders, failure and what can follow."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from console.provisioning.run_texts import RunOutcome
from console.widgets import buttons
from console.widgets.labels import CopyLabel, ElidedLabel, IconLabel, Label
from console.widgets.meter import Meter
from console.widgets.placeholders import ErrorState
from services.common.errors import Problem
from services.language import tr, translate

if TYPE_CHECKING:
    from console.runtime.context import Context


class RunView(QScrollArea):
    """Shows one run, with buttons for what can follow it."""

    cancel_requested = pyqtSignal()
    continue_requested = pyqtSignal()
    undo_requested = pyqtSignal(str)

    def __init__(self, ctx: "Context", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ctx = ctx
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("Run"))
        self.receipt = ""
        self.report = ""
        self.problem: Problem | None = None
        content = QWidget(self.viewport())
        content.setProperty("role", "page")
        content.setMaximumWidth(640)
        self.setWidget(
            content
        )  # empty, as Qt would compute the size of everything, which changes once it is shown
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 8, 8)
        self._column.setSpacing(10)
        self._head()
        self._results = QVBoxLayout()
        self._results.setSpacing(10)
        self._column.addLayout(self._results)
        self._column.addLayout(self._buttons())
        self._column.addStretch(1)

    def _head(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        self._shape = IconLabel("", 16)
        self.title = Label("", role="section")
        line.addWidget(self._shape)
        line.addWidget(self.title, 1)
        self._column.addLayout(line)
        self.doing = ElidedLabel("", role="muted")
        self._column.addWidget(self.doing)
        self.meter = Meter()
        self._column.addWidget(self.meter)
        self.receipt_line = QWidget()
        row = QHBoxLayout(self.receipt_line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(Label(tr("Run ID"), role="field"))
        self.receipt_label = CopyLabel("")
        self.receipt_label.copied.connect(lambda _t: self._ctx.notify(tr("Run ID copied")))
        row.addWidget(self.receipt_label, 1)
        self._column.addWidget(self.receipt_line)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.cancel = buttons.secondary("Cancel")
        self.cancel.setAccessibleName(tr("Cancel the run"))
        self.cancel.clicked.connect(self.cancel_requested)
        self.continue_button = buttons.secondary("Continue", icon="play")
        self.continue_button.clicked.connect(self.continue_requested)
        self.undo = buttons.secondary("Undo…", icon="undo")
        self.undo.setAccessibleName(tr("Undo this run"))
        self.undo.clicked.connect(lambda: self.undo_requested.emit(self.receipt))
        self.copy = buttons.secondary("Copy report", icon="copy")
        self.copy.clicked.connect(self._copy)
        for button in (self.cancel, self.continue_button, self.undo, self.copy):
            row.addWidget(button)
        row.addStretch(1)
        return row

    # -- states ------------------------------------------------------------

    def begin(self, title: str) -> None:
        """Show that a run has begun."""
        self._clear()
        self._show_head("running", title, tr("Starting"))
        self.meter.set_value(0)
        self._show_buttons(cancel=True)

    def progress(self, text: str, done: int = 0, total: int | None = None) -> None:
        """Show how far the run is."""
        text = translate(text)
        self.doing.setText(
            tr("{step} ({done} of {total})", step=text, done=done, total=total) if total else text
        )
        if total:
            self.meter.set_value(done / total)

    def show_outcome(self, outcome: RunOutcome) -> None:
        """Show how a run ended, and what can follow it."""
        self._clear()
        self.receipt, self.report, self.problem = outcome.receipt_id, outcome.report, outcome.problem
        self._show_head(outcome.shape, outcome.title, outcome.text)
        if outcome.complete:
            self.meter.set_value(1)
        for text in outcome.reminders:
            self._add_reminder(text)
        if outcome.problem is not None:
            self._add_problem(outcome.problem, inset=outcome.complete)
        self.continue_button.setText(tr("Continue") if self.receipt else tr("Try again"))
        self.continue_button.setAccessibleName(self.continue_button.text())
        self._show_buttons(can_continue=not outcome.complete, undo=outcome.can_undo, copy=True)

    # -- parts -------------------------------------------------------------

    def _show_head(self, shape: str, title: str, text: str) -> None:
        self._shape.show_shape(shape)
        self.title.setText(title)
        self.doing.setText(text)
        self.doing.setVisible(bool(text))
        self.receipt_label.setText(self.receipt)
        self.receipt_label.setAccessibleName(tr("Run ID {id}, copies on Enter", id=self.receipt))
        self.receipt_line.setVisible(bool(self.receipt))

    def _add_reminder(self, text: str) -> None:
        frame = QFrame()
        frame.setProperty("role", "reminder")
        line = QHBoxLayout(frame)
        line.setContentsMargins(12, 8, 12, 8)
        line.setSpacing(8)
        shape = IconLabel("notice", 14, ground="notice-bg")
        label = Label(text)
        label.setWordWrap(True)
        line.addWidget(shape, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(label, 1)
        self._results.addWidget(frame)

    def _add_problem(self, problem: Problem, *, inset: bool) -> None:
        state = ErrorState(problem)
        layout = state.layout()
        if not inset and layout is not None:
            layout.setContentsMargins(0, 0, 0, 0)
        self._results.addWidget(state)

    def _clear(self) -> None:
        self.receipt, self.report, self.problem = "", "", None
        while (old := self._results.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _show_buttons(
        self, *, cancel: bool = False, can_continue: bool = False, undo: bool = False, copy: bool = False
    ) -> None:
        for button, on in (
            (self.cancel, cancel),
            (self.continue_button, can_continue),
            (self.undo, undo),
            (self.copy, copy),
        ):
            button.setVisible(on)
        self.meter.setVisible(cancel or self.meter.value >= 1)

    def reminders(self) -> list[str]:
        """Return the texts of the reminders."""
        frames = (self._results.itemAt(i) for i in range(self._results.count()))
        widgets = [item.widget() for item in frames if item is not None]
        return [label.text() for w in widgets if w is not None and w.property("role") == "reminder"
                for label in w.findChildren(Label)]  # fmt: skip

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.report)
            self._ctx.notify(tr("Copied the report"))
