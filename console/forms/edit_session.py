"""Edits one object without widgets: reading, drafts, validation, saving, and changes by others.

The session calls the store through the context, stores the draft, validates while typing (the fields at once, the rules
of the store 150 ms after the last change) and merges what somebody else saves meanwhile.
"""

import uuid
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from console.forms.edited_object import EditedObject, field_values
from console.runtime.drafts import Draft, Drafts
from console.runtime.task_runner import TaskRunner
from models.field_values import FieldValues
from models.kinds import Kind
from models.secret_names import SecretName
from services.common.errors import ConsoleError, FieldError, InvalidError
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.language import translate

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.base import ConfigurationObject
    from services.workspace import Workspace

VALIDATION_DEBOUNCE_MS = 150
OBJECT_MISSING_FAULT = FaultId.OBJECT_MISSING
"""The fault of reading an object that was deleted."""


class EditSession(EditedObject):
    """Reads, validates and saves one object that is edited, and follows changes by others."""

    loaded = pyqtSignal()
    """Values were read, again or for the first time."""
    changed = pyqtSignal()
    """Values, errors, or whether there is something to save changed."""
    failed = pyqtSignal(object)
    """Reading failed; carries the exception."""
    changed_elsewhere = pyqtSignal(str, list)
    """Somebody saved meanwhile: who, and the fields that both sides changed (empty when they were merged)."""
    deleted = pyqtSignal()
    """Somebody deleted the object while it was edited; the typed values become a new object."""

    def __init__(
        self,
        ctx: "Context",
        tasks: TaskRunner,
        kind: Kind,
        object_id: uuid.UUID,
        parent: QObject,
        drafts: Drafts | None = None,
    ) -> None:
        super().__init__(kind, object_id, parent)
        self.ctx = ctx
        self._drafts = ctx.drafts if drafts is None else drafts
        self.tasks = tasks
        self.ready = False
        self.saving = False
        self.confirmed = 0
        """The confirmed number of open requests that depend on the object."""
        self.lost: ConsoleError | None = None
        """Why the object could not be read, when it could not."""
        self._rules: dict[str, str] = {}
        self._outside_errors: dict[str, str] = {}
        self.suggestions: dict[str, str] = {}
        """Suggested corrections of external errors, by field."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(VALIDATION_DEBOUNCE_MS)
        self._timer.timeout.connect(lambda: tasks.start(self.check(), group="check values"))

    # -- what holds now ----------------------------------------------------------------------------------------

    @property
    def dirty(self) -> bool:
        """Whether there is something to save."""
        return self.ready and (self.is_new or bool(self.changed_names) or bool(self.secrets))

    @property
    def errors(self) -> dict[str, str]:
        """Return one sentence per invalid field; errors of the store take precedence over those of an instance."""
        return {**self._outside_errors, **self._rules}

    def set_external_error(self, name: str, message: str = "", suggestion: str | None = None) -> None:
        """Set the error of a field that was found outside the store; an empty message clears it."""
        if (self._outside_errors.get(name, ""), self.suggestions.get(name)) == (message, suggestion):
            return
        self._outside_errors.pop(name, None)
        self.suggestions.pop(name, None)
        if message:
            self._outside_errors[name] = message
        if suggestion:
            self.suggestions[name] = suggestion
        self.changed.emit()

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
            self.secrets = dict(draft.secrets)
        self.ready = True
        self.loaded.emit()
        self._judge()
        if gone:
            self._keep()
            self.deleted.emit()

    async def _open(self, workspace: "Workspace", draft: Draft | None) -> bool:
        """Read the object and put its draft on top; returns whether the object was deleted and only the draft is left."""
        if draft is None or not draft.is_new:
            try:
                self.apply_stored(await self.ctx.call(workspace.configuration.get, self.kind, self.id))
            except ConsoleError as error:
                if draft is None or error.problem.fault != OBJECT_MISSING_FAULT:
                    raise
            else:
                if draft is not None:
                    self.apply_draft(draft)
                return False
        self.item, self.base, self.base_version = None, None, 0
        self.values = {**self.default_values(), **draft.values}
        return not draft.is_new

    def _fail_load(self, error: ConsoleError) -> None:
        self.ready, self.lost = False, error
        self.failed.emit(error)

    # -- typing ------------------------------------------------------------------------------------------------

    def edit(self, values: FieldValues) -> None:
        """Set typed values, store the draft, and validate."""
        if not self.ready:
            return
        self.values = {**self.values, **values}
        self._keep()
        self._judge()

    def set_secret(self, name: SecretName, secret: Secret | None) -> None:
        """Set a typed secret; it stays in memory until it is saved or discarded."""
        self.secrets = {one: value for one, value in self.secrets.items() if one is not name}
        if secret is not None:
            self.secrets[name] = secret
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
                    secrets=dict(self.secrets),
                    fresh=known.fresh if known is not None else None,
                )
            )
        else:
            self._drafts.discard(self.kind, self.id)

    def discard(self) -> None:
        """Return to the stored values and remove the draft."""
        self.secrets = {}
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

        # The fields now; the rules of the store when typing pauses.
        self._rules = first_error_sentences(field_errors(self.candidate()))
        self.changed.emit()
        self._timer.start()

    def schedule_validation(self) -> None:
        """Validate against the store soon, because other objects changed: a name may be taken, a reference invalid."""
        if self.ready:
            self._timer.start()

    async def check(self) -> dict[str, str]:
        """Validate the current values against the store; returns the errors by field."""
        workspace = await self.ctx.ready()
        judged = self.values
        errors = await self.ctx.call(workspace.configuration.check, self.candidate())
        found = first_error_sentences(errors)
        if found != self._rules and judged is self.values:  # else it is an answer about what was typed before
            self._rules = found
            self.changed.emit()
        return found

    def stop(self) -> None:
        """Stop validating, because the page is closed."""
        self._timer.stop()

    # -- saving ------------------------------------------------------------------------------------------------

    async def save(self, note: str = "") -> "ConfigurationObject":
        """Save the values; returns the stored object. Raises InvalidError and ConflictError as the store does."""
        workspace = await self.ctx.ready()
        self._timer.stop()
        if self.item is not None and not self.is_new and not self.changed_names:
            return self.item  # only secrets were typed, which are stored in the vault
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

    def _apply_saved(self, stored: "ConfigurationObject", sent: FieldValues) -> None:
        """Start again from an object that was just saved; values typed since and a password are kept."""
        typed_since = {name: value for name, value in self.values.items() if value != sent[name]}
        self.apply_stored(stored)
        self.values |= typed_since
        self._keep()
        self.loaded.emit()
        self._judge()

    def adopt(self, values: FieldValues, theirs: FieldValues | None, version: int) -> None:
        """Set merged values with what somebody else saved as their base; `theirs` None starts a new object."""
        self.base = None if theirs is None else {n: theirs[n] for n in self.values if n in theirs}
        self.base_version = version
        self.values = {**self.values, **values}
        self._keep()
        self.loaded.emit()
        self._judge()

    # -- somebody else -----------------------------------------------------------------------------------------

    async def refresh(self) -> None:
        """Read the object again after a change; a draft is merged unless both sides changed the same field."""
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
            self.apply_stored(item)
            self.loaded.emit()
            self._judge()
            return
        theirs = field_values(item)
        merged, conflicts = self.merge(self.base or {}, self.values, theirs)
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
        """Stop editing an object that was deleted here, and remove its draft."""
        self.ready, self.secrets = False, {}
        self.stop()
        self._drafts.discard(self.kind, self.id)


def first_error_sentences(errors: list[FieldError]) -> dict[str, str]:
    """Return the first error of each field as a sentence."""
    found: dict[str, str] = {}
    for error in errors:
        found.setdefault(error.name, as_sentence(translate(error.message)))
    return found


def as_sentence(message: str) -> str:
    """Return a message with a capital first letter, unless it begins with an address, and without its last full stop."""
    first = message[:1] if "://" in message.split(" ", 1)[0] else message[:1].upper()
    return (first + message[1:]).removesuffix(".")
