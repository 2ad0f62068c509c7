"""What is read for all servers takes as many statements for many servers as for a few, and says the same of each."""

import json
import random
import uuid
from datetime import timedelta

import pytest

from models.base import utcnow
from models.kinds import Kind
from models.task_run import TaskRun
from services.connectivity import check_history
from services.connectivity.seen_dates import find_seen_dates
from services.expiries.facts import read_expiry_facts, read_stored_expiries
from services.statistics.server_statistics import load_server_statistics
from services.store.row_values import get_table
from services.vault.session_vault import SessionVault
from tests.services.counted import statements
from tests.services.transfer.conftest import configuration, empty_store, store

__all__ = ["configuration", "empty_store", "store"]

pytestmark = pytest.mark.every_database

WORDS = ("ok", "warning", "failed")
SEVERITY = {word: number for number, word in enumerate(WORDS)}


def add_servers(configuration, names):
    made = []
    for name in names:
        credential = configuration.new(Kind.USER_CREDENTIAL, name=f"Account {name}", account="app")
        configuration.save(credential)
        server = configuration.new(
            Kind.FOREIGN_SYSTEM, name=name, base_url=f"https://{name}.invalid/", credential_id=credential.id
        )
        configuration.save(server)
        process = configuration.new(Kind.APPROVAL_PROCESS, name=name, server_id=server.id)
        configuration.save(process)
        made.append(server)
    return made


def add_checks(store, servers, chance, count=14):
    """Store checks with several processes, each with a verdict; returns the reports by server, the newest first."""
    reports = {}
    rows = []
    for server in servers:
        processes = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(2)]
        for number in range(count):
            report = {
                "verdict": chance.choice(WORDS),
                "process_id": chance.choice(["", *processes]),
                "unsaved": chance.random() < 0.2,
                "base_url": server.base_url,
                "stages": [{"stage": "tls", "state": "ok", "certificate_ends_at": f"20{10 + number}-01-01"}],
            }
            reports.setdefault(server.id, []).append(report)
            row = TaskRun(
                task=check_history.TASK_ID,
                object_kind=Kind.FOREIGN_SYSTEM,
                object_id=server.id,
                started_at=utcnow() - timedelta(minutes=number),
                report=json.dumps(report),
            )
            rows.append(row.model_dump())
    chance.shuffle(rows)
    with store.write() as work:
        work.session.execute(get_table(TaskRun).insert(), rows)
    return reports


def expected_verdict(reports):
    last = {}
    for report in reports[: check_history.VERDICT_SAMPLE_SIZE]:
        process = report["process_id"]
        if not report["unsaved"] and (process or not last):
            last.setdefault(process, report["verdict"])
    return max(last.values(), key=SEVERITY.get, default="")


@pytest.mark.parametrize("seed", range(3))
def test_verdicts_and_dates_are_those_of_each_servers_last_checks(store, configuration, seed):
    servers = add_servers(configuration, [f"host{number}" for number in range(12)])
    reports = add_checks(store, servers, random.Random(seed))
    expected = {key: word for key, own in reports.items() if (word := expected_verdict(own))}
    assert check_history.last_verdicts(store) == expected
    seen = find_seen_dates(store, servers)
    assert {one.certificate_ends_at.year for one in seen.values()} == {2010}


def test_a_server_that_was_deleted_and_one_that_was_never_checked_have_no_verdict(store, configuration):
    kept, never = add_servers(configuration, ["kept", "never"])
    gone = uuid.uuid4()
    check = {"task": check_history.TASK_ID, "report": json.dumps({"verdict": "ok"})}
    with store.write() as work:
        for key in (kept.id, gone):
            work.insert(TaskRun(object_kind=Kind.FOREIGN_SYSTEM, object_id=key, **check))
    assert check_history.last_verdicts(store) == {kept.id: "ok"}
    assert set(find_seen_dates(store, [kept, never])) == {kept.id, never.id}


READS = {
    "verdicts": lambda configuration, store: check_history.last_verdicts(store),
    "expiries": lambda configuration, store: read_expiry_facts(
        read_stored_expiries(configuration, store), SessionVault()
    ),
    "statistics": lambda configuration, store: load_server_statistics(store),
}


@pytest.mark.parametrize("name", READS)
def test_what_is_read_for_all_servers_takes_as_many_statements_for_many_as_for_few(
    store, configuration, name
):
    read = READS[name]
    add_checks(store, add_servers(configuration, [f"few{number}" for number in range(3)]), random.Random(1))
    with statements(store) as few:
        read(configuration, store)
    add_checks(store, add_servers(configuration, [f"more{number}" for number in range(25)]), random.Random(2))
    with statements(store) as many:
        read(configuration, store)
    assert len(many) == len(few)
