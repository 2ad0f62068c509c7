"""`support-bundle`: what is in it, and what happens where it cannot be made whole or not at all."""

import os
import stat
import zipfile

import pytest

from tests.console.cli.conftest import Program


def read(file):
    with zipfile.ZipFile(file) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


@pytest.mark.usefixtures("own_store")
def test_it_is_made_for_its_owner_and_says_what_is_in_it(tmp_path):
    program = Program(tmp_path)
    outcome = program.run("support-bundle", "bundle.zip")
    assert outcome.status == 0, outcome.err
    parts = read(tmp_path / "bundle.zip")
    assert set(parts) == {"versions.txt", "configuration.yaml", "logs/approval-console.log"}
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
