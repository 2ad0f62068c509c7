"""A practice instance on a real socket for the whole module, and plain HTTP to it as any of its accounts."""

import httpx
import pytest

from services.practice import PracticeInstance
from services.servicenow.contract import ServiceRole
from services.servicenow.script_templates import item_marker, render_script
from tests.services.practice.soaping import call, fault_of

WRAPPED = "(function scriptedWebServiceOperation(request, response) {{\n{}\n}})(request, response);"


@pytest.fixture(scope="module")
def served():
    instance = PracticeInstance().start()
    yield instance
    instance.stop()


@pytest.fixture
def practice(served):
    served.faults.clear()
    yield served
    served.faults.clear()


@pytest.fixture
def signed_in(practice):
    """Return a function that opens plain HTTP as an account; cookies are never kept between two accounts."""
    opened = []

    def sign_in(account="privman.integration", base_url=None):
        auth = (account, practice.accounts[account].password) if account else None
        client = httpx.Client(base_url=base_url or practice.base_url, auth=auth, trust_env=False, timeout=10)
        opened.append(client)
        return client

    yield sign_in
    for client in opened:
        client.close()


class Scripted:
    """Services that a test makes for its own scripts; gone afterwards."""

    def __init__(self, practice, client):
        self._practice, self._client = practice, client
        self._made = []

    def add(self, script, *, whole=False):
        """Add a service with this script (or the body of one) and return its name."""
        name = f"Tried{len(self._made)}"
        values = {"name": name, "active": True, "function_name": "execute"}
        values["script"] = script if whole else WRAPPED.format(script)
        self._made.append(self._practice._database.insert("sys_web_service", values))
        return name

    def add_set(self, name):
        """Add the create script of a set of services of its own."""
        return self.add(render_script(ServiceRole.CREATE, marker=item_marker(name)), whole=True)

    def run(self, script, *, whole=False, **inputs):
        """Return the outputs of a script."""
        return call(self._client, self.add(script, whole=whole), **inputs)

    def fault(self, script, *, whole=False, **inputs):
        """Return the text of the fault that a script ends in."""
        return fault_of(self._client, self.add(script, whole=whole), **inputs)

    def close(self):
        for made in self._made:
            self._practice._database.delete("sys_web_service", made)


@pytest.fixture
def scripted(practice, signed_in):
    made = Scripted(practice, signed_in())
    yield made
    made.close()
