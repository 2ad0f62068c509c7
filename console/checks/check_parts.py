"""What the Check tab shows: the stages under their summary, beside them the findings over the past checks."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from console.checks.check_summary import CheckSummaryView
from console.checks.findings_view import FindingsView
from console.checks.past_checks import PastChecks
from console.design import theme
from console.widgets.late_content import LateContent
from console.widgets.stage_list import StageList
from models.check_stages import STAGE_GROUPS

if TYPE_CHECKING:
    from console.checks.checked_page import CheckablePage

STAGES_WIDTH, TWO_COLUMN_MIN_WIDTH = 512, 740


class CheckParts(QWidget):
    """Two columns, one under the other where there is no room for both."""

    def __init__(self, page: "CheckablePage", parent: QWidget) -> None:
        super().__init__(parent)
        layout = self._columns_layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        layout.setContentsMargins(24, 16, 24, 4)
        layout.setSpacing(24)
        left = QVBoxLayout()
        left.setSpacing(8)
        self.summary = CheckSummaryView()
        left.addWidget(self.summary)
        self.stages = StageList(STAGE_GROUPS[page.checked_kind])
        self.stages.setMaximumWidth(STAGES_WIDTH)
        self.stages.setMinimumWidth(360)
        left.addWidget(self.stages, 1)
        self.findings = FindingsView()
        self.stages.selected.connect(self.findings.scroll_to_stage)
        self.past_checks = PastChecks(page)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self.findings, 1)
        right.addWidget(self.past_checks)
        layout.addLayout(left, 7)
        layout.addLayout(right, 6)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put the findings below the stages where there is no room for two columns."""
        super().resizeEvent(event)
        beside = self.width() >= theme.scaled(TWO_COLUMN_MIN_WIDTH)
        self._columns_layout.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )
        self._columns_layout.setSpacing(24 if beside else 8)
        for half, share in enumerate((7, 6) if beside else (4, 7)):
            self._columns_layout.setStretch(half, share)
        self.past_checks.set_compact(not beside)


class CheckContent(LateContent):
    """The tab around the parts, which are made when it is first shown or when one of them is asked for."""

    def __init__(self, page: "CheckablePage") -> None:
        super().__init__(page)
        self._page = page

    @property
    def summary(self) -> CheckSummaryView:
        """What came of the check."""
        return self._made().summary

    @property
    def stages(self) -> StageList:
        """The stages."""
        return self._made().stages

    @property
    def findings(self) -> FindingsView:
        """The findings."""
        return self._made().findings

    @property
    def past_checks(self) -> PastChecks:
        """The past checks."""
        return self._made().past_checks

    def _made(self) -> CheckParts:
        self.make()
        return self._parts

    def make_content(self) -> None:
        """Make the parts."""
        # Inside its parent: a widget that moves to another parent is styled again with all it holds.
        self._parts = CheckParts(self._page, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._parts)
        self.connect_parts(self._parts)

    @abstractmethod
    def connect_parts(self, parts: CheckParts) -> None:
        """Follow what is clicked in the parts, and show in them what is known."""
