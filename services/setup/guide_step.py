"""The parts of the set-up guide: steps, phases, and what a step asks for in another program."""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from models.kinds import Kind
from services.setup.setup_objects import NamedObject


class GuideStepState(StrEnum):
    """The state of a step."""

    DONE = "done"
    NEEDLESS = "needless"
    TODO = "todo"
    BLOCKED = "blocked"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class ExternalTask:
    """What is done for a step in another program: the page that is opened there, and the values to enter."""

    program: str
    url: str = ""
    """The address of the page; empty while the server is not known here."""
    path: str = ""
    """The way to the page in the words of the program, parts joined by “ > ”."""
    values: tuple[tuple[str, str], ...] = ()
    """Names of fields, each with the value to enter."""


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One step of the guide. `waits_for` is the number of the step that has to come first."""

    number: int
    text: str
    state: GuideStepState
    fact: str
    kind: Kind | None = None
    """The kind of object that the step is about; a step without object creates one."""
    object_id: uuid.UUID | None = None
    waits_for: int = 0
    folder: str = ""
    """The node of the tree that a step without object opens instead of creating one."""
    external: ExternalTask | None = None


@dataclass(frozen=True, slots=True)
class GuidePhase:
    """Steps that belong together."""

    title: str
    steps: tuple[GuideStep, ...]

    @property
    def done(self) -> int:
        """Return how many steps need nothing more."""
        return sum(1 for s in self.steps if s.state in (GuideStepState.DONE, GuideStepState.NEEDLESS))


def not_needed_step(
    number: int, text: str, fact: str, *, folder: str = "", external: ExternalTask | None = None
) -> GuideStep:
    """Return a step that this console replaces."""
    return GuideStep(number, text, GuideStepState.NEEDLESS, fact, folder=folder, external=external)


def external_step(
    number: int, text: str, fact: str, task: ExternalTask, *, done: bool = False, waits_for: int = 0
) -> GuideStep:
    """Return a step that is done in another program; it is done when its effect was observed."""
    state = GuideStepState.ELSEWHERE
    if done:
        state = GuideStepState.DONE
    elif waits_for:
        state = GuideStepState.BLOCKED
    return GuideStep(number, text, state, fact, external=task, waits_for=0 if done else waits_for)


def console_step(
    number: int,
    text: str,
    done: object,
    fact: str,
    kind: Kind,
    item: NamedObject | None,
    waits_for: int = 0,
) -> GuideStep:
    """Return a step that is done here. `done` holds when it is true of what was found: an object, a count, a flag."""
    state = GuideStepState.DONE if done else GuideStepState.BLOCKED if waits_for else GuideStepState.TODO
    return GuideStep(
        number, text, state, fact, kind, None if item is None else item.id, 0 if done else waits_for
    )
