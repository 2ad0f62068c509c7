"""Guards open requests: an object they depend on is changed or deleted only after their number was confirmed.

What counts as a change, and what happens to the requests, is declared by the model and the definition of each kind.
"""

import uuid
from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, delete, false, func, or_, select, update
from sqlmodel import Session, SQLModel, col
from sqlmodel import select as select_rows

from models.action_progress import ActionProgress
from models.api_call import ApiCall
from models.approval_request import COPY_VERSION, ApprovalRequest
from models.base import ConfigurationObject, utcnow
from models.kinds import KINDS, OPEN_STATES, Kind, RequestErrorKind, RequestEventKind, RequestState
from models.polled_server import PolledServer
from models.request_event import RequestEvent
from models.server_item import ServerItem
from models.store_meta import StoreMeta
from models.tables import object_models, references
from services.common.errors import GuardedAction, OpenRequests, RequestsOpenError
from services.store.row_values import get_table, row_to_dict
from services.store.unit_of_work import UnitOfWork

T = TypeVar("T", bound=ConfigurationObject)
DEPENDENT_ROWS: dict[Kind, type[SQLModel]] = {
    Kind.PRIVILEGE_MANAGER_SERVER: ServerItem,
    Kind.ACTION: ActionProgress,
}
"""Rows that are only about an object of a kind: they block no deletion and go with it."""
_RENAME_CONSEQUENCE = "What is open keeps the old name, and whoever looks for the new one does not find it."


def count_open_requests(session: Session, kind: Kind, object_id: uuid.UUID) -> OpenRequests:
    """Count the open requests that depend on an object, directly or through other objects."""
    table = get_table(ApprovalRequest)
    query = (
        select(table.c.state, func.count())
        .where(table.c.state.in_(OPEN_STATES), _depends_on(kind, [object_id]))
        .group_by(table.c.state)
    )
    counts: dict[str, int] = {row[0]: row[1] for row in session.execute(query)}
    return OpenRequests(
        pending=counts.get(RequestState.PENDING.value, 0),
        submitting=counts.get(RequestState.SUBMITTING.value, 0),
    )


def refusal(
    session: Session, stored: ConfigurationObject, item: ConfigurationObject | None
) -> RequestsOpenError | None:
    """Return the error for changing `stored` to `item` (None: deleting it) without confirmation, or None if it may."""
    definition = KINDS[stored.kind]
    action, consequence = GuardedAction.DELETE, definition.deleted_consequence
    if item is not None:
        changed = {n for n in item.fields.model_fields if getattr(item, n) != getattr(stored, n)}
        moved = changed & item.routing_fields
        if not moved and "name" not in changed:
            return None
        action = GuardedAction.CHANGE if moved else GuardedAction.RENAME
        consequence = definition.rerouted_consequence if moved else _RENAME_CONSEQUENCE
    found = count_open_requests(session, stored.kind, stored.id)
    if not found.count:
        return None
    return RequestsOpenError(stored.name, action, found, consequence)


def read_stored(session: Session, item: T) -> T | None:
    """Return a detached copy of the stored version of `item`, or None."""
    table = get_table(item)
    found = session.execute(select(table).where(table.c.id == item.id)).mappings().first()
    return type(item).of_values({str(name): value for name, value in found.items()}) if found else None


def detach_requests(work: UnitOfWork, item: ConfigurationObject) -> None:
    """Clear the references of requests to `item` before it is deleted; their copies of names remain.

    Open requests that were raised here end as failed where they can no longer be polled. Clearing the reference is not
    an edit of a request: it is recorded once for all of them, not as a revision of each.
    """
    if item.fails_open_requests:
        _fail_open_requests(work, item)
    if item.kind == Kind.FOREIGN_SYSTEM:
        for table in (get_table(PolledServer), get_table(ApiCall)):
            work.session.execute(delete(table).where(table.c.server_id == item.id))
    _delete_dependent_rows(work, item)
    table = get_table(ApprovalRequest)
    taken = 0
    for column in _reference_columns(ApprovalRequest, item.kind):
        done = work.session.execute(update(table).where(column == item.id).values({column.name: None}))
        taken += done.rowcount  # type: ignore[attr-defined]
    if taken:
        work.event(
            "let go", kind=str(table.name), object_id=item.id, name=item.name, detail=f"{taken} requests"
        )


def _delete_dependent_rows(work: UnitOfWork, item: ConfigurationObject) -> None:
    dependent = DEPENDENT_ROWS.get(item.kind)
    if dependent is None:
        return
    for column in _reference_columns(dependent, item.kind):
        work.session.execute(delete(get_table(dependent)).where(column == item.id))
    # What is known about it under its id, such as when a list was read.
    meta = get_table(StoreMeta)
    work.session.execute(delete(meta).where(meta.c.key.contains(str(item.id), autoescape=True)))


def blocks_deletion(kind: str) -> bool:
    """Whether a reference from a table blocks the deletion of an object; references of requests do not."""
    return kind != str(get_table(ApprovalRequest).name)


def _fail_open_requests(work: UnitOfWork, item: ConfigurationObject) -> None:
    rows = work.session.exec(
        select_rows(ApprovalRequest).where(
            col(ApprovalRequest.state).in_(OPEN_STATES),
            or_(
                *(
                    _without_index(column) == item.id
                    for column in _reference_columns(ApprovalRequest, item.kind)
                )
            ),
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


def _reference_columns(model: type[SQLModel], kind: Kind) -> list[ColumnElement[uuid.UUID | None]]:
    columns = get_table(model).columns
    return [columns[name] for name, table in references(model).items() if table == KINDS[kind].table]


Ids = Sequence[uuid.UUID] | Select[tuple[uuid.UUID]]


def _depends_on(kind: Kind, ids: Ids, seen: frozenset[Kind] = frozenset()) -> ColumnElement[bool]:
    """Return the condition that a request depends on one of the objects of `kind` with these ids.

    It refers to one of them, or refers to none and depends on an object of another kind that does.
    """
    direct = _reference_columns(ApprovalRequest, kind)
    found: list[ColumnElement[bool]] = [_without_index(column).in_(ids) for column in direct]
    for other, model in object_models().items():
        columns = _reference_columns(model, kind)
        if not columns or not model.carries_open_requests or other in seen:
            continue
        through = select(get_table(model).c.id).where(or_(*(column.in_(ids) for column in columns)))
        indirect = _depends_on(other, through, seen | {kind})
        found.append(and_(*(column.is_(None) for column in direct), indirect))
    return or_(false(), *found)


def _without_index(column: ColumnElement[uuid.UUID | None]) -> ColumnElement[uuid.UUID | None]:
    """Return a column as an expression no index applies to: few requests are open, but many belong to one server."""
    return func.coalesce(column, column)
