"""Plans and applies the changes of a document: one transaction, nothing is deleted, references by name."""

import contextlib
import uuid
from dataclasses import dataclass, field

from models.approval_process import ApprovalProcess
from models.base import ConfigurationObject, name_key
from models.field_values import FieldValue, FieldValues
from models.foreign_system import ForeignSystem
from models.kinds import KINDS, Kind
from models.reference_lists import dump_references
from models.server_fields import ServerFields
from models.tables import model_for_kind
from services.common.closest_match import closest_match
from services.common.errors import RequestsOpenError
from services.configuration import Configuration
from services.configuration.validation import field_errors
from services.store.row_values import get_table
from services.transfer.document_reader import SHOWN_MAX, Document, DocumentError, Entry, Mistake
from services.transfer.value_forms import SHORTENED_MAX, document_keys, shorten

NAMES_MAX = 500
"""Maximum number of names among which a similar one is searched."""


@dataclass(slots=True)
class ObjectChange:
    """The change of one object: create, update or keep, with every field that differs as (from, to)."""

    operation: str
    kind: Kind
    name: str
    fields: dict[str, tuple[FieldValue, FieldValue]]
    item: ConfigurationObject
    line: int

    def as_dict(self) -> dict[str, object]:
        """Return the change for JSON."""
        return {
            "operation": self.operation,
            "kind": self.kind.value,
            "name": self.name,
            "fields": {
                n: {"from": _json_value(a), "to": _json_value(b)} for n, (a, b) in self.fields.items()
            },
        }


@dataclass(slots=True)
class DocumentPlan:
    """Every change in the order in which it can be stored."""

    changes: list[ObjectChange] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    refusals: list[RequestsOpenError] = field(default_factory=list)
    """Changes of objects that open requests depend on."""
    document: Document | None = None
    """The document that was compared."""

    @property
    def summary(self) -> dict[str, int]:
        """How many objects are created, updated and kept."""
        return {op: sum(c.operation == op for c in self.changes) for op in ("create", "update", "keep")}

    @property
    def empty(self) -> bool:
        """Whether nothing would change."""
        return all(c.operation == "keep" for c in self.changes)

    def as_dict(self) -> dict[str, object]:
        """Return the plan for JSON."""
        return {
            "changes": [c.as_dict() for c in self.changes],
            "summary": self.summary,
            "warnings": self.warnings,
        }


def plan_document(document: Document, configuration: Configuration) -> DocumentPlan:
    """Compare `document` with the store; raises DocumentError for unknown names and invalid values."""
    made = DocumentPlan(warnings=list(document.warnings), document=document)
    mistakes: list[Mistake] = []
    known = {kind: {name_key(i.name): i for i in configuration.all(kind)} for kind in Kind}
    moved: set[uuid.UUID] = set()
    for entry in document.entries:
        stored = known[entry.kind].get(name_key(entry.name))
        values = {**entry.values, **_resolve_references(entry, known, mistakes)}
        item = _merge_item(entry.kind, stored, values)
        if isinstance(item, ForeignSystem) and isinstance(stored, ForeignSystem):
            moved |= {item.id} if item.base_url != stored.base_url else set()
        if isinstance(item, ApprovalProcess) and isinstance(stored, ApprovalProcess):
            _clear_stale_item_id(item, stored, values, moved)
        mistakes += [
            Mistake(entry.places.get(e.name, entry.place), f"{_document_key(entry.kind, e.name)} {e.message}")
            for e in field_errors(item)
        ]
        known[entry.kind][name_key(entry.name)] = item
        made.changes.append(_make_change(entry, stored, item))
    if mistakes:
        raise DocumentError(mistakes)
    _find_refusals(made, configuration)
    made.warnings += [f"{one.problem.tried}: {one.open.text}. {one.consequence}" for one in made.refusals]
    return made


def raise_for_open_requests(made: DocumentPlan, confirmed: int | None) -> None:
    """Raise RequestsOpenError for the object with the most open requests, if these are more than `confirmed`."""
    worst = max(made.refusals, key=lambda one: one.open.count, default=None)
    if worst is not None and worst.open.count > (confirmed or 0):
        raise worst


def refresh_plan(made: DocumentPlan, configuration: Configuration) -> None:
    """Compare the document of a plan with the store again. Raises as `plan_document` does."""
    if made.document is not None:
        fresh = plan_document(made.document, configuration)
        made.changes, made.warnings, made.refusals = fresh.changes, fresh.warnings, fresh.refusals


