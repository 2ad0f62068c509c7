"""What is known about the connection of one Privilege Manager server, read from the store and from the server."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlmodel import col, select

from models.approval_type import ApprovalType
from models.base import utcnow
from models.intake_client import IntakeClient
from models.intake_event import IntakeEvent
from models.privilege_manager_server import PrivilegeManagerServer
from services.answers.delivery_list import DeliveryFigures, delivery_statistics
from services.common.errors import ConsoleError, Problem
from services.coordination.worker_presence import list_active_workers, list_intake_urls
from services.intake.answer_setup import AnswerSetup, read_answer_setup
from services.intake.clients import IntakeClients
from services.intake.event_mapping import EventMapping, read_mapping
from services.intake.event_store import IntakeEvents

if TYPE_CHECKING:
    from services.store import Store
    from services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """What the store knows. `server` is None where it was deleted."""

    server: PrivilegeManagerServer | None
    types: tuple[tuple[uuid.UUID, str], ...] = ()
    """Approval Types that requests can be raised of: id and name."""
    client: IntakeClient | None = None
    mapping: EventMapping | None = None
    events: tuple[IntakeEvent, ...] = ()
    """Events of the client, the newest first."""
    refused: IntakeEvent | None = None
    """The newest call whose token belongs to no client."""
    intake_urls: tuple[str, ...] = ()
    """Where running workers serve the intake."""
    running_workers: int = 0
    """How many workers run, with the intake or without."""
    answers: DeliveryFigures = DeliveryFigures()  # noqa: RUF009 -- it is frozen


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What the server itself said: its version, or why it could not be asked."""

    version: str = ""
    problem: Problem | None = None
    setup: AnswerSetup | None = None
    """How its approval operation is filled in; None without a client or operation."""
    answer_problem: Problem | None = None
    """Why its approval operation cannot be used."""


def load_stored_facts(store: "Store", server_id: uuid.UUID) -> StoredFacts:
    """Read everything that stands in the store. Raises ConsoleError. Blocks."""
    now = utcnow()
    with store.read() as session:
        server = session.get(PrivilegeManagerServer, server_id)
        types = session.exec(
            select(ApprovalType.id, ApprovalType.name)
            .where(col(ApprovalType.process_id).is_not(None))
            .order_by(col(ApprovalType.name))
        ).all()
        urls, running = list_intake_urls(session, now), list_active_workers(session, now)
    if server is None:
        return StoredFacts(None)
    clients, events = IntakeClients(store), IntakeEvents(store)
    client = clients.find_for_events(server_id)
    unknown = events.newest(None, 1)
    found: Sequence[IntakeEvent] = events.newest(client.id) if client is not None else ()
    return StoredFacts(
        server,
        tuple((key, name) for key, name in types),
        client,
        read_mapping(store, client) if client is not None else None,
        tuple(found),
        unknown[0] if unknown else None,
        tuple(urls),
        len(running),
        delivery_statistics(store, now, server_id=server_id).total,
    )


async def ask_server(
    workspace: "Workspace", server_id: uuid.UUID, client: IntakeClient | None
) -> ServerFacts:
    """Sign in, and read the version and the approval operation; what fails is told as a problem."""
    try:
        server = await workspace.privilege_manager(server_id)
        version = await server.version()
    except ConsoleError as error:
        return ServerFacts(problem=error.problem)
    try:
        if client is not None and client.answer_server_id == server_id:
            return ServerFacts(version, setup=await read_answer_setup(workspace, client.name))
        await (await workspace.approval_server(server_id)).approval_schema()
    except ConsoleError as error:
        return ServerFacts(version, answer_problem=error.problem)
    return ServerFacts(version)
