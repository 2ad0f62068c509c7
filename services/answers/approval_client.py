"""The client of a Privilege Manager server, as answers need it."""

import asyncio
import time

from services.common.json_types import JsonLike, JsonObject
from services.privilege_manager import PrivilegeManagerClient
from services.privilege_manager.schemas import Schema

SCHEMA_AGE_MAX_S = 60.0
"""How old the description of the approval operation may be when an answer is filled in."""


class PrivilegeManagerApprovals:
    """Answers requests on one server. The API that is public has no operation that tells the state of a request."""

    def __init__(self, client: PrivilegeManagerClient) -> None:
        self.client = client
        self._read_at: float | None = None
        self._lock = asyncio.Lock()

    async def approval_schema(self) -> JsonObject:
        """Return the JSON schema of the approval operation's body, at most a minute old. Raises ConsoleError."""
        async with self._lock:
            now = time.monotonic()
            if self._read_at is None or now - self._read_at > SCHEMA_AGE_MAX_S:
                await self.client.operations(again=True)
                self._read_at = now
        return json_schema(await self.client.approval_schema())

    async def find_answer(self, approval_id: str) -> bool | None:
        """Return None: the server does not tell whether a request was answered."""
        del approval_id
        return None

    async def send_answer(self, body: JsonLike) -> object:
        """Call the approval operation once. Raises ConsoleError."""
        return await self.client.send_answer(body)


def json_schema(schema: Schema) -> JsonObject:
    """Return a schema as JSON; what the document does not say is left out."""
    found: JsonObject = {}
    if schema.type:
        found["type"] = schema.type
    if schema.format:
        found["format"] = schema.format
    if schema.description:
        found["description"] = schema.description
    if schema.enum:
        found["enum"] = list(schema.enum)
    if schema.max_length is not None:
        found["maxLength"] = schema.max_length
    if schema.properties:
        found["properties"] = {name: json_schema(one) for name, one in schema.properties.items()}
    if schema.required:
        found["required"] = [*sorted(schema.required)]
    if schema.items is not None:
        found["items"] = json_schema(schema.items)
    return found