def _find_refusals(made: DocumentPlan, configuration: Configuration) -> None:
    changed = [c.item for c in made.changes if c.operation == "update"]
    made.refusals = configuration.open_requests_errors(changed)


def apply_plan(made: DocumentPlan, configuration: Configuration, *, confirmed: int | None = None) -> None:
    """Store what `made` planned, in one transaction; nothing is stored when it raises.

    Raises InvalidError, ConflictError, and RequestsOpenError when more open requests than `confirmed` depend on an
    object that is renamed or rerouted.
    """
    changed = [change.item for change in made.changes if change.operation != "keep"]
    with configuration.store.write("Applied from a document") as work:
        configuration.save_all_in(work, changed, confirmed=confirmed)


def _resolve_references(
    entry: Entry, known: dict[Kind, dict[str, ConfigurationObject]], mistakes: list[Mistake]
) -> FieldValues:
    found: FieldValues = {}

    def resolve(column: str, kind: Kind, name: str) -> uuid.UUID | None:
        target = known[kind].get(name_key(name))
        if target is None:
            message = _unknown_name_message(name, kind, known[kind], compare=len(mistakes) < SHOWN_MAX)
            mistakes.append(Mistake(entry.places[column], message))
            return None
        return target.id

    for column, (kind, name) in entry.references.items():
        target_id = resolve(column, kind, name)
        if target_id is not None:
            found[column] = target_id
    for column, (kind, names) in entry.reference_lists.items():
        targets = [resolve(column, kind, name) for name in names]
        found[column] = dump_references(one for one in targets if one is not None)
    return found


def _unknown_name_message(
    name: str, kind: Kind, known: dict[str, ConfigurationObject], *, compare: bool
) -> str:
    names = [item.name for item in known.values()]
    # Comparing takes time with every name and every letter.
    close = compare and len(names) <= NAMES_MAX and len(name) <= SHORTENED_MAX
    near = closest_match(name, names) if close else None
    hint = f"; did you mean “{near}”" if near else ""
    return f"no {KINDS[kind].singular} is called “{shorten(name)}”{hint}"


def _merge_item(kind: Kind, stored: ConfigurationObject | None, values: FieldValues) -> ConfigurationObject:
    model = model_for_kind(kind)
    columns = get_table(model).columns
    values = {name: value for name, value in values.items() if value is not None or columns[name].nullable}
    base_url = values.get("base_url")
    if isinstance(base_url, str) and issubclass(model.fields, ServerFields):
        # The rule of the field reports what is wrong with it, with its line.
        with contextlib.suppress(ValueError):
            values["base_url"] = model.fields.normalise_address(base_url)
    if stored is None:
        return model.of_values(values)
    if not values.get("request_item_id"):
        values.pop("request_item_id", None)
    return model.of_values({**stored.model_dump(), **values})


def _clear_stale_item_id(
    item: ApprovalProcess, stored: ApprovalProcess, values: FieldValues, moved: set[uuid.UUID]
) -> None:
    """Forget the sys_id that was found before when the document means another item, or the same one elsewhere.

    A document leaves the sys_id out so that it serves several instances; only as long as server and item are the same
    is what was found before still right.
    """
    same = all(
        getattr(item, name) == getattr(stored, name)
        for name in ("server_id", "request_item_name", "request_item_category")
    )
    if not values.get("request_item_id") and (not same or item.server_id in moved):
        item.request_item_id = ""


def _document_key(kind: Kind, column: str) -> str:
    """Return the key of a field in the document; that of a part follows the key it belongs to."""
    named = {key.field: name for name, key in document_keys(kind).items()}
    for name, key in document_keys(kind).items():
        named |= {part.field: f"{name} {part.key}" for part in key.parts}
    return named.get(column, column)


def _make_change(entry: Entry, stored: ConfigurationObject | None, item: ConfigurationObject) -> ObjectChange:
    names = item.fields.model_fields
    before = {n: getattr(stored, n) for n in names} if stored is not None else {}
    fields = {
        n: (before.get(n), getattr(item, n)) for n in names if stored is None or before[n] != getattr(item, n)
    }
    operation = "create" if stored is None else "update" if fields else "keep"
    return ObjectChange(operation, entry.kind, item.name, fields, item, entry.place.line)


def _json_value(value: FieldValue) -> str | int | bool | None:
    return str(value) if isinstance(value, uuid.UUID) else value
