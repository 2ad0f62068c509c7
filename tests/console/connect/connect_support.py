"""Support for tests of the page: a server on the practice Privilege Manager, a client, events, the opened page."""

import asyncio
import contextlib

from PyQt6.QtWidgets import QApplication

from console.runtime.page_targets import CONNECT, Target
from console.shell.page_registry import create_page
from models.base import utcnow
from models.intake_event import IntakeEvent
from models.kinds import Kind
from services.coordination.worker_presence import announce_worker
from services.intake.clients import IntakeClients
from services.intake.event_store import IntakeEvents
from tests.console.page_support import close_connections, until
from tests.services.intake.event_support import store_pm_server

NESTED_EVENT = (
    '{"ApprovalId": "5f0c7b1e-9d24-4c7a-b8a1-20f6c1d4e377", "User": {"Id": "3e8a1c52-07f4-4d19-9b60-d5c27ae0f914", '
    '"Name": "ACME\\\\b.okafor"}, "Policy": {"Id": "b7d2906a-6f3e-4a51-8c0d-1e94f27a5b38", "Name": "Visual Studio"}, '
    '"File": {"Path": "C:\\\\Users\\\\b.okafor\\\\Downloads\\\\vs_setup.exe"}, "Reason": "Tools for release 8"}'
)


def add_type(configuration, name="ServiceNow Execute Application Request Type"):
    """Store an Approval Type with a process."""
    servicenow = configuration.save(
        configuration.new(
            Kind.FOREIGN_SYSTEM, name=f"Server of {name}", base_url="https://acme.service-now.com/"
        )
    )
    process = configuration.save(
        configuration.new(Kind.APPROVAL_PROCESS, name=f"Process of {name}", server_id=servicenow.id)
    )
    return configuration.save(configuration.new(Kind.APPROVAL_TYPE, name=name, process_id=process.id))


def add_server(ctx, pm):
    """Store a server that signs in to the practice Privilege Manager."""
    return store_pm_server(ctx.workspace, pm)


def serve(store, url="https://approvals.acme.example:8443/", holder="somewhere:1:1"):
    """Let it look as if a worker elsewhere runs, with the intake at `url`."""
    with store.write() as work:
        announce_worker(work.session, holder, utcnow(), url)


def add_client(store, type_id, server):
    """Store the client of a server; returns it and its token."""
    return IntakeClients(store).add_for_events("Webhook", type_id, server.id)


def receive(store, client, body=NESTED_EVENT, status=202, fault="", **more):
    """Keep an event as the intake does."""
    event = IntakeEvent(
        client_id=client.id if client else None, sender="192.0.2.7", size=len(body), status=status, fault=fault,
        body=body, **more,
    )  # fmt: skip
    IntakeEvents(store).add(event)
    return event


@contextlib.asynccontextmanager
async def opened(ctx, server, size=(1000, 720)):
    """Show the page of a server until it has read everything, and take it down again."""
    page = create_page(Target(CONNECT, server.id), ctx)
    page.resize(*size)
    page.show()
    page.load()
    await settled(page)
    try:
        yield page
    finally:
        page.close()
        page.deleteLater()
        await asyncio.sleep(0)
        await close_connections(ctx.workspace)


async def settled(page):
    """Wait until nothing is read any more."""
    await until(
        lambda: (
            page.presenter.stored is not None
            and (page.presenter.stored.server is None or page.presenter.server is not None)
            and not page.tasks.busy
        )
    )


async def dialog_of(kind):
    """Wait for a dialog to open and return it."""

    def shown():
        return [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]

    await until(lambda: bool(shown()))
    return shown()[0]


def captions(page):
    """Return the caption of each step."""
    return [step.caption for step in page.presenter.steps()]


def states(page):
    """Return the state of each step."""
    return [step.state.value for step in page.presenter.steps()]
