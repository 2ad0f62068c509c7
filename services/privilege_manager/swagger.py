"""What a server can do: reads the operations of the API from its Swagger 2 document."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from services.common.fault_ids import FaultId
from services.common.json_text import read_json
from services.common.json_types import JsonObject, JsonValue
from services.common.plain_text import replace_unstorable
from services.privilege_manager.faults import make_error
from services.privilege_manager.operations import Operation, find_operation_reason
from services.privilege_manager.schemas import Schema, SchemaReader

SWAGGER_PATH = "services/swagger/docs/v1"
"""Below the base URL."""
_MARK_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation, apart from the body; `location` is `path`, `query`, `header` or `formData`."""

    name: str
    location: str
    required: bool
    schema: Schema


@dataclass(frozen=True, slots=True)
class OperationDescription:
    """One operation as the document describes it."""

    operation: Operation
    method: str
    path: str
    """From `/api` on, as the document spells it, with its names of path parameters in braces."""
    parameters: tuple[Parameter, ...] = ()
    body: Schema | None = None
    fingerprint: str = ""
    """A hash of everything above but descriptions: it changes when the way to call the operation changes."""

    def address(self, *values: str) -> str:
        """Return the path below the base URL with `values` for the path parameters, in order."""
        given = iter(values)
        parts = [quote(next(given), safe="") if _is_placeholder(p) else p for p in self.path.split("/")]
        return f"services{'/'.join(parts)}"

    def query_name(self, name: str) -> str | None:
        """Return a query parameter as the document spells it, or None where it has none of that name."""
        found = (p.name for p in self.parameters if p.location == "query" and p.name.lower() == name.lower())
        return next(found, None)


@dataclass(frozen=True, slots=True)
class ApiDescription:
    """The operations that a server has."""

    operations: Mapping[Operation, OperationDescription]
    fingerprint: str
    """A hash of the whole document, to notice a change. The order of its members does not matter."""
    title: str = ""
    unknown_paths: tuple[str, ...] = field(default=(), repr=False)
    """Paths that belong to no `Operation`, for people who look for one."""

    def __contains__(self, operation: object) -> bool:
        return operation in self.operations

    @property
    def missing(self) -> tuple[Operation, ...]:
        """The operations that the document lacks."""
        return tuple(operation for operation in Operation if operation not in self.operations)

    @property
    def fingerprints(self) -> dict[str, str]:
        """A short mark of each operation by its name, which changes with the way to call it."""
        return {operation.value: one.fingerprint[:_MARK_LENGTH] for operation, one in self.operations.items()}

    def find_reason(self, operation: Operation) -> str:
        """Return why `operation` cannot be used, for people; an empty text where it can."""
        return "" if operation in self.operations else find_operation_reason(operation)

    def require(self, operation: Operation, tried: str) -> OperationDescription:
        """Return how to call `operation`; raises `privilege-manager-operation-missing`."""
        found = self.operations.get(operation)
        if found is None:
            evidence = f"{' or '.join(operation.methods)} {operation.path} is not in its Swagger document"
            raise make_error(
                FaultId.PRIVILEGE_MANAGER_OPERATION_MISSING,
                tried,
                evidence,
                cause=find_operation_reason(operation),
            )
        return found


