"""Compares the rows of a store with the revisions that made them."""

import json
from collections.abc import Callable, Iterator

from sqlalchemy import Table, and_, func, select
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from models.approval_request import COPY_VERSION
from models.base import name_key
from models.revision import Revision
from models.tables import all_models
from services.store.row_values import (
    RowValues,
    SqlColumn,
    SqlRow,
    SqlStatement,
    detachable_references,
    get_table,
    observed_columns,
    to_json,
)

PAGE_SIZE = 500


class UnreadableRowError(Exception):
    """A row holds something that its columns cannot hold."""


def iterate_rows(
    session: Session, statement: SqlStatement, key: SqlColumn, key_of: Callable[[SqlRow], object]
) -> Iterator[SqlRow]:
    """Yield the rows of `statement` in the order of `key`, page by page, up to one that cannot be read.

    Raises UnreadableError in the place of that row.
    """
    after, size = None, PAGE_SIZE
    while True:
        page = statement.order_by(key).limit(size)
        if after is not None:
            page = page.where(key > after)
        try:
            rows = session.execute(page).all()
        except (ValueError, TypeError, AttributeError, OperationalError) as error:
            if isinstance(error, OperationalError) and "decode" not in str(error):
                raise
            if size == 1:
                raise UnreadableRowError from error
            size = 1
            continue
        if not rows:
            return
        yield from rows
        after = key_of(rows[-1])
        session.expunge_all()


def find_state_problem(session: Session) -> str:
    """Return the first row that is not what its last revision says, as part of a sentence, or nothing."""
    for model in all_models():
        table = get_table(model)
        if "version" in table.columns:
            problem = _changed_row_problem(
                session, table, observed_columns(model), detachable_references(model)
            ) or _missing_row_problem(session, table)
            if problem:
                return problem
    return ""


def _changed_row_problem(
    session: Session, table: Table, observed: frozenset[str], released: frozenset[str]
) -> str:
    revision, other = get_table(Revision), get_table(Revision).alias()
    newest = (
        select(func.max(other.c.number))
        .where(other.c.object_id == table.c.id, other.c.object_kind == table.name)
        .scalar_subquery()
    )
    made_it = and_(
        revision.c.object_id == table.c.id,
        revision.c.object_kind == table.name,
        revision.c.number == table.c.version,
    )
    statement = select(table, newest.label("newest_number"), revision.c.after.label("revision_after"))
    statement = statement.select_from(table.outerjoin(revision, made_it))
    try:
        for row in iterate_rows(session, statement, table.c.id, lambda row: row.id):
            values = dict(row._mapping)  # noqa: SLF001 -- the public name of a row's values
            newest_number, after = values.pop("newest_number"), values.pop("revision_after")
            if observed and values["version"] == COPY_VERSION and newest_number is None:
                continue  # a copy of what an instance says: nobody edits it here
            if newest_number != values["version"] or not _matches_revision(
                after, values, observed | {n for n in released if values[n] is None}
            ):
                return f"the {_describe_row(table, values)} is not what its last revision says"
    except UnreadableRowError:
        return f"a row of {table.name} cannot be read"
    return ""


def _matches_revision(after: str | None, values: RowValues, loose: frozenset[str]) -> bool:
    """Compare what both sides have: an upgrade may have added columns since, or taken some away.

    `loose` columns may differ: they were observed, or the reference went with what it pointed at.
    """
    if after is None:
        return False
    try:
        then, now = json.loads(after), json.loads(to_json(values))
    except TypeError:  # bytes where a text belongs
        return False
    if "name_key" in values and values["name_key"] != name_key(values["name"]):
        return False
    return all(then[name] == now[name] for name in (then.keys() & now.keys()) - loose)


def _missing_row_problem(session: Session, table: Table) -> str:
    revision, other = get_table(Revision), get_table(Revision).alias()
    present = select(table.c.id).where(table.c.id == revision.c.object_id)
    later = select(other.c.id).where(
        other.c.object_id == revision.c.object_id,
        other.c.object_kind == revision.c.object_kind,
        other.c.number > revision.c.number,
    )
    statement = select(revision.c.object_name.label("name"), revision.c.object_id.label("id")).where(
        revision.c.object_kind == table.name,
        revision.c.operation != "delete",
        ~present.exists(),
        ~later.exists(),
    )
    found = session.execute(statement.limit(1)).mappings().first()
    return f"the {_describe_row(table, dict(found))} is gone, and no revision deleted it" if found else ""


def _describe_row(table: Table, values: RowValues) -> str:
    return f"{table.name.replace('_', ' ')} “{values.get('name') or values['id']}”"
