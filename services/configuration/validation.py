"""Validates an object: its fields, a name that is unique within its kind, references that exist."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy import select
from sqlmodel import Session

from models.base import ConfigurationObject, name_key
from models.field_values import FieldValues
from models.reference_lists import load_references
from models.tables import model_for_kind
from models.translation_marks import tr_later
from services.common.errors import FieldError
from services.language import ENGLISH, exact_duration, tr_message
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
    model = model_for_kind(item.kind)
    errors = []
    table = get_table(model)
    same_name = table.c.name_key == name_key(item.name or "")
    taken = session.execute(select(table.c.name).where(same_name, table.c.id != item.id)).scalar()
    if taken is not None:
        errors.append(FieldError("name", tr_message("this name is already in use")))
    for column in table.columns:
        value = getattr(item, column.name)
        for key in column.foreign_keys:
            target = key.column.table
            if (
                value is not None
                and session.execute(select(target.c.id).where(target.c.id == value)).first() is None
            ):
                errors.append(FieldError(column.name, tr_message(MISSING_OBJECT_TEXT)))
    for field, kind in model.reference_lists.items():
        wanted = load_references(getattr(item, field))
        known = get_table(model_for_kind(kind)).c.id
        if len(set(session.execute(select(known).where(known.in_(wanted))).scalars())) < len(wanted):
            errors.append(FieldError(field, tr_message(MISSING_OBJECT_TEXT)))
    return errors


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
