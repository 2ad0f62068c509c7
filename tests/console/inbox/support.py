"""Requests in a store, and the page over them."""

import asyncio
import contextlib
import uuid
from datetime import UTC, datetime, timedelta

from console.inbox.request_rows import row_from_request
from console.runtime.page_targets import Target
from console.shell.page_registry import create_page
from models.approval_request import ApprovalRequest
from models.kinds import Kind, RequestState
from services.configuration import Configuration
from services.requests.polling.poll_state import PollOutcome, store_success
from tests.console.page_support import until as until_within

PATIENCE_S = 40.0
LONG_S = 50
"""Limits for what hangs: on a busy machine everything takes its time."""

TIMES_OUT = timedelta(minutes=20)


def request(serial, age_s=60.0, state=RequestState.PENDING, **more):
    """Return a request whose number and age are given; an ended one ended as it timed out."""
    at = datetime.now(UTC) - timedelta(seconds=age_s)
    key = uuid.uuid4()
    values = {
        "id": key,
        "approval_id": str(key),
        "state": state,
        "number": f"RITM{serial:07}",
        "policy_name": "Unsigned installers",
        "initiator_name": f"user{serial}",
        "agent_name": f"LT-{serial}",
        "file_path": rf"C:\Downloads\setup{serial}.exe",
        "reason": "Needed for the release",
        "requested_at": at,
        "times_out_at": at + TIMES_OUT,
        "ended_at": at + TIMES_OUT if state.is_final else None,
        "record_id": f"{serial:032x}",
        "external_id": f"{serial:032x}",
        "servicenow_state": "requested",
        "record_state": "1",
        "observed_at": datetime.now(UTC),
        "waits_for": "" if state.is_final else "App Approvers",
    }
    return ApprovalRequest(**(values | more))


def as_row(row):
    """Return a request under the names of a row of the inbox."""
    return row_from_request(row)


def put(store, *rows):
    """Write requests as an instance's copies come: many with one word to those who listen."""
    with store.write() as work:
        work.session.add_all(rows)
        work.event("observe", kind="approval_request", detail=f"{len(rows)} rows")


def change(store, row, **values):
    """Change requests behind the back of whoever shows them, and tell."""
    with store.write() as work:
        found = work.session.get(ApprovalRequest, row.id)
        for name, value in values.items():
            setattr(found, name, value)
        work.session.add(found)
        work.event("observe", kind="approval_request")


def looked(store, at, *, complete=True):
    """Write down that the one server of the store was looked at, as whoever follows it does; makes it if need be."""
    configuration = Configuration(store)
    servers = configuration.all(Kind.FOREIGN_SYSTEM)
    if not servers:
        new = configuration.new(Kind.FOREIGN_SYSTEM, base_url="http://127.0.0.1:9/")
        servers = [configuration.save(new)]
        configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=servers[0].id))
    with store.write() as work:
        store_success(
            work.session, servers[0].id, PollOutcome(at, complete=complete, proven=True, clock_offset_s=0)
        )


def quiet(page):
    """Whether nothing is being read for a page."""
    return not (
        page.tasks.busy or page.list_controller.busy or page.details_loader.tasks.busy or page.filters.busy
    )


async def until(condition):
    """Wait until something holds; how long that takes is no matter of these tests."""
    await until_within(condition, PATIENCE_S)


async def settled(page):
    """Wait until everything that was asked for is here."""
    await asyncio.sleep(0)
    await until(lambda: quiet(page))


@contextlib.asynccontextmanager
async def opened(ctx, target=None, size=(1040, 760)):
    """Open the page as the window does, and close it."""
    page = create_page(target or Target("requests"), ctx)
    page.resize(*size)
    page.show()
    page.activateWindow()
    page.load()
    await settled(page)
    try:
        yield page
        await settled(page)
    finally:
        page.tasks.cancel_all()
        page.close()
        page.deleteLater()
        await asyncio.sleep(0)


def selected_rows(page):
    """Return the selected requests that were read."""
    model = page.model
    positions = (at for first, last in page.table.selected_ranges() for at in range(first, last + 1))
    return [row for at in positions if (row := model.loaded(at)) is not None]


def numbers(page):
    """Return the numbers of the rows, in their order."""
    model = page.model
    return [model.index(row, 9).data() for row in range(model.rowCount())]
