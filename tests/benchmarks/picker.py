"""How long the search of the Request Item picker takes on an instance with 500,000 items, against httpx alone.

Both sides fetch the 200 items in turns from one practice instance in a process of its own.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field

import httpx

from services.servicenow.request_item_search import FIELDS, Catalogue

ITEMS, HITS, ROUNDS = 500_000, 200, 7
SEARCH = "Catalog item 01"
"""Found in the names of the items 10,000 to 19,999: more than are shown."""
PASSWORD, ACCOUNT = "only-for-measuring", "privman.integration"


@dataclass
class Runs:
    """Milliseconds of each round: until the first rows and all 200, and the same rows by httpx alone; calls of one search."""

    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    wire: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)


def measure() -> Runs:
    """Serve a practice instance and search in turns."""
    with _served() as address:
        return asyncio.run(_rounds(address))


@contextmanager
def _served() -> Iterator[str]:
    environ = {**os.environ, "PRACTICE_PASSWORD": PASSWORD, "PYTHONUNBUFFERED": "1"}
    serve = [sys.executable, "-m", "console", "practice", "serve", "--port", "0", "--items", str(ITEMS)]
    with subprocess.Popen(serve, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _address(process)
        finally:
            process.terminate()


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        if found:
            return found.group()
    raise SystemExit("The practice instance did not start.")


async def _rounds(address: str) -> Runs:
    from services.common.secret import Secret
    from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn

    runs = Runs()
    wire = httpx.AsyncClient(base_url=address, auth=(ACCOUNT, PASSWORD), trust_env=False, timeout=60)
    settings, sign_in = ConnectionSettings("Practice", address), SignIn(ACCOUNT, Secret(PASSWORD))
    async with wire, ServiceNowClient(settings, sign_in) as instance:
        sent = _count_calls(instance)
        for number in range(ROUNDS + 1):
            began, calls, first = time.perf_counter(), len(sent), 0.0
            found = 0
            async with aclosing(Catalogue(instance).search(SEARCH, limit=HITS)) as batches:
                async for batch in batches:
                    first = first or time.perf_counter() - began
                    found += len(batch)
            whole = time.perf_counter() - began
            alone = await _fetch(wire)
            if found != HITS:
                raise AssertionError(f"{found} items instead of {HITS}")
            if number:  # the first of both connects
                runs.first.append(first * 1000)
                runs.whole.append(whole * 1000)
                runs.wire.append(alone * 1000)
                runs.calls.append(float(len(sent) - calls))
    return runs


async def _fetch(wire: httpx.AsyncClient) -> float:
    began = time.perf_counter()
    query = f"active=true^sys_class_name=sc_cat_item^nameLIKE{SEARCH}^ORDERBYsys_id"
    names = ",".join(("sys_id", *FIELDS, "sys_class_name"))
    answer = await wire.get(
        "api/now/table/sc_cat_item",
        params={"sysparm_query": query, "sysparm_fields": names, "sysparm_limit": str(HITS)},
    )
    if len(answer.json()["result"]) != HITS:
        raise AssertionError("the rows are not those that are searched for")
    return time.perf_counter() - began


def _count_calls(instance):
    """Return a list that the paths of the calls of a client are added to."""
    sent, get = [], instance.get

    async def counted(path, **more):
        sent.append(path)
        return await get(path, **more)

    instance.get = counted
    return sent
