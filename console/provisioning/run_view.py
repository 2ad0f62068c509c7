"""A run while it goes on, and how it ended: receipt, what was done, what stopped it, what to do next."""

from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from console.widgets import buttons
from console.widgets.labels import CopyLabel, ElidedLabel, IconLabel, Label
from console.widgets.meter import Meter
from console.widgets.placeholders import ErrorState
from services.common.errors import Problem
from services.language import tr, translate


class RunView(QScrollArea):
    """Shows one run. Its buttons say what the person wants next."""

    cancel_requested = pyqtSignal()
    continue_requested = pyqtSignal()
    undo_requested = pyqtSignal(str)

    def __init__(self, page: Any) -> None:
        super().__init__()
        self._page = page
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("Run"))
        self.receipt = ""
        self.report = ""
        self.problem: Problem | None = None
        content = QWidget()
        content.setProperty("role", "page")
        content.setMaximumWidth(640)
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 8, 8)
        self._column.setSpacing(10)
        self._head()
        self._results = QVBoxLayout()
        self._results.setSpacing(10)
        self._column.addLayout(self._results)
        self._column.addLayout(self._buttons())
        self._column.addStretch(1)
        self.setWidget(content)

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
        self.receipt_label.copied.connect(lambda _t: self._page.ctx.notify(tr("Run ID copied")))
        row.addWidget(self.receipt_label, 1)
        self._column.addWidget(self.receipt_line)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.cancel = buttons.secondary("Cancel")
        self.cancel.setAccessibleName(tr("Cancel the run"))
        self.cancel.clicked.connect(self.cancel_requested)
        self.go_on = buttons.secondary("Continue", icon="play")
        self.go_on.clicked.connect(self.continue_requested)
        self.undo = buttons.secondary("Undo…", icon="undo")
        self.undo.setAccessibleName(tr("Undo this run"))
        self.undo.clicked.connect(lambda: self.undo_requested.emit(self.receipt))
        self.copy = buttons.secondary("Copy report", icon="copy")
        self.copy.clicked.connect(self._copy)
        for button in (self.cancel, self.go_on, self.undo, self.copy):
            row.addWidget(button)
        row.addStretch(1)
        return row

    # -- states ------------------------------------------------------------

    def begin(self, title: str) -> None:
        """Show that a run has begun."""
        self._clear()
        self._say("running", title, tr("Starting"))
        self.meter.set_value(0)
        self._offer(cancel=True)

    def progress(self, text: str, done: int = 0, total: int | None = None) -> None:
        """Show how far it is."""
        text = translate(text)
        self.doing.setText(
            tr("{step} ({done} of {total})", step=text, done=done, total=total) if total else text
        )
        if total:
            self.meter.set_value(done / total)

    def applied(self, applied: Any, kept: str = "") -> None:
        """Show a run that went through."""
        self._clear()
        good = applied.verification.verified
        count = applied.plan.summary
        self.receipt = applied.receipt.id
        self._say("good" if good else "notice", tr("Done and verified") if good else tr("Done, not verified"),
                  applied.receipt.run.outcome)  # fmt: skip
        self.meter.set_value(1)
        for text in (*applied.reminders, *applied.plan.warnings):
            self._remind(translate(text))
        if kept:
            self._remind(
                tr(
                    "The administrator is kept as the User Credential “{name}”. Delete it when it is not needed.",
                    name=kept,
                )
            )
        if count["conflict"]:
            names = ", ".join(c.name for c in applied.plan.conflicts[:5])
            self._remind(tr("{count} left alone: {names}", count=count["conflict"], names=names))
        if applied.verification.problem is not None:
            self._results.addWidget(ErrorState(applied.verification.problem))
        self.report = _applied_text(applied)
        self._offer(undo=bool(applied.receipt.live), copy=True)

    def undone(self, undone: Any) -> None:
        """Show a run that was taken back."""
        self._clear()
        self.receipt = undone.receipt.id
        self._say("good" if undone.ok else "notice", tr("Undone"),
                  tr("{removed} removed, {restored} restored, {left} left", removed=len(undone.removed),
                     restored=len(undone.restored), left=len(undone.left)))  # fmt: skip
        self.meter.set_value(1)
        lines = [f"{word} {name} ({table})" for word, found in
                 (("Removed", undone.removed), ("Restored", undone.restored), ("Left", undone.left))
                 for table, name in found]  # fmt: skip
        self.report = "\n".join([f"Undone: receipt {undone.receipt.id}", *lines])
        self._offer(copy=True)

    def stopped(self, title: str, problem: Problem | None, receipt: str, outcome: str = "") -> None:
        """Show a run that did not go through: why, and the two ways from there."""
        self._clear()
        self.receipt, self.problem = receipt, problem
        self._say("bad" if problem is not None else "off", title, outcome)
        if problem is not None:
            state = ErrorState(problem)
            layout = state.layout()
            if layout is not None:
                layout.setContentsMargins(0, 0, 0, 0)
            self._results.addWidget(state)
        self.report = problem.as_text() if problem is not None else f"{title}: {outcome}"
        if receipt:
            self.report += f"\n  Run ID:   {receipt}"
        self.go_on.setText(tr("Continue") if receipt else tr("Try again"))
        self.go_on.setAccessibleName(self.go_on.text())
        self._offer(go_on=True, undo=bool(receipt), copy=True)

    # -- parts -------------------------------------------------------------

    def _say(self, shape: str, title: str, text: str) -> None:
        self._shape.show_shape(shape)
        self.title.setText(title)
        self.doing.setText(text)
        self.doing.setVisible(bool(text))
        self.receipt_label.setText(self.receipt)
        self.receipt_label.setAccessibleName(tr("Run ID {id}, copies on Enter", id=self.receipt))
        self.receipt_line.setVisible(bool(self.receipt))

    def _remind(self, text: str) -> None:
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

    def _clear(self) -> None:
        self.receipt, self.report, self.problem = "", "", None
        while (old := self._results.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _offer(
        self, *, cancel: bool = False, go_on: bool = False, undo: bool = False, copy: bool = False
    ) -> None:
        for button, on in ((self.cancel, cancel), (self.go_on, go_on), (self.undo, undo), (self.copy, copy)):
            button.setVisible(on)
        self.meter.setVisible(cancel or self.meter.value >= 1)

    def reminders(self) -> list[str]:
        """Return what the person is reminded of."""
        frames = (self._results.itemAt(i) for i in range(self._results.count()))
        widgets = [item.widget() for item in frames if item is not None]
        return [label.text() for w in widgets if w is not None and w.property("role") == "reminder"
                for label in w.findChildren(Label)]  # fmt: skip

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.report)
            self._page.ctx.notify(tr("Copied the report"))


def _applied_text(applied: Any) -> str:
    receipt = applied.receipt
    lines = [f"Create ServiceNow Approval Request Items on {receipt.run.object_name}: {receipt.run.outcome}",
             f"Run ID: {receipt.id}"]  # fmt: skip
    lines += [
        f"{step.operation:7} {step.table} {step.name} {step.sys_id}"
        for step in receipt.steps
        if step.state == "done"
    ]
    lines += [f"Not changed: {change.table} {change.name}: {change.why}" for change in applied.plan.conflicts]
    lines.append(f"Status call: {applied.verification.status or 'no answer'}")
    return "\n".join([*lines, *applied.reminders])