def parse_description(content: bytes, tried: str) -> ApiDescription:
    """Return the operations that a Swagger 2 document describes.

    Raises `privilege-manager-swagger-unreadable`. May take long for a large document: call it in a thread.
    """
    try:
        document = read_json(content)
    except ValueError as error:
        raise make_error(FaultId.PRIVILEGE_MANAGER_SWAGGER_UNREADABLE, tried, f"not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("swagger") != "2.0":
        raise make_error(
            FaultId.PRIVILEGE_MANAGER_SWAGGER_UNREADABLE, tried, "the JSON has no member “swagger” with “2.0”"
        )
    paths = document.get("paths")
    if not isinstance(paths, dict):
        raise make_error(FaultId.PRIVILEGE_MANAGER_SWAGGER_UNREADABLE, tried, "the document has no paths")
    definitions = document.get("definitions")
    reader = SchemaReader(definitions if isinstance(definitions, dict) else {})
    shared = document.get("parameters")
    described, unknown = _find_operations(paths, reader, shared if isinstance(shared, dict) else {})
    info = document.get("info")
    title = info.get("title") if isinstance(info, dict) else None
    return ApiDescription(
        described,
        _fingerprint(document),
        replace_unstorable(title) if isinstance(title, str) else "",
        unknown,
    )


def _find_operations(
    paths: JsonObject, reader: SchemaReader, shared: JsonObject
) -> tuple[dict[Operation, OperationDescription], tuple[str, ...]]:
    found: dict[Operation, OperationDescription] = {}
    unknown = []
    for path, entry in paths.items():
        known = False
        for operation in Operation:
            own = _match(operation, path)
            if own is None or not isinstance(entry, dict):
                continue
            methods = {key.upper(): key for key in entry}
            method = next((one for one in operation.methods if one in methods), None)
            if method is None or operation in found:
                continue
            known = True
            found[operation] = _describe(operation, method, own, (entry, methods[method]), reader, shared)
        if not known:
            unknown.append(replace_unstorable(path))
    return found, tuple(unknown)


def _match(operation: Operation, path: str) -> str | None:
    """Return the part of `path` from `/api` on if it is the address of `operation`, whatever stands before it.

    A document may name the virtual directory in its base path or in every path. Neither case nor names of parameters count.
    """
    wanted, parts = operation.path.strip("/").split("/"), path.strip("/").split("/")
    own = parts[len(parts) - len(wanted) :] if len(parts) >= len(wanted) else []
    if len(own) != len(wanted):
        return None
    for one, part in zip(wanted, own, strict=True):
        if (one == "{}") != _is_placeholder(part) or (one != "{}" and one.lower() != part.lower()):
            return None
    return f"/{'/'.join(own)}"


def _is_placeholder(part: str) -> bool:
    return part.startswith("{") and part.endswith("}")


def _describe(
    operation: Operation,
    method: str,
    path: str,
    place: tuple[JsonObject, str],
    reader: SchemaReader,
    shared: JsonObject,
) -> OperationDescription:
    entry, key = place
    own = entry[key]
    listed = [
        *_list(entry.get("parameters")),
        *_list(own.get("parameters") if isinstance(own, dict) else None),
    ]
    parameters: dict[tuple[str, str], Parameter] = {}
    body: Schema | None = None
    for one in (_resolved(part, shared) for part in listed):
        name, location = one.get("name"), one.get("in")
        if location == "body":
            body = reader.read(one.get("schema"))
        elif isinstance(name, str) and isinstance(location, str):
            parameters[location, name] = Parameter(
                replace_unstorable(name), location, one.get("required") is True, reader.read(dict(one))
            )
    plain = tuple(parameters.values())
    called = sorted((p.location, p.name, p.required, _sorted_schema(p.schema)) for p in plain)
    fingerprint = hashlib.sha256(repr((method, path, called, _sorted_schema(body))).encode()).hexdigest()
    return OperationDescription(operation, method, path, plain, body, fingerprint)


def _sorted_schema(schema: Schema | None) -> object:
    """Return what identifies a schema; frozen sets have no order of their own."""
    if schema is None:
        return None
    return (
        schema.type,
        schema.format,
        schema.enum,
        sorted(schema.required),
        sorted((name, _sorted_schema(part)) for name, part in schema.properties.items()),
        _sorted_schema(schema.items),
    )


def _resolved(part: JsonValue, shared: JsonObject) -> JsonObject:
    if not isinstance(part, dict):
        return {}
    reference = part.get("$ref")
    if isinstance(reference, str):
        found = shared.get(reference.removeprefix("#/parameters/"))
        return found if isinstance(found, dict) else {}
    return part


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _fingerprint(document: JsonObject) -> str:
    # Which name of the host was used does not matter.
    own = {key: value for key, value in document.items() if key not in ("host", "schemes")}
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()
