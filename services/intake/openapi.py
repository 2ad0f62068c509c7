"""The OpenAPI 3.1 document of the intake, served at /openapi.json."""

from models.kinds import RequestState
from services.common.json_types import JsonObject
from services.intake.limits import BODY_SIZE_MAX, CLIENT_ID_LENGTH_MAX, KEY_LENGTH_MAX
from services.intake.payload_mapping import CLIENT_VARIABLES, ID_FIELD

VERSION = "1.0"
_JSON = "application/json"


def build_openapi_document() -> JsonObject:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Approval Console intake",
            "version": VERSION,
            "description": (
                "Raises approval requests and tells how they stand. A request is stored when it is answered with 202; "
                "it is sent to ServiceNow after that. The same key always means the same request."
            ),
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": {
            "/v1/requests": {"post": _raise_request_operation()},
            "/v1/requests/{id}": {"get": _get_request_operation()},
            "/healthz": {"get": _health_operation()},
            "/openapi.json": {"get": _openapi_operation()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
            "responses": _responses(),
        },
    }


def _raise_request_operation() -> JsonObject:
    header: JsonObject = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "What the request is called by the client. May be left out where the payload has an id of its own.",
        "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX},
    }
    taken: JsonObject = {
        "Location": {
            "description": "Where the request's state is told.",
            "schema": {"type": "string", "format": "uri-reference"},
        }
    }
    return {
        "operationId": "raiseRequest",
        "summary": "Raise an approval request",
        "parameters": [header],
        "requestBody": {
            "required": True,
            "content": {_JSON: {"schema": {"$ref": "#/components/schemas/Payload"}}},
        },
        "responses": {
            "200": {
                "description": "It was raised before.",
                "headers": taken,
                "content": _json_content("Request"),
            },
            "202": {
                "description": "It is stored; an event raises nothing until the mapping of its sender is confirmed.",
                "headers": taken,
                "content": {
                    _JSON: {
                        "schema": {
                            "oneOf": [
                                {"$ref": "#/components/schemas/Request"},
                                {"$ref": "#/components/schemas/StoredEvent"},
                            ]
                        }
                    }
                },
            },
            **_problem_responses("400", "401", "408", "413", "415", "421", "422", "429", "500", "503"),
        },
    }


def _get_request_operation() -> JsonObject:
    return {
        "operationId": "getRequest",
        "summary": "Tell how a request of this client stands",
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
        ],
        "responses": {
            "200": {"description": "How it stands.", "content": _json_content("Request")},
            **_problem_responses("401", "404", "421", "429", "500", "503"),
        },
    }


def _health_operation() -> JsonObject:
    return {
        "operationId": "getHealth",
        "summary": "Tell whether requests can be taken",
        "security": [],
        "responses": {
            "200": {"description": "The store can be used.", "content": _json_content("Health")},
            **_problem_responses("421", "500", "503"),
        },
    }


def _openapi_operation() -> JsonObject:
    return {
        "operationId": "getDescription",
        "summary": "Return this description",
        "security": [],
        "responses": {
            "200": {"description": "This document.", "content": {_JSON: {"schema": {"type": "object"}}}},
            **_problem_responses("421", "500"),
        },
    }


def _json_content(name: str) -> JsonObject:
    return {_JSON: {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _problem_responses(*statuses: str) -> JsonObject:
    return {status: {"$ref": f"#/components/responses/{_RESPONSE_NAMES[status]}"} for status in statuses}


_RESPONSE_NAMES = {
    "400": "Unreadable",
    "401": "TokenRefused",
    "404": "Unknown",
    "408": "Late",
    "413": "TooLarge",
    "415": "WrongType",
    "421": "WrongHost",
    "422": "Invalid",
    "429": "TooMany",
    "500": "Broken",
    "503": "Unavailable",
}
_RESPONSE_DESCRIPTIONS = {
    "400": "The body is no JSON object that can be read.",
    "401": "The token is missing or wrong.",
    "404": "The client has no such request.",
    "408": "The body did not come in time.",
    "413": f"The body has more than {BODY_SIZE_MAX:,} bytes.",
    "415": "The body is not JSON, or it is compressed.",
    "421": "The Host header names another server.",
    "422": "A variable cannot be filled, the key is missing, or it was used for another request.",
    "429": "The client has called too often.",
    "500": "The request could not be handled.",
    "503": "The store or the configuration does not allow it now.",
}


def _responses() -> JsonObject:
    made: JsonObject = {}
    for status, name in _RESPONSE_NAMES.items():
        answer: JsonObject = {
            "description": _RESPONSE_DESCRIPTIONS[status],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        if status in ("429", "503"):
            answer["headers"] = {
                "Retry-After": {
                    "description": "Seconds to wait.",
                    "schema": {"type": "integer", "minimum": 1},
                }
            }
        made[name] = answer
    return made


def _schemas() -> JsonObject:
    return {
        "Payload": _payload_schema(),
        "Request": _request_schema(),
        "StoredEvent": {
            "type": "object",
            "required": ["status"],
            "properties": {"status": {"type": "string", "enum": ["stored"]}},
            "additionalProperties": False,
        },
        "Health": {
            "type": "object",
            "required": ["status"],
            "properties": {"status": {"type": "string", "enum": ["ok"]}},
            "additionalProperties": False,
        },
        "Problem": _problem_schema(),
    }


def _payload_schema() -> JsonObject:
    single: JsonObject = {"type": ["string", "number", "boolean", "null"]}
    called: JsonObject = {
        **single,
        "maxLength": CLIENT_ID_LENGTH_MAX,
        "description": "What the client calls the request.",
    }
    return {
        "type": "object",
        "description": (
            "Any JSON object. Where the variables stand in it is set for each client; without such a mapping they "
            "have the names given here."
        ),
        "properties": {ID_FIELD: called, **dict.fromkeys(CLIENT_VARIABLES, single)},
        "additionalProperties": True,
    }


def _request_schema() -> JsonObject:
    moment: JsonObject = {"type": ["string", "null"], "format": "date-time"}
    text: JsonObject = {"type": ["string", "null"]}
    properties: JsonObject = {
        "id": {"type": "string", "format": "uuid"},
        "state": {"type": "string", "enum": [state.value for state in RequestState]},
        "final": {"type": "boolean", "description": "Whether the state will not change any more."},
        "approved": {"type": "boolean", "description": "Whether the program may run."},
        "number": text,
        "comment": text,
        "requested_at": {"type": "string", "format": "date-time"},
        "submitted_at": moment,
        "times_out_at": moment,
        "ended_at": moment,
    }
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _problem_schema() -> JsonObject:
    wrong: JsonObject = {
        "type": "object",
        "required": ["field", "reason"],
        "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": "Problem details (RFC 9457).",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "errors": {"type": "array", "items": wrong},
        },
        "additionalProperties": False,
    }
