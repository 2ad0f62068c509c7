"""Validates an object: its fields, a name that is unique within its kind, references that exist."""

import contextlib
import uuid
from collections.abc import Iterator, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy import select
from sqlmodel import Session, SQLModel

from models.base import ConfigurationObject, name_key
from models.field_values import FieldValues
from models.kinds import Kind
from models.reference_lists import load_references
from models.tables import model_for_kind
from models.translation_marks import tr_later
from services.common.errors import FieldError
from services.language import ENGLISH, exact_duration, tr_message
from services.store.object_batch import batches
from services.store.row_values import get_table

MISSING_OBJECT_TEXT = tr_later("points at an object that no longer exists")


def field_values(item: ConfigurationObject) -> FieldValues:
    """Return the editable fields of `item`."""
    return {name: getattr(item, name) for name in item.fields.model_fields}


def field_errors(item: ConfigurationObject) -> list[FieldError]:
    """Validate the fields without the store; fast enough for every keystroke."""
    try:
        item.fields.model_validate(field_values(item))
    except ValidationError as error:
        return [
            FieldError(str(e["loc"][0]) if e["loc"] else "name", _error_message(e)) for e in error.errors()
        ]
    return []


def normalize_fields(item: ConfigurationObject) -> None:
    """Change the fields of a valid `item` to the form in which they are stored, such as a base URL with its slash."""
    valid = item.fields.model_validate(field_values(item))
    for name in item.fields.model_fields:
        setattr(item, name, getattr(valid, name))


def store_errors(session: Session, item: ConfigurationObject) -> list[FieldError]:
    """Validate against the store: the name is unique and every reference exists."""
    return StoreRules(session, [item]).errors(item)


class StoreRules:
    """Validates objects against a store that each of them becomes part of; reads it once for all of them."""

    def __init__(self, session: Session, items: Sequence[ConfigurationObject]) -> None:
        self._session = session
        self._holders: dict[tuple[Kind, str], uuid.UUID] = {}
        """Which object has a name."""
        self._names: dict[tuple[Kind, uuid.UUID], str] = {}
        self._present: dict[str, set[uuid.UUID]] = {}
        """Ids of objects that are there, by table."""
        by_kind: dict[Kind, list[ConfigurationObject]] = {}
        for item in items:
            by_kind.setdefault(item.kind, []).append(item)
        wanted: dict[str, set[uuid.UUID]] = {}
        for kind, same in by_kind.items():
            self._read_holders(kind, {name_key(item.name or "") for item in same})
            for item in same:
                for table, referenced in _referenced_ids(item):
                    wanted.setdefault(table, set()).update(referenced)
        for table, ids in wanted.items():
            self._read_present(table, ids)

    def errors(self, item: ConfigurationObject) -> list[FieldError]:
        """Return what is wrong with `item` now."""
        model = model_for_kind(item.kind)
        errors = []
        holder = self._holders.get((item.kind, name_key(item.name or "")), item.id)
        if holder != item.id:
            errors.append(FieldError("name", tr_message("this name is already in use")))
        for column in get_table(model).columns:
            value = getattr(item, column.name)
            tables = () if value is None else (str(key.column.table.name) for key in column.foreign_keys)
            errors += [
                FieldError(column.name, tr_message(MISSING_OBJECT_TEXT))
                for table in tables
                if value not in self._present[table]
            ]
        for field, kind in model.reference_lists.items():
            present = self._present.get(_table_name(kind), set())
            if any(one not in present for one in load_references(getattr(item, field))):
                errors.append(FieldError(field, tr_message(MISSING_OBJECT_TEXT)))
        return errors

    def add(self, item: ConfigurationObject) -> None:
        """Take `item` as stored from now on."""
        former = self._names.get((item.kind, item.id))
        if former is not None:
            self._holders.pop((item.kind, former), None)
        self._hold(item.kind, name_key(item.name), item.id)
        self._present.setdefault(_table_name(item.kind), set()).add(item.id)

    def _hold(self, kind: Kind, name: str, object_id: uuid.UUID) -> None:
        self._holders[kind, name] = object_id
        self._names[kind, object_id] = name

    def _read_holders(self, kind: Kind, names: set[str]) -> None:
        table = get_table(model_for_kind(kind))
        for part in batches(names):
            rows = self._session.execute(
                select(table.c.name_key, table.c.id).where(table.c.name_key.in_(part))
            )
            for name, object_id in rows:
                self._hold(kind, name, object_id)

    def _read_present(self, table: str, ids: set[uuid.UUID]) -> None:
        present = self._present.setdefault(table, set())
        known = SQLModel.metadata.tables[table].c.id
        for part in batches(ids):
            present |= set(self._session.execute(select(known).where(known.in_(part))).scalars())


def _referenced_ids(item: ConfigurationObject) -> Iterator[tuple[str, list[uuid.UUID]]]:
    """Yield every table that `item` may refer to, with the ids that it has of it."""
    for column in get_table(item).columns:
        for key in column.foreign_keys:
            value = getattr(item, column.name)
            yield str(key.column.table.name), [] if value is None else [value]
    for field, kind in item.reference_lists.items():
        with contextlib.suppress(ValueError):  # which `errors` raises
            yield _table_name(kind), load_references(getattr(item, field))


def _table_name(kind: Kind) -> str:
    return str(get_table(model_for_kind(kind)).name)


def _error_message(error: ErrorDetails) -> str:
    """Return the message of a validation error, which follows the label of the field."""
    context = error.get("ctx") or {}
    match error["type"]:
        case "string_too_short" | "missing":
            return tr_message("is empty")
        case "string_unicode":
            return tr_message("contains halves of characters")
        case "string_too_long":
            return tr_message("is longer than {most} characters", most=str(context["max_length"]))
        case "greater_than_equal":
            return tr_message("is less than {least}", least=_duration_text(context["ge"]))
        case "less_than_equal":
            return tr_message("is more than {most}", most=_duration_text(context["le"]))
        case "value_error":
            return str(context["error"])
        case _:
            return f"is not valid: {error['msg']}"


def _duration_text(seconds: float) -> str:
    return exact_duration(int(seconds), language=ENGLISH)
