"""`support-bundle`: what is in it, and what happens where it cannot be made whole or not at all."""

import json
import os
import stat
import zipfile

import pytest

from models.kinds import Kind
from services.configuration import Configuration
from services.practice.privilege_manager import PracticePrivilegeManager
from services.store import Store
from tests import canary
from tests.console.cli.conftest import Program
from tests.services.answers.outboxes import end_request, pm_client

PM_SERVER = """\
version: 1
credentials:
  - {{name: Canary {name}, account: {account}}}
foreign_systems:
  - {{name: {name}, kind: privilege_manager, base_url: "{base_url}", credential: Canary {name}}}
"""


def read(file):
    with zipfile.ZipFile(file) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


@pytest.mark.usefixtures("own_store")
def test_it_is_made_for_its_owner_and_says_what_is_in_it(tmp_path):
    program = Program(tmp_path)
    outcome = program.run("support-bundle", "bundle.zip")
    assert outcome.status == 0, outcome.err
    parts = read(tmp_path / "bundle.zip")
    assert set(parts) == {
        "versions.txt", "configuration.yaml", "checks.json", "credentials.json", "deliveries.json",
        "logs/approval-console.log",
    }  # fmt: skip
    assert all(name in outcome.err for name in parts)
    assert parts["versions.txt"].startswith("approval-console ")
    assert parts["configuration.yaml"].startswith("version: 1")
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "bundle.zip").stat().st_mode) == 0o600
    assert [f.name for f in tmp_path.glob(".bundle*")] == []


def test_a_store_that_cannot_be_opened_is_told_in_the_bundle(tmp_path):
    program = Program(tmp_path)
    (tmp_path / "broken.db").write_text("no store " * 500, encoding="utf-8")
    outcome = program.run("support-bundle", "bundle.zip", "--store", "broken.db")
    assert outcome.status == 0, outcome.err
    told = read(tmp_path / "bundle.zip")["configuration.yaml"]
    assert told.startswith("# The configuration cannot be read.")
    assert all(line.startswith("#") for line in told.splitlines() if line.strip())


def test_where_it_cannot_be_written_nothing_is_left(tmp_path):
    outcome = Program(tmp_path).run("support-bundle", "nowhere/bundle.zip")
    assert outcome.status == 2
    assert "Write nowhere/bundle.zip" in outcome.err


def refuse_log_on_rudely(forward):
    """Return an answer that passes on all but the log-on, whose reply holds everything that was sent."""
    return lambda request: (
        canary.reply(400, request) if b"/logon/" in request.partition(b"\r\n")[0] else forward(request)
    )


@pytest.fixture
def through_listeners(cli, tmp_path, monkeypatch):
    """Configure a practice server behind a listener that keeps what is sent, and behind one that says it back."""
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", str(tmp_path / "home"))
    server = PracticePrivilegeManager(secret=canary.SECRET).start()
    port, path = server.base_url.removeprefix("http://127.0.0.1:").split("/", 1)
    forward = canary.forward_to(int(port))
    listeners = [canary.Listener(forward), canary.Listener(refuse_log_on_rudely(forward))]
    for name, listener in zip(("Home", "Rude"), listeners, strict=True):
        monkeypatch.setenv(f"APPROVAL_CONSOLE_SECRET_CANARY_{name.upper()}", canary.SECRET)
        text = PM_SERVER.format(account=server.client_id, name=name, base_url=listener.url + path)
        (tmp_path / "server.yaml").write_text(text, encoding="utf-8")
        outcome = cli("config", "apply", tmp_path / "server.yaml")
        assert outcome.status == 0, outcome.err
    yield cli, *listeners
    for listener in listeners:
        listener.close()
    server.stop()


def test_of_a_privilege_manager_server_it_holds_check_version_and_answers_and_no_secret(
    through_listeners, tmp_path
):
    cli, home, rude = through_listeners
    said = [cli("check", "Home", "--verbose"), cli("check", "Rude", "--verbose")]
    assert [one.status for one in said] == [0, 1]
    store = Store.open(str(next(tmp_path.rglob("*.db"))), actor="test")
    configuration = Configuration(store)
    server = configuration.find_by_name(Kind.PRIVILEGE_MANAGER_SERVER, "Home")
    client = pm_client(store, configuration.save(configuration.new(Kind.APPROVAL_TYPE)).id, server.id)
    end_request(store, client)
    store.close()
    said.append(cli("worker", "--once", "--verbose"))
    said.append(cli("support-bundle", tmp_path / "bundle.zip"))
    parts = read(tmp_path / "bundle.zip")
    checks = {one["server"]: one for one in json.loads(parts["checks.json"])["checks"]}
    assert (checks["Home"]["verdict"], checks["Rude"]["verdict"]) == ("ok", "failed")
    [version] = [one["evidence"] for one in checks["Home"]["stages"] if one["stage"] == "version"]
    assert version
    answers = json.loads(parts["deliveries.json"])
    assert answers["states"] == {"pending": 1}
    assert answers["deliveries"][0]["fault"]
    tokens = {canary.header_of(one, "authorization") for one in home.requests} - {""}
    tokens = {one.removeprefix("Bearer ") for one in tokens}
    assert tokens
    assert any(canary.leaks(one) for one in rude.requests), "the secret was not sent, so nothing was tried"
    everything = "".join(parts.values()) + "".join(one.out + one.err for one in said)
    assert canary.leaks(everything) == []
    assert canary.leaks_below(tmp_path) == {}
    files = [everything.encode()] + [one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()]
    assert not [token for token in tokens for content in files if token.encode() in content]
