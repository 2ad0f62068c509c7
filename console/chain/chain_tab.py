"""The Chain tab: checks the approval chain through an object, and shows its links, findings and what stands beside them."""

from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QSize, pyqtSignal
from PyQt6.QtGui import QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from console.chain import chain_remedies
from console.chain.chain_export import ChainExport
from console.chain.chain_findings import ChainFindings
from console.chain.chain_presenter import ChainPresenter
from console.chain.chain_side import ChainSide
from console.checks.check_run import CheckHost, CheckRun
from console.design import theme
from console.runtime import lazy_imports
from console.runtime.page_targets import CHAIN_TAB, Target
from console.widgets import buttons
from console.widgets.chain_diagram import ChainDiagram
from console.widgets.flow_layout import FlowLayout
from console.widgets.labels import IconLabel, Label, wrapped_label
from console.widgets.late_content import LateContent
from console.widgets.vertical_scroll_area import VerticalScrollArea
from models.kinds import Kind
from services.approval_chain import ChainReport, LinkKind
from services.common.errors import ConsoleError
from services.language import tr

if TYPE_CHECKING:
    import uuid

    from services.store import Change

TASK_GROUP, OUTLINE_GROUP = "approval chain", "outline of the chain"
TWO_COLUMN_MIN_WIDTH = 820
CARD_SHARE, SIDE_SHARE = 58, 40


class ChainHost(CheckHost, Protocol):
    """The page that a chain is shown on."""

    @property
    def title(self) -> str: ...


class _Content(QWidget):
    """As high as its words need at its width; without this, the height of a narrow one would be kept free."""

    def minimumSizeHint(self) -> QSize:
        """Return the least width; the height follows from the width."""
        return QSize(super().minimumSizeHint().width(), 0)


