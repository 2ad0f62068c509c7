"""`actions copy`: a copy of an exported approval action, without a window, a store and Qt."""

import json

import pytest

from services.privilege_manager.items.approval_action import read_action
from services.privilege_manager.items.archive import read_upload, write_archive
from tests.services.privilege_manager.items.exports import (
    OWN_TYPE_ID,
    SOURCE_ID,
    Form,
    action_element,
    export,
)


@pytest.fixture
def exported(tmp_path):
    """Return the path of an export."""
    path = tmp_path / "Ask for a decision.zip"
    path.write_bytes(write_archive(export()))
    return path


def call(cli, exported, out, *more):
    """Copy the export and return how the call ended."""
    return cli(
        "actions",
        "copy",
        str(exported),
        "--name",
        "Copy",
        "--approval-type-id",
        OWN_TYPE_ID,
        "--out",
        str(out),
        *more,
    )


def test_a_copy_is_written_for_import_items(cli, exported, tmp_path):
    out = tmp_path / "copy.zip"
    outcome = call(
        cli, exported, out, "--text", "information_section=Please **wait**=now", "--text", "UserLabel=Me:"
    )
    assert outcome.status == 0, outcome.err
    action = read_action(out.read_bytes())
    assert read_upload(out.read_bytes()).was_archive
    assert (action.item.name, action.approval_type_id) == ("Copy", OWN_TYPE_ID.lower())
    assert action.texts[""]["InformationTextSection"] == "Please **wait**=now"
    assert action.texts[""]["UserLabel"] == "Me:"
    assert action.require_logon is False
    rows = [line.split("\t") for line in outcome.out.splitlines()]
    assert ["Name", "", "Ask for a decision", "Copy"] in rows
    assert ["Text", "UserLabel", "Who:", "Me:"] in rows
    assert action.item.item_id in outcome.err


def test_the_language_belongs_to_the_texts(cli, exported, tmp_path):
    out = tmp_path / "copy.xml"
    outcome = call(
        cli,
        exported,
        out,
        "--language",
        "he",
        "--text",
        "FlowDirection=RightToLeft",
        "--text",
        "user_label=משתמש",
        "--json",
    )
    assert outcome.status == 0, outcome.err
    action = read_action(out.read_bytes())
    assert not read_upload(out.read_bytes()).was_archive
    assert action.texts["he"]["UserLabel"] == "משתמש"
    assert action.texts[""]["UserLabel"] == "Who:"
    told = outcome.json
    assert (told["name"], told["file"], told["item_id"]) == ("Copy", str(out), action.item.item_id)
    kinds = [change["kind"] for change in told["changes"]]
    assert kinds == ["attributes", "item_id", "name", "approval_type", "language"]
    start, end = told["changes"][1]["spans"][0]["copy"]
    assert out.read_bytes()[start:end].decode() == action.item.item_id


def test_the_shared_language_may_stand_in_front(cli, exported, tmp_path):
    out = tmp_path / "copy.xml"
    outcome = cli(
        "--language", "en", "actions", "copy", str(exported), "--name", "C", "--approval-type-id", OWN_TYPE_ID,
        "--out", str(out), "--language=de", "--description", "Neu", "--require-authentication",
    )  # fmt: skip
    assert outcome.status == 0, outcome.err
    action = read_action(out.read_bytes())
    assert set(action.texts) == {"", "es", "de"}
    assert (action.item.description, action.require_logon) == ("Neu", True)


def test_one_of_several_actions_is_chosen(cli, tmp_path):
    second = "1" + SOURCE_ID[1:]
    source = tmp_path / "two.xml"
    source.write_text(
        f"<items>{action_element(Form())}{action_element(Form(), second)}</items>", encoding="utf-8"
    )
    out = tmp_path / "copy.xml"
    refused = call(cli, source, out, "--json")
    assert refused.status == 2
    assert refused.json["error"]["fault"] == "action-export-several-actions"
    assert not out.exists()
    assert call(cli, source, out, "--item", second).status == 0
    assert len(read_action(out.read_bytes()).document.items) == 1


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        (("--text", "Unknown=x"), "action-copy-text-unknown"),
        (("--text", "UserLabel"), "call-invalid"),
        (("--text", "UserLabel=a", "--text", "user_label=b"), "call-invalid"),
        (("--text", "=x"), "call-invalid"),
        (("--approval-type-id", "no guid"), "action-copy-value-invalid"),
        (("--language", "german"), "action-copy-value-invalid"),
        (("--out", "copy.txt"), "call-invalid"),
    ],
)
def test_calls_that_cannot_be_carried_out_write_nothing(cli, exported, tmp_path, monkeypatch, more, fault):
    monkeypatch.chdir(tmp_path)
    outcome = call(cli, exported, tmp_path / "copy.zip", *more, "--json")
    assert outcome.status == 2
    assert json.loads(outcome.out)["error"]["fault"] == fault
    assert list(tmp_path.glob("copy.*")) == []


def test_files_that_cannot_be_read_or_written_are_named(cli, exported, tmp_path):
    assert "nothing.zip" in call(cli, tmp_path / "nothing.zip", tmp_path / "copy.zip").err
    missing = call(cli, exported, tmp_path / "no" / "copy.zip")
    assert missing.status == 2
    assert "copy.zip" in missing.err


def test_a_hostile_export_is_refused_with_line_and_column(cli, tmp_path):
    source = tmp_path / "hostile.xml"
    source.write_bytes(b'<!DOCTYPE a [\n<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<a>&x;</a>')
    outcome = call(cli, source, tmp_path / "copy.zip")
    assert outcome.status == 2
    assert "action-export-dtd" in outcome.err
    assert "Line 1, column" in outcome.err


def test_no_store_is_opened_and_no_qt_is_asked_for(program, exported, tmp_path):
    outcome = program.run(
        "--store", "/nowhere/at/all.db", "actions", "copy", str(exported), "--name", "C",
        "--approval-type-id", OWN_TYPE_ID, "--out", str(tmp_path / "copy.zip"),
    )  # fmt: skip
    assert outcome.status == 0, outcome.err
    assert program.qt_asked_for == []
