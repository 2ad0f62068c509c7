"""Past checks: kept with their stages, without secrets, and read back newest first."""

import json

import pytest

from models.kinds import Kind
from services import redact
from services.checks import ALL_GOOD, finding_of, last_verdict, last_verdicts, past_checks, store_check
from services.configuration import Configuration
from services.connectivity import CheckReport, StageResult
from services.store import Store


@pytest.fixture
def store(tmp_path):
    opened = Store.open(str(tmp_path / "checks.db"), actor="ada")
    yield opened
    opened.close()


@pytest.fixture
def server(store):
    configuration = Configuration(store)
    return configuration.save(
        configuration.new(Kind.FOREIGN_SYSTEM, name="Server", base_url="https://acme.service-now.com/")
    )


@pytest.fixture
def processes(store, server):
    configuration = Configuration(store)
    made = [configuration.new(Kind.APPROVAL_PROCESS, name=n, server_id=server.id) for n in ("One", "Two")]
    return [configuration.save(p) for p in made]


def report(state="ok", evidence="seen"):
    return CheckReport(
        "Server",
        [
            StageResult("url", "ok", "https"),
            StageResult("tls", state, evidence, "tls-failed", "No TLS.", "network", "Look.", 12.4),
        ],
        40.0,
    )


def test_a_check_comes_back_as_it_was(store, server, processes):
    kept = store_check(store, server, report("warning"), processes[0])
    assert past_checks(store, server.id) == [kept]
    assert (kept.verdict, kept.by, kept.process, kept.unsaved) == ("warning", "ada", "One", False)
    assert kept.finding == "No TLS."
    assert [s.stage for s in kept.stages] == ["url", "tls"]
    assert kept.stages[1].ms == 12
    assert store.verify_audit().ok


def test_no_secret_is_kept(store, server):
    redact.remember("canary-4714-long")
    store_check(store, server, report("failed", "sent canary-4714-long, password=hunter2"))
    [kept] = past_checks(store, server.id)
    assert "canary" not in json.dumps(kept.stages[1].as_dict())
    assert "hunter2" not in kept.stages[1].evidence


def test_the_last_thirty_are_read_newest_first(store, server):
    for number in range(32):
        store_check(store, server, report("failed" if number == 31 else "ok"))
    checks = past_checks(store, server.id)
    assert len(checks) == 30
    assert checks[0].verdict == "failed"
    assert [c.at for c in checks] == sorted((c.at for c in checks), reverse=True)
    assert checks[1].finding == ALL_GOOD


def test_a_server_stands_as_badly_as_the_worst_of_its_processes(store, server, processes):
    assert last_verdict(store, server.id) == ""
    assert last_verdicts(store) == {}
    one, two = processes
    store_check(store, server, report("failed"))
    assert last_verdict(store, server.id) == "failed"
    store_check(store, server, report("warning"), one)
    assert last_verdict(store, server.id) == "warning"
    store_check(store, server, report("ok"), two)
    assert last_verdicts(store) == {server.id: "warning"}
    store_check(store, server, report("ok"), one)
    assert last_verdict(store, server.id) == "ok"


def test_what_was_typed_and_not_saved_says_nothing_about_the_server(store, server):
    store_check(store, server, report("ok"))
    store_check(store, server, report("failed"), unsaved=True)
    assert last_verdict(store, server.id) == "ok"
    assert past_checks(store, server.id)[0].unsaved


def test_the_finding_is_the_worst_one():
    both = [StageResult("url", "warning", "odd"), StageResult("tls", "failed", "no", cause="No TLS.")]
    assert finding_of(both) == "No TLS. (1 more)"
