"""The Plan tab: server and plan on the left; names, the selected change or the run on the right; conflicts below."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from console.forms.reference_picker import ReferenceField
from console.provisioning.change_view import ChangeView
from console.provisioning.parameters import Parameters
from console.provisioning.plan_texts import (
    conflict_texts,
    first_shown_change,
    missing_admin_text,
    next_conflict,
    owner_caption,
    read_at_text,
)
from console.provisioning.run_view import RunView
from console.widgets import buttons
from console.widgets.labels import ElidedLabel, IconLabel, Label, LinkLabel
from console.widgets.placeholders import ErrorState, StateStack
from console.widgets.plan_tree import PlanGroup, PlanRow, PlanTree
from models.kinds import Kind
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.language import plural, tr

if TYPE_CHECKING:
    from console.forms.field_editors import EditorHost
    from console.provisioning.operations import PlanResult
    from models.foreign_system import ForeignSystem
    from services.provisioning import ProvisionPlan

LEFT_WIDTH, LEFT_MIN_WIDTH, RIGHT_MIN_WIDTH, SIDE_BY_SIDE_WIDTH = 347, 248, 232, 720
GROUPS = (
    PlanGroup("sc_category", tr_later("Category"), "folder", tr_later("categories")),
    PlanGroup("sc_cat_item", tr_later("Catalog item"), "box", tr_later("items")),
    PlanGroup("item_option_new", tr_later("Variables"), "variable", tr_later("variables")),
    PlanGroup("sys_web_service", tr_later("Scripted SOAP services"), "braces", tr_later("services")),
    PlanGroup("sys_web_service_input", tr_later("Inputs"), "braces", tr_later("inputs")),
    PlanGroup("sys_web_service_output", tr_later("Outputs"), "braces", tr_later("outputs")),
)
COUNTS = (
    ("create", "create", tr_later("create")),
    ("update", "update", tr_later("update")),
    ("keep", "keep", tr_later("keep")),
    ("conflict", "bad", "conflict"),
)
PARAMETERS, CHANGE, RUN = range(3)


class PlanTab(QWidget):
    """Lays out server, plan and details; the details are made by `make_details`."""

    change_chosen = pyqtSignal(str)
    """A record was selected; carries its key."""
    plan_requested = pyqtSignal()
    cancel_requested = pyqtSignal()

    def __init__(self, host: "EditorHost", parent: QWidget) -> None:
        super().__init__(parent)
        self._host = host
        self.server = ReferenceField(host, "server_id", Kind.FOREIGN_SYSTEM, optional=False)
        self._quiet = False
        self._narrow, self._detail = False, False
        # Everything is made inside its parent: a widget that moves to another parent is styled again with all it holds.
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        self._list, self._details = QWidget(split), QWidget(split)
        self._left(self._list)
        split.addWidget(self._list)
        split.addWidget(self._details)
        split.setStretchFactor(1, 1)
        split.setSizes([LEFT_WIDTH + 40, 640])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)

    def make_details(self) -> None:
        """Make the right half, which takes as long as the left one."""
        self.right = QStackedWidget(self._details)
        self.parameters = Parameters(self.right)
        self.change, self.run = ChangeView(self._host.ctx, self.right), RunView(self._host.ctx, self.right)
        self._right(self._details)
        self.show_server(None)

    # -- building ----------------------------------------------------------

    def _left(self, left: QWidget) -> None:
        left.setMinimumWidth(LEFT_MIN_WIDTH)
        column = QVBoxLayout(left)
        column.setContentsMargins(24, 12, 16, 8)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        label = ElidedLabel(tr("ServiceNow system"), role="field")
        label.setBuddy(self.server.button)
        self.server.button.setAccessibleName(tr("ServiceNow system"))
        self.names_link = LinkLabel(tr("Names and options"))
        self.names_link.clicked.connect(self.show_parameters)
        head.addWidget(label, 1)
        head.addWidget(self.names_link)
        column.addLayout(head)
        column.addWidget(self.server.button)
        column.addLayout(self._summary())
        self.account = Label("", role="caption")
        self.account.setWordWrap(True)
        column.addWidget(self.account)
        rule = QFrame()
        rule.setProperty("role", "rule")
        column.addWidget(rule)
        self.tree = PlanTree([replace(g, title=tr(g.title), plural=tr(g.plural)) for g in GROUPS])
        self.tree.opened.connect(lambda: self._show_detail(on=True))
        self.tree.chosen.connect(self._on_record_selected)
        self.states = StateStack(self.tree, left)
        column.addWidget(self.states, 1)

    def _on_record_selected(self, key: str) -> None:
        if not self._quiet:
            self.change_chosen.emit(key)

    def _summary(self) -> QVBoxLayout:
        both = QVBoxLayout()
        both.setSpacing(4)
        line = QHBoxLayout()
        line.setSpacing(10)
        self.counts: dict[str, tuple[QLabel, Label]] = {}
        for operation, shape, _ in COUNTS:
            picture, text = IconLabel(shape, 14), Label("")
            pair = QHBoxLayout()
            pair.setSpacing(5)
            pair.addWidget(picture)
            pair.addWidget(text)
            line.addLayout(pair)
            self.counts[operation] = (picture, text)
        line.addStretch(1)
        second = QHBoxLayout()
        second.setSpacing(4)
        self.read_at = ElidedLabel("", role="caption")
        self.cancel = LinkLabel(tr("Cancel"))
        self.cancel.setAccessibleName(tr("Cancel planning"))
        self.cancel.clicked.connect(self.cancel_requested)
        self.cancel.hide()
        second.addWidget(self.read_at, 1)
        second.addWidget(self.cancel)
        both.addLayout(line)
        both.addLayout(second)
        return both

    def _right(self, right: QWidget) -> None:
        right.setMinimumWidth(RIGHT_MIN_WIDTH)
        column = QVBoxLayout(right)
        column.setContentsMargins(16, 12, 24, 12)
        column.setSpacing(12)
        self._right_column = column
        self.back = LinkLabel(tr("Back to the plan"))
        self.back.setContentsMargins(0, 1, 4, 1)
        self.back.clicked.connect(lambda: self._show_detail(on=False))
        column.addWidget(self.back)
        for widget in (self.parameters, self.change, self.run):
            self.right.addWidget(widget)
        column.addWidget(self.right, 1)
        self.conflicts = QFrame(right)
        self.conflicts.setProperty("role", "conflict")
        line = QHBoxLayout(self.conflicts)
        line.setContentsMargins(12, 8, 12, 8)
        line.setSpacing(10)
        shape = IconLabel("bad", 14, ground="bad-bg")
        words = QVBoxLayout()
        words.setSpacing(2)
        self.conflict_title, self.conflict_text = Label("", role="strong"), ElidedLabel("")
        self.conflict_title.setWordWrap(True)
        words.addWidget(self.conflict_title)
        words.addWidget(self.conflict_text)
        self.compare = buttons.secondary("Compare")
        self.compare.setAccessibleName(tr("Compare the next conflict"))
        self.compare.clicked.connect(self._next_conflict)
        line.addWidget(shape, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        line.addWidget(self.compare)
        column.addWidget(self.conflicts)

    # -- narrow windows ----------------------------------------------------

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Show list and details side by side where there is room, else one of them."""
        super().resizeEvent(event)
        narrow = self.width() < SIDE_BY_SIDE_WIDTH
        if narrow != self._narrow:
            self._narrow = narrow
            self._fold()

    def _show_detail(self, *, on: bool) -> None:
        self._detail = on
        self._fold()
        if self._narrow and not on:
            self.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _fold(self) -> None:
        self._list.setVisible(not self._narrow or not self._detail)
        self._details.setVisible(not self._narrow or self._detail)
        self.back.setVisible(self._narrow)
        self._right_column.setContentsMargins(24 if self._narrow else 16, 12, 24, 12)

    # -- what it shows -----------------------------------------------------

    def show_server(self, server: "ForeignSystem | None") -> None:
        """Discard the plan, and start with a server or without one."""
        self._plan: ProvisionPlan | None = None
        self.conflicts.hide()
        self._show_counts(None)
        self.account.hide()
        self.read_at.setText("")
        if server is None:
            self.states.show_placeholder(
                _message(
                    tr("No ServiceNow system is chosen"),
                    tr(
                        "Choose the server above. What would be made on it is shown here; nothing is written before you say so."
                    ),
                )
            )
        self.right.setCurrentIndex(PARAMETERS)
        self._show_detail(on=False)

    def show_parameters(self) -> None:
        """Show the form of names and options."""
        self.right.setCurrentIndex(PARAMETERS)
        self._show_detail(on=True)
        self.parameters.category.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_run(self) -> None:
        """Show the run."""
        self.right.setCurrentIndex(RUN)
        self._show_detail(on=True)

    def planning(self, *, on: bool) -> None:
        """Show whether planning runs; the last plan stays, greyed."""
        self.cancel.setVisible(on)
        self.tree.set_stale(on=on)
        self.change.difference.set_stale(on)
        if on:
            self.states.show_loading()
            self.read_at.setText(tr("Reading what is there"))
        elif self._plan is None:
            self.read_at.setText("")

    def cancelled(self) -> None:
        """Show that planning was cancelled."""
        self.planning(on=False)
        if self._plan is None:
            again = buttons.secondary("Plan again", icon="refresh")
            again.clicked.connect(self.plan_requested.emit)
            self.states.show_placeholder(
                _message(tr("Planning was cancelled"), tr("Nothing was written."), again)
            )
        else:
            self.read_at.setText(tr("Cancelled; this is the plan before"))

    def failed(self, error: ConsoleError) -> None:
        """Show why there is no plan."""
        self._plan = None
        self.planning(on=False)
        self._show_counts(None)
        self.conflicts.hide()
        self.account.hide()
        self.states.show_placeholder(ErrorState(error.problem, self.plan_requested.emit))
        if self.right.currentIndex() == CHANGE:
            self.right.setCurrentIndex(PARAMETERS)

    def show_plan(self, planned: "PlanResult") -> None:
        """Show a plan; the selected change stays selected."""
        self._plan = plan = planned.plan
        self.planning(on=False)
        self._show_counts(plan.summary)
        self.read_at.setText(read_at_text(planned))
        missing_admin = missing_admin_text(planned)
        self.account.setVisible(bool(missing_admin))
        self.account.setText(missing_admin)
        names = {c.key: c.name for c in plan.changes}
        self._quiet = True
        try:
            self.tree.show_changes(
                [PlanRow(c.key, c.table, c.name, c.operation, owner_caption(c, names)) for c in plan.changes]
            )
        finally:
            self._quiet = False
        self.parameters.show_workflows(plan.present.workflows, plan.present.workflow)
        self._show_conflicts(plan)
        self.states.show_content()
        if self.change.change is not None and self.tree.key == self.change.change.key:
            if self.right.currentIndex() == CHANGE:
                self.change_chosen.emit(self.tree.key)
        elif not self.tree.key:
            self._select_first(plan)

    def _select_first(self, plan: "ProvisionPlan") -> None:
        first = first_shown_change(plan)
        if first is not None and self.right.currentIndex() != RUN:
            self.tree.select(first.key)

    def _show_counts(self, summary: dict[str, int] | None) -> None:
        for operation, _, word in COUNTS:
            picture, text = self.counts[operation]
            count = summary[operation] if summary else 0
            conflicts = plural(count, "{count} conflict", "{count} conflicts")
            text.setText(
                conflicts if operation == "conflict" else tr("{count} {word}", count=count, word=tr(word))
            )
            for widget in (picture, text):
                widget.setVisible(bool(count))

    def _show_conflicts(self, plan: "ProvisionPlan") -> None:
        texts = conflict_texts(plan)
        self.conflicts.setVisible(texts is not None)
        if texts is not None:
            self.conflict_title.setText(texts[0])
            self.conflict_text.setText(texts[1])

    def _next_conflict(self) -> None:
        if self._plan is None:
            return
        key = next_conflict(self._plan, self.tree.key)
        if key == self.tree.key:
            self.change_chosen.emit(key)
        self.tree.select(key)
        self.tree.setFocus(Qt.FocusReason.OtherFocusReason)


def _message(title: str, text: str, button: QPushButton | None = None) -> QWidget:
    """Return a placeholder for the narrow column that says why there is no plan."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 16, 0, 0)
    column.setSpacing(8)
    heading, words = Label(title, role="section"), Label(text, role="muted")
    for label in (heading, words):
        label.setWordWrap(True)
        column.addWidget(label)
    if button is not None:
        column.addWidget(button)
    column.addStretch(1)
    return holder
