"""A store in a file, a second console on it, and one object of every kind."""

from types import SimpleNamespace

import pytest

from models.kinds import Kind
from services.configuration import Configuration
from services.store import Store
from tests.databases import store

__all__ = ["store"]


@pytest.fixture
def configuration(store):
    return Configuration(store)


@pytest.fixture
def other(store):
    """Another console on the same file."""
    opened = Store.open(store.url, actor="grace")
    yield Configuration(opened)
    opened.close()


@pytest.fixture
def make(configuration):
    """Store an object of a kind that needs nothing but what is given."""
    needed = {
        Kind.USER_CREDENTIAL: {"account": "api.user"},
        Kind.FOREIGN_SYSTEM: {"base_url": "https://acme.service-now.com/"},
        Kind.PRIVILEGE_MANAGER_SERVER: {"base_url": "https://pm.example.com/TMS/"},
    }

    def maker(kind, **values):
        return configuration.save(configuration.new(kind, **{**needed.get(kind, {}), **values}))

    return maker


@pytest.fixture
def chain(make):
    """A credential, its server, its process and its type, each used by the next."""
    credential = make(Kind.USER_CREDENTIAL, name="Credential")
    server = make(Kind.FOREIGN_SYSTEM, name="Server", credential_id=credential.id)
    process = make(Kind.APPROVAL_PROCESS, name="Process", server_id=server.id)
    approval_type = make(Kind.APPROVAL_TYPE, name="Type", process_id=process.id)
    return SimpleNamespace(credential=credential, server=server, process=process, type=approval_type)
