"""The inbox of 100,000 requests on every database: what its filters and its search take on SQLite and on PostgreSQL."""

import random
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from services.requests.inbox.inbox import Inbox
from services.store import Store
from tests import postgres
from tests.benchmarks.inbox import Runs, ask_for_lists
from tests.benchmarks.inbox_store import fill

REQUESTS = 100_000


def measure(folder: Path) -> Iterator[tuple[str, Runs]]:
    """Yield what every database takes."""
    path = folder / "databases.db"
    yield "SQLite", _asked(str(path))
    for kind in postgres.available():
        server = postgres.start(kind)
        try:
            name = server.make()
            version = str(server.run(name, "SHOW server_version")[0][0]).split()[0]
            yield (
                f"PostgreSQL {version}",
                _asked(server.url(name), partial(server.run, name, "VACUUM ANALYZE")),
            )
        finally:
            server.stop()


def _asked(url: str, settle=lambda: None) -> Runs:
    fill(url, REQUESTS)
    settle()  # as the server does by itself within minutes
    runs = Runs()
    with closing(Store.open(url, actor="bench")) as store:
        ask_for_lists(Inbox(store, me=("App Approvers",)), runs, random.Random(9))
    return runs
