"""Changing and deleting what open requests hang on: the name is typed, and it says how many they are."""

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from console.checks import remedies
from console.forms import object_actions
from console.forms.delete_dialogs import DeleteDialog
from console.forms.open_requests_dialog import OpenRequestsDialog
from console.runtime.page_targets import Target
from models.approval_request import ApprovalRequest
from models.kinds import Kind, RequestState
from services.common.errors import GuardedAction, OpenRequests, RequestsOpenError
from services.common.secret import Secret
from tests.console.objects.test_object_pages import dialog_of, opened, type_into
from tests.console.page_support import until


@pytest.fixture
def process(configuration):
    return configuration.save(configuration.new(Kind.APPROVAL_PROCESS, name="Process"))


def ask(store, process, count=1, state=RequestState.PENDING):
    with store.write() as work:
        for _ in range(count):
            work.insert(ApprovalRequest(process_id=process.id, state=state.value))


def where(item):
    return Target(item.kind.value, item.id)


def press(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_button_waits_for_the_name(qtbot):
    error = RequestsOpenError("Process", GuardedAction.CHANGE, OpenRequests(39, 2), "What is open is lost.")
    dialog = OpenRequestsDialog(error)
    qtbot.addWidget(dialog)
    assert not dialog.act_button.isEnabled()
    QTest.keyClicks(dialog.line, "process")
    assert not dialog.act_button.isEnabled()
    dialog.line.clear()
    QTest.keyClicks(dialog.line, " Process ")
    assert dialog.act_button.isEnabled()
    assert OpenRequestsDialog(error, "Process", dialog).act_button.isEnabled()


def test_saving_asks_for_the_name_and_waiting_keeps_what_was_typed(run, ctx, configuration, store, process):
    ask(store, process, 2)
    ask(store, process, 1, RequestState.SUBMITTING)

    async def story():
        async with opened(ctx, where(process)) as page:
            type_into(page, "name", "Renamed")
            page.save()
            dialog = await dialog_of(OpenRequestsDialog)
            assert dialog.windowTitle() == "3 open requests"
            dialog.reject()
            await until(lambda: "save" in page.enabled())
            assert page.form.values()["name"] == "Renamed"
            assert configuration.get(Kind.APPROVAL_PROCESS, process.id).name == "Process"
            page.save()
            dialog = await dialog_of(OpenRequestsDialog)
            QTest.keyClicks(dialog.line, "Process")
            ask(store, process)  # one more comes in meanwhile
            press(dialog.act_button)
            await until(lambda: dialog_titles() == ["4 open requests"])
            again = await dialog_of(OpenRequestsDialog)
            assert again.line.text() == "Process"
            press(again.act_button)
            await until(lambda: not page.has_draft)

    run(story())
    assert configuration.get(Kind.APPROVAL_PROCESS, process.id).name == "Renamed"
    assert ctx.problems == []


def dialog_titles():
    from PyQt6.QtWidgets import QApplication

    shown = (w for w in QApplication.topLevelWidgets() if isinstance(w, OpenRequestsDialog) and w.isVisible())
    return [w.windowTitle() for w in shown]


def test_deleting_asks_for_the_name_in_place_of_the_plain_question(run, ctx, configuration, store, process):
    ask(store, process, 2)

    async def story():
        async with opened(ctx, where(process)) as page:
            page.delete()
            dialog = await dialog_of(OpenRequestsDialog)
            assert dialog.act_button.text() == "Delete"
            QTest.keyClicks(dialog.line, "Process")
            press(dialog.act_button)
            await until(lambda: ctx.notes == ["Deleted Process"])

    run(story())
    assert configuration.all(Kind.APPROVAL_PROCESS) == []


def test_decided_requests_are_told_and_a_plain_question_is_enough(run, ctx, configuration, store, process):
    ask(store, process, 2, RequestState.APPROVED)

    async def story():
        async with opened(ctx, where(process)) as page:
            page.delete()
            dialog = await dialog_of(DeleteDialog)
            texts = [label.text() for label in dialog.findChildren(type(dialog.lines.itemAt(1).widget()))]
            assert any("2 requests will keep its name" in text for text in texts)
            press(dialog.delete_button)
            await until(lambda: ctx.notes == ["Deleted Process"])

    run(story())


def test_restoring_an_earlier_version_asks_too(run, ctx, configuration, store, process):
    configuration.rename(Kind.APPROVAL_PROCESS, process.id, "Renamed", 1)
    ask(store, process)

    async def story():
        async with opened(ctx, where(process)) as page:
            page.open_tab("History")
            await until(lambda: len(page.history.revisions) == 2)
            page.history._selected(1)
            page.history.restore()
            dialog = await dialog_of(OpenRequestsDialog)
            dialog.reject()
            await until(lambda: not dialog_titles())
            assert configuration.get(Kind.APPROVAL_PROCESS, process.id).name == "Renamed"
            page.history.restore()
            dialog = await dialog_of(OpenRequestsDialog)
            QTest.keyClicks(dialog.line, "Renamed")
            press(dialog.act_button)
            await until(lambda: ctx.notes == ["Restored version 1"])

    run(story())
    assert configuration.get(Kind.APPROVAL_PROCESS, process.id).name == "Process"


def test_a_remedy_that_renames_a_service_asks_too(run, ctx, configuration, store, process):
    ask(store, process)

    async def story():
        async with opened(ctx, where(process)) as page:
            saving = page.tasks.start(remedies._save_process(page, process.id, {"create_service": "Other"}))
            dialog = await dialog_of(OpenRequestsDialog)
            dialog.reject()
            await saving
            assert configuration.get(Kind.APPROVAL_PROCESS, process.id).version == 1

    run(story())
    assert ctx.problems == []


def test_a_deleted_credential_takes_its_password_along(run, ctx, configuration, vault):
    item = configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="Gone", account="a"))
    vault.put(item.id, item.name, "a", Secret("planted-4714"), [])

    async def story():
        async with opened(ctx, where(item)) as page:
            deleting = page.tasks.start(object_actions.delete(page))
            dialog = await dialog_of(DeleteDialog)
            press(dialog.delete_button)
            await deleting

    run(story())
    assert not vault.state(item.id, item.name).present
    assert ctx.problems == []
