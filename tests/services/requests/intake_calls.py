"""A served intake and calls of it, each held against its own description."""

import httpx
import pytest

from services.intake.clients import IntakeClients
from services.intake.openapi import build_openapi_document
from services.intake.server import IntakeServer
from tests.services.requests.schemas import assert_fits, response_schema

PAYLOAD = {
    "PMFilePath": r"C:\Tools\vs_setup.exe",
    "PMUserReason": "Tools & <more> 😀",
    "PMInitiatorName": "Ada",
}


@pytest.fixture
def clients(store):
    return IntakeClients(store)


@pytest.fixture
def token(clients, desk):
    return clients.add("Webhook", desk.type.id)[1]


@pytest.fixture
async def server(store):
    async with IntakeServer(store, port=0) as made:
        yield made


@pytest.fixture
async def call(server):
    """Call the intake, and see that every answer is one that its description tells of."""
    async with client_of(server) as client:

        async def send(method, path, token="", json=None, **more):
            headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **more.pop("headers", {})}
            response = await client.request(method, path, json=json, headers=headers, **more)
            as_described(method, path, response)
            return response

        yield send


def client_of(server):
    return httpx.AsyncClient(base_url=server.url, trust_env=False)


def as_described(method, path, response):
    route = "/v1/requests/{id}" if path.startswith("/v1/requests/") else path
    schema = response_schema(build_openapi_document(), route, method, response)
    if schema is not None:
        assert_fits(response.json(), schema, build_openapi_document())
    assert response.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in response.headers


async def raise_one(call, token, key="one", payload=PAYLOAD):
    return await call("POST", "/v1/requests", token, payload, headers={"Idempotency-Key": key})
