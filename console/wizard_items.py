"""What the instance lacks, in the set-up wizard: the plan in a few lines, who carries it out, and what was made."""

import uuid
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from console.pages.provisioning.operations import Administrator, Planned
from console.pages.provisioning.run_dialog import SignInFields
from console.widgets.labels import CopyLabel, Label, Picture

KINDS = (
    ("sc_category", "category", "categories"),
    ("sc_cat_item", "catalogue item", "catalogue items"),
    ("item_option_new", "variable", "variables"),
    ("sys_web_service", "scripted service", "scripted services"),
    ("sys_web_service_input", "input", "inputs"),
    ("sys_web_service_output", "output", "outputs"),
)
"""Tables of a plan with what one and several of their records are called."""


def counted(changes: Any) -> str:
    """Return how many records of which kind changes are about."""
    counts = [(sum(1 for c in changes if c.table == table), one, many) for table, one, many in KINDS]
    return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count)


def server_id_for(base_url: str) -> uuid.UUID:
    """Return the id under which runs on an address are written down before there is a server for it.

    The same address gives the same id, so that a run of a wizard that was closed is found by the next one.
    """
    return uuid.uuid5(uuid.NAMESPACE_URL, base_url)


class MissingItems(QWidget):
    """The plan in words, conflicts apart, and an administrator's fields where the account lacks admin."""

    changed = pyqtSignal()

    def __init__(self, planned: Planned, host: str) -> None:
        super().__init__()
        plan = planned.plan
        self.writes = len(plan.writes)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        if self.writes:
            column.addWidget(_said("create", f"To be made in ServiceNow: {counted(plan.writes)}"))
        if plan.conflicts:
            names = ", ".join(c.name for c in plan.conflicts[:4])
            column.addWidget(_said("bad", f"Left alone, since others made or changed it: {names}"))
        for warning in plan.warnings:
            column.addWidget(_said("notice", warning))
        self.sign_in: SignInFields | None = None
        if planned.lacks_admin is not None and self.writes:
            why = Label(
                f"{planned.account} lacks the role admin. An administrator signs in for this run only.",
                role="muted",
            )
            why.setWordWrap(True)
            column.addWidget(why)
            self.sign_in = SignInFields(host)
            self.sign_in.keep.hide()
            for line in (self.sign_in.account, self.sign_in.password):
                line.textChanged.connect(lambda _t: self.changed.emit())
            column.addWidget(self.sign_in)

    def missing(self) -> str:
        """Return what keeps the run from beginning, or an empty text."""
        if not self.writes:
            return "The instance lacks what is marked"
        return self.sign_in.missing() if self.sign_in is not None else ""

    @property
    def administrator(self) -> Administrator | None:
        """Who signs in for the run, None for the account of the wizard."""
        return self.sign_in.read() if self.sign_in is not None else None

    def forget(self) -> None:
        """Clear the administrator's password."""
        if self.sign_in is not None:
            self.sign_in.forget()


class MadeItems(QWidget):
    """What a run made, its receipt, and what to remember."""

    def __init__(self, applied: Any) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        good = applied.verification.verified
        column.addWidget(_said("good" if good else "notice", f"In ServiceNow: {applied.receipt.run.outcome}"))
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Label("Receipt", role="field"))
        receipt = CopyLabel(applied.receipt.id)
        receipt.setAccessibleName(f"Receipt {applied.receipt.id}, copies on Enter")
        line.addWidget(receipt, 1)
        column.addLayout(line)
        self.reminders = list(applied.reminders)
        for text in self.reminders:
            frame = QFrame()
            frame.setProperty("role", "reminder")
            inner = QVBoxLayout(frame)
            inner.setContentsMargins(12, 8, 12, 8)
            inner.addWidget(_said("notice", text, ground="notice-bg"))
            column.addWidget(frame)


def _said(shape: str, text: str, ground: str = "page") -> QWidget:
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    picture = Picture(shape, 14, ground=ground)
    label = Label(text)
    label.setWordWrap(True)
    line.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
    line.addWidget(label, 1)
    return holder
