"""The probe on a credential's page: heading with the server, five rows, and the card of one finding."""

import uuid

from PyQt6.QtCore import QPoint, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from console.checks.check_presenter import finding_title
from console.objects.probe_presenter import ProbeFinding, ProbePresenter
from console.widgets import plain_text
from console.widgets.labels import FittingLabel, Label, LinkLabel
from console.widgets.line_editors import ElidingComboBox
from console.widgets.probe_rows import ProbeRows
from console.widgets.stage_list import FindingCard
from services.common.errors import Owner
from services.language import tr, translate

GAP = 8
SERVER_WIDTH = 160


class ProbeCard(QWidget):
    """Shows a `ProbePresenter`. Nothing moves while a probe runs; the finding stands below the rows."""

    server_chosen = pyqtSignal(object)

    def __init__(self, presenter: ProbePresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self._shown: ProbeFinding | None = None
        self._by_hand = False
        self._selecting = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(self._heading())
        self.rows = ProbeRows(presenter.lines)
        self.rows.selected.connect(self._select)
        layout.addWidget(self.rows)
        self.card: FindingCard | None = None
        self._layout = layout

    def _heading(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Label(tr("Probe"), role="section"))
        self.caption = FittingLabel("caption")
        line.addWidget(self.caption, 1)
        self.server_box = ElidingComboBox()
        self.server_box.setAccessibleName(tr("ServiceNow Server to probe"))
        self.server_box.setMaximumWidth(SERVER_WIDTH)
        self.server_box.activated.connect(self._choose_server)
        self.server_box.hide()
        self.copy_link = LinkLabel(tr("Copy report"))
        self.copy_link.clicked.connect(self._copy_report)
        line.addWidget(self.server_box)
        line.addWidget(self.copy_link)
        return line

    # -- what it shows -----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what the presenter says now."""
        presenter = self._presenter
        self.caption.set_wordings(presenter.caption, "")
        self.copy_link.setVisible(bool(presenter.report) and not presenter.running)
        self.rows.rows.set_rows(presenter.lines)
        self._show_servers()
        if presenter.running:
            self._by_hand = False
            self._select_row("")
        findings = presenter.findings
        wanted = self._shown if self._shown in findings else None
        if wanted is None and findings and not self._by_hand:
            wanted = findings[0]
            self._select_row(wanted.stage)
        self._show_finding(wanted)

    def _show_servers(self) -> None:
        servers = [(one.id, plain_text.one_line(one.name)) for one in self._presenter.servers]
        shown = [
            (self.server_box.itemData(i), self.server_box.itemText(i)) for i in range(self.server_box.count())
        ]
        if servers != shown:
            self.server_box.clear()
            for server_id, name in servers:
                self.server_box.addItem(name, server_id)
        self.server_box.setCurrentIndex(self.server_box.findData(self._presenter.server_id))
        self.server_box.setVisible(len(servers) > 1)
        self.server_box.setEnabled(not self._presenter.running)

    def _show_finding(self, finding: ProbeFinding | None) -> None:
        if finding == self._shown and (finding is None) == (self.card is None):
            return
        self._shown = finding
        if self.card is not None:
            self._layout.removeWidget(self.card)
            self.card.hide()
            self.card.deleteLater()
            self.card = None
        if finding is None:
            return
        label = next((one.label for one in self._presenter.lines if one.key == finding.stage), tr("Probe"))
        self.card = FindingCard(
            finding, finding_title(label, translate(finding.cause)), own=finding.owner == Owner.CONSOLE.value
        )
        # A probe's faults are words of their own, which the catalog of the check does not list.
        self.card.entry_link.hide()
        self.card.ticket_requested.connect(lambda: _copy(finding.problem.as_text()))
        self._layout.addWidget(self.card)

    def bring_finding_into_sight(self) -> None:
        """Scroll the page so that what a probe found begins in sight; nothing moves without a finding."""
        if self.card is None:
            return
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        content = area.widget() if area is not None else None
        bar = area.verticalScrollBar() if area is not None else None
        if content is not None and bar is not None:
            bar.setValue(self.mapTo(content, QPoint(0, 0)).y() - GAP)

    # -- what a person does ------------------------------------------------------------------------------------

    def _select(self, key: str) -> None:
        if self._selecting:
            return
        self._by_hand = True
        found = next((one for one in self._presenter.findings if one.stage == key), None)
        self._show_finding(found)

    def _select_row(self, key: str) -> None:
        self._selecting = True
        self.rows.select(key)
        self._selecting = False

    def _choose_server(self, place: int) -> None:
        chosen = self.server_box.itemData(place)
        if isinstance(chosen, uuid.UUID):
            self._by_hand = False
            self.server_chosen.emit(chosen)

    def _copy_report(self) -> None:
        _copy(self._presenter.report)


def _copy(text: str) -> None:
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
