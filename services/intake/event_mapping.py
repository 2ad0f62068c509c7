"""The mapping of one client's events: as it is stored, and as it is changed a few variables at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.intake_client import IntakeClient
from services.common.errors import FieldError, InvalidError
from services.common.json_types import JsonLike, JsonObject, JsonValue
from services.intake.clients import IntakeClients
from services.intake.event_fields import (
    APPROVAL_ID,
    MappingRow,
    mapping_document,
    mapping_rows,
    missing_variables,
    read_event,
    with_variable,
)
from services.intake.event_store import IntakeEvents
from services.intake.payload_mapping import ID_FIELD, document_from_arguments
from services.store import Store


@dataclass(frozen=True, slots=True)
class EventMapping:
    """The mapping of a client beside its newest readable event."""

    client: IntakeClient
    rows: tuple[MappingRow, ...]
    missing: tuple[str, ...]
    """Variables that nobody has decided about."""

    @property
    def is_learning(self) -> bool:
        """Whether events raise nothing yet."""
        return self.client.is_learning

    def as_dict(self) -> dict[str, JsonLike]:
        """Return it for JSON."""
        return {
            "client": self.client.name,
            "raises_requests": not self.is_learning,
            "missing": list(self.missing),
            "variables": [
                {"variable": row.variable, "state": row.state, "source": row.source or None, "value": row.value or None}
                for row in self.rows
            ],
        }  # fmt: skip


def newest_payload(store: Store, client: IntakeClient) -> JsonObject | None:
    """Return the JSON of the newest event of a client that could be read, or None. Blocks."""
    events = IntakeEvents(store).newest(client.id)
    return next((found for event in events if (found := read_event(event.body)) is not None), None)


def read_mapping(store: Store, client: IntakeClient) -> EventMapping:
    """Return the mapping of a client. Raises InvalidError, StoreError. Blocks."""
    document = mapping_document(client.mapping)
    rows = mapping_rows(document, newest_payload(store, client))
    return EventMapping(client, tuple(rows), tuple(missing_variables(document)))


def change_mapping(
    store: Store, client: IntakeClient, changes: Mapping[str, JsonValue], *, confirm: bool = True
) -> EventMapping:
    """Give variables another source; None takes it away. Raises InvalidError, NotFoundError, StoreError. Blocks.

    With `confirm` the client raises requests from now on, as soon as nothing is missing.
    """
    document = mapping_document(client.mapping)
    for variable, source in changes.items():
        document = with_variable(document, variable, source)
    missing = missing_variables(document)
    is_learning = bool(missing) or (client.is_learning and not confirm)
    changed = IntakeClients(store).set_mapping(client.name, document, is_learning=is_learning)
    return read_mapping(store, changed)


def map_variables(store: Store, name: str, pairs: Sequence[str]) -> EventMapping:
    """Map VARIABLE=SOURCE for a client that gets events; without pairs nothing changes. Raises as `change_mapping`."""
    client = IntakeClients(store).find(name)
    if not pairs:
        return read_mapping(store, client)
    if client.source_server_id is None and not client.is_learning:
        message = "cannot be changed: the program does not send events of a Privilege Manager Server"
        raise InvalidError([FieldError("mapping", message)])
    given = document_from_arguments(pairs)
    if ID_FIELD in given:
        given[APPROVAL_ID] = given.pop(ID_FIELD)
    return change_mapping(store, client, given)
