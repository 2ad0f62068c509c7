"""Set-ups of the Privilege Manager side that can be gone on with or taken back: the line about one, and the question."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from console.forms.delete_dialogs import ConfirmationDialog
from console.widgets import buttons
from console.widgets.labels import IconLabel, Label
from models.kinds import KINDS
from services.language import plural, short_moment, tr

if TYPE_CHECKING:
    from services.setup.privilege_manager_run import SetUpRun
    from services.setup.privilege_manager_undo import UndoPreview


class LastSetUp(QFrame):
    """Says which server was set up last, and offers to go on with it or to take it back; hidden without one."""

    continued = pyqtSignal()
    undo_asked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.run: SetUpRun | None = None
        self.setProperty("role", "reminder")
        self._text = Label("")
        self._text.setWordWrap(True)
        self.continue_button = buttons.secondary("Continue", icon="play")
        self.undo_button = buttons.quiet("Undo…", icon="undo")
        self.continue_button.clicked.connect(lambda _on: self.continued.emit())
        self.undo_button.clicked.connect(lambda _on: self.undo_asked.emit())
        said = QHBoxLayout()
        said.setSpacing(8)
        said.addWidget(IconLabel("notice", 14, ground="notice-bg"), 0, Qt.AlignmentFlag.AlignTop)
        said.addWidget(self._text, 1)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.continue_button)
        row.addWidget(self.undo_button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        column.addLayout(said)
        column.addLayout(row)
        self.hide()

    def show_run(self, run: "SetUpRun | None") -> None:
        """Show a set-up, or nothing."""
        self.run = run
        self.setVisible(run is not None)
        if run is None:
            return
        values = {"server": run.row.object_name, "time": short_moment(run.row.started_at)}
        self._text.setText(
            tr("The set-up of “{server}” from {time} is not finished.", **values)
            if run.is_unfinished
            else tr("“{server}” was set up at {time}.", **values)
        )
        self.continue_button.setVisible(run.is_unfinished)


class UndoSetUpDialog(ConfirmationDialog):
    """Asks whether a set-up is taken back, with everything that will be done."""

    def __init__(self, run: "SetUpRun", preview: "UndoPreview", parent: QWidget | None = None) -> None:
        super().__init__(
            tr("Undo the set-up of “{server}”", server=run.row.object_name),
            tr("What others changed since stays. Deleted objects can be restored, passwords cannot."),
            parent,
        )
        self.texts = list(_steps(preview))
        for text in self.texts:
            line = Label(f"• {text}")
            line.setWordWrap(True)
            self.lines.addWidget(line)
        self.undo_button = buttons.danger("Undo")
        self.foot(self.undo_button, tr("Cancel"))


def _steps(preview: "UndoPreview") -> "list[str]":
    steps = []
    if preview.policy_runs:
        steps.append(tr("On the server: actions and status of the policy become what they were"))
    if preview.clients:
        names = ", ".join(one.name for one in preview.clients)
        text = plural(
            len(preview.clients),
            "Removed: intake client {names}",
            "Removed: intake clients {names}",
            names=names,
        )
        steps.append(text)
    steps += [
        tr("Deleted here: {kind} “{name}”", kind=tr(KINDS[kind].singular), name=name)
        for kind, name in preview.made
    ]
    if preview.changed:
        steps.append(tr("Objects that were there before get their earlier values"))
    return steps
