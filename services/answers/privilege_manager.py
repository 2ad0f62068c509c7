"""Answers to Privilege Manager through the approval operation that its Swagger document describes."""

import json
from collections.abc import Awaitable, Callable
from typing import Protocol

from models.delivery import Delivery
from services.answers.answer import Answer
from services.answers.approval_body import AnswerMapping, build_body
from services.answers.destination import Found, SendResult, Verdict
from services.common.json_types import JsonObject


class ApprovalServer(Protocol):
    """What this needs of the client of a Privilege Manager server. Every method raises ConsoleError."""

    async def approval_schema(self) -> JsonObject:
        """Return the JSON schema of the body of the approval operation, with its references resolved."""

    async def find_answer(self, approval_id: str) -> bool | None:
        """Return whether an approval request has been answered; None where the server has no operation that tells."""

    async def send_answer(self, body: JsonObject) -> object:
        """Call the approval operation once."""


class PrivilegeManagerDestination:
    """Sends the answers of one client to its server. `connect` returns the client of the server that is stored now."""

    def __init__(self, connect: Callable[[], Awaitable[ApprovalServer]], mapping: str) -> None:
        self._connect, self._mapping = connect, mapping

    async def make_body(self, answer: Answer) -> str:
        """Fill in the server's schema. Raises ConsoleError where that is not possible as things are confirmed."""
        mapping = AnswerMapping.from_text(self._mapping)
        server = await self._connect()
        return json.dumps(build_body(await server.approval_schema(), mapping, answer), ensure_ascii=False)

    async def find(self, delivery: Delivery) -> Found:
        """Ask the server whether the request has an answer."""
        server = await self._connect()
        answered = await server.find_answer(delivery.caller_id)
        if answered is None:
            return Found.UNKNOWN
        return Found.TAKEN if answered else Found.NOT_TAKEN

    async def send(self, delivery: Delivery, body: str) -> SendResult:
        """Call the approval operation once."""
        del delivery
        server = await self._connect()
        await server.send_answer(json.loads(body))
        return SendResult(Verdict.DELIVERED, "Answered")

    async def aclose(self) -> None:
        """Do nothing: the client belongs to whoever connected it."""
