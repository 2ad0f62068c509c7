"""What was typed into a password's line is gone when the line is cleared."""

from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit

from console.forms.secret_field import SecretField
from console.widgets.line_editors import PasswordLineEdit
from models.secret_names import SecretName


def test_a_cleared_line_gives_nothing_back(qtbot):
    """Qt keeps what was cleared for an undo, dots or not."""
    line = PasswordLineEdit()
    qtbot.addWidget(line)
    QTest.keyClicks(line, "Correct-horse-1")
    line.clear()
    line.setEchoMode(QLineEdit.EchoMode.Normal)
    line.undo()
    assert line.text() == ""


def test_a_password_that_is_kept_as_it_was_leaves_nothing_of_what_was_typed(qtbot):
    field = SecretField(None, SecretName.PASSWORD)
    qtbot.addWidget(field.widget)
    field.begin()
    QTest.keyClicks(field.line, "Correct-horse-1")
    field.end()
    field.line.setEchoMode(QLineEdit.EchoMode.Normal)
    field.line.undo()
    field.line.redo()
    assert field.line.text() == ""
    assert field.secret is None
