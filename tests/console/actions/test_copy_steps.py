"""The four steps of a copy, and what is next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from console.actions.copy_steps import CopyState, NextStep, build_steps
from console.runtime.import_watch import WaitState
from console.widgets.steps import StepState

AT = datetime.now(UTC)
NEW = CopyState()
SAVED = CopyState(is_new=False, saved_at=AT, has_server=True, has_type_id=True)
EXPORTED = replace(SAVED, export_name="form.zip", exported_at=AT)
WRITTEN = replace(EXPORTED, written_at=AT, written_size=2000, is_current=True)
SEEN = replace(WRITTEN, imported_at=AT)
DONE, TODO, NEXT = StepState.DONE, StepState.TODO, StepState.NEXT


@pytest.mark.parametrize(
    ("state", "states", "step"),
    [
        (NEW, (NEXT, TODO, TODO, TODO), NextStep.SAVE),
        (SAVED, (DONE, NEXT, TODO, TODO), NextStep.CHOOSE_EXPORT),
        (EXPORTED, (DONE, DONE, NEXT, TODO), NextStep.WRITE_COPY),
        (WRITTEN, (DONE, DONE, DONE, NEXT), NextStep.OPEN_IMPORT),
        (SEEN, (DONE, DONE, DONE, DONE), NextStep.NONE),
        (replace(SEEN, is_dirty=True), (NEXT, DONE, TODO, TODO), NextStep.SAVE),
        (replace(SEEN, is_current=False), (DONE, DONE, TODO, TODO), NextStep.WRITE_COPY),
        (
            replace(WRITTEN, waiting=WaitState.WAITING),
            (DONE, DONE, DONE, StepState.RUNNING),
            NextStep.OPEN_IMPORT,
        ),
        (
            replace(WRITTEN, waiting=WaitState.OVERDUE),
            (DONE, DONE, DONE, StepState.NOTICE),
            NextStep.OPEN_IMPORT,
        ),
        (
            replace(WRITTEN, waiting=WaitState.NAMESAKE),
            (DONE, DONE, DONE, StepState.NOTICE),
            NextStep.OPEN_IMPORT,
        ),
        (replace(EXPORTED, is_export_refused=True), (DONE, StepState.BAD, NEXT, TODO), NextStep.WRITE_COPY),
    ],
)
def test_steps_follow_the_state(state, states, step):
    assert tuple(one.state for one in build_steps(state)) == states
    assert state.next_step is step
    assert all(one.caption for one in build_steps(state))


def test_an_edit_after_writing_says_when_it_was():
    later = AT + timedelta(minutes=6)
    steps = build_steps(replace(WRITTEN, is_current=False, saved_at=later))
    assert steps[2].caption.startswith("Changed at ")


@pytest.mark.parametrize(
    ("state", "is_free"),
    [
        (EXPORTED, True),
        (SAVED, False),
        (replace(EXPORTED, has_type_id=False), False),
        (replace(EXPORTED, text_errors=1), False),
        (replace(EXPORTED, is_dirty=True), False),
    ],
)
def test_a_copy_is_written_only_when_nothing_is_missing(state, is_free):
    assert (state.obstacle == "") is is_free


def test_import_items_needs_a_server():
    assert WRITTEN.import_obstacle == ""
    assert replace(WRITTEN, has_server=False).import_obstacle
