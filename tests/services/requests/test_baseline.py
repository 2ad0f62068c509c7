"""What rehearsals usually take: kept with each, compared with the next, and only good ones count."""

import json

import pytest
from sqlmodel import select

from models.kinds import TaskState
from models.task_run import TaskRun
from services.common.errors import ConsoleError
from services.requests.rehearsal import baseline
from services.requests.rehearsal.rehearsal import Leg, rehearse

pytestmark = pytest.mark.every_database


@pytest.fixture
def run(store, instance, approval_type, process):
    async def body(**more):
        return await rehearse(store, instance, approval_type, process, **{"fields": {}, **more})

    return body


def runs(store):
    with store.read() as session:
        return list(session.exec(select(TaskRun).where(TaskRun.task == baseline.TASK_ID)))


def kept(store, life, approval_type, process, times, state=TaskState.SUCCEEDED):
    """Keep rehearsals whose Create took so many milliseconds."""
    for ms in times:
        one = baseline.start_run(store, life.draft(approval_type, {}, rehearsal=True), process)
        legs = [{"leg": "create", "ok": True, "observed": "x", "ms": ms}]
        baseline.finish_run(store, one, state, "done", legs)


def test_the_median_of_good_ones_is_what_is_usual(store, life, approval_type, process):
    assert baseline.median_leg_durations(store, process.id) == {}
    kept(store, life, approval_type, process, [600, 10_000, 500])
    kept(store, life, approval_type, process, [1, 1, 1, 1], TaskState.FAILED)
    baseline.start_run(store, life.draft(approval_type, {}), process)
    assert baseline.median_leg_durations(store, process.id) == {"create": 600}


def test_only_the_last_ones_count(store, life, approval_type, process):
    kept(store, life, approval_type, process, [9000] * 20 + [100] * baseline.SAMPLE_SIZE)
    assert baseline.median_leg_durations(store, process.id) == {"create": 100}


def test_what_took_longer_is_said_in_a_sentence():
    legs = [Leg("create", "", 1840), Leg("record", "", 62), Leg("status", "", 450), Leg("proof", "", 9000)]
    known = {"create": 600.0, "record": 12.0, "status": 400.0, "decision": 1.0}
    assert baseline.describe_slow_legs(legs, known) == ["Create took 1.8 s, usually 0.60 s"]


async def test_a_rehearsal_is_kept_with_its_legs_and_compared_with_the_last(run, store):
    first = await run()
    assert (first.usual, first.slow_legs) == ({}, [])
    assert all(leg["usual_ms"] is None for leg in first.as_dict()["legs"])
    [one] = runs(store)
    legs = json.loads(one.report)["legs"]
    assert [leg["leg"] for leg in legs] == [leg.name for leg in first.legs]
    assert (one.state, one.correlation_id) == (TaskState.SUCCEEDED, str(first.request.id))
    second = await run()
    assert second.usual == {leg["leg"]: leg["ms"] for leg in legs}
    assert [leg["usual_ms"] for leg in second.as_dict()["legs"]] == [leg["ms"] for leg in legs]


async def test_one_that_broke_off_is_kept_as_failed_and_says_nothing_of_what_is_usual(run, store, practice):
    practice.faults.set("soap_fault")
    with pytest.raises(ConsoleError):
        await run()
    [one] = runs(store)
    assert one.state == TaskState.FAILED
    assert one.outcome.startswith("Broken off: ")
    assert baseline.find_unfinished(store) == []
    assert baseline.median_leg_durations(store, one.object_id) == {}


async def test_one_of_which_something_is_open_stays_to_be_cleaned_up(run, store, practice):
    def progress(text, done=0, total=None):
        if done == 2:
            practice.faults.set("server_error")

    with pytest.raises(ConsoleError):
        await run(progress=progress)
    [left] = baseline.find_unfinished(store)
    assert left.run.state == TaskState.RUNNING
    assert left.request.state == "pending"


def test_a_run_of_another_computer_is_left_alone_for_an_hour(
    store, life, approval_type, process, monkeypatch
):
    from services.coordination import process_identity

    monkeypatch.setattr(process_identity, "process_identity", lambda: "elsewhere:1:x")
    one = baseline.start_run(store, life.draft(approval_type, {}), process)
    monkeypatch.undo()
    assert baseline.find_unfinished(store) == []
    one.started_at -= baseline.ABANDONED_AFTER
    with store.write() as work:
        work.update(one, one.version)
    assert [left.run.id for left in baseline.find_unfinished(store)] == [one.id]
