"""A debounced action runs once after many triggers."""

import asyncio

from PyQt6.QtCore import QObject

from console.runtime.debounce import Debounce
from tests.console.page_support import until


def test_many_triggers_run_the_action_once(run):
    async def story():
        owner, calls = QObject(), []
        debounce = Debounce(owner, 5, lambda: calls.append("call"))
        for _ in range(3):
            debounce.restart()
            debounce.request()
        assert debounce.pending
        await until(lambda: bool(calls))
        await asyncio.sleep(0.02)
        assert calls == ["call"]
        assert not debounce.pending

    run(story())


def test_a_cancelled_action_does_not_run(run):
    async def story():
        owner, calls = QObject(), []
        debounce = Debounce(owner, 1, lambda: calls.append("call"))
        debounce.restart()
        assert debounce.cancel()
        assert not debounce.cancel()
        await asyncio.sleep(0.02)
        assert calls == []

    run(story())


def test_a_request_does_not_postpone_an_action_that_is_due(qapp):
    owner = QObject()
    debounce = Debounce(owner, 60_000, print)
    debounce.request()
    due = debounce._timer.timerId()
    debounce.request()
    assert debounce._timer.timerId() == due
    debounce.restart()
    assert debounce._timer.timerId() != due
