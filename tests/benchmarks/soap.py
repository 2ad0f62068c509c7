"""What a scripted SOAP call costs beside the network: the client's whole call against httpx sending the same bytes."""

import asyncio
import gc
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from services.servicenow.contract import STATUS_INPUT, STATUS_OUTPUT

PASSWORD = "only-for-measuring"
ACCOUNT, SERVICE = "privman.integration", "GetExecuteAppApprovalRequestStatus"
ROUNDS, CALLS = 15, 40


@dataclass
class Runs:
    """Milliseconds of one call, the mean of each round: by the client, and the same bytes by httpx alone."""

    whole: list[float] = field(default_factory=list)
    wire: list[float] = field(default_factory=list)


def measure() -> Runs:
    """Serve a practice instance in a process of its own and call it in turns."""
    environ = {**os.environ, "PRACTICE_PASSWORD": PASSWORD, "PYTHONUNBUFFERED": "1"}
    serve = [sys.executable, "-m", "console", "practice", "serve", "--port", "0"]
    with subprocess.Popen(serve, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            return asyncio.run(_rounds(_address(process)))
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
    import httpx

    from services.common.secret import Secret
    from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn

    runs = Runs()
    inputs = {STATUS_INPUT: "0" * 32}
    sign_in = SignIn(ACCOUNT, Secret(PASSWORD))
    async with (
        ServiceNowClient(ConnectionSettings("Measured", address), sign_in) as instance,
        httpx.AsyncClient(base_url=address, auth=(ACCOUNT, PASSWORD), trust_env=False) as plain,
    ):
        service = instance.service(SERVICE)
        body, headers = await _recorded(instance, service, inputs)

        async def whole() -> None:
            await service.call(inputs, (STATUS_OUTPUT,))

        async def wire() -> None:
            (await plain.post(f"{SERVICE}.do?SOAP", content=body, headers=headers)).raise_for_status()

        for number in range(ROUNDS + 1):
            gc.collect()
            found = await _mean(whole), await _mean(wire)
            if number:  # the first round opens the connections
                runs.whole.append(found[0])
                runs.wire.append(found[1])
    return runs


async def _recorded(instance: Any, service: Any, inputs: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a call as the client sends them."""
    seen: list[tuple[bytes, str]] = []
    post = instance.post_soap

    async def record(path: str, body: bytes, *, action: str, tried: str) -> Any:
        seen.append((body, action))
        return await post(path, body, action=action, tried=tried)

    instance.post_soap = record
    await service.call(inputs, (STATUS_OUTPUT,))
    instance.post_soap = post
    body, action = seen[0]
    return body, {
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": f'"{action}"',
        "Accept": "text/xml",
    }


async def _mean(call: Any) -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        await call()
    return (time.perf_counter() - started) * 1000 / CALLS
