"""What a strip or a list of steps shows. No Qt here, so that presenters can use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.translation_marks import tr_later


class StepState(StrEnum):
    """How one step is; the values are the names of status shapes, but for DONE."""

    TODO = "todo"
    NEXT = "next"
    RUNNING = "running"
    DONE = "done"
    NOTICE = "notice"
    BAD = "bad"
    BLOCKED = "blocked"
    ELSEWHERE = "elsewhere"
    """To be done in another program."""
    UNSEEN = "off"
    """What cannot be observed from here."""

    @property
    def shape(self) -> str:
        """Return the name of the status shape."""
        return "good" if self is StepState.DONE else self.value


STEP_WORDS = {
    StepState.TODO: tr_later("to do"),
    StepState.NEXT: tr_later("next"),
    StepState.RUNNING: tr_later("running"),
    StepState.DONE: tr_later("done"),
    StepState.NOTICE: tr_later("needs attention"),
    StepState.BAD: tr_later("failed"),
    StepState.BLOCKED: tr_later("blocked"),
    StepState.ELSEWHERE: tr_later("to do elsewhere"),
    StepState.UNSEEN: tr_later("cannot be seen from here"),
}
"""What a screen reader says of a state."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, its state, and in a caption what is true about it."""

    name: str
    state: StepState = StepState.TODO
    caption: str = ""


def with_one_running(steps: Sequence[Step]) -> list[Step]:
    """Return steps of which at most the first running one runs; the others wait."""
    shown: list[Step] = []
    running = False
    for step in steps:
        if step.state is StepState.RUNNING and running:
            shown.append(Step(step.name, StepState.TODO, step.caption))
        else:
            shown.append(step)
        running = running or step.state is StepState.RUNNING
    return shown
