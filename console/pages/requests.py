"""The Requests page: what was asked, how it stands here and in ServiceNow, newest first."""

import uuid
from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from console.lazy import module
from console.pages.base import Page
from console.pages.registry import Target
from console.widgets import buttons
from console.widgets.badge import Badge
from console.widgets.data_table import PATH, RIGHT, STATUS_ROLE, Column, DataTable
from console.widgets.labels import Label
from console.widgets.page_head import PageHead
from console.widgets.states import EmptyState, ErrorState, StateStack
from console.widgets.timeline import ago
from console.workers import Workers
from models.kinds import RequestState
from services.errors import ConsoleError

COLUMNS = (
    Column("State", cut=RIGHT, most=24),
    Column("Age", tone="muted"),
    Column("Policy", cut=RIGHT, least=12, most=28, take=1, give=2),
    Column("User", least=14, most=24, give=1),
    Column("Computer", tone="muted", least=12, most=24, give=1),
    Column("File", cut=PATH, least=20, most=44, take=3, give=9),
    Column("Reason", tone="muted", cut=RIGHT, least=9, most=44, take=3, give=5),
    Column("Process", tone="muted", least=6, most=32, take=2, give=5),
    Column("Number"),
)
LIMIT = 200
SHAPES = {
    RequestState.APPROVED: "good",
    RequestState.REJECTED: "bad",
    RequestState.INVALID: "bad",
    RequestState.FAILED: "bad",
    RequestState.TIMED_OUT: "notice",
    RequestState.CANCELLED: "off",
    RequestState.PENDING: "pending",
    RequestState.SUBMITTING: "running",
}


class RequestModel(QAbstractTableModel):
    """The newest requests as rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Any] = []

    def show_rows(self, rows: list[Any]) -> None:
        """Show requests."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the heads of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].name
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return text, state or the exact time of a cell."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._text(row, index.column())
        if role == STATUS_ROLE and index.column() == 0:
            return SHAPES[RequestState(row.state)]
        if role == Qt.ItemDataRole.ToolTipRole:
            if index.column() == 1:
                return row.requested_at.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
            return row.error or self._text(row, index.column())
        return None

    @staticmethod
    def _text(row: Any, column: int) -> str:
        texts = (
            row.state.replace("_", " ").capitalize() + (" (rehearsal)" if row.rehearsal else ""),
            ago(row.requested_at).removesuffix(" ago"),
            row.policy_name,
            row.initiator_name,
            row.agent_name,
            row.file_path,
            row.reason,
            row.process_name,
            row.number or row.external_id,
        )
        return str(texts[column])


def newest(store: Any, limit: int = LIMIT) -> tuple[list[Any], int]:
    """Return the newest requests of a store and how many there are; blocks, for a thread."""
    from sqlalchemy import func
    from sqlmodel import col, select

    from models.approval_request import ApprovalRequest

    with store.read() as session:
        order = col(ApprovalRequest.requested_at).desc()
        rows = list(session.exec(select(ApprovalRequest).order_by(order).limit(limit)))
        total = session.exec(select(func.count()).select_from(ApprovalRequest)).one()
    return rows, int(total)


def matching(store: Any, text: str, limit: int) -> list[Any]:
    """Return the newest requests that hold `text` in their number, policy, user, computer or file; for a thread."""
    from sqlalchemy import or_
    from sqlmodel import col, select

    from models.approval_request import ApprovalRequest as Request

    fields = (
        Request.number,
        Request.external_id,
        Request.policy_name,
        Request.initiator_name,
        Request.agent_name,
        Request.file_path,
    )
    held = or_(*(col(name).icontains(text, autoescape=True) for name in fields))
    with store.read() as session:
        order = col(Request.requested_at).desc()
        return list(session.exec(select(Request).where(held).order_by(order).limit(limit)))


def one(store: Any, request_id: uuid.UUID) -> Any:
    """Return a request by id, or None; blocks, for a thread."""
    from models.approval_request import ApprovalRequest

    with store.read() as session:
        return session.get(ApprovalRequest, request_id)


class RequestsPage(Page):
    """Lists the newest requests and follows their changes."""

    kind, icon = "requests", "tray"

    def __init__(self, ctx: Any, target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.set_title("Requests")
        self._wanted: uuid.UUID | None = None
        self.workers = Workers(self)
        self.workers.failed.connect(self._failed)
        refresh = buttons.quiet("Refresh", icon="refresh")
        refresh.clicked.connect(self.refresh)
        self.head = PageHead([], self.title, beside=[refresh])
        self.head.set_primary_reason("")
        self.model = RequestModel(self)
        self.table = DataTable(self.model, COLUMNS, "Requests")
        self.states = StateStack(self.table)
        self.foot = Label("", role="caption")
        self.foot.setContentsMargins(24, 4, 24, 6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.states, 1)
        layout.addWidget(self.foot)

    # -- reading -----------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Read the requests, and again whenever one changes."""
        self.ctx.changes.connect(self._changed)
        self.arrive(self.target)
        self.refresh()

    def open_tab(self, name: str) -> None:
        """Show one request: the tabs of this page are the ids of its rows."""
        self._wanted = uuid.UUID(name)
        self.refresh()

    def _changed(self, changes: list[Any]) -> None:
        if any(c.kind == "approval_request" for c in changes):
            self.refresh()

    def refresh(self) -> None:
        """Read the requests again."""
        self.states.show_loading()
        self.workers.start(self._read(), group="read")

    async def _read(self) -> None:
        workspace = await self.ctx.ready()
        await module(self.ctx, "models.approval_request")
        rows, total = await self.ctx.call(newest, workspace.store)
        wanted = self._wanted
        if wanted is not None and all(row.id != wanted for row in rows):
            older = await self.ctx.call(one, workspace.store, wanted)
            rows += [older] if older is not None else []
        pending = sum(1 for row in rows if not RequestState(row.state).final)
        self.head.set_badges([Badge(f"{pending} pending", "off", "pending")] if pending else [])
        if not rows:
            self.foot.setText("")
            self.states.show_other(
                EmptyState(
                    (
                        ("action", "Action"),
                        ("tag", "Approval Type"),
                        ("process", "Approval Process"),
                        ("tray", "Request"),
                    ),
                    "tray",
                    "No requests yet",
                    "A request is raised when an endpoint asks, or by a rehearsal from an Approval Process.",
                )
            )
            return
        self.model.show_rows(rows)
        cut = (
            f"First {len(rows)} of {total:,}, newest first"
            if total > len(rows)
            else f"{total} requests, all shown"
        )
        self.foot.setText(cut if total != 1 else "1 request, all shown")
        self.states.show_content()
        self._wanted = None
        for place, row in enumerate(rows):
            if row.id == wanted:
                self.table.selectRow(place)
                self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, ConsoleError):
            self.states.show_other(ErrorState(error.problem, self.refresh))
        else:
            raise error

    def actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done here."""
        return {"refresh": self.refresh}
