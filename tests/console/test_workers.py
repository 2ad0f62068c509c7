"""Tasks of a window begin only where they can run, and what a story leaves open ends with it."""

import asyncio
import inspect

import pytest
from PyQt6 import sip
from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtWidgets import QWidget

from console.runtime.task_runner import TaskRunner
from tests.console.page_support import until


async def nothing():
    pass


def state(coroutine):
    return inspect.getcoroutinestate(coroutine)


def test_without_a_loop_nothing_begins_and_nothing_waits(qapp):
    owner = QObject()
    workers, late = TaskRunner(owner, print), nothing()
    assert workers.start(late, group="late") is None
    assert state(late) == inspect.CORO_CLOSED
    assert not workers.busy


def test_after_its_owner_nothing_begins(run):
    async def story():
        owner = QObject()
        workers, late = TaskRunner(owner, print), nothing()
        sip.delete(owner)
        assert workers.start(late) is None
        assert state(late) == inspect.CORO_CLOSED

    run(story())


def test_a_task_ends_with_its_owner(run):
    async def story():
        owner = QObject()
        task = TaskRunner(owner, print).start(asyncio.Event().wait())
        await asyncio.sleep(0)
        sip.delete(owner)
        await until(task.done)
        assert task.cancelled()

    run(story())


def test_a_newer_task_of_a_group_replaces_the_one_before(run):
    async def story():
        owner = QObject()
        workers, told = TaskRunner(owner, print), []
        workers.busy_changed.connect(told.append)
        before = workers.start(asyncio.Event().wait(), group="read")
        after = workers.start(nothing(), group="read")
        await until(lambda: not workers.busy)
        assert before.cancelled()
        assert after.done()
        assert told == [True, False]

    run(story())


def test_a_story_that_fails_leaves_no_window_and_no_timer_to_the_next_one(run, qapp, qtbot):
    before, fired = qapp.topLevelWidgets(), []

    async def fails():
        window = QWidget()
        window.show()
        timer = QTimer(window)
        timer.timeout.connect(lambda: fired.append(1))
        timer.start(0)
        raise LookupError("the story ends here")

    with pytest.raises(LookupError):
        run(fails())
    fired.clear()
    assert qapp.topLevelWidgets() == before
    passed = []
    QTimer.singleShot(1, lambda: passed.append(1))
    qtbot.waitUntil(lambda: bool(passed))
    assert fired == []
