"""Applying a document: several programs at once make one result, and many objects take as many statements as a few."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event

from models.kinds import Kind
from services.configuration import Configuration
from services.store import Store
from services.transfer import apply_plan, plan_document, read_document
from services.transfer.apply_online import apply_online
from tests.limits import PROGRAM_S
from tests.services.store.invariants import assert_sound

ROOT = Path(__file__).resolve().parents[3]
AT_ONCE = 3

pytestmark = pytest.mark.every_database


def document(count, first=0):
    numbers = range(first, first + count)
    return "\n".join(
        (
            "version: 1",
            "credentials:",
            *(f"- {{name: Credential {n}, account: a}}" for n in numbers),
            "foreign_systems:",
            *(
                f"- {{name: Server {n}, base_url: 'https://h{n}.example/', credential: Credential {n}}}"
                for n in numbers
            ),
            "approval_processes:",
            *(f"- {{name: Process {n}, server: Server {n}}}" for n in numbers),
            "approval_types:",
            *(f"- {{name: Type {n}, process_handler: Process {n}}}" for n in numbers),
        )
    )


def test_programs_that_apply_one_document_at_once_all_succeed(places, tmp_path):
    place, file = places.empty(), tmp_path / "document.yaml"
    file.write_text(document(5))
    command = [
        sys.executable,
        "-m",
        "console",
        "--store",
        place,
        "--vault",
        "env",
        "config",
        "apply",
        str(file),
    ]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    programs = [
        subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(AT_ONCE)
    ]
    said = [program.communicate(timeout=PROGRAM_S) for program in programs]
    assert [program.returncode for program in programs] == [0] * AT_ONCE, said
    with closing(Store.open(place, actor="ada")) as store:
        history = Configuration(store).history_all()
        assert [one.operation for one in history] == ["create"] * 20
    assert_sound(place)


async def test_a_document_that_was_applied_since_it_was_compared_leaves_nothing_to_do(
    workspace, configuration
):
    source = document(3)
    made = plan_document(read_document(source), configuration)
    apply_plan(plan_document(read_document(source), configuration), configuration)
    await apply_online(made, workspace)
    assert made.summary == {"create": 0, "update": 0, "keep": 12}
    assert len(configuration.history_all()) == 12


async def test_what_others_changed_since_is_brought_to_what_the_document_says(workspace, configuration):
    source = document(1)
    apply_plan(plan_document(read_document(source), configuration), configuration)
    made = plan_document(read_document(source.replace("account: a", "account: b")), configuration)
    theirs = configuration.named(Kind.USER_CREDENTIAL, "Credential 0")
    theirs.account, theirs.description = "c", "Changed by grace"
    configuration.save(theirs)
    await apply_online(made, workspace)
    stored = configuration.named(Kind.USER_CREDENTIAL, "Credential 0")
    assert (stored.account, stored.description) == ("b", "Changed by grace")


def test_many_objects_take_as_many_statements_as_a_few(configuration, store):
    def statements(source):
        asked = []

        def ask(*call):
            asked.append(call[2])

        event.listen(store.engine, "before_cursor_execute", ask)
        made = plan_document(read_document(source), configuration)
        apply_plan(made, configuration)
        event.remove(store.engine, "before_cursor_execute", ask)
        return len(asked), made.summary

    def moved(source):
        return source.replace("account: a", "account: b").replace("https://h", "https://moved")

    few, many = document(2), document(30, first=2)
    statements(document(1, first=100))  # the first entry of all begins the audit trail
    first, _ = statements(few)
    assert statements(many) == (first, {"create": 120, "update": 0, "keep": 0})
    first, _ = statements(moved(few))
    assert statements(moved(many)) == (first, {"create": 0, "update": 60, "keep": 60})
    assert statements(moved(many))[1]["keep"] == 120
    assert store.verify_audit().ok
