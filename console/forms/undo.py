"""Takes back what a person did to the configuration in this window: deletions and renamings, the last one first."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from console.runtime.targets import Target
from console.runtime.task_runner import TaskRunner
from models.kinds import Kind
from services.common.errors import ConsoleError
from services.language import tr

MAX_STEPS = 50


@dataclass(frozen=True, slots=True)
class UndoStep:
    """Something that can be taken back: what it was, and what takes it back and returns a sentence for it."""

    text: str
    back: Callable[[], Awaitable[str]]


class UndoStack(QObject):
    """The steps of one window. `changed` follows each step that is added or taken back."""

    changed = pyqtSignal()

    def __init__(self, ctx: Any, owner: QObject) -> None:
        super().__init__(owner)
        self._ctx = ctx
        self._steps: list[UndoStep] = []
        self.workers = TaskRunner(self)
        self.workers.failed.connect(self._failed)

    @property
    def next(self) -> str:
        """Return what would be taken back; nothing where there is nothing."""
        return self._steps[-1].text if self._steps else ""

    def push(self, step: UndoStep) -> None:
        """Remember a step."""
        self._steps.append(step)
        del self._steps[:-MAX_STEPS]
        self.changed.emit()

    def take_back(self) -> None:
        """Take the last step back; one at a time."""
        if self._steps and not self.workers.busy:
            self.workers.start(self._take_back(self._steps.pop()), group="undo")
            self.changed.emit()

    async def _take_back(self, step: UndoStep) -> None:
        self._ctx.notify(await step.back())

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, ConsoleError):
            raise error
        self._ctx.show_problem(error.problem)


def undo_stack_of(ctx: Any) -> UndoStack | None:
    """Return the steps of the window that a context belongs to, or None without a window."""
    return getattr(ctx, "undo", None)


async def restore(ctx: Any, deleted: Any) -> str:
    """Bring a deleted object back and show it; returns a sentence for it. Raises ConsoleError."""
    workspace = await ctx.ready()
    item = await ctx.call(partial(workspace.configuration.restore, deleted.revision, free_name=True))
    ctx.navigate(Target(str(deleted.kind), deleted.id))
    return (
        tr("Restored {name}", name=item.name)
        if item.name == deleted.name
        else tr("Restored {name} as {new_name}", name=deleted.name, new_name=item.name)
    )


async def push_deletion(ctx: Any, kind: Kind, item: Any) -> None:
    """Remember that an object was deleted, so that it can be brought back."""
    undo = undo_stack_of(ctx)
    if undo is None:
        return
    workspace = await ctx.ready()
    deleted = await ctx.call(workspace.configuration.deleted)
    gone = next((one for one in deleted if (one.kind, one.id) == (kind, item.id)), None)
    if gone is not None:
        undo.push(UndoStep(tr("Delete {name}", name=item.name), lambda: restore(ctx, gone)))


def push_rename(ctx: Any, kind: Kind, item: Any, was: str) -> None:
    """Remember that an object was renamed, so that it can get its name back."""
    undo = undo_stack_of(ctx)
    if undo is not None and item.name != was:
        undo.push(
            UndoStep(tr("Rename {was}", was=was), lambda: _undo_rename(ctx, kind, item.id, item.name, was))
        )


async def _undo_rename(ctx: Any, kind: Kind, object_id: Any, name: str, was: str) -> str:
    from console.forms.open_requests_dialog import run_with_confirmation

    workspace = await ctx.ready()
    item = await ctx.call(workspace.configuration.get, kind, object_id)
    if item.name != name:
        return tr("{name} was renamed again meanwhile; it keeps its name", name=item.name)
    rename = partial(workspace.configuration.rename, kind, object_id, was, item.version)
    undo = undo_stack_of(ctx)
    window = undo.parent() if undo is not None else None
    done, _ = await run_with_confirmation(lambda count: ctx.call(partial(rename, confirmed=count)), window)
    return tr("Renamed back to {was}", was=was) if done else tr("{name} keeps its name", name=name)
