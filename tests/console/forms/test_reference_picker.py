"""Choosing an object: rows from the store, search, keyboard, making a new one on the way."""

import asyncio
from types import SimpleNamespace

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget

from console.forms.new_object_dialog import NewObjectDialog
from console.forms.reference_picker import NEW_KEY, NONE_KEY, ReferenceField
from console.runtime.task_runner import TaskRunner
from models.kinds import Kind
from tests.console.page_support import until


@pytest.fixture
def host(qapp, ctx):
    """A page with nothing on it."""
    page = QWidget()
    page.show()
    yield SimpleNamespace(ctx=ctx, tasks=TaskRunner(page, ctx.show_problem), page=page)
    qapp.processEvents()
    page.close()


def field_of(host, kind=Kind.USER_CREDENTIAL):
    field = ReferenceField(host, "credential_id", kind)
    field.button.setParent(host.page)
    field.button.show()
    return field


async def opened(field):
    field.open()
    await until(lambda: field.popup.state != "loading")
    return field.popup


def make(configuration, name, **values):
    return configuration.save(configuration.new(Kind.USER_CREDENTIAL, name=name, account="a", **values))


def test_objects_are_listed_by_name_and_found_by_what_tells_them_apart(run, host, configuration):
    make(configuration, "zulu")
    alpha = configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="Alpha", account="privman"))

    async def story():
        field = field_of(host)
        popup = await opened(field)
        assert [row.text for row in popup.rows] == ["Alpha", "zulu", "New User Credential…"]
        QTest.keyClicks(popup.search, "PRIV")
        assert popup.rows[0].text == "Alpha"
        changed = []
        field.edited.connect(lambda: changed.append(field.read()))
        QTest.keyClick(popup.search, Qt.Key.Key_Return)
        assert changed == [{"credential_id": alpha.id}]
        assert field.button.value_text == "Alpha"

    run(story())


def test_a_choice_can_be_taken_back(run, host, configuration):
    item = make(configuration, "ServiceNow")

    async def story():
        field = field_of(host)
        field.write({"credential_id": item.id})
        await until(lambda: field.item is not None)
        popup = await opened(field)
        popup.choose_key(NONE_KEY)
        assert field.read() == {"credential_id": None}

    run(story())


def test_a_late_answer_about_what_was_chosen_before_is_not_shown(run, host, configuration):
    first, second = make(configuration, "First"), make(configuration, "Second")

    async def story():
        field = field_of(host)
        field.write({"credential_id": first.id})
        await asyncio.sleep(0)  # it is being read
        field.choose(second)
        await until(lambda: not host.tasks.busy)
        assert field.button.value_text == "Second"
        assert field.item.id == second.id

    run(story())


def test_an_object_deleted_meanwhile_shows_as_not_chosen(run, host, configuration):
    item = make(configuration, "ServiceNow")

    async def story():
        field = field_of(host)
        field.write({"credential_id": item.id})
        await until(lambda: field.item is not None)
        configuration.delete(Kind.USER_CREDENTIAL, item.id, item.version)
        field.reload_item()
        await until(lambda: field.item is None)
        assert field.button.value_text == "Choose a User Credential"

    run(story())


def test_a_new_object_is_made_on_the_way_with_its_password(run, host, configuration, vault):
    async def story():
        field = field_of(host)
        popup = await opened(field)
        assert popup.state == "empty"
        popup.choose_key(NEW_KEY)
        found = []

        def dialog():
            found[:] = [
                w for w in QApplication.topLevelWidgets() if isinstance(w, NewObjectDialog) and w.isVisible()
            ]
            return found and found[0].session.ready

        await until(dialog)
        new = found[0]
        assert not new.create_button.isEnabled()
        QTest.keyClicks(new.form.field("account").editor.focus_target, "privman.integration")
        QTest.keyClicks(new.form.field("password").editor.line, "canary-4713")
        QTest.mouseClick(new.create_button, Qt.MouseButton.LeftButton)
        await until(lambda: field.item is not None)
        assert field.item.account == "privman.integration"
        await until(lambda: vault.state(field.item.id, field.item.name).present)
        await until(lambda: host.ctx.drafts.all() == [])

    run(story())
