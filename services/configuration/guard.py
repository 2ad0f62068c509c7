"""The in-flight guard: an object on which open requests hang is changed only by somebody who says how many they are."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.approval_process import ApprovalProcess
from models.approval_request import COPY, ApprovalRequest
from models.base import Item, utcnow
from models.foreign_system import ForeignSystem
from models.kinds import Kind, RequestEventKind, RequestState
from models.request_event import RequestEvent
from services.errors import OpenRequests, RequestsOpenError
from services.store.unit_of_work import UnitOfWork
from services.store.values import as_values, table_of

OPEN = (RequestState.PENDING.value, RequestState.SUBMITTING.value)
REPOINTS: dict[Kind, frozenset[str]] = {
    Kind.USER_CREDENTIAL: frozenset({"account"}),
    Kind.FOREIGN_SYSTEM: frozenset({"base_url", "credential_id"}),
    Kind.APPROVAL_PROCESS: frozenset(
        {"server_id", "request_item_id", "create_service", "status_service", "cancel_service"}
    ),
    Kind.APPROVAL_TYPE: frozenset({"process_id"}),
}
"""Fields that say where requests go or who asks about them."""

_RENAMED = "What is open keeps the old name, and whoever looks for the new one does not find it."
_MOVED = {
    Kind.USER_CREDENTIAL: "What is open is asked about by another account, which may not see it.",
    Kind.FOREIGN_SYSTEM: "What is open is asked about elsewhere or by another account, where it may be unknown.",
    Kind.APPROVAL_PROCESS: "What is open was raised the old way and is asked about the new way, where it may be unknown.",
    Kind.APPROVAL_TYPE: "What is open stays with the process it was raised through; new requests take the new way.",
}
_DELETED = {
    Kind.USER_CREDENTIAL: "What is open can be asked about no more.",
    Kind.FOREIGN_SYSTEM: "What is open is followed no more; in ServiceNow it stays open.",
    Kind.APPROVAL_PROCESS: "What is open ends here as failed; in ServiceNow it stays open.",
    Kind.APPROVAL_TYPE: "What is open goes on through its process, without a type.",
}


def open_requests(session: Session, kind: Kind, object_id: uuid.UUID) -> OpenRequests:
    """Count the open requests that hang on an object, through whatever chain of references."""
    table = table_of(ApprovalRequest)
    query = (
        select(table.c.state, func.count())
        .where(table.c.state.in_(OPEN), _hang_on(kind, object_id))
        .group_by(table.c.state)
    )
    counts: dict[str, int] = {row[0]: row[1] for row in session.execute(query)}
    return OpenRequests(counts.get(OPEN[0], 0), counts.get(OPEN[1], 0))


def refusal(
    session: Session, kind: Kind, stored: Mapping[str, Any], item: Item | None
) -> RequestsOpenError | None:
    """Return why `stored` must not become `item` (None: be deleted) without a confirmation, or None when it may."""
    act, consequence = f"Delete “{stored['name']}”", _DELETED[kind]
    if item is not None:
        changed = {n for n in item.fields.model_fields if getattr(item, n) != stored[n]}
        moved = changed & REPOINTS[kind]
        if not moved and "name" not in changed:
            return None
        act = f"Change “{stored['name']}”" if moved else f"Rename “{stored['name']}”"
        consequence = _MOVED[kind] if moved else _RENAMED
    found = open_requests(session, kind, stored["id"])
    if not found.count:
        return None
    return RequestsOpenError(stored["name"], act, found, consequence)


def stored_values(session: Session, item: Item) -> Mapping[str, Any] | None:
    """Return what is stored of `item`, or None when nothing is."""
    table = table_of(item)
    found = session.execute(select(table).where(table.c.id == item.id)).mappings().first()
    return dict(found) if found else None


def let_go(work: UnitOfWork, item: Item) -> None:
    """Take the references of requests to `item` off before it is deleted; their copies of names stay.

    Open requests that were raised here end as failed where nothing can follow them any more. The reference alone is no
    edit of a request: it is written down once for all of them, not as a revision of each.
    """
    if item.kind == Kind.APPROVAL_PROCESS:
        _end(work, item)
    table = table_of(ApprovalRequest)
    taken = 0
    for column in _columns_to(item):
        done = work.session.execute(update(table).where(column == item.id).values({column.name: None}))
        taken += done.rowcount  # type: ignore[attr-defined]
    if taken:
        work.event(
            "let go", kind=str(table.name), object_id=item.id, name=item.name, detail=f"{taken} requests"
        )


def refers(kind: str) -> bool:
    """Whether a reference of this kind keeps an object from being deleted; those of requests do not."""
    return kind != str(table_of(ApprovalRequest).name)


def _end(work: UnitOfWork, item: Item) -> None:
    rows = work.session.exec(
        select_rows(ApprovalRequest).where(
            col(ApprovalRequest.state).in_(OPEN),
            _same(ApprovalRequest.process_id) == item.id,
            ApprovalRequest.version != COPY,
        )
    ).all()
    now = utcnow()
    for row in rows:
        work.session.expunge(row)
        row.state, row.ended_at = RequestState.FAILED.value, now
        row.error = f"“{item.name}” was deleted while the request was open"
        work.update(row, row.version)
        told = RequestEvent(request_id=row.id, at=now, kind=RequestEventKind.FAILED, detail=row.error)
        work.session.execute(table_of(told).insert().values(**as_values(told)))


def _columns_to(item: Item) -> list[Any]:
    target = str(table_of(item).name)
    columns = table_of(ApprovalRequest).columns
    return [c for c in columns if any(key.column.table.name == target for key in c.foreign_keys)]


def _hang_on(kind: Kind, object_id: uuid.UUID) -> ColumnElement[bool]:
    match kind:
        case Kind.APPROVAL_TYPE:
            return _same(ApprovalRequest.type_id) == object_id
        case Kind.APPROVAL_PROCESS:
            return _same(ApprovalRequest.process_id) == object_id
        case Kind.FOREIGN_SYSTEM:
            return _on_servers(select(table_of(ForeignSystem).c.id).where(_id(ForeignSystem) == object_id))
        case Kind.USER_CREDENTIAL:
            servers = table_of(ForeignSystem)
            signs_in = or_(servers.c.credential_id == object_id, servers.c.proxy_credential_id == object_id)
            return _on_servers(select(servers.c.id).where(signs_in))


def _on_servers(servers: Any) -> ColumnElement[bool]:
    processes = table_of(ApprovalProcess)
    through = select(processes.c.id).where(processes.c.server_id.in_(servers))
    return or_(
        _same(ApprovalRequest.server_id).in_(servers),
        col(ApprovalRequest.server_id).is_(None) & _same(ApprovalRequest.process_id).in_(through),
    )


def _id(model: type[Item]) -> ColumnElement[uuid.UUID]:
    return table_of(model).c.id


def _same(column: Any) -> ColumnElement[uuid.UUID]:
    """Return a column in a form that no index is chosen for: there are few open requests, and many of one server."""
    return func.coalesce(column, column)
