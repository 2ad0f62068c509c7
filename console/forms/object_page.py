"""The page of one object: head with actions, Details | History | Used by, a draft, errors, saving and merging.

A kind's page says which fields there are (`groups`) and adds what is special about it through the hooks at the end.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QDialog, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from console.forms import object_actions as acts
from console.forms.conflict_merge import resolve_conflict
from console.forms.details_tab import DetailsView
from console.forms.edit_session import EditSession
from console.forms.form import Form, GroupSpec
from console.forms.history_tab import HistoryTab
from console.forms.notice import Notice
from console.forms.object_header import ObjectHeader
from console.forms.open_requests_dialog import run_with_confirmation
from console.forms.used_by_tab import UsedByTab
from console.navigation.page import Page
from console.navigation.tree_definition import kind_breadcrumb
from console.runtime.targets import Target
from console.runtime.task_runner import TaskRunner
from models.kinds import KINDS, Kind
from models.translation_marks import tr_later
from services.common.errors import ConflictError, ConsoleError, InvalidError
from services.language import tr

DETAILS, CHECK = tr_later("Details"), tr_later("Check")
HISTORY, USED_BY = tr_later("History"), tr_later("Used by")
FIELD_COMMAND_PREFIX = "field:"
"""Begins the command that puts the keyboard into a field."""


class ObjectPage(Page):
    """Base of the pages of credentials, servers, processes and types."""

    saved = pyqtSignal(object)
    """The object was saved; carries what is stored now."""

    object_kind: ClassVar[Kind]
    groups: ClassVar[tuple[GroupSpec, ...]]
    tabs: ClassVar[tuple[str, ...]] = (DETAILS, HISTORY, USED_BY)
    offered: ClassVar[tuple[str, ...]] = ("discard",)
    """Commands that have a button beside Save, and an entry in the menu of the tree."""
    needed: ClassVar[str] = ""
    """What has to be done before `check` and `rehearse` can run."""

    def __init__(self, ctx: Any, target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        info = KINDS[self.object_kind]
        self.kind, self.icon = str(self.object_kind), info.icon
        self.tasks = TaskRunner(self, ctx.show_problem)
        self.session = EditSession(ctx, self.tasks, self.object_kind, target.id, self)
        self.form = Form(self, self.groups)
        self.notice = Notice()
        self.history = HistoryTab(self)
        self.used_by = UsedByTab(self)
        self.stack = QStackedWidget()
        self.build()
        self.head = ObjectHeader(self)
        self._build()
        self._connect()
        self._set_locked(True)

    # -- building ----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.details = DetailsView(self.form, self.rail())
        made: dict[str, QWidget] = {DETAILS: self.details, HISTORY: self.history, USED_BY: self.used_by}
        made.update(self.extra_tabs())
        self.tab_widgets = {name: made[name] for name in self.tabs}
        for widget in self.tab_widgets.values():
            self.stack.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.notice)
        layout.addWidget(self.stack, 1)

    def _connect(self) -> None:
        session = self.session
        session.loaded.connect(self._loaded)
        session.changed.connect(self.update_state)
        session.failed.connect(self._load_failed)
        session.changed_elsewhere.connect(self._overtaken)
        session.deleted.connect(self._deleted)
        self.form.edited.connect(self._edited)
        self.form.left.connect(self.field_left)
        self.form.suggested.connect(self.on_suggestion)
        self.head.tab_changed.connect(self._tab_changed)
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
        self.ctx.changes.connect(self._on_store_changes)
        self.tasks.start(self._first_load(), group="load")

    async def _first_load(self) -> None:
        await self.session.load()
        if self.session.ready:
            target, self.target = self.target, self.target.place
            super().arrive(target)
        if self.session.ready and self.session.is_new:
            self.rename()

    def arrive(self, target: Target) -> None:
        """Do what a target asks for; a page that could not be read tries again."""
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
        """Say under the head why a command chosen in the tree or on another page cannot run now."""
        session, text = self.session, tr(self.needed)
        if command in ("duplicate", "delete") and session.is_new:
            text = tr("This draft was never saved. Discard changes removes it.")
        elif command == "rehearse" and self.needed and "check" in self.enabled():
            text = tr("Save or discard what is typed first: a rehearsal goes through what is stored.")
        if text and session.ready and not session.saving:
            self.notice.tell(text)

    # -- state -------------------------------------------------------------------------------------------------

    def _set_locked(self, locked: bool) -> None:  # noqa: FBT001 - a private setter
        self.form.set_read_only(locked)
        self.update_state()

    def _loaded(self) -> None:
        self.form.write(self.session.values)
        self._set_locked(False)
        self.on_loaded()
        if not self.session.is_new:
            self.tasks.start(self.used_by.refresh(), group="used by")
            self.history.invalidate()

    def _load_failed(self, error: ConsoleError) -> None:
        self._set_locked(True)
        self.notice.show_problem(error.problem, retry=self.reload)

    def reload(self) -> None:
        """Read the object once more after a failure."""
        self.notice.clear()
        self.tasks.start(self._first_load(), group="load")

    def _edited(self, _name: str) -> None:
        self.session.edit(self.form.values())

    def update_state(self) -> None:
        """Show in head and form what holds now."""
        session = self.session
        self.form.show_errors(session.errors, session.suggestions, untouched=not session.is_new)
        info = KINDS[self.object_kind]
        self.set_title(session.values.get("name") or tr(info.singular if session.lost else info.new_name))
        self.head.refresh()
        self.draft_changed.emit(session.dirty)
        self.commands_changed.emit()

    def _tab_changed(self, index: int) -> None:
        self.stack.setCurrentIndex(index)
        if self.stack.currentWidget() is self.history:
            self.history.load()

    # -- others ------------------------------------------------------------------------------------------------

    def _on_store_changes(self, changes: list[Any]) -> None:
        mine = [c for c in changes if c.kind == self.kind and c.id == self.session.id]
        if mine:
            self.tasks.start(self.session.refresh(), group="refresh")
        if any(c.kind in set(Kind) for c in changes) and self.session.ready:
            self.session.schedule_validation()
            if not self.session.is_new:
                self.tasks.start(self.used_by.refresh(), group="used by")
        if changes:
            self.on_changes(changes)

    def _overtaken(self, who: str, conflicts: list[str]) -> None:
        who = who or tr("Somebody")
        if not conflicts:
            self.notice.tell(
                tr("{who} saved this object meanwhile. What you typed is kept on top of it.", who=who)
            )
            return
        labels = ", ".join(tr(self.form.field(n).spec.label) for n in conflicts if self.form.has(n))
        self.notice.tell(
            tr(
                "{who} saved this object meanwhile and also changed {labels}. Save to compare both versions.",
                who=who,
                labels=labels,
            ),
            tone="notice",
        )

    def _deleted(self) -> None:
        self.notice.tell(
            tr("Somebody deleted this object meanwhile. What you typed is kept; saving creates it again."),
            tone="notice",
        )

    # -- actions -----------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Save what was typed; a conflict opens the merge."""
        self.tasks.start(self._save(), group="save")

    async def _save(self) -> None:
        errors = await self.session.check()
        if errors or self.session.errors:
            self._show_all_errors()
            return
        try:
            stored = await self._save_merging()
        except InvalidError:
            self._show_all_errors()
            return
        except ConsoleError as error:
            self.ctx.show_problem(error.problem)
            return
        if stored is not None:
            self.notice.clear()
            self.ctx.notify(tr("Saved {name}", name=stored.name))
            self.saved.emit(stored)

    def _show_all_errors(self) -> None:
        self.form.show_errors(self.session.errors, self.session.suggestions, untouched=True)
        self.form.focus_first(lambda f: bool(f.error))

    async def _save_merging(self) -> Any:
        while True:
            try:
                done, stored = await run_with_confirmation(self._save_with, self.window() or self)
            except ConflictError as error:
                if await resolve_conflict(self, error):
                    continue
                return None
            if not done:
                return None
            await self.after_save(stored)
            return stored

    async def _save_with(self, count: int) -> Any:
        """Save with the number of open requests that was confirmed."""
        self.session.confirmed = count
        try:
            return await self.save_object()
        finally:
            self.session.confirmed = 0

    def discard(self) -> None:
        """Drop what was typed; a new object that was never saved is closed."""
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
        """Put the keyboard into the name, all of it selected."""
        self.open_tab(DETAILS)
        line = self.form.field("name").editor.focus_target
        line.setFocus(Qt.FocusReason.OtherFocusReason)
        line.selectAll()

    def delete(self) -> None:
        """Ask, then delete; refused with the users when in use."""
        self.tasks.start(acts.delete(self, self.session.item), group="delete")

    async def confirm(self, dialog: QDialog) -> int:
        """Show a dialog of this page and return what it ended with."""
        from console.runtime.task_runner import show_and_wait

        return int(await show_and_wait(dialog))

    # -- hooks of a kind ---------------------------------------------------------------------------------------

    def build(self) -> None:
        """Add widgets of the kind to the form, before the tabs are put together."""

    def rail(self) -> QWidget | None:
        """Return what stands at the right of the form."""
        return None

    def extra_tabs(self) -> dict[str, QWidget]:
        """Return the tabs of the kind by name."""
        return {}

    def tab_buttons(self) -> dict[str, list[QPushButton]]:
        """Return the buttons that a tab shows in the head in place of those of the object."""
        return {}

    def extra_actions(self) -> dict[str, Callable[[], None]]:
        """Return commands of the kind that can run now."""
        return {}

    def extra_badges(self) -> list[tuple[str, str, str | None]]:
        """Return badges of the kind: text, tone, icon."""
        return []

    def on_loaded(self) -> None:
        """Follow up when values were read."""

    def on_changes(self, changes: list[Any]) -> None:
        """Follow up when somebody, here or elsewhere, saved any object."""

    def field_left(self, name: str) -> None:
        """Follow up when the keyboard leaves a field."""

    def on_suggestion(self, name: str, text: str) -> None:
        """Take a correction offered under a field; it goes into the field as if it had been typed."""
        self.form.accept(name, text)

    async def save_object(self) -> Any:
        """Save; a kind may do more in the same act."""
        return await self.session.save()

    async def after_save(self, stored: Any) -> None:
        """Follow up when the object was saved."""
