"""Editing one object without widgets: what was read, what was typed, what is wrong with it, and saving it.

The session reads and writes through the context's executor, keeps the draft, checks while typing (the cheap rules at
once, the store's rules 150 ms after the last change) and takes in what somebody else saves meanwhile.
"""

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from console.runtime.drafts import Draft, Drafts
from console.runtime.task_runner import TaskRunner
from models.kinds import KINDS, Kind
from services.common.errors import ConflictError, ConsoleError, FieldError, InvalidError
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.language import translate

if TYPE_CHECKING:
    from console.runtime.context import Context

VALIDATION_DEBOUNCE_MS = 150
OBJECT_MISSING_FAULT = FaultId.OBJECT_MISSING
"""The fault of reading an object that was deleted."""


class EditSession(QObject):
    """One object being edited. Values are plain dicts by field name."""

    loaded = pyqtSignal()
    """Values were read, again or for the first time."""
    changed = pyqtSignal()
    """Values, errors, or whether there is something to save changed."""
    failed = pyqtSignal(object)
    """Reading failed; carries the exception."""
    changed_elsewhere = pyqtSignal(str, list)
    """Somebody saved meanwhile: who, and the fields that both sides changed (empty when the draft took it in)."""
    deleted = pyqtSignal()
    """Somebody deleted the object while it was edited; what was typed goes on as a new one."""

    def __init__(
        self,
        ctx: "Context",
        tasks: TaskRunner,
        kind: Kind,
        object_id: uuid.UUID,
        parent: QObject,
        drafts: Drafts | None = None,
    ) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self._drafts = ctx.drafts if drafts is None else drafts
        self.tasks = tasks
        self.kind = kind
        self.id = object_id
        self.item: Any = None
        self.values: dict[str, Any] = {}
        self.base: dict[str, Any] | None = None
        self.base_version = 0
        self.secret: Secret | None = None
        self.ready = False
        self.saving = False
        self.confirmed = 0
        """How many open requests a person has confirmed that hang on the object that is saved."""
        self.lost: ConsoleError | None = None
        """Why the object could not be read, when it could not."""
        self._rules: dict[str, str] = {}
        self._outside_errors: dict[str, str] = {}
        self.suggestions: dict[str, str] = {}
        """Corrections offered for what is wrong as seen from outside, by field."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(VALIDATION_DEBOUNCE_MS)
        self._timer.timeout.connect(lambda: tasks.start(self.check(), group="check values"))

    # -- what holds now ----------------------------------------------------------------------------------------

    @property
    def is_new(self) -> bool:
        """Whether the object was never stored."""
        return self.base is None

    @property
    def dirty(self) -> bool:
        """Whether there is something to save."""
        return self.ready and (self.is_new or bool(self.changed_names) or bool(self.secret))

    @property
    def changed_names(self) -> list[str]:
        """Return the fields that differ from what is stored."""
        base = self.base or {}
        return [n for n, v in self.values.items() if n not in base or base[n] != v]

    @property
    def errors(self) -> dict[str, str]:
        """Return one sentence per wrong field; what the store says comes before what an instance says."""
        return {**self._outside_errors, **self._rules}

    def set_external_error(self, name: str, message: str = "", suggestion: str | None = None) -> None:
        """Say what is wrong with a field as seen from outside the store; an empty message takes it back."""
        if (self._outside_errors.get(name, ""), self.suggestions.get(name)) == (message, suggestion):
            return
        self._outside_errors.pop(name, None)
        self.suggestions.pop(name, None)
        if message:
            self._outside_errors[name] = message
        if suggestion:
            self.suggestions[name] = suggestion
        self.changed.emit()

    def candidate(self) -> Any:
        """Return the object as it would be saved: stored identity and version, typed values."""
        from models.tables import model_for_kind

        return model_for_kind(self.kind)(id=self.id, version=self.base_version, **self.values)

    # -- reading -----------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Read the object and its draft; emits `loaded`, or `failed` with what went wrong."""
        self.lost = None
        try:
            workspace = await self.ctx.ready()
            draft = self._drafts.get(self.kind, self.id)
            gone = await self._open(workspace, draft)
        except ConsoleError as error:
            self._fail_load(error)
            return
        if draft is not None:
            self.secret = draft.secret
        self.ready = True
        self.loaded.emit()
        self._judge()
        if gone:
            self._keep()
            self.deleted.emit()

    async def _open(self, workspace: Any, draft: Draft | None) -> bool:
        """Take what is stored with its draft on top; returns whether the draft is all that is left of the object."""
        if draft is None or not draft.is_new:
            try:
                self._take(await self.ctx.call(workspace.configuration.get, self.kind, self.id))
            except ConsoleError as error:
                if draft is None or error.problem.fault != OBJECT_MISSING_FAULT:
                    raise
            else:
                if draft is not None:
                    self._apply_draft(draft)
                return False
        self.item, self.base, self.base_version = None, None, 0
        self.values = {**self._defaults(), **draft.values}
        return not draft.is_new

    def _fail_load(self, error: ConsoleError) -> None:
        self.ready, self.lost = False, error
        self.failed.emit(error)

    def _defaults(self) -> dict[str, Any]:
        from models.tables import model_for_kind

        return field_values(model_for_kind(self.kind)(name=KINDS[self.kind].new_name))

    def _take(self, item: Any) -> None:
        self.item = item
        self.base = field_values(item)
        self.base_version = item.version
        self.values = dict(self.base)

    def _apply_draft(self, draft: Draft) -> None:
        if draft.base_version == self.base_version:
            self.values = {**self.values, **draft.values}
            return
        # Saved by somebody while the draft lay aside: what only the draft changed is carried over. Where both sides
        # changed a field, the draft keeps its old base, so that saving reports the conflict instead of hiding it.
        theirs = dict(self.values)
        merged, conflicts = self._merge(draft.base or {}, draft.values, theirs)
        self.values = {**theirs, **merged}
        if conflicts:
            self.base, self.base_version = dict(draft.base or {}), draft.base_version

    # -- typing ------------------------------------------------------------------------------------------------

    def edit(self, values: dict[str, Any]) -> None:
        """Take typed values, keep the draft, and judge them."""
        if not self.ready:
            return
        self.values = {**self.values, **values}
        self._keep()
        self._judge()

    def set_secret(self, secret: Secret | None) -> None:
        """Take a typed password; it is carried in memory until it is saved or dropped."""
        self.secret = secret
        self._keep()
        self.changed.emit()

    def _keep(self) -> None:
        if self.dirty:
            known = self._drafts.get(self.kind, self.id)
            self._drafts.put(
                Draft(
                    kind=self.kind,
                    id=self.id,
                    values=dict(self.values),
                    base=None if self.base is None else dict(self.base),
                    base_version=self.base_version,
                    secret=self.secret,
                    fresh=known.fresh if known is not None else None,
                )
            )
        else:
            self._drafts.discard(self.kind, self.id)

    def discard(self) -> None:
        """Go back to what is stored, and forget the draft."""
        self.secret = None
        if self.base is not None:
            self.values = dict(self.base)
        self._outside_errors, self.suggestions = {}, {}
        self._drafts.discard(self.kind, self.id)
        if self.base is None:
            self.ready = False  # there is nothing left to edit
            self.changed.emit()
        else:
            self.loaded.emit()
            self._judge()
            self.tasks.start(self.refresh(), group="refresh")

    # -- judging -----------------------------------------------------------------------------------------------

    def _judge(self) -> None:
        from services.configuration.validation import field_errors

        # The cheap rules now; what only the store knows follows when typing rests.
        self._rules = first_error_sentences(field_errors(self.candidate()))
        self.changed.emit()
        self._timer.start()

    def schedule_validation(self) -> None:
        """Ask the store's rules again, because other objects changed: a name may be taken now, a reference dead."""
        if self.ready:
            self._timer.start()

    async def check(self) -> dict[str, str]:
        """Ask the store's rules about the values as they stand; returns the errors by field."""
        workspace = await self.ctx.ready()
        judged = self.values
        errors = await self.ctx.call(workspace.configuration.check, self.candidate())
        found = first_error_sentences(errors)
        if found != self._rules and judged is self.values:  # else it is an answer about what was typed before
            self._rules = found
            self.changed.emit()
        return found

    def stop(self) -> None:
        """Begin no more checks; what is edited goes away."""
        self._timer.stop()

    # -- saving ------------------------------------------------------------------------------------------------

    async def save(self, note: str = "") -> Any:
        """Save the values; returns the stored object. Raises InvalidError and ConflictError as the store does."""
        workspace = await self.ctx.ready()
        self._timer.stop()
        if not self.is_new and not self.changed_names:
            return self.item  # only a password was typed, and that goes to the vault
        sent = dict(self.values)
        save = partial(
            workspace.configuration.save, self.candidate(), note, base=self.base, confirmed=self.confirmed
        )
        self.saving = True
        self.changed.emit()
        try:
            stored = await self.ctx.call(save)
        except InvalidError as error:
            self._rules = first_error_sentences(error.fields)
            raise
        finally:
            self.saving = False
            self.changed.emit()
        self._apply_saved(stored, sent)
        return stored

    def _apply_saved(self, stored: Any, sent: dict[str, Any]) -> None:
        """Start again from an object that was just saved; what was typed since, and a password, stay in hand."""
        typed_since = {name: value for name, value in self.values.items() if value != sent[name]}
        self._take(stored)
        self.values |= typed_since
        self._keep()
        self.loaded.emit()
        self._judge()

    def adopt(self, values: dict[str, Any], theirs: dict[str, Any] | None, version: int) -> None:
        """Take merged values that start from what somebody else saved; `theirs` None starts a new object."""
        self.base = None if theirs is None else {n: theirs[n] for n in self.values if n in theirs}
        self.base_version = version
        self.values = {**self.values, **values}
        self._keep()
        self.loaded.emit()
        self._judge()

    # -- somebody else -----------------------------------------------------------------------------------------

    async def refresh(self) -> None:
        """Read the object again after a change; a draft is carried over where both sides did not touch one field."""
        if self.saving or not self.ready or self.is_new:
            return
        workspace = await self.ctx.ready()
        try:
            item = await self.ctx.call(workspace.configuration.get, self.kind, self.id)
        except ConsoleError as error:
            self._on_read_failed(error)
            return
        if self.saving or item.version == self.base_version:
            return
        if not self.dirty:
            self._take(item)
            self.loaded.emit()
            self._judge()
            return
        theirs = field_values(item)
        merged, conflicts = self._merge(self.base or {}, self.values, theirs)
        if not conflicts:
            self.item = item
            self.adopt(merged, theirs, item.version)
        self.changed_elsewhere.emit(item.changed_by, conflicts)

    def _on_read_failed(self, error: ConsoleError) -> None:
        if not self.ready or self.saving:
            return
        if not self.dirty:
            self._fail_load(error)
        elif error.problem.fault == OBJECT_MISSING_FAULT:
            self.item = None
            self.adopt({}, None, 0)
            self.deleted.emit()

    def end(self) -> None:
        """Let go of the object, which was deleted from here, and of its draft."""
        self.ready, self.secret = False, None
        self.stop()
        self._drafts.discard(self.kind, self.id)

    def merge_conflict(self, error: ConflictError) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
        """Return what a merge starts from: merged values, theirs, and the fields both sides changed."""
        base, theirs = self.restored(error.base or {}), self.restored(error.theirs or {})
        merged, conflicts = self._merge(base or self.base or {}, self.values, theirs)
        return merged, theirs, conflicts

    def _merge(
        self, base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
    ) -> tuple[dict[str, Any], list[str]]:
        from services.configuration import merge

        found = merge(base, {**theirs, **mine}, theirs, list(self.values))
        return found.values, found.conflicts

    def restored(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the editable fields of a row that a conflict carries."""
        return {name: value for name, value in values.items() if name in self.values}


def field_values(item: Any) -> dict[str, Any]:
    """Return the editable values of an object by field."""
    from services.configuration.validation import field_values as editable

    return editable(item)


def first_error_sentences(errors: list[FieldError]) -> dict[str, str]:
    """Return the first sentence about each field, written so that it can stand alone."""
    found: dict[str, str] = {}
    for error in errors:
        found.setdefault(error.name, as_sentence(translate(error.message)))
    return found


def as_sentence(message: str) -> str:
    """Return a message with a capital first letter, unless it begins with an address, and without its last full stop."""
    first = message[:1] if "://" in message.split(" ", 1)[0] else message[:1].upper()
    return (first + message[1:]).removesuffix(".")
