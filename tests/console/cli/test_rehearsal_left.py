"""A rehearsal with an account that may not close requested items, as the documented roles have it."""

import pytest

from tests.console.cli.conftest import TYPE
from tests.console.cli.test_wrong_calls import applied


@pytest.mark.parametrize("json", [True, False])
def test_what_it_leaves_is_said_before_it_starts_and_is_no_failure(cli, tmp_path, practice, json):
    applied(cli, tmp_path, practice.base_url)
    practice.faults.set("items_read_only")
    call = ["requests", "rehearse", "--type", TYPE, "--decide", "approve", *(["--json"] if json else [])]
    outcome = cli(*call)
    assert outcome.status == 0, outcome.err
    [item] = practice.records("sc_req_item")
    assert (item["approval"], item["active"]) == ("approved", "true")
    lines = outcome.err.splitlines()
    announced = next(i for i, line in enumerate(lines) if "stays open in ServiceNow" in line)
    assert announced < next(i for i, line in enumerate(lines) if line.startswith("1/"))
    if json:
        assert (outcome.json["ok"], outcome.json["cleaned"]) == (True, False)
        assert "the account may not close it" in outcome.json["reason"]
        assert outcome.json["request"]["number"] == item["number"]
    else:
        assert f"{item['number']} is approved and stays open" in outcome.out
    # It is over: the next one begins without being held up by it.
    again = cli(*call)
    assert again.status == 0
    assert "earlier rehearsal" not in again.err


def test_what_is_cleaned_says_so(cli, tmp_path, practice):
    applied(cli, tmp_path, practice.base_url)
    outcome = cli("requests", "rehearse", "--type", TYPE, "--decide", "approve", "--json")
    assert (outcome.status, outcome.json["cleaned"], outcome.json["reason"]) == (0, True, None)
