"""Small dialogs of the window: a problem in its five parts, versions, shortcuts, a crash report, drafts at the end."""

from PyQt6.QtCore import PYQT_VERSION_STR, QT_VERSION_STR, Qt
from PyQt6.QtGui import QGuiApplication, QKeySequence
from PyQt6.QtWidgets import QFormLayout, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from console.runtime.command_registry import CommandRegistry
from console.version import VERSION
from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.key_cap import KeyCap
from console.widgets.labels import Label
from console.widgets.placeholders import ErrorState
from services.common.errors import Problem
from services.common.store_location import mask_password
from services.language import plural, tr

WIDTH, PROBLEM_WIDTH = 560, 688
MAX_HEIGHT = 560
"""Of a dialog whose content scrolls: a screen of 600 shows it."""


class Sheet(Dialog):
    """A dialog with a heading, content and buttons at its foot; shown with `open`, never with a loop of its own."""

    def __init__(self, title: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(plain_text.window_title(title))
        self.setMinimumWidth(WIDTH)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(24, 16, 24, 16)
        self.column.setSpacing(12)
        self.column.addWidget(Label(title, role="section"))

    def foot(self, *copied: str) -> None:
        """Add Copy (for the text given) and Close."""
        row = QHBoxLayout()
        row.addStretch(1)
        for text in copied:
            copy = buttons.secondary("Copy", "copy")
            copy.clicked.connect(lambda *_args, text=text: _copy(text))
            row.addWidget(copy)
        close = buttons.primary("Close")
        close.clicked.connect(self.accept)
        row.addWidget(close)
        self.column.addLayout(row)


class ProblemSheet(Sheet):
    """Shows a problem in its five parts."""

    def __init__(self, problem: Problem, parent: QWidget | None) -> None:
        super().__init__(tr("An action failed"), parent)
        self.problem = problem
        state = ErrorState(problem)
        layout = state.layout()
        if layout is not None:
            layout.setContentsMargins(0, 0, 0, 0)
        self.column.addWidget(state)
        self.foot()
        margins = self.column.contentsMargins()
        width = max(PROBLEM_WIDTH, self.minimumWidth())
        room = width - margins.left() - margins.right()
        others = self.column.sizeHint().height() - state.sizeHint().height()
        self.resize(width, min(others + state.needed_height(room) + 2, MAX_HEIGHT))


def crash_sheet(report: str, parent: QWidget | None) -> Sheet:
    """Make the dialog that shows what nobody expected."""
    sheet = Sheet(tr("Unexpected internal error"), parent)
    text = Label(tr("Approval Console keeps running. Copy the report and send it to your administrator."))
    text.setWordWrap(True)
    box = QPlainTextEdit(report)
    box.setReadOnly(True)
    box.setAccessibleName(tr("Crash report"))
    box.setMinimumHeight(220)
    sheet.column.addWidget(text)
    sheet.column.addWidget(box)
    sheet.foot(report)
    return sheet


def about_sheet(store: str, vault: str, parent: QWidget | None) -> Sheet:
    """Make the dialog with versions that can be copied."""
    import platform

    lines = (
        ("Approval Console", VERSION),
        ("Python", platform.python_version()),
        ("Qt, PyQt", f"{QT_VERSION_STR}, {PYQT_VERSION_STR}"),
        (tr("System"), platform.platform()),
        (tr("Store"), mask_password(store)),
        (tr("Vault"), vault),
        (tr("License"), "GPL-3.0-or-later"),
    )
    sheet = Sheet(tr("About Approval Console"), parent)
    form = QFormLayout()
    for name, text in lines:
        value = Label(text)
        value.setWordWrap(True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        form.addRow(Label(name, role="field"), value)
    sheet.column.addLayout(form)
    sheet.foot("\n".join(f"{name}: {text}" for name, text in lines))
    return sheet


def shortcuts_sheet(commands: CommandRegistry, parent: QWidget | None) -> Sheet:
    """Make the list of shortcuts, read off the commands themselves."""
    sheet = Sheet(tr("Keyboard shortcuts"), parent)
    form = QFormLayout()
    for command in commands:
        if command.shortcut:
            keys = QKeySequence(command.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
            form.addRow(KeyCap(keys), Label(command.text))
    sheet.column.addLayout(form)
    sheet.foot()
    return sheet


class LeaveDialog(Dialog):
    """Asks what becomes of drafts when the window closes; they are kept unless the person says otherwise."""

    def __init__(self, count: int, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(plain_text.window_title(tr("Unsaved drafts")))
        self.setMinimumWidth(440)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(12)
        heading = plural(count, "{count} draft is not saved", "{count} drafts are not saved")
        column.addWidget(Label(heading, role="section"))
        text = Label(
            plural(
                count,
                "The draft is kept and is in the tree at the next start. Unsaved passwords are not kept.",
                "The drafts are kept and are in the tree at the next start. Unsaved passwords are not kept.",
            )
        )
        text.setWordWrap(True)
        column.addWidget(text)
        row = QHBoxLayout()
        row.addStretch(1)
        stay = buttons.secondary(tr("Cancel"))
        stay.clicked.connect(self.reject)
        leave = buttons.primary(tr("Close the window"))
        leave.clicked.connect(self.accept)
        row.addWidget(stay)
        row.addWidget(leave)
        column.addLayout(row)


def _copy(text: str) -> None:
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
