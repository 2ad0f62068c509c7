"""Waiting for an import: how often, how long, and what counts as arrived."""

import asyncio

import pytest

from console.actions.import_watcher import OFTEN_S, SELDOM_S, WAIT_FOR_S, ImportWatcher
from console.runtime.activity import CANCELLED, DONE, FAILED
from console.runtime.import_watch import WaitState
from services.actions import progress as progresses
from services.actions.awaited_copies import list_awaited
from services.practice.privilege_manager import PracticePrivilegeManager
from services.practice.privilege_manager.built_in_ids import APPROVAL_FORM_LOCALIZED
from tests.console.actions.support import make_scene
from tests.console.page_support import close_connections, until


class Time:
    """A clock that only pauses move."""

    def __init__(self):
        self.now, self.pauses = 0.0, []
        self.gate = asyncio.Event()
        self.gate.set()

    async def pause(self, seconds):
        self.pauses.append(seconds)
        await self.gate.wait()
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def story(run, ctx, qapp):
    """Run a story with a practice server and an action whose copy was written."""

    def start(body):
        async def whole():
            async with PracticePrivilegeManager() as practice:
                scene = make_scene(ctx.workspace, practice)
                store, action = ctx.workspace.store, scene.action
                progresses.store_export(
                    store, action.id, "a.zip", practice.export_item(APPROVAL_FORM_LOCALIZED)
                )
                copy = progresses.make_action_copy(action, progresses.load_progress(store, action.id))
                progresses.record_written(store, action.id, copy)
                time = Time()
                watcher = ImportWatcher(ctx, qapp, pause=time.pause, clock=lambda: time.now)
                try:
                    await body(watcher, practice, action, copy, time)
                finally:
                    watcher.stop()
                    await close_connections(ctx.workspace)

        run(whole())

    return start


def test_it_asks_often_then_seldom_and_gives_up_after_half_an_hour(story, ctx):
    async def body(watcher, practice, action, copy, time):
        watcher.watch(action.id)
        assert watcher.waiting_for(action.id).state is WaitState.WAITING
        await until(lambda: watcher.waiting_for(action.id).state is WaitState.OVERDUE)
        assert set(time.pauses) == {OFTEN_S, SELDOM_S}
        assert time.pauses == sorted(time.pauses)
        assert time.now == WAIT_FOR_S
        [job] = ctx.activity.jobs
        assert job.state == FAILED
        assert progresses.load_progress(ctx.workspace.store, action.id).asked_at is not None
        practice.import_items(copy.content)
        watcher.watch(action.id)  # Ask now
        await until(lambda: watcher.waiting_for(action.id).state is WaitState.NONE)
        assert progresses.load_progress(ctx.workspace.store, action.id).imported_at is not None

    story(body)


def test_a_start_goes_on_with_what_was_written(story, ctx):
    async def body(watcher, practice, action, copy, time):
        time.gate.clear()
        watcher.start()
        await until(lambda: len(time.pauses) == 1)
        assert watcher.waiting_for(action.id).state is WaitState.WAITING
        practice.import_items(copy.content)
        time.gate.set()
        await until(lambda: watcher.waiting_for(action.id).state is WaitState.NONE)
        [job] = ctx.activity.jobs
        assert job.state == DONE
        assert list_awaited(ctx.workspace.store) == []

    story(body)


def test_another_action_of_the_same_name_is_reported_and_not_taken_for_the_copy(story, ctx):
    async def body(watcher, practice, action, copy, time):
        time.gate.clear()
        other = progresses.WrittenCopy(copy.content.replace(b"", b""), copy.item_id, copy.digest)
        progress = progresses.load_progress(ctx.workspace.store, action.id)
        progress.item_id = ""
        namesake = progresses.make_action_copy(action, progress)
        assert namesake.item_id != other.item_id
        practice.import_items(namesake.content)
        watcher.watch(action.id)
        await until(lambda: watcher.waiting_for(action.id).state is WaitState.NAMESAKE)
        assert watcher.waiting_for(action.id).namesake_id == namesake.item_id
        assert progresses.load_progress(ctx.workspace.store, action.id).imported_at is None
        time.gate.set()

    story(body)


def test_a_server_that_does_not_answer_is_asked_again(story, ctx):
    async def body(watcher, practice, action, copy, time):
        time.gate.clear()
        practice.stop()
        watcher.watch(action.id)
        await until(lambda: watcher.waiting_for(action.id).problem is not None)
        assert watcher.waiting_for(action.id).state is WaitState.WAITING
        ctx.activity.jobs[0].cancel()
        await until(lambda: watcher.waiting_for(action.id).state is WaitState.NONE)
        assert ctx.activity.jobs[0].state == CANCELLED

    story(body)


def test_a_deleted_action_is_awaited_no_longer(story, ctx):
    async def body(watcher, practice, action, copy, time):
        ctx.workspace.configuration.delete(action.kind, action.id, action.version)
        watcher.watch(action.id)
        await until(lambda: watcher.waiting_for(action.id).state is WaitState.NONE)
        assert ctx.activity.jobs == []

    story(body)
