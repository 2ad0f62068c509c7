"""What a scripted SOAP call costs beside the network: the client's whole call against httpx sending the same bytes."""

import asyncio
import contextlib
import gc
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from services.servicenow.contract import STATUS_INPUT, STATUS_OUTPUT

PASSWORD = "only-for-measuring"
CLIENT_SECRET = "only-for-measuring-too"
ACCOUNT, SERVICE = "privman.integration", "GetExecuteAppApprovalRequestStatus"
ROUNDS, CALLS = 15, 40


@dataclass
class Runs:
    """Milliseconds of processor time of one call, the mean of each round: by the client with a password and with an access token, and the
    same bytes by httpx alone."""

    whole: list[float] = field(default_factory=list)
    with_token: list[float] = field(default_factory=list)
    wire: list[float] = field(default_factory=list)


def measure() -> Runs:
    """Serve a practice instance in a process of its own and call it in turns."""
    with served() as practice:
        return asyncio.run(_rounds(practice))


@dataclass(frozen=True)
class Served:
    """A practice instance in a process of its own, and the client ID of its OAuth client."""

    address: str
    client_id: str

    def token_sign_in(self) -> Any:
        """Return the sign-in of its OAuth client."""
        from models.secret_names import SecretName
        from models.sign_in import SignInMethod
        from services.common.secret import Secret
        from services.transport.sign_in import TokenSignIn

        secrets = {SecretName.CLIENT_SECRET: Secret(CLIENT_SECRET)}
        return TokenSignIn(ACCOUNT, SignInMethod.CLIENT_CREDENTIALS, self.client_id, secrets=secrets)


@contextlib.contextmanager
def served(*options: str) -> Iterator[Served]:
    """Serve a practice instance in a process of its own."""
    secrets = {"PRACTICE_PASSWORD": PASSWORD, "PRACTICE_CLIENT_SECRET": CLIENT_SECRET}
    environ = {**os.environ, **secrets, "PYTHONUNBUFFERED": "1"}
    serve = [sys.executable, "-m", "console", "practice", "serve", "--port", "0", *options]
    with subprocess.Popen(serve, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = _read(process, r"http://127\.0\.0\.1:\d+/")
            yield Served(address, _read(process, r"(?<=client ID )[0-9a-f]+"))
        finally:
            process.terminate()


def _read(process: "subprocess.Popen[str]", pattern: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(pattern, line)
        if found:
            return found.group()
    raise SystemExit("The practice instance did not start.")


async def _rounds(practice: Served) -> Runs:
    import httpx

    from services.common.secret import Secret
    from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn

    runs = Runs()
    inputs = {STATUS_INPUT: "0" * 32}
    settings = ConnectionSettings("Measured", practice.address)
    async with (
        ServiceNowClient(settings, SignIn(ACCOUNT, Secret(PASSWORD))) as instance,
        ServiceNowClient(settings, practice.token_sign_in()) as with_token,
        httpx.AsyncClient(base_url=practice.address, auth=(ACCOUNT, PASSWORD), trust_env=False) as plain,
    ):
        service, other = instance.service(SERVICE), with_token.service(SERVICE)
        body, headers = await _recorded(instance, service, inputs)

        async def whole() -> None:
            await service.call(inputs, (STATUS_OUTPUT,))

        async def whole_with_token() -> None:
            await other.call(inputs, (STATUS_OUTPUT,))

        async def wire() -> None:
            (await plain.post(f"{SERVICE}.do?SOAP", content=body, headers=headers)).raise_for_status()

        for number in range(ROUNDS + 1):
            gc.collect()
            found = await _mean(whole), await _mean(whole_with_token), await _mean(wire)
            if number:  # the first round opens the connections
                runs.whole.append(found[0])
                runs.with_token.append(found[1])
                runs.wire.append(found[2])
    return runs


async def _recorded(instance: Any, service: Any, inputs: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a call as the client sends them."""
    seen: list[tuple[bytes, str]] = []
    post = instance.post_soap

    async def record(path: str, body: bytes, **told: Any) -> Any:
        seen.append((body, told["action"]))
        return await post(path, body, **told)

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
    # Not the clock: the difference of two times that hold the instance's work says little.
    started = time.process_time()
    for _ in range(CALLS):
        await call()
    return (time.process_time() - started) * 1000 / CALLS
