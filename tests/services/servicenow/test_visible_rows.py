"""What an account can see of a table whose query came back without rows: seen, hidden, or not known."""

import pytest

from services.common.secret import Secret
from services.practice import PracticeInstance
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.servicenow.request_item_search import Catalogue
from services.servicenow.visible_rows import Visibility, probe_visibility

PASSWORD = "practice password"
NOBODY = "0" * 32


@pytest.fixture(scope="module")
def practice():
    instance = PracticeInstance(password=PASSWORD, requests=1).start()
    yield instance
    instance.stop()


@pytest.mark.parametrize(
    ("table", "fault", "options", "state"),
    [
        ("sc_req_item", "", {}, Visibility.SEEN),
        ("sc_req_item", "query_acl", {"table": "sc_req_item"}, Visibility.UNKNOWN),
        ("sc_cat_item", "query_acl", {}, Visibility.UNKNOWN),
        ("sc_cat_item", "empty_pages", {}, Visibility.HIDDEN),
        ("sys_user_has_role", "", {}, Visibility.HIDDEN),
        ("sys_user_delegate", "", {}, Visibility.UNKNOWN),
        ("sc_req_item", "forbidden", {}, Visibility.HIDDEN),
    ],
)
async def test_a_table(practice, table, fault, options, state):
    practice.faults.clear()
    if fault:
        practice.faults.set(fault, **options)
    async with connected(practice) as instance:
        found = await probe_visibility(instance, table)
    assert found.state is state
    assert table in found.evidence


async def test_a_record_that_is_known_to_exist(practice):
    practice.faults.clear()
    [row] = practice.records("sc_req_item")
    async with connected(practice) as instance:
        seen = await probe_visibility(instance, "sc_req_item", [row["sys_id"]])
        other = await probe_visibility(instance, "sc_req_item", [NOBODY])
        practice.faults.set("query_acl", table="sc_req_item")
        none = await probe_visibility(instance, "sc_req_item", [row["sys_id"]])
    assert seen.state is Visibility.SEEN
    assert other.state is Visibility.UNKNOWN
    assert none.state is Visibility.UNKNOWN


@pytest.mark.parametrize(
    ("table", "state"), [("sc_cat_item", Visibility.UNKNOWN), ("item_option_new", Visibility.UNKNOWN)]
)
async def test_a_search_for_request_items_that_finds_nothing(practice, table, state):
    """The search needs the items and their variables: one of the two that is not seen makes it prove nothing."""
    practice.faults.clear()
    async with connected(practice) as instance:
        assert (await Catalogue(instance).visibility()).sentence == ""
        practice.faults.set("query_acl", table=table)
        found = await Catalogue(instance).visibility()
    assert (found.state, found.table) == (state, table)
    assert table in found.sentence


def connected(practice):
    return ServiceNowClient(
        ConnectionSettings("Instance", practice.base_url), SignIn("privman.integration", Secret(PASSWORD))
    )
