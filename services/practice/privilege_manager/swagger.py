"""The Swagger 2 document of the practice server."""

from services.common.json_types import JsonObject, JsonValue
from services.practice.privilege_manager.operations import OPERATIONS, Operation
from services.practice.privilege_manager.options import ApprovalSchema, PracticeOptions

_TEXT: JsonObject = {"type": "string"}
_DURATIONS: dict[str, JsonObject] = {
    "minutes": {"type": "integer", "format": "int32", "description": "Minutes; left out: one time."},
    "hours": {"type": "integer", "format": "int32", "description": "Hours; left out: one time."},
    "seconds": {"type": "integer", "format": "int32", "description": "Seconds; left out: one time."},
    "timespan": {"type": "string", "format": "duration", "description": "[d.]hh:mm:ss; left out: one time."},
}


def swagger_document(
    options: PracticeOptions, *, host: str, base_path: str, without: frozenset[str]
) -> JsonObject:
    """Return the document; operations in `without` are left out."""
    paths: dict[str, JsonValue] = {}
    for operation in OPERATIONS:
        if operation.name in without:
            continue
        entry = paths.setdefault(operation.path, {})
        assert isinstance(entry, dict)  # noqa: S101 -- made above
        entry[operation.method.lower()] = _operation(operation, options.approval)
    return {
        "swagger": "2.0",
        "info": {"version": "v1", "title": "Practice Privilege Manager"},
        "host": host,
        "basePath": base_path,
        "schemes": ["http"],
        "paths": paths,
        "definitions": _definitions(options.approval),
        "securityDefinitions": {
            "token": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "description": "Bearer and the token",
            }
        },
    }


def _operation(operation: Operation, approval: ApprovalSchema) -> JsonObject:
    parameters: list[JsonValue] = [
        {"name": part.strip("{}"), "in": "path", "required": True, **_path_type(part)}
        for part in operation.path.split("/")
        if part.startswith("{")
    ]
    parameters += [
        {"name": name, "in": "query", "required": False, "type": "boolean" if name[0] == "b" else "string"}
        for name in operation.query
    ]
    if operation.body:
        reference = approval.definition if operation.body == "*approval" else operation.body
        schema: JsonObject = {"$ref": f"#/definitions/{reference}"}
        if operation.is_body_list:
            schema = {"type": "array", "items": schema}
        parameters.append({"name": "body", "in": "body", "required": True, "schema": schema})
    answer: JsonObject = _TEXT if operation.name == "log_on" else {"$ref": "#/definitions/Answer"}
    return {
        "tags": [operation.tag],
        "summary": operation.summary,
        "operationId": f"{operation.tag}_{operation.path.rsplit('/', 1)[-1].strip('{}')}_{operation.method.title()}",
        "consumes": ["application/json"] if operation.body else [],
        "produces": ["application/json"],
        "parameters": parameters,
        "responses": {"200": {"description": "OK", "schema": answer}},
    }


def _path_type(part: str) -> JsonObject:
    return {"type": "boolean"} if part == "{enable}" else {"type": "string", "format": "uuid"}


def _object(required: list[JsonValue] | None = None, **properties: JsonValue) -> JsonObject:
    made: JsonObject = {"type": "object", "properties": properties}
    return {**made, "required": required} if required else made


def _list_of(name: str) -> JsonObject:
    return {"type": "array", "items": {"$ref": f"#/definitions/{name}"}}


def _definitions(approval: ApprovalSchema) -> JsonObject:
    integer: JsonObject = {"type": "integer", "format": "int32"}
    boolean: JsonObject = {"type": "boolean"}
    identifier: JsonObject = {"type": "string", "format": "uuid"}
    return {
        "LogonRequest": _object(["UserName", "Password"], UserName=_TEXT, Password=_TEXT),
        "NewPolicy": _object(
            ["Name", "OS"],
            Name=_TEXT,
            Description=_TEXT,
            OS={"type": "string", "enum": ["win", "mac"]},
        ),
        "PolicyFilter": _object(["Id", "FilterRole"], Id=identifier, FilterRole={**integer, "enum": [1, 2, 3]}),
        "PolicyFilters": _object(["Filters"], Filters=_list_of("PolicyFilter")),
        "PolicyAction": _object(["Id"], Id=identifier, IsChildAction=boolean),
        "PolicyActions": _object(["Actions"], Actions=_list_of("PolicyAction")),
        "ObjectWrapper": _object(type=_TEXT, ValueType=_TEXT, Value={"type": "object"}),
        "InputParameterValue": _object(
            ["Name"], Name=_TEXT, Value={"$ref": "#/definitions/ObjectWrapper"}
        ),
        "Answer": _object(
            Code=integer,
            Status=_TEXT,
            Messages={"type": "array", "items": _TEXT},
            Result={"type": "object"},
            Total=integer,
        ),
        approval.definition: _approval(approval),
    }  # fmt: skip


def _approval(approval: ApprovalSchema) -> JsonObject:
    if isinstance(approval.approve, bool):
        response: JsonObject = {"type": "boolean"}
    else:
        response = {"type": "string", "enum": [approval.approve, approval.deny]}
    properties: dict[str, JsonValue] = {
        approval.approval_id: {"type": "string", "format": "uuid"},
        approval.response: response,
    }
    if approval.comment is not None:
        properties[approval.comment] = _TEXT
    if approval.duration is not None:
        properties[approval.duration] = _DURATIONS[approval.duration_unit]
    if approval.approver is not None:
        properties[approval.approver] = _TEXT
    return _object([approval.approval_id, approval.response], **properties)