class ChainTab(LateContent):
    """The chain through the object of a page. Nothing is read from a server before somebody asks for it."""

    changed = pyqtSignal()
    """Badges and commands of the page changed."""

    def __init__(self, page: ChainHost, parent: QWidget) -> None:
        super().__init__(parent)
        self._page, self._ctx = page, page.ctx
        self._kind: Kind | None = None
        self._id: uuid.UUID | None = None
        self._outlined = False
        self.presenter = ChainPresenter()
        self._export = ChainExport(page, self, self.presenter)
        self._run = CheckRun(page, TASK_GROUP, self.presenter, self.presenter.outcome, self._show)
        self._build_buttons()
        self._show()

    # -- building --------------------------------------------------------------

    def make_content(self) -> None:
        """Make the chain and what stands below it."""
        content = _Content()
        self._build(content)
        self.area = VerticalScrollArea(content, tr("Approval chain"), self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.area)
        self._place_columns()
        self._show()

    def _build(self, content: QWidget) -> None:
        column = QVBoxLayout(content)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(12)
        summary = QHBoxLayout()
        summary.setSpacing(12)
        self._counts = QWidget()
        counts = FlowLayout(self._counts, gap=12)
        counts.setContentsMargins(0, 0, 0, 0)
        self._title = Label("", role="strong")
        counts.addWidget(self._title)
        self._states: dict[str, tuple[QWidget, Label]] = {}
        for shape in ("bad", "good", "off"):
            holder, text = QWidget(), Label("")
            pair = QHBoxLayout(holder)
            pair.setContentsMargins(0, 0, 0, 0)
            pair.setSpacing(6)
            pair.addWidget(IconLabel(shape, 14))
            pair.addWidget(text)
            counts.addWidget(holder)
            self._states[shape] = (holder, text)
        self._time = Label("", role="caption")
        summary.addWidget(self._counts, 1)
        summary.addWidget(self._time)
        column.addLayout(summary)
        self.diagram = ChainDiagram(tr("Approval chain"))
        self.diagram.selected.connect(self._select)
        self.diagram.activated.connect(self._open)
        column.addWidget(self.diagram)
        self.caption = wrapped_label("", "caption")
        column.addWidget(self.caption)
        column.addSpacing(4)
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns.setSpacing(24)
        self.findings = ChainFindings(self._ctx)
        self.findings.ticket_requested.connect(self._export.copy_ticket)
        self.findings.link_requested.connect(self.select)
        self._columns.addWidget(self.findings, CARD_SHARE)
        self.side = ChainSide()
        self.side.policy_requested.connect(
            lambda found: self._ctx.navigate(Target(Kind.POLICY.value, found, tab=CHAIN_TAB))
        )
        self.side.requests_requested.connect(self._ctx.navigate)
        self._columns.addWidget(self.side, SIDE_SHARE)
        column.addLayout(self._columns)
        column.addStretch(1)

    def _build_buttons(self) -> None:
        self.again_button = buttons.primary("Check chain", icon="refresh")
        self.again_button.clicked.connect(self.start)
        self.copy_button = buttons.secondary("Copy report", icon="copy")
        self.copy_button.set_short(tr("Copy"))
        self.copy_button.clicked.connect(self._export.copy)
        self.save_button = buttons.secondary("Save report…", icon="download")
        self.save_button.set_short(tr("Save…"))
        self.save_button.clicked.connect(self._export.save)

    def buttons(self) -> list[QPushButton]:
        """Return the buttons for the head of the page."""
        return [self.again_button, self.copy_button, self.save_button]

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put the lists below the finding where there is no room for two columns."""
        super().resizeEvent(event)
        if self.is_made:
            self._place_columns()

    def _place_columns(self) -> None:
        beside = self.width() >= theme.scaled(TWO_COLUMN_MIN_WIDTH)
        self._columns.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )

    def showEvent(self, event: QShowEvent | None) -> None:
        """Read the names of the links when the tab is first seen."""
        super().showEvent(event)
        self._read_outline()

    # -- the object --------------------------------------------------------------

    def set_object(self, kind: Kind, object_id: "uuid.UUID") -> None:
        """Show the chain through an object, once it is stored."""
        self._kind, self._id, self._outlined = kind, object_id, False
        if self.isVisible():
            self._read_outline()
        self._show()

    @property
    def can_check(self) -> bool:
        """Whether there is a chain to check."""
        return self._id is not None and not self.presenter.running

    def on_changes(self, changes: "list[Change]") -> None:
        """Take in that objects were saved, here or by another console."""
        kinds = set(Kind)
        if not any(change.kind in kinds for change in changes):
            return
        if self.presenter.checked and not self.presenter.stale:
            self.presenter.stale = True
            self._show()
        self._outlined = False
        if self.isVisible():
            self._read_outline()

    def _read_outline(self) -> None:
        if self._outlined or self._id is None or self.presenter.checked or self.presenter.running:
            return
        self._outlined = True
        self._page.tasks.start(self._load_outline(), group=OUTLINE_GROUP)

    async def _load_outline(self) -> None:
        await lazy_imports.ready(self._ctx, lazy_imports.approval_chain)
        from services.approval_chain.check import outline_chain
        from services.approval_chain.route import ChainStart

        if self._kind is None or self._id is None:
            return
        workspace = await self._ctx.ready()
        try:
            report = await self._ctx.call(outline_chain, workspace, ChainStart(self._kind, self._id))
        except ConsoleError:
            return  # deleted meanwhile; the page shows it
        self.presenter.show_outline(report)
        self._show()

    # -- checking --------------------------------------------------------------

    def start(self) -> None:
        """Check every link."""
        if not self.can_check:
            return
        self.make()
        number = self.presenter.start()
        self.diagram.reset_selection()
        known = self.presenter.report
        name = (
            tr("Approval chain of {name}", name=known.name) if known and known.name else tr("Approval chain")
        )
        self._run.start(name, number, lambda: self._check(number))
        self._show()

    def cancel(self) -> None:
        """Stop the check; the links that were looked at stay."""
        self._run.cancel()

    async def _check(self, number: int) -> ChainReport:
        await lazy_imports.ready(self._ctx, lazy_imports.approval_chain)
        from services.approval_chain.check import check_chain
        from services.approval_chain.route import ChainStart

        kind, object_id = self._kind, self._id
        assert kind is not None  # noqa: S101 -- `can_check` was asked
        assert object_id is not None  # noqa: S101 -- the same
        return await check_chain(
            await self._ctx.ready(), ChainStart(kind, object_id), lambda found: self._progress(number, found)
        )

    def _progress(self, number: int, report: ChainReport) -> None:
        if self.presenter.is_current(number):
            self.presenter.progress(report)
            self._show()

    # -- what is shown --------------------------------------------------------------

    def _select(self, place: int) -> None:
        link = self.presenter.link_at(place)
        self.presenter.selected = link.kind if link is not None else None
        self._show_findings()

    def _open(self, place: int) -> None:
        link = self.presenter.link_at(place)
        target = chain_remedies.object_target(link) if link is not None else None
        if target is not None:
            self._ctx.navigate(target)

    def _show(self) -> None:
        presenter = self.presenter
        if self.is_made:
            self._show_chain()
        self.again_button.setText(presenter.start_text())
        self.again_button.setEnabled(self.can_check)
        offers = self.is_made and self.findings.offers_remedy and not presenter.stale
        buttons.set_kind(self.again_button, "secondary" if offers else "primary", "refresh")
        for button in (self.copy_button, self.save_button):
            button.setEnabled(presenter.checked)
        self.changed.emit()

    def _show_chain(self) -> None:
        presenter = self.presenter
        self._title.setText(presenter.title_text())
        counts = {count.shape: count.text for count in presenter.state_counts()}
        for shape, (holder, text) in self._states.items():
            text.setText(counts.get(shape, ""))
            holder.setVisible(shape in counts)
        self._time.setText(presenter.time_text())
        self.diagram.set_tiles(presenter.tiles())
        self.diagram.setVisible(bool(presenter.links))
        caption = presenter.caption()
        self.caption.setText(caption)
        self.caption.setVisible(bool(caption))
        self._show_findings()
        self.side.show_chain(presenter.report if presenter.checked else None)

    def _show_findings(self) -> None:
        self.findings.show_findings(self.presenter)

    def select(self, kind: LinkKind) -> None:
        """Select the tile of a link."""
        place = next((at for at, link in enumerate(self.presenter.links) if link.kind is kind), -1)
        self.diagram.select(place)
