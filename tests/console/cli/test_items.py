"""`items`: the local copy answers a repeated call, `--refresh` reads the instance again."""

import json
import os
import time

import httpx
import pytest

from services.common.user_folders import Paths
from services.servicenow.request_item_copies import COPY_MAX_AGE_S
from tests.console.cli.conftest import SECRET, SERVER, document


@pytest.fixture
def configured(cli, practice, tmp_path, monkeypatch):
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", str(tmp_path / "home"))
    file = tmp_path / "document.yaml"
    file.write_text(document(practice.base_url), encoding="utf-8")
    assert cli("config", "apply", file).status == 0
    return cli


def add_item(practice, name):
    added = httpx.post(
        f"{practice.base_url}api/now/table/sc_cat_item",
        content=json.dumps({"name": name, "active": "true", "short_description": "x"}).encode(),
        auth=("admin", SECRET),
        headers={"Content-Type": "application/json"},
    )
    assert added.status_code == 201


def names(outcome):
    assert outcome.status == 0, outcome.err
    return [item["name"] for item in outcome.json["items"]]


def test_a_repeated_call_reads_the_local_copy_and_refresh_reads_the_instance(configured, practice):
    first = names(configured("items", SERVER, "--json"))
    add_item(practice, "Execute Later")
    calls = len(practice.log)
    repeated = configured("items", SERVER, "--json")
    assert names(repeated) == first
    assert "--refresh" in repeated.err
    assert len(practice.log) == calls
    refreshed = names(configured("items", SERVER, "--refresh", "--json"))
    assert len(practice.log) > calls
    assert set(refreshed) - set(first) == {"Execute Later"}
    # The copy is the one that was read last.
    assert names(configured("items", SERVER, "--json")) == refreshed


def test_each_search_has_its_own_copy(configured, practice):
    configured("items", SERVER, "--json")
    calls = len(practice.log)
    found = names(configured("items", SERVER, "Execute", "--json"))
    assert len(practice.log) > calls
    assert all("Execute" in name for name in found)


def test_an_old_or_damaged_copy_is_not_used(configured, practice, monkeypatch):
    configured("items", SERVER, "--json")
    [copy] = (Paths.of().state / "request-items").iterdir()
    calls = len(practice.log)
    now = time.time()
    with monkeypatch.context() as later:
        later.setattr(time, "time", lambda: now + COPY_MAX_AGE_S + 1)
        configured("items", SERVER, "--json")
    assert len(practice.log) > calls
    calls = len(practice.log)
    copy.write_text('{"items": 1}', encoding="utf-8")
    assert configured("items", SERVER, "--json").status == 0
    assert len(practice.log) > calls
    if os.name == "posix":
        assert copy.stat().st_mode & 0o077 == 0


def test_another_account_does_not_get_the_copy(configured, practice, tmp_path):
    configured("items", SERVER, "--json")
    calls = len(practice.log)
    other = document(practice.base_url).replace("privman.integration", "app.approver")
    (tmp_path / "document.yaml").write_text(other, encoding="utf-8")
    assert configured("config", "apply", tmp_path / "document.yaml").status == 0
    configured("items", SERVER, "--json")
    assert len(practice.log) > calls


def test_nothing_found_is_not_copied(configured, practice):
    assert names(configured("items", SERVER, "nothing is called this", "--json")) == []
    calls = len(practice.log)
    assert names(configured("items", SERVER, "nothing is called this", "--json")) == []
    assert len(practice.log) > calls


def test_an_empty_list_says_whether_it_proves_that_there_is_none(configured, practice):
    unknown = configured("items", SERVER, "No such item", "--json")
    assert (unknown.json["items"], unknown.json["rows_seen"]) == ([], "seen")
    assert "No active Request Item has “No such item” in its name." in unknown.err
    practice.faults.set("query_acl", table="sc_cat_item")
    unknown = configured("items", SERVER, "Execute", "--json", "--refresh")
    assert (unknown.json["items"], unknown.json["rows_seen"]) == ([], "unknown")
    assert "unknown: the account sees no record of sc_cat_item at all." in unknown.err
