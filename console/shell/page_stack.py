"""The pages of the window: creates, shows and closes them, and goes back and forward between them."""

from collections.abc import Callable
from functools import partial

from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtWidgets import QApplication, QWidget

from console.navigation.page import Page
from console.runtime.context import Context
from console.runtime.page_targets import Target
from console.runtime.task_runner import TaskRunner
from console.shell.page_registry import create_page, is_imported, page_class
from console.widgets.current_stack import CurrentStack

SHOWING = "show"
"""The group of the task that imports a page and shows it."""
MAX_OPEN_PAGES = 12
MINIMUM_WIDTH = 500


class PageStack(CurrentStack):
    """Shows one page. Pages with drafts or running work and the newest `MAX_OPEN_PAGES` stay in memory.

    `exists` returns whether the object of a target is in the tree.
    """

    shown = pyqtSignal(object)
    """Another target is shown, carried by the signal: another page, or another place of the same page."""
    title_changed = pyqtSignal()
    """The title of the shown page, or the shown page, has changed."""

    def __init__(self, ctx: Context, exists: Callable[[Target], bool]) -> None:
        super().__init__()
        self.setMinimumWidth(MINIMUM_WIDTH)
        self._ctx = ctx
        self._tasks = TaskRunner(self, ctx.show_problem)
        self._exists = exists
        self.page: Page | None = None
        self.open_pages: dict[tuple[str, object], Page] = {}
        """By kind and id of their targets, the one shown last at the end."""
        self._back: list[Target] = []
        self._forward: list[Target] = []
        self._discarded: list[Page] = []
        """Pages of discarded drafts, deleted as soon as another page is visible."""
        self._supported: tuple[int, set[str]] = (0, set())
        """The last evaluation of the commands, and what the page supports in it."""

    @property
    def has_target(self) -> bool:
        """Whether a page is shown, or is about to be."""
        return self.page is not None or self._tasks.busy

    def show_target(self, target: Target) -> None:
        """Show the page of a target, and open the tab or run the command that the target names.

        The first page of its kind is imported in a thread before; whatever is shown meanwhile replaces it.
        """
        self._tasks.cancel(SHOWING)
        if is_imported(target):
            self._show_target(target)
        else:
            self._tasks.start(self._import_and_show(target), group=SHOWING)

    async def _import_and_show(self, target: Target) -> None:
        await self._ctx.import_page(partial(page_class, target))
        self._show_target(target)

    def _show_target(self, target: Target) -> None:
        if self.page is not None and self.page.target.same_page(target):
            self.page.arrive(target)
            self.shown.emit(target)
            return
        if self.page is not None:
            self._back.append(self.page.target.place)
            self._forward.clear()
        self._show(target)

    def _show(self, target: Target) -> None:
        self._tasks.cancel(SHOWING)
        key = (target.kind, target.id)
        page = self.open_pages.pop(key, None)
        is_new = page is None
        if page is None:
            page = self._create(target)
        is_unseen = is_new or self.indexOf(page) < 0
        self.open_pages[key] = page
        left, self.page = self.page, page
        if is_unseen:
            # Laid out in a later turn of the event loop: with building it would be one long step.
            # Not 0, which Qt runs before it handles keyboard events.
            QTimer.singleShot(1, self._prepare)
            # Otherwise the page that is left would be painted once more; at the start there is none.
            self.setUpdatesEnabled(self.currentWidget() in (None, page))
        else:
            self._reveal()
        if is_new:
            page.load()
        else:
            page.arrive(target)
        self.shown.emit(target)
        self.title_changed.emit()
        self._ctx.commands.refresh()
        if left is not None and left is not page:
            self._discard_empty_draft(left.target)
        self._close_old_pages()

    def _create(self, target: Target) -> Page:
        page = create_page(target, self._ctx, self)
        page.title_changed.connect(self.title_changed)
        page.commands_changed.connect(self._ctx.commands.refresh)
        page.placed.connect(self._on_placed)
        if not self.count():
            self.addWidget(page)  # the first page, which is shown with the window
        return page

    def _on_placed(self, target: Target) -> None:
        if self.page is not None and self.page.target.same_page(target):
            self.shown.emit(target)

    def _prepare(self) -> None:
        """Make the next part of the page; reveal it once it has all of them."""
        try:
            is_further = self.page is not None and self.page.make_next_part()
        except Exception:
            self._reveal()  # with what there is of it
            raise
        if is_further:
            QTimer.singleShot(1, self._prepare)
        else:
            self._polish()
            QTimer.singleShot(1, self._reveal)

    def _polish(self) -> None:
        """Let the style sheet reach the widgets of the page, which showing it would do in one turn with its layout."""
        if self.page is not None and self.page is not self.currentWidget():
            for widget in self.page.findChildren(QWidget):
                widget.ensurePolished()

    def _reveal(self) -> None:
        """Lay the page out, and paint it in the turn of the event loop after that one."""
        left, keyboard = self.currentWidget(), QApplication.focusWidget()
        if self.page is None or self.page is left:
            self.setUpdatesEnabled(True)
            return
        self.setUpdatesEnabled(False)
        QTimer.singleShot(1, self._paint)
        if self.indexOf(self.page) < 0:
            self.addWidget(self.page)
        had_keyboard = left is not None and keyboard is not None and left.isAncestorOf(keyboard)
        self.setCurrentWidget(self.page)
        while self._discarded:
            self._discarded.pop().deleteLater()
        if had_keyboard:
            # Qt would focus whichever button comes next; Tab is to start at the top of the page.
            self.page.take_keyboard()

    def _paint(self) -> None:
        self.setUpdatesEnabled(True)

    def _discard_empty_draft(self, target: Target) -> None:
        """Delete a new object whose page was left without anything typed."""
        draft = self._ctx.drafts.get(target.kind, target.id)
        if draft is None or not draft.untouched:
            return
        self._ctx.drafts.discard(target.kind, draft.id)
        page = self.open_pages.pop((target.kind, target.id), None)
        if page is not None and page is self.currentWidget():
            self._discarded.append(page)  # it is visible until the other page is laid out
        elif page is not None:
            page.deleteLater()

    def _close_old_pages(self) -> None:
        for key, page in list(self.open_pages.items())[:-MAX_OPEN_PAGES]:
            if page is not self.page and not page.has_draft and not page.working:
                del self.open_pages[key]
                self.removeWidget(page)
                page.deleteLater()

    # -- commands of the shown page ----------------------------------------------------------------------------

    def supports(self, command: str) -> bool:
        """Whether the shown page can run a command now."""
        if self.page is None:
            return False
        evaluation = self._ctx.commands.evaluation
        if not evaluation:
            return command in self.page.enabled()
        if self._supported[0] != evaluation:
            self._supported = (evaluation, self.page.enabled())
        return command in self._supported[1]

    def run(self, command: str) -> bool:
        """Run a command of the shown page; returns whether it could run."""
        return self.page is not None and self.page.run(command)

    def switch_tab(self, step: int) -> None:
        """Show the tab that many places further on a page with tabs; the first follows the last."""
        tabs = self.page.tab_bar if self.page is not None else None
        if tabs is not None:
            tabs.setCurrentIndex((tabs.currentIndex() + step) % tabs.count())

    def reset_layout(self) -> None:
        """Reset what was laid out by hand on the open pages."""
        for page in self.open_pages.values():
            page.reset_layout()

    # -- history -----------------------------------------------------------------------------------------------

    def can_go_back(self) -> bool:
        """Whether an earlier page can be shown again."""
        return any(self._is_other_existing_page(target) for target in self._back)

    def can_go_forward(self) -> bool:
        """Whether a page that was left by going back can be shown again."""
        return any(self._is_other_existing_page(target) for target in self._forward)

    def go_back(self) -> None:
        """Show the previous page."""
        self._go(self._back, self._forward)

    def go_forward(self) -> None:
        """Show the page that was left by going back."""
        self._go(self._forward, self._back)

    def _go(self, targets: list[Target], opposite: list[Target]) -> None:
        while targets and self.page is not None:
            target = targets.pop()
            if self._is_other_existing_page(target):
                opposite.append(self.page.target.place)
                self._show(target)
                return

    def _is_other_existing_page(self, target: Target) -> bool:
        exists = target.object_kind is None or self._exists(target)
        return exists and self.page is not None and not self.page.target.same_page(target)
