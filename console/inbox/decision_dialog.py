"""The dialog of an action: which requests it includes, a comment, and the results."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from console.inbox.action_plan import (
    ActionDescription,
    PlannedRow,
    count_text,
    lower_first,
    plan_rows,
    skip_summary,
    strip_label,
)
from console.inbox.cell_painting import HEADER_HEIGHT
from console.inbox.decider_field import DeciderField
from console.inbox.deciding_account import DecisionAttribution
from console.inbox.request_rows import RowOutcome, is_open, is_raised_by_privilege_manager, request_label
from console.widgets import buttons, plain_text
from console.widgets.data_table import file_name
from console.widgets.dialog import Dialog
from console.widgets.field import Field
from console.widgets.fixed_size_area import FixedSizeScrollArea
from console.widgets.labels import ElidedLabel, Label
from console.widgets.line_editors import TextLineEdit
from console.widgets.rows_table import ROW, RowsTable, TableRow
from models.translation_marks import tr_later
from services.language import plural, tr
from services.requests.domain.permissions import STATE_BY_DECISION

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.user_credential import UserCredential
    from services.requests.inbox.inbox import RequestRow

HEADERS = (tr_later("Request"), tr_later("User"), tr_later("File"), tr_later("What happens"))
WIDTH, MAX_ROWS_SHOWN, MAX_REASONS_SHOWN = 720, 7, 3
SUMMARY_LINES = 4


class ActionDialog(Dialog):
    """Shows which requests an action includes and skips, and why; then the result of each."""

    confirm_requested = pyqtSignal()
    """The user confirmed the action."""
    stopped = pyqtSignal()
    """The user wants to stop the action."""

    def __init__(
        self,
        action: ActionDescription,
        rows: "Sequence[RequestRow]",
        parent: QWidget | None = None,
        attribution: DecisionAttribution | None = None,
        *,
        ctx: "Context | None" = None,
        denied: str = "",
    ) -> None:
        """Show an action for `rows`; a decision offers another account where there is a context.

        `denied` says why the account of the server may not decide.
        """
        super().__init__(parent)
        self.action, self.rows = action, list(rows)
        self._attribution, self._denied = attribution or DecisionAttribution(), denied
        self.running = self.is_finished = False
        one = len(rows) == 1
        what = request_label(rows[0]) if one else count_text(len(rows))
        title = tr(action.title, what=what)
        self.setWindowTitle(plain_text.window_title(title))
        self.setMinimumWidth(WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(Label(title, role="section"))
        self.summary = Label("")
        layout.addWidget(_summary_area(self.summary))
        self.comment = TextLineEdit()
        self.comment.textChanged.connect(lambda _text: self._update())
        self.comment_field = Field("Comment", self.comment, action.comment)
        layout.addWidget(self.comment_field)
        self.decider: DeciderField | None = None
        if ctx is not None and action.name in STATE_BY_DECISION:
            self.decider = DeciderField(ctx, [row.server_id for row in rows])
            self.decider.changed.connect(self._update)
            layout.addWidget(self.decider)
        copies = [row for row in rows if is_raised_by_privilege_manager(row) and is_open(row)]
        self.copies = QCheckBox(
            plural(
                len(copies),
                "Also cancel {count} request raised by Privilege Manager",
                "Also cancel {count} requests raised by Privilege Manager",
            )
        )
        self.copies.setVisible(action.name == "cancel_request" and bool(copies))
        self.copies.toggled.connect(lambda _on: self._update())
        layout.addWidget(self.copies)
        self.table = RowsTable(tr("Requests"), HEADERS, (150, 110, 130, 180))
        self.table.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.setMinimumHeight(HEADER_HEIGHT + min(len(rows), MAX_ROWS_SHOWN) * ROW + 2)
        if one:
            self.table.setMaximumHeight(self.table.minimumHeight())
        layout.addWidget(self.table, 1)
        layout.addStretch(0)
        layout.addLayout(self._footer())
        self._outcomes: dict[uuid.UUID, RowOutcome] = {}
        self._update()
        self.comment.setFocus()

    def _footer(self) -> QHBoxLayout:
        footer = QHBoxLayout()
        footer.setSpacing(8)
        self.confirm_button = buttons.danger("") if self.action.dangerous else buttons.primary("")
        # Enter in the comment confirms; to cancel requests needs a click.
        self.confirm_button.setDefault(not self.action.dangerous)
        self.confirm_button.clicked.connect(self._confirm)
        self.message = ElidedLabel("", role="caption")
        self.close_button = buttons.secondary("Cancel")
        self.close_button.clicked.connect(self.reject)
        footer.addWidget(self.confirm_button)
        footer.addWidget(self.message, 1)
        footer.addWidget(self.close_button)
        return footer

    # -- before it runs ----------------------------------------------------------------------------------------

    @property
    def planned(self) -> list[PlannedRow]:
        """Which requests are included and skipped now."""
        return plan_rows(self.action, self.rows, copies=self.copies.isChecked())

    @property
    def included_rows(self) -> "list[RequestRow]":
        """The requests that are included."""
        return [one.row for one in self.planned if not one.skipped]

    def _update(self) -> None:
        """Show what will be done with the comment and the choices as they are now."""
        if self.running or self.is_finished:
            return
        planned, number = self.planned, len(self.included_rows)
        skipped = len(planned) - number
        text = plural(
            number,
            "{count} request will be {done}",
            "{count} requests will be {done}",
            done=tr(self.action.done),
        )
        if self.action.name == "remind":
            text = plural(
                number,
                "A comment is added for the approvers of {count} request, and ServiceNow notifies them",
                "A comment is added for the approvers of {count} requests, and ServiceNow notifies them",
            )
        if skipped:
            why = skip_summary(planned)
            text += plural(skipped, "; {count} is skipped: {why}", "; {count} are skipped: {why}", why=why)
        whose = (
            self._current_attribution.sentence(self.action.done, self.included_rows)
            if self.action.name in STATE_BY_DECISION
            else ""
        )
        self.summary.setText(f"{text}. {whose}".rstrip())
        several = len(self.rows) > 1
        self.confirm_button.setText(
            tr(self.action.plural_verb, what=count_text(number)) if several else tr(self.action.verb)
        )
        if self.action.dangerous:
            self.confirm_button.setText(
                plural(number, "Cancel {count} request", "Cancel {count} requests")
                if several
                else tr("Cancel the request")
            )
        self.confirm_button.setAccessibleName(self.confirm_button.text())
        why_not = ""
        if not number:
            why_not = tr("None of these can be {done}", done=tr(self.action.done))
        elif self.action.comment_required and not self.comment.text().strip():
            why_not = tr("A comment is needed")
        else:
            why_not = self._decider_reason()
        self.confirm_button.setEnabled(not why_not)
        self.message.setText(why_not)
        self._show_rows()

    @property
    def decider_credential(self) -> "UserCredential | None":
        """The User Credential that decides, None for the account of the server."""
        return None if self.decider is None else self.decider.credential

    @property
    def _current_attribution(self) -> DecisionAttribution:
        """Who decides, with the account that is chosen now."""
        credential = self.decider_credential
        return (
            self._attribution
            if credential is None
            else replace(self._attribution, decider=credential.account)
        )

    def _decider_reason(self) -> str:
        """Return why nobody that is chosen may decide, or an empty text."""
        if self.decider is None or self.decider.credential is None:
            return self._denied
        return self.decider.missing()

    def _show_rows(self) -> None:
        self.table.show_rows([self._row(one) for one in self.planned])

    def _row(self, one: PlannedRow) -> TableRow:
        row, outcome, tip = one.row, self._outcomes.get(one.row.id), ""
        if outcome is not None:
            shape, text = ("good" if outcome.ok else "bad"), strip_label(outcome.text, request_label(row))
            tip = "\n".join(part for part in (outcome.text, outcome.why) if part)
        elif one.skipped:
            shape, text = "off", tr("Skipped: {why}", why=lower_first(one.skipped))
        elif self.running:
            shape, text = "running", tr("Waits its turn")
        elif self.is_finished:
            shape, text = "off", tr("Not begun")
        else:
            shape, text = "todo", self._planned_text(row)
            tip = text
        texts = (
            request_label(row),
            row.user,
            plain_text.replace_bidi_controls(file_name(row.file_path)),
            text,
        )
        return TableRow(shape, texts, str(row.id), ("", "", str(row.file_path), tip))

    def show_attribution(self, attribution: DecisionAttribution) -> None:
        """Show on whose behalf and with which accounts the requests are decided, once that is known."""
        self._attribution = attribution
        self._update()
        layout = self.layout()
        if layout is not None:
            # A sentence of two lines takes no height from the widgets below it.
            layout.activate()
            self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))

    def _planned_text(self, row: "RequestRow") -> str:
        if self.action.name == "remind":
            return tr("Gets a reminder")
        whose = (
            self._current_attribution.phrase(row)
            if self.action.name in STATE_BY_DECISION and len(self.rows) > 1
            else ""
        )
        done = tr(self.action.done)
        return (
            tr("Will be {done} {whose}", done=done, whose=whose) if whose else tr("Will be {done}", done=done)
        )

    def _confirm(self) -> None:
        if not self.running and not self.is_finished:
            self.confirm_requested.emit()

    # -- while it runs -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Show that the action runs."""
        self.running = True
        for widget in (self.comment_field, self.copies, self.confirm_button, self.decider):
            if widget is not None:
                widget.setEnabled(False)
        self._set_close_text(tr("Stop"))
        self.message.setText("")
        self._show_rows()

    def show_outcome(self, key: uuid.UUID, outcome: RowOutcome) -> None:
        """Show the result for a request."""
        self._outcomes[key] = outcome
        self.message.setText(tr("{done} of {count}", done=len(self._outcomes), count=len(self.included_rows)))
        self._show_rows()

    def end(self, text: str) -> None:
        """Show the result of the action."""
        self.running, self.is_finished = False, True
        reasons = list(dict.fromkeys(one.why for one in self._outcomes.values() if one.why))
        if len(self.rows) == 1:
            reasons[:0] = [one.text for one in self._outcomes.values()]
        self.summary.setText("\n".join((text, *reasons[:MAX_REASONS_SHOWN])))
        self.message.setText("")
        self.confirm_button.hide()
        self._set_close_text(tr("Close"))
        self.close_button.setDefault(True)
        self.close_button.setFocus()
        self._show_rows()

    def _set_close_text(self, text: str) -> None:
        self.close_button.setText(text)
        self.close_button.setAccessibleName(text)

    def reject(self) -> None:
        """Close the dialog; while the action runs, stop it instead."""
        if self.running:
            self.message.setText(tr("Stopping: what is under way is read back"))
            self.stopped.emit()
        else:
            super().reject()


def _summary_area(summary: Label) -> FixedSizeScrollArea:
    """Return the area that shows the summary. Its height is fixed: the text at the end is longer, and is scrolled."""
    summary.setWordWrap(True)
    summary.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    holder = QWidget()
    inner = QVBoxLayout(holder)
    inner.setContentsMargins(0, 0, 0, 0)
    inner.addWidget(summary)
    inner.addStretch(1)
    area = FixedSizeScrollArea(holder)
    area.setFixedHeight(SUMMARY_LINES * summary.fontMetrics().lineSpacing())
    return area
