"""The in-flight guard: an object on which open requests hang is changed only by somebody who says how many they are."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.api_call import ApiCall
from models.approval_process import ApprovalProcess
from models.approval_request import COPY_VERSION, ApprovalRequest
from models.base import ConfigurationObject, utcnow
from models.foreign_system import ForeignSystem
from models.kinds import OPEN_STATES, Kind, RequestErrorKind, RequestEventKind, RequestState
from models.polled_server import PolledServer
from models.request_event import RequestEvent
from services.common.errors import OpenRequests, RequestsOpenError
from services.store.row_values import get_table, row_to_dict
from services.store.unit_of_work import UnitOfWork

ROUTING_FIELDS: dict[Kind, frozenset[str]] = {
    Kind.USER_CREDENTIAL: frozenset({"account"}),
    Kind.FOREIGN_SYSTEM: frozenset({"base_url", "credential_id"}),
    Kind.APPROVAL_PROCESS: frozenset(
        {"server_id", "request_item_id", "create_service", "status_service", "cancel_service"}
    ),
    Kind.APPROVAL_TYPE: frozenset({"process_id"}),
}
"""Fields that say where requests go or who asks about them."""

_RENAME_CONSEQUENCE = "What is open keeps the old name, and whoever looks for the new one does not find it."
_ROUTING_CONSEQUENCES = {
    Kind.USER_CREDENTIAL: "What is open is asked about by another account, which may not see it.",
    Kind.FOREIGN_SYSTEM: "What is open is asked about elsewhere or by another account, where it may be unknown.",
    Kind.APPROVAL_PROCESS: "What is open was raised the old way and is asked about the new way, where it may be unknown.",
    Kind.APPROVAL_TYPE: "What is open stays with the process it was raised through; new requests take the new way.",
}
_DELETE_CONSEQUENCES = {
    Kind.USER_CREDENTIAL: "What is open can be asked about no more.",
    Kind.FOREIGN_SYSTEM: "What is open is followed no more; in ServiceNow it stays open.",
    Kind.APPROVAL_PROCESS: "What is open ends here as failed; in ServiceNow it stays open.",
    Kind.APPROVAL_TYPE: "What is open goes on through its process, without a type.",
}


def count_open_requests(session: Session, kind: Kind, object_id: uuid.UUID) -> OpenRequests:
    """Count the open requests that hang on an object, through whatever chain of references."""
    table = get_table(ApprovalRequest)
    query = (
        select(table.c.state, func.count())
        .where(table.c.state.in_(OPEN_STATES), _depends_on(kind, object_id))
        .group_by(table.c.state)
    )
    counts: dict[str, int] = {row[0]: row[1] for row in session.execute(query)}
    return OpenRequests(counts.get(RequestState.PENDING, 0), counts.get(RequestState.SUBMITTING, 0))


def refusal(
    session: Session, kind: Kind, stored: Mapping[str, Any], item: ConfigurationObject | None
) -> RequestsOpenError | None:
    """Return why `stored` must not become `item` (None: be deleted) without a confirmation, or None when it may."""
    act, consequence = f"Delete “{stored['name']}”", _DELETE_CONSEQUENCES[kind]
    if item is not None:
        changed = {n for n in item.fields.model_fields if getattr(item, n) != stored[n]}
        moved = changed & ROUTING_FIELDS[kind]
        if not moved and "name" not in changed:
            return None
        act = f"Change “{stored['name']}”" if moved else f"Rename “{stored['name']}”"
        consequence = _ROUTING_CONSEQUENCES[kind] if moved else _RENAME_CONSEQUENCE
    found = count_open_requests(session, kind, stored["id"])
    if not found.count:
        return None
    return RequestsOpenError(stored["name"], act, found, consequence)


def stored_values(session: Session, item: ConfigurationObject) -> Mapping[str, Any] | None:
    """Return what is stored of `item`, or None when nothing is."""
    table = get_table(item)
    found = session.execute(select(table).where(table.c.id == item.id)).mappings().first()
    return dict(found) if found else None


def detach_requests(work: UnitOfWork, item: ConfigurationObject) -> None:
    """Take the references of requests to `item` off before it is deleted; their copies of names stay.

    Open requests that were raised here end as failed where nothing can follow them any more. The reference alone is no
    edit of a request: it is written down once for all of them, not as a revision of each.
    """
    if item.kind == Kind.APPROVAL_PROCESS:
        _fail_open_requests(work, item)
    if item.kind == Kind.FOREIGN_SYSTEM:
        for table in (get_table(PolledServer), get_table(ApiCall)):
            work.session.execute(delete(table).where(table.c.server_id == item.id))
    table = get_table(ApprovalRequest)
    taken = 0
    for column in _reference_columns(item):
        done = work.session.execute(update(table).where(column == item.id).values({column.name: None}))
        taken += done.rowcount  # type: ignore[attr-defined]
    if taken:
        work.event(
            "let go", kind=str(table.name), object_id=item.id, name=item.name, detail=f"{taken} requests"
        )


def blocks_deletion(kind: str) -> bool:
    """Whether a reference of this kind keeps an object from being deleted; those of requests do not."""
    return kind != str(get_table(ApprovalRequest).name)


def _fail_open_requests(work: UnitOfWork, item: ConfigurationObject) -> None:
    rows = work.session.exec(
        select_rows(ApprovalRequest).where(
            col(ApprovalRequest.state).in_(OPEN_STATES),
            _without_index(ApprovalRequest.process_id) == item.id,
            ApprovalRequest.version != COPY_VERSION,
        )
    ).all()
    now = utcnow()
    for row in rows:
        work.session.expunge(row)
        row.state, row.ended_at = RequestState.FAILED.value, now
        row.error = f"“{item.name}” was deleted while the request was open"
        row.error_kind = RequestErrorKind.NONE
        work.update(row, row.version)
        told = RequestEvent(request_id=row.id, at=now, kind=RequestEventKind.FAILED, detail=row.error)
        work.session.execute(get_table(told).insert().values(**row_to_dict(told)))


def _reference_columns(item: ConfigurationObject) -> list[Any]:
    target = str(get_table(item).name)
    columns = get_table(ApprovalRequest).columns
    return [c for c in columns if any(key.column.table.name == target for key in c.foreign_keys)]


def _depends_on(kind: Kind, object_id: uuid.UUID) -> ColumnElement[bool]:
    match kind:
        case Kind.APPROVAL_TYPE:
            return _without_index(ApprovalRequest.type_id) == object_id
        case Kind.APPROVAL_PROCESS:
            return _without_index(ApprovalRequest.process_id) == object_id
        case Kind.FOREIGN_SYSTEM:
            return _belongs_to_servers(
                select(get_table(ForeignSystem).c.id).where(_id_column(ForeignSystem) == object_id)
            )
        case Kind.USER_CREDENTIAL:
            servers = get_table(ForeignSystem)
            signs_in = or_(servers.c.credential_id == object_id, servers.c.proxy_credential_id == object_id)
            return _belongs_to_servers(select(servers.c.id).where(signs_in))


def _belongs_to_servers(servers: Any) -> ColumnElement[bool]:
    processes = get_table(ApprovalProcess)
    through = select(processes.c.id).where(processes.c.server_id.in_(servers))
    return or_(
        _without_index(ApprovalRequest.server_id).in_(servers),
        col(ApprovalRequest.server_id).is_(None) & _without_index(ApprovalRequest.process_id).in_(through),
    )


def _id_column(model: type[ConfigurationObject]) -> ColumnElement[uuid.UUID]:
    return get_table(model).c.id


def _without_index(column: Any) -> ColumnElement[uuid.UUID]:
    """Return a column in a form that no index is chosen for: there are few open requests, and many of one server."""
    return func.coalesce(column, column)
