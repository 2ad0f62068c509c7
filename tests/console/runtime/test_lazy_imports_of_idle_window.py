"""What a window imports for what it does by itself: nothing that waits for somebody to ask."""

import subprocess
import sys

import pytest

from tests.limits import PROGRAM_S

GROUP = "import sys; from console.runtime import lazy_imports; lazy_imports.{group}(); print(*sys.modules)"
ASKED_FOR = {
    "services.requests.decisions.decide",
    "services.requests.details.loader",
    "services.requests.inbox.export",
    "services.requests.rehearsal.rehearsal",
    "services.actions.server_actions",
    "services.privilege_manager.items.approval_action",
    "zeep",
    "lxml",
    "keyring",
    "rich",
    "click",
}


def imported_by(group):
    """Return the modules that a program of its own has after it imported a group."""
    ended = subprocess.run(
        [sys.executable, "-c", GROUP.format(group=group)],
        check=True,
        capture_output=True,
        text=True,
        timeout=PROGRAM_S,
    )
    return set(ended.stdout.split())


@pytest.mark.parametrize(
    "group",
    ["polling", "polling_status", "unfinished_work", "cleanup", "awaited_copies", "expiries", "inbox"],
)
def test_what_a_window_does_by_itself_imports_little(group):
    assert ASKED_FOR & imported_by(group) == set()


@pytest.mark.parametrize(
    "group", ["polling_status", "unfinished_work", "awaited_copies", "expiries", "inbox", "sign_in"]
)
def test_what_a_window_does_without_servers_imports_no_client(group):
    assert {"httpx", "lxml", "services.servicenow.http_client"} & imported_by(group) == set()
