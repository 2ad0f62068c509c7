"""How the approval operation of a Privilege Manager server is filled in for one intake client: propose, show, confirm."""

import asyncio
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from models.delivery import AnswerKind
from models.intake_client import IntakeClient
from services.answers.approval_body import (
    AnswerMapping,
    DurationForm,
    PropertySource,
    Source,
    check_mapping,
    required_properties,
    schema_hash,
    schema_properties,
    suggest_mapping,
    supports_denial,
    supports_duration,
)
from services.answers.privilege_manager import ApprovalServer
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.json_text import read_json
from services.common.json_types import JsonObject, JsonValue
from services.connectivity.answer_faults import DELIVERY_FAULTS
from services.intake.clients import IntakeClients
from services.store import Store

UNIT_DEFAULT_S = 60


class AnswerWorkspace(Protocol):
    """What this works with: the store and the clients of Privilege Manager servers."""

    store: Store

    async def approval_server(self, server_id: uuid.UUID) -> ApprovalServer:
        """Return what answers requests on a Privilege Manager server."""


@dataclass(frozen=True, slots=True)
class AnswerSetup:
    """The schema of the approval operation and the mapping for it, stored or proposed."""

    client: IntakeClient
    schema: JsonObject
    mapping: AnswerMapping
    problem: ConsoleError | None = None
    """Why the mapping does not fit the schema."""

    @property
    def is_confirmed(self) -> bool:
        """Whether answers are sent by this mapping."""
        return self.problem is None and self.mapping.schema_hash == schema_hash(self.schema)

    @property
    def has_changed(self) -> bool:
        """Whether the server describes the operation in another way than when the mapping was confirmed."""
        return bool(self.mapping.schema_hash) and self.mapping.schema_hash != schema_hash(self.schema)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return one row for each property: name, type, whether it is required, and what it is filled with."""
        required, properties = required_properties(self.schema), schema_properties(self.schema)
        found = []
        for name, described in properties.items():
            one = self.mapping.properties.get(name)
            allowed = described.get("enum")
            kind = (
                ", ".join(map(str, allowed)) if isinstance(allowed, list) else str(described.get("type", ""))
            )
            found.append((name, kind, "yes" if name in required else "", source_text(one) if one else ""))
        return found

    def notes(self) -> list[str]:
        """Return what a person should know before confirming."""
        notes = []
        if self.problem is not None:
            notes.append(self.problem.problem.as_text())
        elif self.has_changed:
            notes.append(
                "The server describes the operation in another way than when the mapping was confirmed."
            )
        elif not self.is_confirmed:
            notes.append(
                "This mapping is a proposal. Nothing is sent by it until it is confirmed with --confirm."
            )
        if self.problem is None and not supports_denial(self.mapping):
            notes.append("A denial cannot be sent: the mapping has no value for it.")
        if self.client.answer_duration_s and not supports_duration(self.mapping):
            notes.append("No property takes the duration: approvals are for one time.")
        return notes

    def as_dict(self) -> JsonObject:
        """Return the setup for JSON."""
        required = required_properties(self.schema)
        return {
            "client": self.client.name,
            "confirmed": self.is_confirmed,
            "changed": self.has_changed,
            "properties": [
                {"name": name, "required": name in required, "schema": described, "source": one.as_json() if one else None}
                for name, described in schema_properties(self.schema).items()
                for one in (self.mapping.properties.get(name),)
            ],
            "problem": dict(self.problem.problem.as_dict()) if self.problem is not None else None,
        }  # fmt: skip


async def read_answer_setup(
    workspace: AnswerWorkspace, name: str, arguments: Sequence[str] = ()
) -> AnswerSetup:
    """Read the schema from the client's server, and the mapping that is confirmed or else proposed for it.

    `arguments` are PROPERTY=SOURCE, see `parse_source`. Raises NotFoundError, InputError, and what the server's client raises.
    """
    client = await asyncio.to_thread(IntakeClients(workspace.store).find, name)
    if client.answer_kind != AnswerKind.PRIVILEGE_MANAGER or client.answer_server_id is None:
        evidence = f"“{client.name}” has no Privilege Manager server for its answers."
        raise _invalid(evidence)
    server = await workspace.approval_server(client.answer_server_id)
    schema = await server.approval_schema()
    stored = AnswerMapping.from_text(client.answer_mapping)
    mapping = stored if stored.schema_hash else suggest_mapping(schema)
    return change_answer_setup(AnswerSetup(client, schema, mapping), arguments)


def change_answer_setup(setup: AnswerSetup, arguments: Sequence[str]) -> AnswerSetup:
    """Return a setup with other sources, which are not confirmed; see `parse_source`. Raises InputError."""
    if not arguments:
        return _checked(setup)
    properties = dict(setup.mapping.properties)
    for argument in arguments:
        name, source = parse_source(argument)
        properties.pop(name, None)
        if source is not None:
            properties[name] = source
    return _checked(replace(setup, mapping=AnswerMapping(properties), problem=None))


def confirm_answer_setup(workspace: AnswerWorkspace, setup: AnswerSetup) -> AnswerSetup:
    """Keep the mapping of a setup. Raises ConsoleError for one that does not fit its schema."""
    clients = IntakeClients(workspace.store)
    mapping = clients.confirm_mapping(setup.client.name, setup.schema, setup.mapping)
    return replace(setup, mapping=mapping, client=clients.find(setup.client.name))


def parse_source(argument: str) -> tuple[str, PropertySource | None]:
    """Read PROPERTY=SOURCE; an empty source leaves the property out. Raises InputError."""
    name, separator, text = argument.partition("=")
    kind, _, rest = text.partition(":")
    if not name or not separator:
        raise _invalid(f"“{argument}” is not PROPERTY=SOURCE.")
    if not text:
        return name, None
    try:
        source = Source(kind)
    except ValueError:
        raise _invalid(f"“{kind}” is none of {', '.join(Source)}.") from None
    match source:
        case Source.DECISION:
            approved, _, denied = rest.partition(":")
            return name, PropertySource(source, _value(approved), _value(denied) if denied else None)
        case Source.ONE_TIME:
            once, _, timed = (rest or "true:false").partition(":")
            return name, PropertySource(source, _value(once), _value(timed) if timed else None)
        case Source.FIXED:
            return name, PropertySource(source, value=_value(rest))
        case Source.DURATION:
            if rest in (DurationForm.TIMESPAN, DurationForm.ISO8601):
                return name, PropertySource(source, form=DurationForm(rest))
            if rest and not (rest.isascii() and rest.isdecimal() and int(rest) > 0):
                raise _invalid(f"“{rest}” is no number of seconds.")
            return name, PropertySource(source, unit_s=int(rest) if rest else UNIT_DEFAULT_S)
        case Source.APPROVAL_ID | Source.COMMENT | Source.APPROVER:
            return name, PropertySource(source)


def source_text(one: PropertySource) -> str:
    """Return a source as `parse_source` reads it."""
    match one.source:
        case Source.DECISION | Source.ONE_TIME:
            denied = "" if one.denied is None else f":{_written(one.denied)}"
            return f"{one.source}:{_written(one.approved)}{denied}"
        case Source.FIXED:
            return f"{one.source}:{_written(one.value)}"
        case Source.DURATION:
            return f"{one.source}:{one.unit_s if one.form is DurationForm.NUMBER else one.form}"
        case Source.APPROVAL_ID | Source.COMMENT | Source.APPROVER:
            return one.source.value


def _value(text: str) -> JsonValue:
    try:
        return read_json(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return text


def _written(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _checked(setup: AnswerSetup) -> AnswerSetup:
    try:
        check_mapping(setup.schema, setup.mapping)
    except ConsoleError as error:
        return replace(setup, problem=error)
    return setup


def _invalid(evidence: str) -> ConsoleError:
    return DELIVERY_FAULTS.error(FaultId.DELIVERY_MAPPING_INVALID, "Read the mapping of answers", evidence)
