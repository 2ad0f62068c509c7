"""Guards open requests: an object they depend on is changed or deleted only after their number was confirmed.

What counts as a change, and what happens to the requests, is declared by the model and the definition of each kind.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import CTE, ColumnElement, FromClause, delete, func, or_, select, union, update
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
from services.store.object_batch import BATCH_SIZE
from services.store.row_values import get_table, row_to_dict
from services.store.unit_of_work import UnitOfWork

DEPENDENT_ROWS: dict[Kind, type[SQLModel]] = {
    Kind.PRIVILEGE_MANAGER_SERVER: ServerItem,
    Kind.ACTION: ActionProgress,
}
"""Rows that are only about an object of a kind: they block no deletion and go with it."""
_RENAME_CONSEQUENCE = "What is open keeps the old name, and whoever looks for the new one does not find it."


def count_open_requests(session: Session, kind: Kind, object_id: uuid.UUID) -> OpenRequests:
    """Count the open requests that depend on an object, directly or through other objects."""
    return count_open_requests_of(session, kind, [object_id])[object_id]


def count_open_requests_of(
    session: Session, kind: Kind, ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, OpenRequests]:
    """Count the open requests that depend on each of several objects of a kind; reads the requests once."""
    counts: dict[uuid.UUID, dict[str, int]] = {one: {} for one in ids}
    routes = _routes(kind)
    if routes:
        arms = (
            select(one.object_id.label("object_id"), *_open_requests().c)
            .select_from(one.source)
            .where(*one.conditions)
            for one in routes
        )
        # By several routes a request depends on an object no more than by one: UNION leaves out what is the same.
        found = union(*arms).subquery("dependencies")
        query = select(found.c.object_id, found.c.state, func.sum(found.c.requests)).group_by(
            found.c.object_id, found.c.state
        )
        wanted = found.c.object_id.in_(ids) if len(ids) <= BATCH_SIZE else found.c.object_id.is_not(None)
        for object_id, state, number in session.execute(query.where(wanted)):
            if object_id in counts:
                counts[object_id][state] = int(number)
    return {
        one: OpenRequests(
            pending=states.get(RequestState.PENDING.value, 0),
            submitting=states.get(RequestState.SUBMITTING.value, 0),
        )
        for one, states in counts.items()
    }


def refusal(
    session: Session, stored: ConfigurationObject, item: ConfigurationObject | None
) -> RequestsOpenError | None:
    """Return the error for changing `stored` to `item` (None: deleting it) without confirmation, or None if it may."""
    return find_errors(session, [(stored, item)]).get(stored.id)


def find_errors(
    session: Session, changes: Iterable[tuple[ConfigurationObject, ConfigurationObject | None]]
) -> dict[uuid.UUID, RequestsOpenError]:
    """Return the errors for those of several changes (stored, new) that may not be made without confirmation, by object."""
    guarded = [(stored, *found) for stored, item in changes if (found := _guarded_action(stored, item))]
    ids: dict[Kind, list[uuid.UUID]] = {}
    for stored, _, _ in guarded:
        ids.setdefault(stored.kind, []).append(stored.id)
    counts = {kind: count_open_requests_of(session, kind, of_kind) for kind, of_kind in ids.items()}
    return {
        stored.id: RequestsOpenError(stored.name, action, counts[stored.kind][stored.id], consequence)
        for stored, action, consequence in guarded
        if counts[stored.kind][stored.id].count
    }


def _guarded_action(
    stored: ConfigurationObject, item: ConfigurationObject | None
) -> tuple[GuardedAction, str] | None:
    """Return what changing `stored` to `item` does to open requests, with its consequence; None where it does nothing."""
    definition = KINDS[stored.kind]
    if item is None:
        return GuardedAction.DELETE, definition.deleted_consequence
    changed = {n for n in item.fields.model_fields if getattr(item, n) != getattr(stored, n)}
    if changed & item.routing_fields:
        return GuardedAction.CHANGE, definition.rerouted_consequence
    return (GuardedAction.RENAME, _RENAME_CONSEQUENCE) if "name" in changed else None


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


@dataclass(frozen=True, slots=True)
class _Route:
    """A way from open requests to an object that they depend on: its id, what is joined, and when the way counts."""

    object_id: ColumnElement[uuid.UUID | None]
    source: FromClause
    conditions: tuple[ColumnElement[bool], ...] = ()


@cache
def _open_requests() -> CTE:
    """Return the open requests as groups that refer to the same objects: they are read once, whatever is counted."""
    table = get_table(ApprovalRequest)
    alike = [*(table.c[name] for name in references(ApprovalRequest)), table.c.state]
    return (
        select(*alike, func.count().label("requests"))
        .where(table.c.state.in_(OPEN_STATES))
        .group_by(*alike)
        .cte("open_requests")
    )


def _routes(kind: Kind, seen: frozenset[Kind] = frozenset()) -> list[_Route]:
    """Return every way from open requests to the objects of `kind` that they depend on.

    A request refers to one of them, or refers to none and depends on an object of another kind that does.
    """
    requests = _open_requests()
    direct = [
        requests.c[name] for name, table in references(ApprovalRequest).items() if table == KINDS[kind].table
    ]
    found = [_Route(column, requests) for column in direct]
    for other, model in object_models().items():
        columns = _reference_columns(model, kind)
        if not columns or not model.carries_open_requests or other in seen:
            continue
        for way in _routes(other, seen | {kind}):
            through = get_table(model).alias()
            source = way.source.join(through, through.c.id == way.object_id)
            conditions = (*way.conditions, *(column.is_(None) for column in direct))
            found += [_Route(through.c[column.name], source, conditions) for column in columns]
    return found


def _without_index(column: ColumnElement[uuid.UUID | None]) -> ColumnElement[uuid.UUID | None]:
    """Return a column as an expression no index applies to: few requests are open, but many belong to one server."""
    return func.coalesce(column, column)
