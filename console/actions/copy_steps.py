"""The steps of a copy as the strip shows them, and what can be done next. No Qt here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.runtime.import_watch import WaitState
from console.widgets.steps import Step, StepState
from models.translation_marks import tr_later
from services.language import number, short_moment, tr


class NextStep(StrEnum):
    """What is to be done next; the values are commands of the page."""

    SAVE = "save"
    CHOOSE_EXPORT = "choose_export"
    WRITE_COPY = "write_copy"
    OPEN_IMPORT = "open_import"
    NONE = ""


NEXT_STEP_TEXTS = {
    NextStep.CHOOSE_EXPORT: tr_later("Choose an export…"),
    NextStep.WRITE_COPY: tr_later("Write copy…"),
    NextStep.OPEN_IMPORT: tr_later("Open Import Items"),
}
NEXT_STEP_ICONS = {
    NextStep.CHOOSE_EXPORT: "action",
    NextStep.WRITE_COPY: "disk",
    NextStep.OPEN_IMPORT: "open",
}


@dataclass(frozen=True, slots=True)
class CopyState:
    """How far an action is. Times are None for what has not happened."""

    is_new: bool = True
    is_dirty: bool = False
    saved_at: datetime | None = None
    export_name: str = ""
    exported_at: datetime | None = None
    is_export_refused: bool = False
    has_server: bool = False
    has_type_id: bool = False
    text_errors: int = 0
    written_at: datetime | None = None
    written_size: int = 0
    is_current: bool = False
    """Whether the written copy has the values that are stored now."""
    imported_at: datetime | None = None
    waiting: WaitState = WaitState.NONE
    waiting_text: str = ""

    @property
    def is_written(self) -> bool:
        """Whether what is stored and shown now is in the written copy."""
        return self.written_at is not None and self.is_current and not self.is_dirty

    @property
    def next_step(self) -> NextStep:
        """What is to be done next."""
        if self.is_new or self.is_dirty:
            return NextStep.SAVE
        if self.exported_at is None:
            return NextStep.CHOOSE_EXPORT
        if not self.is_written:
            return NextStep.WRITE_COPY
        return NextStep.OPEN_IMPORT if self.imported_at is None else NextStep.NONE

    @property
    def obstacle(self) -> str:
        """Why the copy cannot be written, as translated text, or an empty text."""
        if self.is_new or self.is_dirty:
            return tr("Save first")
        if self.exported_at is None:
            return tr("Choose an export first")
        if not self.has_type_id:
            return tr("The Approval Type has no GUID")
        if self.text_errors:
            return tr("A text cannot be written")
        return ""

    @property
    def import_obstacle(self) -> str:
        """Why Import Items cannot be opened, as translated text, or an empty text."""
        return "" if self.has_server else tr("Choose a server first")


def build_steps(state: CopyState) -> list[Step]:
    """Return the four steps."""
    return [_draft(state), _export(state), _written(state), _imported(state)]


def _draft(state: CopyState) -> Step:
    name = tr("Draft")
    if state.is_new:
        return Step(name, StepState.NEXT, tr("Not saved yet"))
    if state.is_dirty or state.saved_at is None:
        return Step(name, StepState.NEXT, tr("Changed, not saved"))
    return Step(name, StepState.DONE, tr("Saved at {at}", at=short_moment(state.saved_at)))


def _export(state: CopyState) -> Step:
    name = tr("Export chosen")
    if state.is_export_refused:
        return Step(name, StepState.BAD, tr("Refused, see below"))
    if state.exported_at is None:
        is_next = state.next_step is NextStep.CHOOSE_EXPORT
        return Step(name, StepState.NEXT if is_next else StepState.TODO, tr("None yet"))
    return Step(name, StepState.DONE, state.export_name)


def _written(state: CopyState) -> Step:
    name = tr("Copy written")
    if state.written_at is None:
        is_next = state.next_step is NextStep.WRITE_COPY
        return Step(name, StepState.NEXT if is_next else StepState.TODO, tr("Not written yet"))
    if not state.is_written:
        if state.is_dirty or state.saved_at is None:
            return Step(name, StepState.TODO, tr("Changed, not saved"))
        changed_at = max(filter(None, (state.saved_at, state.exported_at)))
        return Step(name, StepState.TODO, tr("Changed at {at}", at=short_moment(changed_at)))
    size, at = number(-(-state.written_size // 1024)), short_moment(state.written_at)
    return Step(name, StepState.DONE, tr("{size} KB for Import Items, {at}", size=size, at=at))


def _imported(state: CopyState) -> Step:
    name = tr("Imported")
    if not state.is_written:
        return Step(name, StepState.TODO, tr("After the copy is written"))
    if state.imported_at is not None:
        return Step(name, StepState.DONE, tr("Seen on the server, {at}", at=short_moment(state.imported_at)))
    if state.waiting is WaitState.WAITING:
        return Step(name, StepState.RUNNING, state.waiting_text or tr("Waiting for it on the server"))
    if state.waiting is WaitState.NAMESAKE:
        return Step(name, StepState.NOTICE, tr("The name is there with another item id"))
    if state.waiting is WaitState.OVERDUE:
        return Step(name, StepState.NOTICE, tr("Not seen yet"))
    return Step(name, StepState.NEXT, tr("Not seen on the server yet"))
