"""Calls that cannot be carried out: exit statuses 2 and 3, five parts on standard error, and nothing changed."""

import contextlib
import json
import sqlite3

import pytest
import typer.main

from console.cli.app import app
from console.cli.lazy_group import import_command
from models.kinds import Kind
from services.common.store_location import sqlite_file
from services.common.user_folders import Paths
from services.configuration import Configuration
from services.store import Store
from services.store import engine as store_engine
from tests.console.cli.conftest import SECRET, SECRET_VARIABLE, SERVER, TYPE, document

DOCUMENT_FILE = "approvals.yaml"
FIVE_PARTS = {"tried", "evidence", "cause", "owner", "remedy", "fault", "correlation_id"}
OWNERS = {"this console", "network", "ServiceNow administrator", "Privilege Manager administrator"}


def applied(cli, tmp_path, base_url, *, production=False):
    """Store the example document for an instance, without asking it: the request item is named by its sys_id."""
    text = document(base_url, production=production).replace("sys_id: null", f"sys_id: {'a' * 32}")
    file = tmp_path / "applied.yaml"
    file.write_text(text, encoding="utf-8")
    assert cli("config", "apply", file).status == 0


def error_of(outcome):
    """Return the error of a call with --json, seen to have its five parts on both streams."""
    [(key, error)] = outcome.json.items()
    assert key == "error"
    assert set(error) - {"candidates"} == FIVE_PARTS
    assert all(error.values())
    assert error["owner"] in OWNERS
    for part in ("tried", "cause", "remedy", "fault", "correlation_id"):
        assert error[part] in outcome.err
    return error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["config", "bogus"], "No such command 'bogus'"),
        (["check"], "Missing argument"),
        (["check", SERVER, "--bogus"], "No such option: --bogus"),
        (["--vault", "paper", "history"], "paper is no vault; known are system, file, env, session"),
        (["items", SERVER, "--limit", "0"], "greater than or equal to 1"),
        (["items", SERVER, "--limit", "many"], "--limit"),
        (["requests", "rehearse"], "Missing option '--type'"),
        (["requests", "rehearse", "--type", TYPE, "--decide", "maybe"], "'approve', 'reject'"),
        (["history", "restore", "first"], "valid UUID"),
        (["practice", "serve", "--port", "70000"], "--port"),
        (["practice", "serve", "--fault", "nonsense"], "no fault is called nonsense; known are hibernating"),
        (
            ["practice", "serve", "--privilege-manager", "--fault", "hibernating"],
            "no fault is called hibernating",
        ),
        (
            ["practice", "serve", "--privilege-manager", "--webhook", "https://example.com/"],
            "this machine only",
        ),
        (
            ["credential", "set", "ServiceNow", "--account", "a", "--password", "x"],
            "No such option: --password",
        ),
    ],
)
def test_a_wrong_call_ends_with_2_and_says_what_is_wrong(cli, arguments, said):
    outcome = cli(*arguments)
    assert outcome.status == 2
    assert said in outcome.err
    assert outcome.out == ""


@pytest.mark.usefixtures("own_store")
@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "Nowhere", "--json"],
        ["items", "Nowhere", "--json"],
        ["requests", "rehearse", "--type", "Nowhere", "--json"],
        ["history", "user_credential", "Nowhere", "--json"],
        ["history", "user_credentails", "--json"],
    ],
)
def test_an_object_that_is_not_there_ends_with_2_in_five_parts(cli, arguments):
    outcome = cli(*arguments)
    assert outcome.status == 2
    assert error_of(outcome)["fault"] == "object-missing"


@pytest.mark.usefixtures("own_store")
def test_the_nearest_kind_is_named(cli):
    assert "Did you mean “user_credential”?" in cli("history", "user_credentails").err


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "ServiceNow Servr"],
        ["items", "servicenow srver"],
        ["provision", "ServiceNow Servers", "--plan"],
        ["history", "foreign_system", "Service Now Server"],
    ],
)
def test_the_nearest_name_is_named(cli, tmp_path, arguments):
    applied(cli, tmp_path, "https://acme.service-now.com/")
    outcome = cli(*arguments)
    assert outcome.status == 2
    assert f"Did you mean “{SERVER}”?" in outcome.err


