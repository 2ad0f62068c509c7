"""The page of one object: header with actions, Details | History | Used by, a draft, errors, saving and merging.

The page of a kind defines its fields (`groups`) and overrides the hooks of `ObjectPageHooks`.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from console.forms import object_actions as acts
from console.forms.edit_session import EditSession
from console.forms.field_editors import TextField
from console.forms.form import Form
from console.forms.history_tab import HistoryTab
from console.forms.notice import Notice
from console.forms.object_header import ObjectHeader
from console.forms.object_notices import show_changed_elsewhere, show_deleted
from console.forms.object_page_hooks import ObjectPageHooks
from console.forms.object_saving import save_object_of
from console.forms.used_by_tab import UsedByTab
from console.navigation.page_changes import follow_changes
from console.navigation.tree_definition import kind_breadcrumb
from console.runtime.context import Context
from console.runtime.page_targets import Target
from console.runtime.task_runner import TaskRunner
from console.widgets.current_stack import CurrentStack
from console.widgets.late_content import show_part
from models.kinds import KINDS, Kind
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.language import tr

if TYPE_CHECKING:
    from services.store.change_feed import Change

DETAILS, CHECK = tr_later("Details"), tr_later("Check")
HISTORY, USED_BY = tr_later("History"), tr_later("Used by")
FIELD_COMMAND_PREFIX = "field:"
"""Prefix of the command that focuses a field."""


class ObjectPage(ObjectPageHooks):
    """Base of the pages of credentials, servers, processes and types."""

    saved = pyqtSignal(object)
    """The object was saved; carries the stored object."""

    tabs: ClassVar[tuple[str, ...]] = (DETAILS, HISTORY, USED_BY)

    def __init__(self, ctx: Context, target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        info = KINDS[self.object_kind]
        self.kind, self.icon = str(self.object_kind), info.icon
        self.tasks = TaskRunner(self, ctx.show_problem)
        if target.id is None:
            raise ValueError(f"{target} names no object")
        self.session = EditSession(ctx, self.tasks, self.object_kind, target.id, self)
        self.form = Form(self, self.groups)
        self.notice = Notice()
        self.history = HistoryTab(self)
        self.used_by = UsedByTab(self)
        self.stack = CurrentStack(self)
        self._has_rest = asyncio.Event()
        self.build()
        self._connect()
        self.form.set_read_only(True)
        self.set_title(tr(info.new_name))
        if parent is None:
            self.assemble()

    # -- building ----------------------------------------------------------------------------------------------

    def make_rest(self) -> None:
        """Put header and tabs together, which takes as long as building the form."""
        self.head = ObjectHeader(self)
        self.details = self.details_view()
        made: dict[str, QWidget] = {DETAILS: self.details, HISTORY: self.history, USED_BY: self.used_by}
        made.update(self.extra_tabs())
        self.tab_widgets = {name: made[name] for name in self.tabs}
        for widget in self.tab_widgets.values():
            self.stack.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        for notice in (self.notice, *self.extra_notices()):
            layout.addWidget(notice)
        layout.addWidget(self.stack, 1)
        self.head.tab_changed.connect(partial(show_part, self.stack))
        self.stack.currentChanged.connect(self._load_history)
        self.session.loaded.connect(self._loaded)
        self.session.changed.connect(self.update_state)
        self._has_rest.set()
        self.update_state()

    def _connect(self) -> None:
        session = self.session
        session.failed.connect(self._load_failed)
        session.changed_elsewhere.connect(partial(show_changed_elsewhere, self))
        session.deleted.connect(partial(show_deleted, self))
        self.form.edited.connect(lambda _name: session.edit(self.form.values()))
        self.form.left.connect(self.field_left)
        self.form.suggested.connect(self.on_suggestion)
        self.history.restored.connect(lambda: self.tasks.start(session.refresh(), group="refresh"))

    # -- the page protocol -------------------------------------------------------------------------------------

    @property
    def breadcrumb(self) -> list[tuple[str, Target | None]]:
        """The way here from the root of the tree."""
        return kind_breadcrumb(self.object_kind)

    @property
    def has_draft(self) -> bool:
        """Whether something typed here is not saved."""
        return self.session.dirty

    def load(self) -> None:
        """Read the object and its draft, and listen to changes by others."""
        follow_changes(self, self._on_store_changes)
        self.tasks.start(self._first_load(), group="load")

    async def _first_load(self) -> None:
        await self.session.load()
        if self.session.ready and not self._has_rest.is_set():
            await self._has_rest.wait()
            self._loaded()
        if self.session.ready:
            target, self.target = self.target, self.target.place
            if target.run:
                await self.prepare_commands()
            super().arrive(target)
        if self.session.ready and self.session.is_new:
            self.rename()

    def arrive(self, target: Target) -> None:
        """Apply a target; a page that could not be read tries again."""
        if self.session.ready:
            super().arrive(target)
        else:
            self.target = target
            self.reload()

    def run(self, command: str) -> bool:
        """Run a command by id; `field:NAME` puts the keyboard into a field."""
        if command.startswith(FIELD_COMMAND_PREFIX):
            return self.focus_field(command.removeprefix(FIELD_COMMAND_PREFIX))
        return super().run(command)

    def focus_field(self, name: str) -> bool:
        """Put the keyboard into a field; returns whether there is one of that name."""
        if not self.form.has(name) and name not in {one.spec.name for one in self.form}:
            return False
        self.open_tab(DETAILS)
        self.form.field(name).editor.focus_target.setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def open_tab(self, name: str) -> None:
        """Show the tab called `name`."""
        self.assemble()
        if name in self.tab_widgets:
            self.head.select_tab(list(self.tab_widgets).index(name))

    def page_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done now, by command id."""
        session = self.session
        found: dict[str, Callable[[], None]] = {}
        if not session.ready or session.saving:
            return found
        if session.dirty and not session.errors:
            found["save"] = self.save
        if session.dirty:
            found["discard"] = self.discard
        if not session.is_new:
            found |= {"duplicate": self.duplicate, "rename": self.rename, "delete": self.delete}
        return found | self.extra_actions()

    def explain_unavailable(self, command: str) -> None:
        """Show under the header why a command chosen in the tree or on another page cannot run now."""
        session, text = self.session, tr(self.needed)
        if command in ("duplicate", "delete") and session.is_new:
            text = tr("This draft was never saved. Discard changes removes it.")
        elif command == "rehearse" and self.needed and "check" in self.enabled():
            text = tr("Save or discard what is typed first: a rehearsal goes through what is stored.")
        if text and session.ready and not session.saving:
            self.notice.tell(text)

    # -- state -------------------------------------------------------------------------------------------------

    def _loaded(self) -> None:
        self.form.write(self.session.values)
        self.form.set_read_only(False)
        self.update_state()
        self.on_loaded()
        if not self.session.is_new:
            self.tasks.start(self.used_by.refresh(), group="used by")
            self.history.invalidate()

    def _load_failed(self, error: ConsoleError) -> None:
        self.assemble()
        self.form.set_read_only(True)
        self.update_state()
        self.notice.show_problem(error.problem, retry=self.reload)

    def reload(self) -> None:
        """Read the object once more after a failure."""
        self.notice.clear()
        self.tasks.start(self._first_load(), group="load")

    def update_state(self) -> None:
        """Update header and form; parts that report a change while they are made are shown with the rest."""
        if not self._has_rest.is_set():
            return
        session = self.session
        self.form.show_errors(session.errors, session.suggestions, untouched=not session.is_new)
        info = KINDS[self.object_kind]
        self.set_title(session.text("name") or tr(info.singular if session.lost else info.new_name))
        self.head.refresh()
        self.draft_changed.emit(session.dirty)
        self.commands_changed.emit()

    def _load_history(self, _index: int) -> None:
        if self.stack.currentWidget() is self.history:
            self.history.load()

    # -- others ------------------------------------------------------------------------------------------------

    def _on_store_changes(self, changes: "list[Change]") -> None:
        self.assemble()
        mine = [c for c in changes if c.kind == self.kind and c.id == self.session.id]
        if mine:
            self.tasks.start(self.session.refresh(), group="refresh")
        if any(c.kind in set(Kind) for c in changes) and self.session.ready:
            self.session.schedule_validation()
            if not self.session.is_new:
                self.tasks.start(self.used_by.refresh(), group="used by")
        if changes:
            self.on_changes(changes)

    # -- actions -----------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Save what was typed; a conflict opens the merge."""
        self.tasks.start(save_object_of(self), group="save")

    def discard(self) -> None:
        """Discard what was typed; the page of a new object is closed."""
        was_new = self.session.is_new
        self.session.discard()
        self.notice.clear()
        if was_new:
            self.ctx.navigate(self.parent_target())

    def parent_target(self) -> Target:
        """Return the place in the tree that lists this kind."""
        return next((t for _, t in reversed(self.breadcrumb) if t is not None), Target("home"))

    def duplicate(self) -> None:
        """Open an unsaved copy."""
        self.tasks.start(acts.duplicate(self.ctx, self.object_kind, self.session.id), group="duplicate")

    def rename(self) -> None:
        """Focus the name with all of it selected."""
        self.open_tab(DETAILS)
        line = self.form.editor("name", TextField).line
        line.setFocus(Qt.FocusReason.OtherFocusReason)
        line.selectAll()

    def delete(self) -> None:
        """Delete after a confirmation; an object in use shows its users instead."""
        self.tasks.start(acts.delete(self), group="delete")
