"""`faults`: the catalogue without a window, without a store and without Qt."""

import pytest

from models.check_stages import ALL_STAGES
from services.connectivity import all_faults, fault_catalog_texts


def test_an_id_from_a_ticket_is_explained(cli):
    outcome = cli("faults", "TLS-Untrusted")
    assert outcome.status == 0
    first, *told = outcome.out.splitlines()
    assert first == "tls-untrusted"
    names = [line.strip().split(":")[0] for line in told]
    assert names[:6] == ["People see", "Cause", "Owner", "Remedy", "Source", "Stage"]


def test_an_id_with_several_meanings_is_told_with_all_of_them(cli):
    found = cli("faults", "rights-missing", "--json").json["faults"]
    assert [one["stages"][0] for one in found] == ["authentication", "roles", "service_create"]
    assert [one["state"] for one in found] == ["warning", "failed", "failed"]


def test_a_fault_of_an_answer_is_explained(cli):
    outcome = cli("faults", "delivery-denial-unsupported")
    assert outcome.status == 0
    first, *told = outcome.out.splitlines()
    assert first == "delivery-denial-unsupported"
    names = [line.strip().split(":")[0] for line in told]
    assert names == ["People see", "Cause", "Owner", "Remedy", "Source", "Stage", "Counts as"]
    [found] = cli("faults", "delivery-refused", "--json").json["faults"]
    assert (found["stages"], found["owner"]) == (["answer"], "this console")
    assert "delivery-refused" in cli("faults", "delivery-refusd").err


def test_without_an_id_every_fault_is_listed(cli):
    outcome = cli("faults")
    assert [line.split("\t")[1] for line in outcome.out.splitlines()] == [fault.id for fault in all_faults()]


def test_the_document_holds_every_part_and_only_known_stages(cli):
    faults = cli("faults", "--json").json["faults"]
    assert len(faults) == len(all_faults())
    for one in faults:
        assert all(one[part] for part in ("id", "stages", "owner", "people_see", "cause", "remedy", "source"))
        assert set(one["stages"]) | set(one["also_at"]) <= set(ALL_STAGES)


def test_the_page_of_the_documentation_is_written_as_it_is_kept(cli):
    assert cli("faults", "--markdown").out == fault_catalog_texts.render_markdown()
    assert cli("faults", "dns-timeout", "--markdown").out.startswith("#### dns-timeout\n")


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_an_id_that_is_none_is_refused_with_what_may_be_meant(cli, more):
    outcome = cli("faults", "tls-untrustd", *more)
    assert outcome.status == 2
    assert "Type tls-untrusted, if that is meant." in outcome.err
    if more:
        assert outcome.json["error"]["fault"] == "fault-unknown"


def test_two_forms_at_once_are_refused(cli):
    assert cli("faults", "--json", "--markdown").status == 2


def test_nothing_is_opened_and_no_qt_is_asked_for(program):
    outcome = program.run("--store", "/nowhere/at/all.db", "faults", "tcp-refused")
    assert outcome.status == 0, outcome.err
    assert outcome.out.startswith("tcp-refused\n")
    assert program.qt_asked_for == []
