"""The catalogue as people read it: found by their own words, told in full, and in the order of the check."""

import re

import pytest

from models.check_stages import ALL_STAGES, STAGE_NAMES
from services.common.errors import Owner
from services.connectivity import all_faults, fault_catalog_texts, find_fault


def ids(faults):
    return [fault.id for fault in faults]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tls-wrong-host", "tls-wrong-host"),  # its id
        ("PENDING TIME OUT", "approval-flow-missing"),  # what people see, in any case
        ("listens address", "tcp-refused"),  # words of the cause, in any order
        ("encryption", "tls-self-signed"),  # the stage as it is shown
        ("status_call", "soap-fault"),  # the stage as programs know it
    ],
)
def test_a_fault_is_found_by_what_people_know_of_it(text, wanted):
    assert wanted in ids(fault_catalog_texts.search_faults(text))


def test_nothing_is_left_out_without_words_and_nothing_found_for_strange_ones():
    assert fault_catalog_texts.search_faults("  ") == list(all_faults())
    assert fault_catalog_texts.search_faults("tls no-such-word") == []


def test_a_remedy_does_not_answer_for_what_people_see():
    assert "renew" in find_fault("tls", "tls-certificate-expired").remedy.lower()
    assert "tls-certificate-expired" not in ids(fault_catalog_texts.search_faults("renew"))


def test_stage_and_owner_narrow_the_list():
    at_flow = fault_catalog_texts.search_faults("", stage="approval_flow")
    assert {"approval-flow-missing", "timeout"} <= set(ids(at_flow))
    assert "tls-untrusted" not in ids(fault_catalog_texts.search_faults("", stage="url"))
    own = fault_catalog_texts.search_faults("", owner=Owner.CONSOLE.value)
    assert {fault.owner for fault in own} == {Owner.CONSOLE}
    both = fault_catalog_texts.search_faults("", stage="service_create", owner=Owner.CONSOLE.value)
    of_service = {one for one in ids(both) if not one.startswith("certificate-")}
    assert of_service == {
        "service-swapped",
        "service-name-differs",
        "input-unsendable",
        "oauth-private-key-unusable",
    }
    assert "certificate-expired" in ids(both)  # any call can end with it


@pytest.mark.parametrize("fault", all_faults(), ids=lambda f: f"{f.stages[0]}-{f.id}")
def test_every_part_is_told_in_every_form(fault):
    parts = dict(fault_catalog_texts.fault_fields(fault))
    assert {"People see", "Cause", "Owner", "Remedy", "Source", "Stage", "Counts as"} <= set(parts)
    assert all(parts.values())
    for told in (fault_catalog_texts.format_fault(fault), fault_catalog_texts.render_fault_markdown(fault)):
        assert all(text in told for text in (fault.id, *parts.values()))
    document = fault_catalog_texts.fault_to_dict(fault)
    assert all(
        document[name] for name in ("id", "stages", "owner", "people_see", "cause", "remedy", "source")
    )


def test_the_page_goes_through_the_stages_in_their_order_and_tells_each_fault_once():
    page = fault_catalog_texts.render_markdown()
    stages = re.findall(r"^### (.+)$", page, re.MULTILINE)
    assert stages == [STAGE_NAMES[key] for key in ALL_STAGES]
    told = re.findall(r"^#### (.+)$", page, re.MULTILINE)
    assert sorted(told) == sorted(ids(all_faults()))
    assert page.endswith("\n")
    assert not page.endswith("\n\n")
