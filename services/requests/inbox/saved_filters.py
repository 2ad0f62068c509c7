"""Saved filters: named filters that all users of a store share."""

import json
import logging
import uuid

from sqlmodel import Session, col, select

from models.base import NAME_MAX, name_key, validate_single_line
from models.saved_filter import SavedFilter
from services.common.errors import ConflictError, FieldError, InvalidError
from services.requests.inbox.filters import PREDEFINED_FILTERS, Filter, NamedFilter, Sort
from services.store.errors import NotFoundError
from services.store.row_values import row_to_dict
from services.store.store import Store

log = logging.getLogger(__name__)


def list_saved_filters(store: Store) -> list[NamedFilter]:
    """Return the saved filters, ordered by name, without those that a newer release wrote."""
    with store.read() as session:
        rows = session.exec(select(SavedFilter).order_by(col(SavedFilter.name_key))).all()
    return [named for row in rows if (named := _deserialize(row)) is not None]


def save_filter(store: Store, name: str, filter_: Filter, sort: Sort | None = None) -> NamedFilter:
    """Save a filter under a new name. Raises InvalidError."""
    with store.write() as work:
        row = SavedFilter(
            name=_validate_name(work.session, name),
            name_key=name_key(name.strip()),
            definition=_serialize(filter_, sort or Sort()),
            created_by=store.actor,
        )
        work.insert(row)
    return NamedFilter(str(row.id), row.name, filter_, sort or Sort(), row.version)


def rename_filter(store: Store, key: str, name: str, base_version: int | None = None) -> NamedFilter:
    """Rename a filter; `base_version` is the version that the caller has read, None the current one.

    Raises NotFoundError, InvalidError, ConflictError.
    """
    with store.write() as work:
        row = _get_row(work.session, key)
        version = _version(row, base_version)
        row.name = _validate_name(work.session, name, row.id)
        row.name_key = name_key(row.name)
        return _to_named_filter(work.update(row, version))


def delete_filter(store: Store, key: str, base_version: int | None = None) -> None:
    """Delete a saved filter. Raises NotFoundError, ConflictError."""
    with store.write() as work:
        row = _get_row(work.session, key)
        work.delete(row, _version(row, base_version))


def _get_row(session: Session, key: str) -> SavedFilter:
    try:
        row = session.get(SavedFilter, uuid.UUID(key))
    except ValueError:
        row = None
    if row is None:
        raise NotFoundError("a saved filter")
    session.expunge(row)  # changes are written by the unit of work, not by the session
    return row


def _version(row: SavedFilter, base_version: int | None) -> int:
    if base_version is not None and base_version != row.version:
        raise ConflictError(base=None, mine={"name": row.name}, theirs=row_to_dict(row))
    return row.version


def _validate_name(session: Session, name: str, own: uuid.UUID | None = None) -> str:
    """Return the name if a filter may have it. Raises InvalidError."""
    name = name.strip()
    try:
        validate_single_line(name)
    except ValueError as error:
        raise _invalid_name(str(error)) from error
    if not name:
        raise _invalid_name("is missing")
    key = name_key(name)
    if max(len(name), len(key)) > NAME_MAX:
        raise _invalid_name(f"is longer than {NAME_MAX} characters")
    taken = session.exec(select(SavedFilter.id).where(col(SavedFilter.name_key) == key)).first()
    if taken not in (None, own) or key in {name_key(one.name) for one in PREDEFINED_FILTERS}:
        raise _invalid_name("is the name of another filter")
    return name


def _invalid_name(message: str) -> InvalidError:
    return InvalidError([FieldError("name", message)])


def _serialize(filter_: Filter, sort: Sort) -> str:
    order = {"column": sort.column, "descending": sort.descending}
    return json.dumps({"filter": filter_.as_json(), "sort": order}, ensure_ascii=False, sort_keys=True)


def _to_named_filter(row: SavedFilter) -> NamedFilter:
    named = _deserialize(row)
    return named if named is not None else NamedFilter(str(row.id), row.name, Filter(), Sort(), row.version)


def _deserialize(row: SavedFilter) -> NamedFilter | None:
    try:
        stored = json.loads(row.definition)
        order = stored["sort"]
        sort = Sort(order["column"], order["descending"] is True)
        return NamedFilter(str(row.id), row.name, Filter.from_json(stored["filter"]), sort, row.version)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("the saved filter %s cannot be read: %s", row.id, error)
        return None
