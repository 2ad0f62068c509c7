"""What a window reads again after a change, and what it does not."""

import asyncio

from PyQt6.QtTest import QTest

from console.navigation.tree_model import object_key
from models.kinds import Kind
from models.task_run import TaskRun
from tests.console.page_support import until
from tests.console.windows import filled, shown
from tests.services.counted import statements

QUIET_S = 0.6
"""Longer than every delay of a reading that follows changes."""
OUTLINE = "ORDER BY approval_type.name_key"
"""Part of a statement of the outline only."""


async def idle(window):
    await asyncio.sleep(QUIET_S)
    await until(lambda: not window.tasks.busy)


def test_a_name_that_is_typed_shows_in_the_tree_without_a_reading(in_window):
    async def story(window):
        await filled(window)
        window.ctx.commands.run("new_approval_type")
        await until(lambda: window.page is not None and window.page.kind == Kind.APPROVAL_TYPE)
        await until(lambda: window.page.session.ready)
        page = window.page
        await idle(window)
        line = page.form.field("name").editor.focus_target
        line.selectAll()
        with statements(window.ctx.workspace.store) as asked:
            for place, letter in enumerate("Typed"):
                QTest.keyClicks(line, letter)
                key, text = object_key(str(Kind.APPROVAL_TYPE), page.target.id), "Typed"[: place + 1]
                await until(lambda key=key, text=text: window.model.node(key).text == text)
        assert [one for one in asked if OUTLINE in one] == []
        page.save()
        await until(lambda: window.model.node(key).stored)
        assert window.model.node(key).text == "Typed"
        page.session.edit({"name": "Typed again"})
        await until(lambda: window.model.node(key).draft)
        page.discard()
        await until(lambda: not window.model.node(key).draft)

    in_window(story)


def test_the_steps_of_a_run_do_not_read_the_tree_again(in_window):
    async def story(window):
        made = await filled(window)
        await idle(window)
        store = window.ctx.workspace.store

        def write():
            with store.write("test") as work:
                server = made[Kind.FOREIGN_SYSTEM]
                work.session.add(TaskRun(task="check", object_kind=str(server.kind), object_id=server.id))

        with statements(store) as asked:
            for _ in range(3):
                await window.ctx.call(write)
            await idle(window)
        assert [one for one in asked if OUTLINE in one] == []
        verdicts = [one for one in asked if "FROM task_run" in one]
        assert len(verdicts) <= 2  # once for the three

    in_window(story)


def test_a_hidden_page_looks_at_other_objects_when_it_is_shown(in_window):
    async def story(window):
        made = await filled(window)
        credential = await shown(window, Kind.USER_CREDENTIAL, made[Kind.USER_CREDENTIAL])
        await idle(window)
        users = len(credential.used_by._users)
        await shown(window, Kind.APPROVAL_TYPE, made[Kind.APPROVAL_TYPE])
        await idle(window)
        configuration = window.ctx.workspace.configuration
        another = configuration.new(
            Kind.FOREIGN_SYSTEM,
            name="Another server",
            base_url="https://another.service-now.com/",
            credential_id=made[Kind.USER_CREDENTIAL].id,
        )
        await window.ctx.call(configuration.save, another)
        await idle(window)
        assert len(credential.used_by._users) == users
        await shown(window, Kind.USER_CREDENTIAL, made[Kind.USER_CREDENTIAL])
        await until(lambda: len(credential.used_by._users) == users + 1)

    in_window(story)
