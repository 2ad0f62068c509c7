"""Dialogs keep their size while they work, and say what was and was not changed."""

import asyncio
from types import SimpleNamespace

import pytest
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from console.forms.new_object_dialog import NewObjectDialog
from console.inbox.action_plan import ACTION_DESCRIPTIONS
from console.inbox.decision_dialog import ActionDialog
from console.inbox.request_rows import RowOutcome
from console.provisioning.run_dialog import RunDialog
from console.shell.page_registry import object_page
from console.widgets.fixed_size_area import FixedSizeScrollArea, set_initial_size
from console.widgets.labels import Label
from models.kinds import Kind
from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.vault import VaultError
from tests.console.inbox.support import as_row, request
from tests.console.page_support import until

LONG = "A long sentence about what went wrong and what can be done about it. " * 8


def size_of(dialog):
    return dialog.width(), dialog.height()


def test_a_dialog_keeps_its_size_when_its_content_grows(qtbot):
    dialog, content = QWidget(), QWidget()
    column = QVBoxLayout(content)
    frame = QVBoxLayout(dialog)
    area = FixedSizeScrollArea(content)
    frame.addWidget(area)
    set_initial_size(dialog, 400, 300)
    qtbot.addWidget(dialog)
    dialog.show()
    label = Label(LONG * 5)
    label.setWordWrap(True)
    column.addWidget(label)
    label.show()
    area.reveal(label)
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 0)
    assert size_of(dialog) == (400, 300)
    assert dialog.minimumSizeHint().height() <= 300


def test_a_dialog_is_never_higher_than_the_screen(qtbot):
    dialog = QWidget()
    qtbot.addWidget(dialog)
    set_initial_size(dialog, 400, 10_000)
    assert dialog.height() <= dialog.screen().availableGeometry().height()


@pytest.mark.parametrize("name", ["approve", "cancel_request"])
def test_the_dialog_of_an_act_keeps_its_size_when_it_ends_with_reasons(qtbot, name):
    rows = [as_row(request(1))]
    dialog = ActionDialog(ACTION_DESCRIPTIONS[name], rows)
    qtbot.addWidget(dialog)
    dialog.show()
    size = size_of(dialog)
    dialog.begin()
    dialog.show_outcome(rows[0].id, RowOutcome(ok=False, text=LONG, why=LONG))
    dialog.message.setText(LONG)
    QTest.qWait(0)
    assert size_of(dialog) == size
    dialog.end(LONG)
    QTest.qWait(0)
    assert size_of(dialog) == size


def test_the_dialog_of_a_run_is_not_widened_by_what_is_missing(qtbot, ctx):
    server = SimpleNamespace(
        name="Server " + "n" * 60,
        production=True,
        origin=SimpleNamespace(host="acme.service-now.com"),
        client_certificate=None,
    )
    dialog = RunDialog(ctx, server, "Apply 35 changes", text="Creates records.", lacking="ada")
    qtbot.addWidget(dialog)
    dialog.show()
    size = size_of(dialog)
    dialog.reason.setText(LONG)
    QTest.qWait(0)
    assert size_of(dialog) == size


def test_an_object_whose_password_was_not_stored_is_said_to_be_created(run, ctx, configuration, vault):
    def refuse(*_given, **_named):
        raise VaultError(
            Problem("Keep it", "locked", LONG, Owner.CONSOLE, "Unlock it.", FaultId.VAULT_UNUSABLE)
        )

    async def story():
        dialog = NewObjectDialog(
            ctx, configuration.new(Kind.USER_CREDENTIAL), object_page(Kind.USER_CREDENTIAL).groups
        )
        dialog.open()
        await until(lambda: dialog.session.ready)
        size = size_of(dialog)
        QTest.keyClicks(dialog.form.field("account").editor.focus_target, "ada")
        QTest.keyClicks(dialog.form.field("password").editor.line, "canary-4714")
        await until(dialog.create_button.isEnabled)
        vault.put = refuse
        dialog.create_button.click()
        await until(dialog._message.text)
        await asyncio.sleep(0)
        assert " was created. Its secrets were not stored:" in dialog._message.text()
        assert dialog._cancel_button.text() == "Close"
        assert size_of(dialog) == size
        dialog.reject()

    run(story())
    assert len(configuration.all(Kind.USER_CREDENTIAL)) == 1
