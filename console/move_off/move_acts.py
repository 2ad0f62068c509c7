"""What the buttons of the page Move off passwords do: tries, the switch and its undo, and the dialogs before them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from console.forms.markdown_file import open_save_dialog
from console.move_off.dialogs import ConfirmServerDialog, RemovePasswordDialog, RestrictionDialog
from console.move_off.presenter import Rehearsing, restriction_texts
from console.widgets.dialog import Dialog
from services.language import tr
from services.sign_in_switch.checklist import checklist_document

if TYPE_CHECKING:
    from console.move_off.move_page import MovePage
    from services.common.errors import Problem
    from services.sign_in_probe import RowResult, SignInProbe
    from services.sign_in_switch.rehearsal_records import SignInRehearsal


class MoveActs(QObject):
    """The acts of one page."""

    def __init__(self, page: "MovePage") -> None:
        super().__init__(page)
        self._page, self._ctx, self._tasks, self._work = page, page.ctx, page.tasks, page.work
        self.presenter = page.presenter
        self._work.probe_row_ended.connect(self._on_probe_row)

    def probe(self) -> None:
        """Probe the new sign-in."""
        facts, presenter = self.presenter.facts, self.presenter
        if facts is None or facts.server is None or facts.target is None or not presenter.can_try:
            return
        presenter.probing, presenter.probe, presenter.probe_rows = True, None, {}
        self._page.refresh()
        self._tasks.start(
            self._work.probe(facts.server, facts.target),
            group="try",
            on_result=self._on_probe,
            on_problem=self._on_tried,
        )

    def _on_probe_row(self, result: "RowResult") -> None:
        self.presenter.probe_rows[result.row] = result
        self._page.refresh()

    def _on_probe(self, probe: "SignInProbe") -> None:
        self.presenter.probing, self.presenter.probe = False, probe
        self._page.look()

    def _on_tried(self, problem: "Problem") -> None:
        self.presenter.probing, self.presenter.rehearsing = False, Rehearsing.NONE
        self._page.view.body.notice.show_problem(problem)
        self._page.look()

    def rehearse_next(self) -> None:
        """Rehearse with the sign-in whose rehearsal is missing, else once more with the new one."""
        facts = self.presenter.facts
        first = facts is not None and facts.before is None and not facts.after and not self.presenter.probe
        self.rehearse(Rehearsing.BEFORE if first else Rehearsing.AFTER)

    def rehearse(self, which: Rehearsing) -> None:
        """Rehearse with one of the two sign-ins; on a production server its name is asked for."""
        facts = self.presenter.facts
        server = facts.server if facts is not None else None
        if server is not None and server.production:
            text = tr("A real request is raised on {name}, approved and cleaned up.", name=server.name)
            dialog = ConfirmServerDialog(
                tr("Rehearse a request"), text, tr("Rehearse"), server.name, self._page.window()
            )
            self._open(dialog, lambda: self.start_rehearsal(which))
        else:
            self.start_rehearsal(which)

    def start_rehearsal(self, which: Rehearsing) -> None:
        """Rehearse without a question."""
        facts = self.presenter.facts
        if facts is None or facts.server is None or self.presenter.is_working:
            return
        credential = facts.source if which is Rehearsing.BEFORE else facts.target
        if credential is None:
            return
        self.presenter.rehearsing = which
        self._page.refresh()
        self._tasks.start(
            self._work.rehearse(facts.server, credential),
            group="try",
            on_result=self._on_rehearsed,
            on_problem=self._on_tried,
        )

    def _on_rehearsed(self, _done: "SignInRehearsal") -> None:
        self.presenter.rehearsing = Rehearsing.NONE
        self._page.look()

    # -- switching ---------------------------------------------------------

    def switch(self) -> None:
        """Switch to the new sign-in; on a production server its name is asked for."""
        facts = self.presenter.facts
        if facts is None or facts.server is None or facts.target is None or not self.presenter.can_switch():
            return
        if facts.server.production:
            text = tr(
                "{server} signs in with {credential} from the next call on. Open requests are not touched.",
                server=facts.server.name,
                credential=facts.target.name,
            )
            dialog = ConfirmServerDialog(
                tr("Switch the sign-in"),
                text,
                self._page.view.switch_button.text(),
                facts.server.name,
                self._page.window(),
            )
            self._open(dialog, self._switch_now)
        else:
            self._switch_now()

    def _switch_now(self) -> None:
        facts = self.presenter.facts
        if facts is None or facts.server is None or facts.target is None:
            return
        name = facts.target.name
        self._tasks.start(
            self._work.switch(facts.server, facts.target, facts.open_requests),
            group="write",
            on_result=lambda _done: self._on_written(tr("Switched to {name}", name=name)),
            on_problem=self._on_tried,
        )

    def undo(self) -> None:
        """Undo the switch."""
        if self._page.target.id is not None and self.presenter.is_switched:
            self._tasks.start(
                self._work.undo(self._page.target.id),
                group="write",
                on_result=lambda _done: self._on_written(tr("The switch was undone")),
                on_problem=self._on_tried,
            )

    def remove_password(self) -> None:
        """Remove the former password from the vault, after a question."""
        facts = self.presenter.facts
        if facts is None or facts.source is None or not self.presenter.is_switched:
            return
        self._open(RemovePasswordDialog(facts.source.name, self._page.window()), self._remove_now)

    def _remove_now(self) -> None:
        if self._page.target.id is not None:
            self._tasks.start(
                self._work.remove_password(self._page.target.id),
                group="write",
                on_result=lambda _done: self._on_written(tr("The password was removed")),
                on_problem=self._on_tried,
            )

    def _on_written(self, text: str) -> None:
        self._page.view.body.notice.clear()
        self._ctx.notify(text)
        self._page.follow_steps()
        self._page.look()

    def _open(self, dialog: Dialog, accepted: Callable[[], None] | None = None) -> None:
        if accepted is not None:
            dialog.accepted.connect(accepted)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # -- the checklist -----------------------------------------------------

    def save(self) -> None:
        """Save the checklist as a document to hand over."""
        facts, method = self.presenter.facts, self.presenter.method
        if facts is None or facts.server is None or method is None:
            return
        name = tr("Move {name} off passwords", name=facts.server.name)
        text = checklist_document(name, facts.server.base_url, method, self.presenter.entries())
        open_save_dialog(self._ctx, self._tasks, self._page.window(), tr("Save checklist"), name, text)

    def copy_all(self) -> None:
        """Put all settings on the clipboard."""
        self._page.view.settings.copy_all()
        self._ctx.notify(tr("Copied all settings"))

    def show_why(self) -> None:
        """Say what the restriction is."""
        self._open(
            RestrictionDialog(" ".join(restriction_texts(self.presenter.restriction)), self._page.window())
        )
