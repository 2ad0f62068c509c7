"""The History tab: every revision with the fields it changed, newest first, and restoring one of them."""

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout

from console.forms.conflict_merge import load_object_names
from console.forms.merge_dialog import format_value
from console.forms.open_requests_dialog import run_with_confirmation
from console.widgets import buttons
from console.widgets.labels import Label
from console.widgets.late_content import LateContent
from console.widgets.revision_list import HistoryList
from services.common.errors import ConsoleError
from services.language import tr

if TYPE_CHECKING:
    from console.forms.object_page import ObjectPage
    from models.base import ConfigurationObject
    from services.configuration.revision_history import RevisionView


class HistoryTab(LateContent):
    """Reads the revisions when it is first shown, and again after a change."""

    restored = pyqtSignal()
    """An earlier version was brought back."""

    def __init__(self, page: "ObjectPage") -> None:
        super().__init__(page)
        self._page = page
        self._stale = True
        self._shown = False
        self.revisions: list[RevisionView] = []

    def make_content(self) -> None:
        """Make the list of revisions and the button that restores one."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        self.list = HistoryList()
        self.list.selected.connect(self._selected)
        layout.addWidget(self.list, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.restore_button = buttons.secondary("Restore this version", icon="undo")
        self.restore_button.setEnabled(False)
        self.restore_button.clicked.connect(self.restore)
        self.hint = Label("", role="caption")
        foot.addWidget(self.restore_button)
        foot.addWidget(self.hint, 1)
        layout.addLayout(foot)

    def invalidate(self) -> None:
        """Mark the revisions as stale; they are read again when the tab is visible."""
        self._stale = True
        if self._shown and self.isVisible():
            self.load()

    def load(self) -> None:
        """Read the revisions if what is shown is old."""
        self._shown = True
        self.make()
        session = self._page.session
        if self._stale and session.ready and not session.is_new:
            self._page.tasks.start(self.read(), group="history")
        elif session.is_new:
            self.hint.setText(tr("History begins with the first save"))

    async def read(self) -> None:
        """Read and show the revisions."""
        self.make()
        ctx, session = self._page.ctx, self._page.session
        workspace = await ctx.ready()
        revisions = await ctx.call(workspace.configuration.history, session.kind, session.id)
        names = await load_object_names(ctx)
        # Set together: a row must never refer to a revision that the list does not show yet.
        self.revisions, self._stale = revisions, False

        def show(name: str, value: object) -> str:
            return format_value(value, names, seconds=name.endswith("_s"))

        self.list.set_revisions(self.revisions, self._labels(), show)
        self._selected(-1)

    def _labels(self) -> dict[str, str]:
        # An editor of several fields is shown by the one that carries the name.
        labels = {}
        for one in self._page.form:
            named = [n for n in one.editor.names if n.endswith("_name")]
            for name in named or one.editor.names:
                labels[name] = tr(one.spec.label)
        return labels

    def _selected(self, row: int) -> None:
        older = 0 < row < len(self.revisions)
        self.restore_button.setEnabled(older)
        self._row = row
        count = len(self.revisions)
        self.hint.setText("" if older or count < 2 else tr("Select an earlier version to restore it"))

    def restore(self) -> None:
        """Bring the selected version back, as one more revision."""
        if 0 < self._row < len(self.revisions):
            self._page.tasks.start(self._restore(self.revisions[self._row]), group="restore")

    async def _restore(self, revision: "RevisionView") -> None:
        ctx = self._page.ctx
        workspace = await ctx.ready()

        async def restore(count: int) -> "ConfigurationObject":
            return await ctx.call(partial(workspace.configuration.restore, revision.id, confirmed=count))

        try:
            done, _ = await run_with_confirmation(restore, self.window() or self)
        except ConsoleError as error:
            ctx.show_problem(error.problem)
            return
        if not done:
            return
        ctx.notify(tr("Restored version {number}", number=str(revision.number)))
        self.restored.emit()
