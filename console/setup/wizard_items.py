"""Widgets of the set-up wizard about the records on the instance: what is missing, and what a run created."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from console.forms.field_editors import EditorHost
from console.provisioning.operations import Administrator, PlanResult
from console.provisioning.run_dialog import ADMIN_MISSING_TEXT, SignInFields
from console.setup.missing_plan import MissingPlan, PartialRun
from console.widgets.labels import CopyLabel, IconLabel, Label
from services.language import tr, translate

if TYPE_CHECKING:
    from models.foreign_system import ForeignSystem
    from services.provisioning import ApplyResult

MAX_CONFLICT_NAMES = 4


class MissingItems(QWidget):
    """The plan in words, conflicts apart, and an administrator's fields where the account lacks admin."""

    changed = pyqtSignal()

    def __init__(
        self, host: EditorHost, planned: PlanResult, server: "ForeignSystem", written: PartialRun
    ) -> None:
        super().__init__()
        plan = planned.plan
        self.plan = MissingPlan(plan.writes, written)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._creates, self._updates = _StatusLine("create"), _StatusLine("update")
        column.addWidget(self._creates)
        column.addWidget(self._updates)
        self.show_written(written)
        changed = [change for change in plan.conflicts if change.doubt is None]
        if changed:
            names = ", ".join(c.name for c in changed[:MAX_CONFLICT_NAMES])
            left = tr("Not changed, because others created or changed it: {names}", names=names)
            column.addWidget(_StatusLine("bad", left))
        for warning in plan.warnings:
            column.addWidget(_StatusLine("notice", translate(warning)))
        self.sign_in: SignInFields | None = None
        if planned.lacks_admin is not None and plan.writes:
            why = Label(tr(ADMIN_MISSING_TEXT, account=planned.account), role="muted")
            why.setWordWrap(True)
            column.addWidget(why)
            self.sign_in = SignInFields(host, server)
            self.sign_in.keep.hide()
            self.sign_in.changed.connect(self.changed)
            column.addWidget(self.sign_in)

    def show_written(self, written: PartialRun) -> None:
        """Show what is still to be written after a run that stopped."""
        self.plan.written = written
        created, updated = self.plan.counts_texts()
        self._creates.show_text(created)
        self._updates.show_text(updated)

    def reason(self) -> str:
        """Return why the run cannot start, or an empty text."""
        return self.plan.reason or (self.sign_in.missing() if self.sign_in is not None else "")

    @property
    def administrator(self) -> Administrator | None:
        """The administrator for the run, None for the account of the wizard."""
        return self.sign_in.read() if self.sign_in is not None else None

    def forget(self) -> None:
        """Clear the administrator's password."""
        if self.sign_in is not None:
            self.sign_in.forget()


class CreatedItems(QWidget):
    """What a run created, its receipt, and what to remember."""

    def __init__(self, applied: "ApplyResult") -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        good = applied.verification.verified
        column.addWidget(
            _StatusLine(
                "good" if good else "notice",
                tr("In ServiceNow: {outcome}", outcome=applied.receipt.run.outcome),
            )
        )
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Label(tr("Run ID"), role="field"))
        receipt = CopyLabel(applied.receipt.id)
        receipt.setAccessibleName(tr("Run ID {id}, copies on Enter", id=applied.receipt.id))
        line.addWidget(receipt, 1)
        column.addLayout(line)
        self.reminders = list(applied.reminders)
        for text in self.reminders:
            frame = QFrame()
            frame.setProperty("role", "reminder")
            inner = QVBoxLayout(frame)
            inner.setContentsMargins(12, 8, 12, 8)
            inner.addWidget(_StatusLine("notice", text, ground="notice-bg"))
            column.addWidget(frame)


class _StatusLine(QWidget):
    """A status shape and a sentence; hidden while there is nothing to say."""

    def __init__(self, shape: str, text: str = "", ground: str = "page") -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self._label = Label("")
        self._label.setWordWrap(True)
        line.addWidget(IconLabel(shape, 14, ground=ground), 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._label, 1)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Show a sentence, or nothing."""
        self._label.setText(text)
        self.setVisible(bool(text))