def test_the_history_of_a_deleted_object_is_listed_and_its_name_proposed(cli, tmp_path):
    applied(cli, tmp_path, "https://acme.service-now.com/")
    with contextlib.closing(Store.open(Paths.of().default_store, actor="ada")) as store:
        configuration = Configuration(store)
        [gone] = configuration.all(Kind.APPROVAL_TYPE)
        configuration.delete(gone.kind, gone.id, gone.version)
    outcome = cli("history", "approval_type", gone.name, "--json")
    assert outcome.status == 0
    assert [r["operation"] for r in outcome.json["revisions"]] == ["delete", "create"]
    assert f"Did you mean “{gone.name}”?" in cli("history", "approval_type", gone.name[:-1]).err


def test_where_no_name_is_near_the_few_that_are_there_are_named(cli, tmp_path):
    applied(cli, tmp_path, "https://acme.service-now.com/")
    assert f"There is “{SERVER}”." in cli("check", "Nowhere").err
    assert "There is “ServiceNow”." in cli("credential", "forget", "Other").err


@pytest.mark.usefixtures("own_store")
def test_a_kind_without_a_name_is_a_wrong_call(cli):
    outcome = cli("history", "foreign_system")
    assert outcome.status == 2
    assert "NAME" in outcome.err


def test_usage_is_told_by_the_name_that_is_typed(cli):
    for arguments in (["--help"], ["check", "--help"], ["chekc"]):
        outcome = cli(*arguments)
        assert "Usage: approval-console" in outcome.out + outcome.err
        assert "python" not in outcome.out + outcome.err


def test_a_search_that_finds_nothing_says_so_beside_the_result(cli, tmp_path, practice):
    applied(cli, tmp_path, practice.base_url)
    outcome = cli("items", SERVER, "nothing is called this", "--json")
    assert (outcome.status, outcome.json["items"]) == (0, [])
    assert "nothing is called this" in outcome.err


def test_a_process_of_another_server_is_not_there(cli, tmp_path):
    applied(cli, tmp_path, "https://acme.service-now.com/")
    outcome = cli("check", SERVER, "--process", "Another", "--json")
    assert outcome.status == 2
    assert "Another" in error_of(outcome)["tried"]


@pytest.mark.parametrize("command", ["plan", "apply", "validate"])
def test_a_file_that_is_not_there_ends_with_2(cli, command):
    outcome = cli("config", command, "nowhere.yaml")
    assert outcome.status == 2
    assert "Read nowhere.yaml" in outcome.err
    assert "file-unusable" in outcome.err


def test_a_file_that_is_no_text_ends_with_2(cli, tmp_path):
    file = tmp_path / "picture.yaml"
    for content, place in (
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "line 1: the byte 0x89"),
        (b"a: 1\nb: \xfc", "line 2: the byte 0xfc"),
    ):
        file.write_bytes(content)
        outcome = cli("config", "plan", file, "--json")
        assert outcome.status == 2
        assert error_of(outcome)["fault"] == "file-unusable"
        assert error_of(outcome)["evidence"].startswith(place)


@pytest.mark.usefixtures("own_store")
def test_an_export_that_cannot_be_written_ends_with_2(cli, tmp_path):
    outcome = cli("config", "export", tmp_path / "no folder" / "out.yaml")
    assert outcome.status == 2
    assert "file-unusable" in outcome.err


@pytest.mark.usefixtures("own_store")
def test_an_audit_trail_that_cannot_be_written_ends_with_2(cli, tmp_path):
    outcome = cli("audit", "export", tmp_path / "no folder" / "out.jsonl")
    assert outcome.status == 2
    assert "file-unusable" in outcome.err


def test_a_document_is_applied_while_its_instance_is_down_and_the_check_resolves_it(cli, practice, tmp_path):
    text, file = document(practice.base_url), tmp_path / "one.yaml"
    file.write_text(text.replace("{name: Execute Application Request, category: Thycotic", "{name: Later"))
    outcome = cli("config", "apply", file, "--json")
    assert outcome.status == 0
    assert any("“Later” is not resolved yet" in warning for warning in outcome.json["warnings"])
    [row] = practice.records("sc_cat_item", name="Execute Application Request")
    practice._database.update("sc_cat_item", row["sys_id"], {"name": "Later"})
    outcome = cli("check", SERVER, "--json")
    assert "“Later” is resolved" in outcome.err
    exported = cli("config", "export").out
    assert row["sys_id"] in exported


