"""Tasks of a window begin only where they can run, and what a story leaves open ends with it."""

import asyncio
import inspect
import subprocess
import sys

import pytest
from PyQt6 import sip
from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtWidgets import QWidget

from console.runtime.task_runner import TaskRunner
from services.common.errors import ConsoleError, Owner, Problem
from services.common.fault_ids import FaultId
from tests.console.page_support import until


async def nothing():
    pass


def state(coroutine):
    return inspect.getcoroutinestate(coroutine)


def test_without_a_loop_nothing_begins_and_nothing_waits(qapp):
    owner = QObject()
    tasks, late = TaskRunner(owner, print), nothing()
    assert tasks.start(late, group="late") is None
    assert state(late) == inspect.CORO_CLOSED
    assert not tasks.busy


def test_after_its_owner_nothing_begins(run):
    async def story():
        owner = QObject()
        tasks, late = TaskRunner(owner, print), nothing()
        sip.delete(owner)
        assert tasks.start(late) is None
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


COLLECTED_WITH_ITS_PARENTS = """
import gc
from PyQt6.QtWidgets import QApplication, QWidget
from console.runtime.task_runner import TaskRunner

class Owner(QWidget):
    def __init__(self, parent=None):
        super().__init__(parent)
        self.tasks = TaskRunner(self, print)

app = QApplication([])
gc.disable()
top = Owner()
middle = Owner(top)
lower = Owner(middle)
lower.own, lowest = lower, Owner(lower)
lowest.window = top
del top, middle, lower, lowest
gc.collect()
print("alive")
"""


def test_a_collection_may_destroy_owners_of_tasks_in_any_order():
    """In a process of its own: a failure is a crash."""
    done = subprocess.run(
        [sys.executable, "-c", COLLECTED_WITH_ITS_PARENTS],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr


def test_a_newer_task_of_a_group_replaces_the_one_before(run):
    async def story():
        owner = QObject()
        tasks, told = TaskRunner(owner, print), []
        tasks.busy_changed.connect(told.append)
        before = tasks.start(asyncio.Event().wait(), group="read")
        after = tasks.start(nothing(), group="read")
        await until(lambda: not tasks.busy)
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


PROBLEM = Problem(
    tried="Read",
    evidence="",
    cause="The store is gone.",
    owner=Owner.CONSOLE,
    remedy="Start it.",
    fault=FaultId.STORE_DAMAGED,
)


async def refuses():
    raise ConsoleError(PROBLEM)


async def breaks():
    raise LookupError("a defect")


async def answers():
    return "the answer"


def test_an_expected_error_is_passed_on_as_its_problem(run):
    async def story():
        owner, problems, own = QObject(), [], []
        runner = TaskRunner(owner, problems.append)
        runner.start(refuses())
        runner.start(refuses(), on_problem=own.append)
        await until(lambda: not runner.busy)
        assert (problems, own) == ([PROBLEM], [PROBLEM])

    run(story())


def test_a_defect_reaches_the_crash_report_and_no_problem_handler(run, monkeypatch):
    reported = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: reported.append(str(error)))

    async def story():
        owner, problems, crashes = QObject(), [], []
        runner = TaskRunner(owner, problems.append, crashes.append)
        runner.start(breaks(), on_problem=problems.append)
        await until(lambda: not runner.busy)
        assert problems == []
        assert [str(error) for error in crashes] == reported == ["a defect"]

    run(story())


def test_a_result_is_passed_on_unless_its_task_was_replaced(run):
    async def story():
        owner, results = QObject(), []
        runner = TaskRunner(owner, print)
        runner.start(answers(), on_result=results.append)
        await until(lambda: not runner.busy)
        assert results == ["the answer"]
        replaced = runner.start(answers(), group="read", on_result=lambda _: results.append("replaced"))
        # Replaced in the moment between its end and the call of its callbacks.
        replaced.add_done_callback(lambda _: None)
        while not replaced.done():
            runner.cancel("read")
            await asyncio.sleep(0)
        assert results == ["the answer"]

    run(story())


def test_a_callback_is_not_called_after_its_owner_was_destroyed(run):
    async def story():
        owner, problems = QObject(), []
        task = TaskRunner(owner, problems.append).start(refuses())
        sip.delete(owner)
        await until(task.done)
        assert problems == []

    run(story())
