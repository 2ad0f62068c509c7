"""Reads and writes configuration objects of every kind."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, SQLModel, col, select

from models.approval_request import ApprovalRequest
from models.base import REFERS_TO, ConfigurationObject, name_key
from models.intake_client import IntakeClient
from models.kinds import KINDS, OPEN_STATES, Kind
from models.reference_lists import load_references
from models.revision import Revision
from models.tables import all_models, model_for_kind, object_models
from models.translation_marks import plural_later
from services.common.errors import FieldError, InUseError, InvalidError, Reference, RequestsOpenError
from services.configuration import open_requests_guard
from services.configuration.object_reader import ObjectReader, find_free_name, get_object
from services.configuration.revision_history import (
    DeletedObject,
    RevisionView,
    list_deleted_names,
    list_deleted_objects,
    to_revision_view,
)
from services.configuration.validation import (
    StoreRules,
    field_errors,
    field_values,
    normalize_fields,
    store_errors,
)
from services.language import plural_message
from services.store.errors import NotFoundError
from services.store.object_batch import StoredObjects, read_stored_objects
from services.store.row_values import from_json, get_table
from services.store.tree_outline import Outline, OutlineRow
from services.store.unit_of_work import UnitOfWork

HISTORY_LIMIT = 500


T = TypeVar("T", bound=ConfigurationObject)


class Configuration(ObjectReader):
    """Reads and writes configuration objects of a store. Every method is synchronous and returns detached objects."""

    def outline(self) -> Outline:
        """Return the names of everything, for the tree."""
        rows = []
        with self.store.read() as session:
            for kind, definition in KINDS.items():
                table = get_table(model_for_kind(kind))
                column = definition.parent.field if definition.parent is not None else None
                wanted = [table.c.id, table.c.name, table.c.version, *([table.c[column]] if column else [])]
                for row in session.execute(select(*wanted).order_by(table.c.name_key)):
                    parents = {column: row[3]} if column and row[3] else {}
                    rows.append(OutlineRow(kind, row[0], row[1], row[2], parents))
            pending = session.exec(
                select(func.count())
                .select_from(ApprovalRequest)
                .where(col(ApprovalRequest.state).in_(OPEN_STATES))
            ).one()
        return Outline(rows, pending)

    # -- writing -----------------------------------------------------------

    def check(self, item: ConfigurationObject) -> list[FieldError]:
        """Return every error that prevents `item` from being stored."""
        errors = field_errors(item)
        with self.store.read() as session:
            return errors + store_errors(session, item)

    def save(
        self,
        item: T,
        note: str = "",
        *,
        base: Mapping[str, object] | None = None,
        confirmed: int | None = None,
    ) -> T:
        """Store `item`: new when its version is 0, else over that version. Returns the stored object.

        Raises InvalidError, ConflictError (with `base`, what the caller opened), and RequestsOpenError when it is
        renamed or rerouted while more open requests than `confirmed` depend on it.
        """
        with self.store.write(note) as work:
            return self.save_in(work, item, base=base, confirmed=confirmed)

    def save_in(
        self,
        work: UnitOfWork,
        item: T,
        *,
        base: Mapping[str, object] | None = None,
        confirmed: int | None = None,
    ) -> T:
        """Store `item` within a unit of work that may contain other objects. Raises as `save` does."""
        [stored] = self._save_together(work, [item], base=base, confirmed=confirmed)
        return stored

    def save_all_in(self, work: UnitOfWork, items: Sequence[T], *, confirmed: int | None = None) -> list[T]:
        """Store several objects within a unit of work, each as `save_in` would after those before it.

        The store is asked and written once for all of them. Raises what `save_in` raises for the first that is refused.
        """
        return self._save_together(work, items, base=None, confirmed=confirmed)

    def duplicate(self, kind: Kind, object_id: uuid.UUID) -> ConfigurationObject:
        """Return an unsaved copy with a free name."""
        model = model_for_kind(kind)
        with self.store.read() as session:
            source = get_object(session, model, object_id)
            name = find_free_name(session, model, f"Copy of {source.name}")
        return model.of_values({**field_values(source), "name": name})

    def rename(
        self,
        kind: Kind,
        object_id: uuid.UUID,
        name: str,
        base_version: int,
        *,
        confirmed: int | None = None,
    ) -> ConfigurationObject:
        """Give an object another name. Raises NotFoundError, and as `save` does."""
        item = self.get(kind, object_id)
        base = item.model_dump()
        item.name = name.strip()
        item.version = base_version
        return self.save(item, f"Renamed from “{base['name']}”", base=base, confirmed=confirmed)

    def delete(
        self, kind: Kind, object_id: uuid.UUID, base_version: int, *, confirmed: int | None = None
    ) -> None:
        """Delete an object that no other refers to; requests lose the reference and keep the name.

        Raises NotFoundError, InUseError, ConflictError, and RequestsOpenError while more open requests than
        `confirmed` depend on it.
        """
        with self.store.write() as work:
            item = get_object(work.session, model_for_kind(kind), object_id)
            users = [
                user
                for user in _referring_objects(work.session, item)
                if open_requests_guard.blocks_deletion(user.kind)
            ]
            if users:
                raise InUseError(item.name, users)
            if item.version == base_version:
                refused = open_requests_guard.refusal(work.session, item, None)
                if refused is not None and refused.open.count > (confirmed or 0):
                    raise refused
                open_requests_guard.detach_requests(work, item)
            work.delete(item, base_version)

    def open_requests_error(
        self, item: ConfigurationObject, *, delete: bool = False
    ) -> RequestsOpenError | None:
        """Return why `item` cannot be stored over what is there (or deleted) without a confirmation, or None."""
        with self.store.read() as session:
            if delete:
                return open_requests_guard.refusal(session, item, None)
            return _open_requests_errors(session, [item], read_stored_objects(session, [item])).get(item.id)

    def open_requests_errors(self, items: Sequence[ConfigurationObject]) -> list[RequestsOpenError]:
        """Return why some of `items` cannot be stored over what is there without a confirmation."""
        with self.store.read() as session:
            return list(_open_requests_errors(session, items, read_stored_objects(session, items)).values())

    def used_by(self, kind: Kind, object_id: uuid.UUID) -> list[Reference]:
        """Return the objects that refer to this one directly; requests are counted in one entry."""
        with self.store.read() as session:
            return list(_referring_objects(session, get_object(session, model_for_kind(kind), object_id)))

    # -- history -----------------------------------------------------------

    def history(self, kind: Kind, object_id: uuid.UUID) -> list[RevisionView]:
        """Return the revisions of an object, newest first; it may be deleted by now."""
        return self._revisions(
            col(Revision.object_id) == object_id,
            col(Revision.object_kind) == KINDS[kind].table,
            newest=(col(Revision.number).desc(),),  # the clock may be set back, the number only grows
        )

    def history_by_name(self, kind: Kind, name: str) -> list[RevisionView]:
        """Return the revisions of the object called `name`, newest first; else of those deleted under that name.

        Raises NotFoundError.
        """
        found = self.find_by_name(kind, name)
        if found is not None:
            return self.history(kind, found.id)
        with self.store.read() as session:
            deleted = list_deleted_names(session, kind)
        ids = [object_id for object_id, was in deleted if name_key(was) == name_key(name)]
        if not ids:
            known = dict.fromkeys([*(item.name for item in self.all(kind)), *(was for _, was in deleted)])
            raise NotFoundError(f"the {KINDS[kind].singular} “{name}”", name, list(known))
        return self._revisions(
            col(Revision.object_id).in_(ids),
            col(Revision.object_kind) == KINDS[kind].table,
            newest=(col(Revision.changed_at).desc(), col(Revision.number).desc()),
        )

    def history_all(self, limit: int = HISTORY_LIMIT) -> list[RevisionView]:
        """Return the newest revisions of configuration objects, whatever their kind."""
        newest = (col(Revision.changed_at).desc(), col(Revision.number).desc())
        kinds = [info.table for info in KINDS.values()]
        return self._revisions(col(Revision.object_kind).in_(kinds), newest=newest, limit=limit)

    def deleted(self) -> list[DeletedObject]:
        """Return every deleted object that does not exist now, the last deleted first."""
        with self.store.read() as session:
            return list_deleted_objects(session)

    def restore(
        self, revision_id: uuid.UUID, *, confirmed: int | None = None, free_name: bool = False
    ) -> ConfigurationObject:
        """Bring an object back to what it was after `revision_id` (or before it, where that was its deletion).

        This adds a revision; the history in between stays. With `free_name` an object whose name is taken by now gets
        a free one. Raises NotFoundError, and as `save` does.
        """
        with self.store.read() as session:
            revision = session.get(Revision, revision_id)
        if revision is None or revision.object_kind not in {i.table for i in KINDS.values()}:
            raise NotFoundError(f"the revision {revision_id}")
        kind = next(k for k, info in KINDS.items() if info.table == revision.object_kind)
        model = model_for_kind(kind)
        values = from_json(model, revision.after or revision.before or "{}")
        with self.store.write(f"Restored from version {values['version']}") as work:
            current = work.session.get(model, revision.object_id)
            values["version"] = current.version if current else 0
            if current is not None:
                work.session.expunge(current)
            elif free_name:
                values["name"] = find_free_name(work.session, model, values["name"])
            return self.save_in(work, model.of_values(values), confirmed=confirmed)

    # -- inside ------------------------------------------------------------

    def _revisions(
        self,
        *where: ColumnElement[bool],
        newest: Iterable[ColumnElement[int] | ColumnElement[datetime]],
        limit: int = HISTORY_LIMIT,
    ) -> list[RevisionView]:
        with self.store.read() as session:
            rows = session.exec(select(Revision).where(*where).order_by(*newest).limit(limit))
            return [to_revision_view(row) for row in rows]

    @staticmethod
    def _save_together(
        work: UnitOfWork, items: Sequence[T], *, base: Mapping[str, object] | None, confirmed: int | None
    ) -> list[T]:
        checked = [(item, field_errors(item)) for item in items]
        valid = {item.id: _normalized_copy(item) for item, errors in checked if not errors}
        batch = work.new_batch(list(valid.values()))
        rules = StoreRules(work.session, list(valid.values()))
        refused = _open_requests_errors(work.session, list(valid.values()), batch.stored)
        for item, invalid in checked:
            errors = invalid or rules.errors(valid[item.id])
            if errors:
                raise InvalidError(errors)
            one = valid[item.id]
            if item.version == 0:
                batch.create(one)
            else:
                refusal = refused.get(item.id)
                if refusal is not None and refusal.open.count > (confirmed or 0):
                    raise refusal
                batch.update(one, item.version, base=base)
            rules.add(one)
        work.write_batch(batch)
        return list(valid.values())


def _normalized_copy(item: T) -> T:
    copied = type(item).of_values(item.model_dump())
    normalize_fields(copied)
    return copied


def _open_requests_errors(
    session: Session, items: Sequence[ConfigurationObject], stored: StoredObjects
) -> dict[uuid.UUID, RequestsOpenError]:
    """Return why some of `items` cannot be stored over what is there, by object."""
    # Another version there is a conflict, which is settled first.
    found = ((stored.get((item.kind, item.id)), item) for item in items)
    same = [
        (type(item).of_values(row), item) for row, item in found if row and row["version"] == item.version
    ]
    return open_requests_guard.find_errors(session, same)


def _referring_objects(session: Session, item: ConfigurationObject) -> Iterator[Reference]:
    """Yield everything that refers to `item`, once each."""
    yield from dict.fromkeys(_references(session, item))


def _references(session: Session, item: ConfigurationObject) -> Iterator[Reference]:
    for model, column in _referring_columns(str(get_table(item).name)):
        if issubclass(model, ConfigurationObject):
            rows = session.exec(select(model).where(column == item.id).order_by(col(model.name_key)))
            yield from (Reference(model.kind.value, row.id, row.name) for row in rows)
        elif model is IntakeClient:
            clients = session.exec(
                select(IntakeClient).where(column == item.id).order_by(col(IntakeClient.name_key))
            )
            for client in clients:
                server_id = client.source_server_id or client.answer_server_id
                yield Reference(str(get_table(model).name), server_id, client.name)
        else:
            table = get_table(model)
            count = (
                session.execute(select(func.count()).select_from(table).where(column == item.id)).scalar()
                or 0
            )
            if count:
                one, many = REFERRING_ROW_LABELS.get(str(table.name), OTHER_ROW_LABELS)
                yield Reference(str(table.name), item.id, plural_message(count, one, many))
    for referring in object_models().values():
        for field, kind in referring.reference_lists.items():
            if kind == item.kind:
                rows = session.exec(select(referring).order_by(col(referring.name_key)))
                yield from (
                    Reference(referring.kind.value, row.id, row.name)
                    for row in rows
                    if item.id in load_references(getattr(row, field))
                )


REFERRING_ROW_LABELS = {
    "approval_request": plural_later("{count} request", "{count} requests"),
}
"""Labels for referring rows that are not configuration objects, by table."""
OTHER_ROW_LABELS = plural_later("{count} other record", "{count} other records")


def _referring_columns(table_name: str) -> Iterator[tuple[type[SQLModel], ColumnElement[uuid.UUID]]]:
    dependent = open_requests_guard.DEPENDENT_ROWS.values()
    for model in (one for one in all_models() if one not in dependent):
        for column in get_table(model).columns:
            refers_to = {key.column.table.name for key in column.foreign_keys} | {column.info.get(REFERS_TO)}
            if table_name in refers_to:
                yield model, column
