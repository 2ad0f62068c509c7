"""The task at the command line: an empty instance is made ready, used and left as it was, by programs of their own."""

import re
import subprocess
from xml.etree import ElementTree as ET

import pytest

from services.practice import PracticeInstance
from tests.console.cli.conftest import SECRET, SERVER, TYPE, Program, document
from tests.limits import MANY_PROGRAMS_S, PROGRAM_S

pytestmark = pytest.mark.timeout(MANY_PROGRAMS_S)

ADMIN = "APPROVAL_CONSOLE_SECRET_ADMINISTRATOR"


@pytest.fixture(scope="module")
def empty():
    instance = PracticeInstance(state="empty", password=SECRET).start()
    yield instance
    instance.stop()


@pytest.fixture(scope="module")
def story(empty, tmp_path_factory):
    """What each call answered, in the order in which an administrator makes them."""
    program = Program(tmp_path_factory.mktemp("provision"), {ADMIN: SECRET})
    whole = document(empty.base_url)
    start = whole.partition("approval_processes")[0].replace(
        "credentials:\n", "credentials:\n  - {name: Administrator, account: admin}\n"
    )
    (program.folder / "start.yaml").write_text(start, encoding="utf-8")
    (program.folder / "whole.yaml").write_text(whole, encoding="utf-8")
    task = ("provision", SERVER)
    admin = ("--admin-credential", "Administrator")
    rows = empty._database.rows("sys_web_service")
    answered = {
        "start": program.run("config", "apply", "start.yaml"),
        "plan": program.run(*task, "--plan", "--json"),
        "as it is": program.run(*task, "--plan"),
        "refused": program.run(*task, "--apply", "--json"),
        "nothing asked": program.run(*task),
        "update set": program.run(*task, "--update-set", "set.xml"),
        "on input": program.run(*task, "--apply", "--admin-account", "admin", "--json"),
        "apply": program.run(*task, "--apply", *admin, "--json"),
        "again": program.run(*task, "--apply", *admin, "--json"),
        "whole": program.run("config", "apply", "whole.yaml"),
        "check": program.run("check", SERVER, "--json"),
        "rehearse": program.run("requests", "rehearse", "--type", TYPE, "--decide", "approve", "--json"),
        "verify": program.run(*task, "--verify", "--json"),
    }
    answered["undo"] = program.run(*task, "--undo", answered["apply"].json["receipt"], *admin, "--json")
    answered["replan"] = program.run(*task, "--plan", "--json")
    assert empty._database.rows("sys_web_service") == rows
    return program, answered


def test_every_call_ends_as_the_interface_says(story):
    _, answered = story
    assert {name: outcome.status for name, outcome in answered.items()} == {
        **dict.fromkeys(answered, 0), "refused": 3, "nothing asked": 2, "on input": 2,
    }, {name: outcome.err for name, outcome in answered.items()}  # fmt: skip


def test_the_plan_says_every_record_with_its_fields(story):
    plan = story[1]["plan"].json
    assert plan["summary"]["create"] == len(plan["changes"]) == 35
    first = plan["changes"][0]
    assert set(first) == {"operation", "table", "name", "sys_id", "fields", "why"}
    assert (first["operation"], first["table"], first["sys_id"]) == ("create", "sc_category", None)
    assert first["fields"]["title"] == {"from": None, "to": "Thycotic"}
    assert "35 create" in story[1]["as it is"].out


def test_without_admin_the_ways_out_are_named(story):
    problem = story[1]["refused"].json["error"]
    assert problem["fault"] == "provision-admin-missing"
    assert "update set" in problem["remedy"]


def test_progress_never_counts_past_its_end(story):
    _, answered = story
    for name in ("apply", "again", "undo"):
        counted = re.findall(r"^(\d+)/(\d+) ", answered[name].err, re.MULTILINE)
        assert counted, name
        assert all(int(step) <= int(total) for step, total in counted), name


def test_the_second_run_changes_nothing(story):
    first, second = story[1]["apply"].json, story[1]["again"].json
    assert first["verified"] is second["verified"] is True
    assert first["summary"]["create"] == second["summary"]["keep"] == 35
    assert first["receipt"] != second["receipt"]
    assert any("admin" in reminder for reminder in first["reminders"])


def test_what_was_made_serves_and_is_gone_again(story):
    answered = story[1]
    assert answered["check"].json["verdict"] == "ok"
    assert answered["rehearse"].json["ok"]
    assert answered["verify"].json == {
        "verified": True, "wrong": [], "drift": [], "status_call": "invalid", "problem": None,
    }  # fmt: skip
    assert answered["undo"].json["undone"] is True
    assert len(answered["undo"].json["removed"]) == 35
    assert answered["replan"].json["summary"]["create"] == 35


def test_the_update_set_is_a_file_of_its_own(story):
    program, _ = story
    assert len(ET.parse(program.folder / "set.xml").getroot().findall("sys_update_xml")) == 35


def test_no_qt_is_asked_for_and_the_administrator_is_bound_to_nothing(story):
    program, _ = story
    assert program.qt_asked_for == []
    bindings = [
        p.read_text(encoding="utf-8") for p in (program.folder / "home").rglob("*") if "bind" in p.name
    ]
    assert bindings


def test_a_password_is_typed_for_one_run(empty, story):
    program, _ = story
    asked = ("provision", SERVER, "--apply", "--admin-account", "admin", "--password-stdin", "--json")
    done = program.run(*asked, text=SECRET + "\n")
    assert (done.status, done.json["verified"]) == (0, True), done.err
    wrong = program.run(*asked, text="wrong\n")
    assert (wrong.status, wrong.json["error"]["fault"]) == (3, "authentication-refused")
    taken_back = program.run(*asked[:2], "--undo", done.json["receipt"], *asked[3:], text=SECRET + "\n")
    assert taken_back.status == 0, taken_back.err


def test_a_production_server_is_confirmed_by_its_name(cli, tmp_path, empty):
    file = tmp_path / "production.yaml"
    file.write_text(
        document(empty.base_url, production=True).partition("approval_processes")[0], encoding="utf-8"
    )
    store = ("--store", str(tmp_path / "console.db"))
    assert cli("config", "apply", file, *store).status == 0
    refused = cli("provision", SERVER, "--apply", *store)
    assert refused.status == 2
    assert "production" in refused.err
    assert cli("provision", SERVER, "--apply", "--confirm", SERVER, *store).status == 3


def test_a_file_that_cannot_be_written_is_said_so(cli, tmp_path, empty):
    file = tmp_path / "start.yaml"
    file.write_text(document(empty.base_url).partition("approval_processes")[0], encoding="utf-8")
    store = ("--store", str(tmp_path / "console.db"))
    assert cli("config", "apply", file, *store).status == 0
    failed = cli("provision", SERVER, "--update-set", tmp_path / "no" / "set.xml", *store)
    assert failed.status == 3
    assert "The folder is not there, or may not be written to." in failed.err


def test_to_standard_output_the_update_set_stands_alone(story):
    program, _ = story
    with program.start(
        "--vault", "env", "provision", SERVER, "--update-set", "-", stderr=subprocess.DEVNULL
    ) as process:
        out, _ = process.communicate(timeout=PROGRAM_S)
    assert ET.fromstring(out.encode()).tag == "unload"