@pytest.mark.parametrize(("vault", "remedy"), [("file", "credential set"), ("env", SECRET_VARIABLE)])
def test_a_document_whose_password_is_missing_says_how_it_comes_in(
    cli, monkeypatch, practice, tmp_path, vault, remedy
):
    monkeypatch.setenv("APPROVAL_CONSOLE_PASSPHRASE", "of a test")
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)
    (tmp_path / "one.yaml").write_text(document(practice.base_url), encoding="utf-8")
    outcome = cli("--vault", vault, "config", "apply", tmp_path / "one.yaml")
    assert (outcome.status, outcome.out) == (3, "")
    assert "secret-missing" in outcome.err
    assert remedy in outcome.err
    assert cli("credential", "list").out == ""


def test_a_folder_of_a_user_who_is_not_there_ends_with_3_in_words(cli, monkeypatch):
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", "~nobody-of-this-name/console")
    outcome = cli("history")
    assert outcome.status == 3
    assert "folder-unusable" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_store_of_a_user_who_is_not_there_ends_with_3_in_words(cli):
    outcome = cli("--store", "~nobody-of-this-name/console.db", "history", "--json")
    assert outcome.status == 3
    assert error_of(outcome)["fault"] == "store-unusable"


@pytest.mark.usefixtures("own_store")
def test_mistakes_of_a_document_are_given_with_their_lines_and_nothing_is_changed(cli, tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text(
        "version: 1\n"
        "credentials:\n"
        "  - {name: ServiceNow, account: a}\n"
        "  - name: Other\n"
        "    account: b\n"
        "    password: Pl4nted\n",
        encoding="utf-8",
    )
    for command in ("plan", "apply"):
        outcome = cli("config", command, file, "--json")
        assert outcome.status == 2
        error = error_of(outcome)
        assert error["fault"] == "document-invalid"
        assert error["evidence"].startswith("line 6")
        assert "Pl4nted" not in outcome.out + outcome.err
    assert cli("history", "--json").json == {"revisions": []}


def test_a_missing_secret_ends_with_3_and_names_the_variable(cli, tmp_path, practice, monkeypatch):
    applied(cli, tmp_path, practice.base_url)
    monkeypatch.delenv(SECRET_VARIABLE)
    outcome = cli("items", SERVER, "--json")
    assert outcome.status == 3
    error = error_of(outcome)
    assert error["fault"] == "secret-missing"
    assert SECRET_VARIABLE in error["remedy"]
    checked = cli("check", SERVER, "--json")
    assert checked.status == 1
    [failed] = [s for s in checked.json["stages"] if s["state"] == "failed"]
    assert (failed["stage"], failed["fault"]) == ("authentication", "secret-missing")
    assert [call.authorized for call in practice.log] == [False]


def test_a_refused_password_ends_with_3(cli, tmp_path, practice):
    applied(cli, tmp_path, practice.base_url)
    practice.faults.set("unauthorised")
    outcome = cli("items", SERVER, "--json")
    assert outcome.status == 3
    assert error_of(outcome)["fault"] == "authentication-refused"
    assert SECRET not in outcome.out + outcome.err


def test_no_instance_ends_with_3_or_a_failed_check(cli, tmp_path, practice):
    applied(cli, tmp_path, practice.base_url)
    practice.stop()
    outcome = cli("items", SERVER, "--json")
    assert outcome.status == 3
    assert error_of(outcome)["fault"] == "tcp-refused"
    rehearsed = cli("requests", "rehearse", "--type", TYPE, "--json")
    assert rehearsed.status == 3
    assert error_of(rehearsed)["owner"] == "network"
    checked = cli("check", SERVER, "--json")
    assert checked.status == 1
    assert checked.json["verdict"] == "failed"


def test_apply_without_an_instance_is_warned_of_and_keeps_the_item_unresolved(cli, tmp_path):
    file = tmp_path / "document.yaml"
    file.write_text(document("http://127.0.0.1:9/"), encoding="utf-8")
    outcome = cli("config", "apply", file, "--json")
    assert outcome.status == 0
    [warning] = outcome.json["warnings"]
    assert "is not resolved yet. ServiceNow Server could not be asked." in warning
    assert len(cli("history", "--json").json["revisions"]) == 4


def test_production_is_rehearsed_only_with_its_name_typed(cli, tmp_path, practice):
    applied(cli, tmp_path, practice.base_url, production=True)
    for confirmation in ([], ["--confirm", "yes"], ["--confirm", SERVER.lower()]):
        outcome = cli("requests", "rehearse", "--type", TYPE, *confirmation, "--json")
        assert outcome.status == 2
        assert f'--confirm "{SERVER}"' in error_of(outcome)["remedy"]
    assert practice.log == []
    assert cli("requests", "rehearse", "--type", TYPE, "--confirm", SERVER, "--json").status == 0


@pytest.mark.parametrize(
    ("field", "fault"), [("PMFilePath", "call-invalid"), ("PMShoeSize=46", "field-unknown")]
)
def test_fields_of_a_rehearsal_must_be_variables_with_values(cli, tmp_path, practice, field, fault):
    applied(cli, tmp_path, practice.base_url)
    outcome = cli("requests", "rehearse", "--type", TYPE, "--field", field, "--json")
    assert outcome.status == 2
    assert error_of(outcome)["fault"] == fault
    assert practice.records("sc_request") == []


READS = [
    ["history"],
    ["history", "user_credential", "Any"],
    ["history", "restore", "0" * 32],
    ["audit", "verify"],
    ["audit", "verify", "--json"],
    ["audit", "export", "trail.jsonl"],
    ["audit", "anchor"],
    ["config", "export"],
    ["credential", "list"],
    ["credential", "forget", "Any"],
    ["items", SERVER],
    ["check", SERVER],
    ["provision", SERVER, "--plan"],
    ["requests", "list"],
    ["requests", "list", "--csv"],
    ["requests", "show", "Any"],
    ["requests", "approve", "Any"],
    ["requests", "rehearse", "--type", TYPE],
    ["intake", "list"],
    ["intake", "remove", "Any"],
    ["intake", "answer", "Any"],
    ["intake", "events"],
    ["intake", "map", "Any"],
    ["deliveries", "list"],
    ["deliveries", "retry", "0" * 32],
    ["worker", "--once"],
]


class TestStore:
    def test_that_lies_where_nothing_can_be_written_ends_with_3(self, cli, tmp_path):
        (tmp_path / "file").write_text("", encoding="utf-8")
        outcome = cli("--store", tmp_path / "file" / "console.db", "history", "--json")
        assert outcome.status == 3
        assert error_of(outcome)["fault"] == "store-unusable"

    def test_that_is_not_there_is_refused_by_what_only_reads_and_the_nearest_is_named(self, cli, tmp_path):
        folder = tmp_path / "stores"
        file = folder / "console.db"
        Store.open(str(file)).close()
        for mistyped in (folder / "consle.db", folder / "consle", tmp_path / "store" / "console.db"):
            outcome = cli("--store", mistyped, "history", "--json")
            assert outcome.status == 2
            assert error_of(outcome)["fault"] == "store-missing"
            assert f"Did you mean {file}?" in outcome.err
        outcome = cli("--store", tmp_path / "elsewhere" / "other.db", "history")
        assert outcome.status == 2
        assert "Did you mean" not in outcome.err
        assert {p.name for p in tmp_path.iterdir()} == {"home", "stores"}
        assert {p.name for p in folder.iterdir()} == {"console.db"}

    @pytest.mark.parametrize(
        "words",
        [
            ["config", "export"],
            ["config", "plan", DOCUMENT_FILE],
            ["items", SERVER],
            ["check", SERVER],
            ["credential", "list"],
            ["requests", "rehearse", "--type", TYPE],
            ["audit", "verify"],
            ["provision", SERVER, "--plan"],
        ],
    )
    def test_that_is_not_there_is_not_made_to_be_looked_at(self, cli, tmp_path, monkeypatch, words):
        monkeypatch.chdir(tmp_path)
        (tmp_path / DOCUMENT_FILE).write_text("version: 1\n", encoding="utf-8")
        outcome = cli("--store", "nowhere.db", *words)
        assert outcome.status == 2
        assert "store-missing" in outcome.err
        assert not (tmp_path / "nowhere.db").exists()

    def test_that_is_named_by_the_environment_is_refused_likewise(self, cli, tmp_path, monkeypatch):
        monkeypatch.setenv("APPROVAL_CONSOLE_STORE", f"sqlite:///{tmp_path / 'nowhere.db'}")
        assert cli("history").status == 2
        assert not (tmp_path / "nowhere.db").exists()

    def test_that_is_new_is_made_by_what_sets_up_and_said_to_be_new(self, cli, tmp_path):
        document_file = tmp_path / DOCUMENT_FILE
        document_file.write_text("version: 1\ncredentials: [{name: A, account: a}]\n", encoding="utf-8")
        file = tmp_path / "new" / "console.db"
        for said in (True, False):
            outcome = cli("--store", file, "config", "apply", document_file, "--json")
            assert outcome.status == 0
            assert (f"Created store: {file}" in outcome.err) is said
        assert cli("--store", file, "history", "--json").json["revisions"]

    @pytest.mark.parametrize("words", READS, ids=" ".join)
    @pytest.mark.parametrize("of", ["this user", "zero bytes", "no tables"])
    def test_that_is_missing_or_empty_is_said_to_be_so_and_not_made(self, cli, tmp_path, words, of):
        file = sqlite_file(Paths.of().default_store)
        if of != "this user":
            file.parent.mkdir(parents=True)
            file.touch()
        if of == "no tables":
            with contextlib.closing(sqlite3.connect(file)) as connection:
                connection.execute("VACUUM")
                connection.executescript("CREATE TABLE a (b); DROP TABLE a;")
        before = file.read_bytes() if file.exists() else None
        outcome = cli(*words)
        assert outcome.status == 2
        assert ("store-missing" if of == "this user" else "store-empty") in outcome.err
        assert (file.read_bytes() if file.exists() else None) == before
        assert [one.name for one in file.parent.glob("*")] == ([file.name] if before is not None else [])

    def test_that_was_deleted_is_planned_without_being_made(self, cli, tmp_path):
        (tmp_path / "document.yaml").write_text("version: 1\ncredentials: [{name: A, account: a}]\n")
        outcome = cli("config", "plan", tmp_path / "document.yaml", "--json")
        assert outcome.status == 1
        assert outcome.json["summary"]["create"] == 1
        assert "There is no store yet" in outcome.err
        assert not sqlite_file(Paths.of().default_store).exists()

    def test_that_is_a_folder_ends_with_3(self, cli, tmp_path):
        outcome = cli("history", "--store", tmp_path, "--json")
        assert outcome.status == 3
        assert error_of(outcome)["fault"] == "store-unusable"

    def test_that_is_no_database_is_left_alone(self, cli, tmp_path):
        file = tmp_path / "letter.txt"
        file.write_bytes(b"Dear all, this is not a database. " * 40)
        before = file.read_bytes()
        outcome = cli("history", f"--store={file}", "--json")
        assert outcome.status == 3
        assert error_of(outcome)["fault"] == "store-unusable"
        assert file.read_bytes() == before

    def test_of_a_newer_release_ends_with_3(self, cli, tmp_path):
        file = tmp_path / "console.db"
        Store.open(str(file)).close()
        with sqlite3.connect(file) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999_later'")
        connection.close()
        outcome = cli("--store", file, "audit", "verify")
        assert outcome.status == 3
        assert "Its schema is 9999_later" in outcome.err
        assert "store-too-new" in outcome.err

    def test_that_is_locked_ends_with_3_and_can_still_be_read(self, cli, tmp_path, monkeypatch):
        monkeypatch.setattr(store_engine, "BUSY_TIMEOUT_MS", 50)
        file = tmp_path / "console.db"
        Store.open(str(file)).close()
        document_file = tmp_path / "document.yaml"
        document_file.write_text("version: 1\ncredentials: [{name: A, account: a}]\n", encoding="utf-8")
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            outcome = cli("--store", file, "config", "apply", document_file, "--json")
            assert outcome.status == 3
            assert error_of(outcome)["fault"] == "store-locked"
            assert cli("--store", file, "config", "plan", document_file).status == 1
        finally:
            other.execute("ROLLBACK")
            other.close()
        assert cli("--store", file, "config", "apply", document_file).status == 0

    def test_whose_audit_trail_was_edited_ends_with_1(self, cli, tmp_path):
        file = tmp_path / "console.db"
        applied(lambda *words: cli("--store", file, *words), tmp_path, "https://acme.service-now.com/")
        with sqlite3.connect(file) as connection:
            connection.execute("UPDATE audit_entry SET actor = 'nobody' WHERE seq = 2")
        connection.close()
        outcome = cli("--store", file, "audit", "verify")
        assert outcome.status == 1
        assert outcome.out == "The audit trail is broken: entry 2 was edited.\n"


def test_a_profile_that_cannot_be_made_ends_with_3_and_no_traceback(cli, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", str(tmp_path / "file" / "home"))
    outcome = cli("history", "--json")
    assert outcome.status == 3
    assert error_of(outcome)["fault"] == "folder-unusable"
    assert "No log is written" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_port_that_is_taken_ends_with_3_in_five_parts(cli, practice):
    port = practice.base_url.rstrip("/").rsplit(":", 1)[1]
    outcome = cli("practice", "serve", "--port", port)
    assert outcome.status == 3
    assert f"Serve a practice instance on port {port}" in outcome.err
    assert "port-unusable" in outcome.err
    assert outcome.out == ""


def test_shared_options_may_stand_anywhere(cli, tmp_path):
    first, second = tmp_path / "first.db", tmp_path / "second.db"
    for file in (first, second):
        Store.open(str(file)).close()
    assert cli("history", "--store", first, "--vault=session", "--verbose", "--json").json == {
        "revisions": []
    }
    assert cli(f"--store={second}", "history", "--json").status == 0
    assert not sqlite_file(Paths.of().default_store).exists()


def every_command(command=None, path=()):
    command = command or typer.main.get_command(app)
    yield path, command
    sources = getattr(command, "sources", {})
    for name, listed in getattr(command, "commands", {}).items():
        child = import_command(name, sources[name]) if name in sources else listed
        yield from every_command(child, (*path, name))


PROMISED = {
    ("demo",): {"--headless", "--out"},
    ("credential", "set"): {
        "--account",
        "--password-stdin",
        "--client-secret-stdin",
        "--private-key-stdin",
        "--private-key-passphrase-stdin",
        "--certificate-passphrase-stdin",
        "--sign-in",
        "--client-id",
        "--scope",
        "--key-id",
        "--subject",
        "--algorithm",
        "--secret-expires-on",
    },
    ("credential", "list"): {"--json"},
    ("credential", "forget"): {"--secret"},
    ("config", "plan"): set(),
    ("config", "apply"): set(),
    ("config", "export"): set(),
    ("config", "validate"): set(),
    ("check",): {"--process", "--json"},
    ("items",): {"--refresh", "--limit", "--json"},
    ("requests", "rehearse"): {"--type", "--field", "--decide", "--json"},
    ("history", "list"): {"--json"},
    ("history", "restore"): set(),
    ("audit", "verify"): set(),
    ("audit", "export"): set(),
    ("practice", "serve"): {"--port", "--fault", "--items", "--requests", "--privilege-manager"},
    (): {"--store", "--vault", "--verbose", "--version"},
}


def test_every_promised_command_has_its_options():
    found = {path: {o for p in command.params for o in p.opts} for path, command in every_command()}
    assert {path: options - found[path] for path, options in PROMISED.items() if options - found[path]} == {}


@pytest.mark.parametrize("path", [path for path, _ in every_command()], ids=" ".join)
def test_help_says_what_a_command_and_each_option_are_for(cli, path):
    command = dict(every_command())[path]
    outcome = cli(*path, "--help")
    assert outcome.status == 0
    assert outcome.err == ""
    assert command.help
    assert " ".join(command.help.split())[:40] in " ".join(outcome.out.split())
    for parameter in command.params:
        assert parameter.help, parameter.name
        shown = parameter.opts[-1] if parameter.param_type_name == "option" else parameter.name.rstrip("_")
        assert shown in outcome.out


def test_the_version_stands_alone(cli):
    outcome = cli("--version")
    assert (outcome.status, outcome.err) == (0, "")
    assert json.dumps(outcome.out.strip()).strip('"').replace(".", "").isalnum()
