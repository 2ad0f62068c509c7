"""Request items: those that keep the contract first, found by any part of their name, read to the limit and no further."""

import pytest

from services.common.errors import ConsoleError, UnreachableError
from services.common.secret import Secret
from services.practice import PracticeInstance
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.servicenow.contract import VARIABLES
from services.servicenow.request_item_search import BATCH, Catalogue
from tests.services.transfer.conftest import PASSWORD

ITEM = "Execute Application Request"


@pytest.fixture(scope="module")
def practice():
    instance = PracticeInstance(password=PASSWORD, items=260).start()
    yield instance
    instance.stop()


@pytest.fixture
async def catalogue(practice):
    practice.faults.clear()
    sign_in = SignIn("privman.integration", Secret(PASSWORD))
    async with ServiceNowClient(ConnectionSettings("Practice", practice.base_url), sign_in) as instance:
        yield Catalogue(instance)


async def found(catalogue, *words, **more):
    return [item async for batch in catalogue.search(*words, **more) for item in batch]


def active(practice):
    return {i["sys_id"] for i in practice.records("sc_cat_item") if i["active"] == "true"}


async def test_the_item_that_keeps_the_contract_comes_first(catalogue):
    items = await found(catalogue)
    assert items[0].name == ITEM
    assert items[0].category == "Thycotic"
    assert items[0].variables == VARIABLES
    assert [i.meets_contract for i in items] == [True, *[False] * (len(items) - 1)]


async def test_every_active_item_comes_once_when_there_is_no_end_to_the_limit(catalogue, practice):
    items = await found(catalogue, limit=10_000)
    assert len(items) > 2 * BATCH
    assert {i.sys_id for i in items} == active(practice)
    assert len({i.sys_id for i in items}) == len(items)


@pytest.mark.parametrize("limit", [1, 2, BATCH, BATCH + 1, 2 * BATCH])
async def test_no_more_come_than_were_asked_for(catalogue, limit):
    assert len(await found(catalogue, limit=limit)) == limit


@pytest.mark.parametrize("text", ["laptop", "LAPTOP", "  laptop ", "Hardware | Laptop", "a | b | laptop"])
async def test_a_part_of_the_name_finds_in_any_case_and_as_the_guide_writes_it(catalogue, text):
    assert sorted(i.name for i in await found(catalogue, text)) == ["Developer Laptop", "Standard Laptop"]


async def test_nothing_is_found_for_what_is_not_there(catalogue):
    assert await found(catalogue, "no such item at all") == []


@pytest.mark.parametrize("text", ["%", "_", "'", '"', "\\", "=", "ORDERBY", "laptop OR 1=1", "é", "😀"])
async def test_characters_that_mean_something_elsewhere_are_only_characters(catalogue, practice, text):
    expected = {
        i["name"] for i in practice.records("sc_cat_item", active="true") if text.lower() in i["name"].lower()
    }
    assert {i.name for i in await found(catalogue, text, limit=10_000)} == expected


async def test_a_caret_cannot_bring_conditions_of_its_own(catalogue):
    with pytest.raises(ConsoleError):
        await found(catalogue, "x^ORnameLIKElaptop")


@pytest.mark.parametrize(
    ("name", "category", "names"),
    [
        ("", "", [ITEM]),
        ("execute", "", [ITEM]),
        (ITEM, "thycotic", [ITEM]),
        (ITEM, "Hardware", []),
        ("Standard Laptop", "", []),
    ],
)
async def test_an_item_is_found_by_its_contract(catalogue, name, category, names):
    assert [i.name for i in await catalogue.find_by_contract(name, category)] == names


async def test_an_item_is_read_by_its_id_and_marked(catalogue):
    [item] = await catalogue.find_by_contract()
    assert await catalogue.get(item.sys_id) == item
    assert await catalogue.get("0" * 32) is None


async def test_an_item_that_lost_a_variable_no_longer_keeps_the_contract(catalogue, practice):
    [option] = practice.records("item_option_new", name=VARIABLES[-1], active="true")
    practice._database.update("item_option_new", option["sys_id"], {"active": False}, by="admin")
    try:
        assert await catalogue.find_by_contract() == []
        [item] = await found(catalogue, ITEM)
        assert not item.meets_contract
        assert item.variables == VARIABLES[:-1]
    finally:
        practice._database.update("item_option_new", option["sys_id"], {"active": True}, by="admin")


async def test_a_search_that_is_given_up_reads_no_further(catalogue, practice):
    before = len(practice.log)
    search = catalogue.search(limit=10_000)
    async for _ in search:
        break
    await search.aclose()
    seen = len(practice.log)
    assert seen > before
    assert len(await found(catalogue, "laptop")) == 2


@pytest.mark.parametrize("fault", ["hibernating", "query_ignored", "error_in_200", "cut_body"])
async def test_an_answer_that_is_none_is_an_error_and_never_an_empty_list(catalogue, practice, fault):
    practice.faults.set(fault)
    with pytest.raises(ConsoleError):
        await found(catalogue)


async def test_rows_that_are_hidden_do_not_hide_the_ones_behind_them(catalogue, practice):
    everything = active(practice)
    practice.faults.set("empty_pages")
    items = await found(catalogue, limit=10_000)
    assert items
    assert {i.sys_id for i in items} <= everything


async def test_an_instance_out_of_reach_is_an_error():
    sign_in = SignIn("privman.integration", Secret(PASSWORD))
    async with ServiceNowClient(ConnectionSettings("Nowhere", "http://127.0.0.1:9/"), sign_in) as instance:
        with pytest.raises(UnreachableError):
            await found(Catalogue(instance))


def calls_since(practice, start):
    return [entry.path for entry in practice.log[start:] if "/table/" in entry.path]


async def test_a_search_for_200_items_takes_three_calls_and_no_call_for_rows_that_are_not_shown(
    catalogue, practice
):
    start = len(practice.log)
    sizes = [len(batch) async for batch in catalogue.search("Catalog item", limit=200)]
    assert sum(sizes) == 200
    assert max(sizes) <= BATCH
    assert sorted(path.rpartition("/")[2] for path in calls_since(practice, start)) == [
        "item_option_new", "sc_cat_item", "sc_cat_item",
    ]  # fmt: skip


async def test_a_list_without_an_end_is_read_in_large_pages(catalogue, practice):
    start = len(practice.log)
    items = await found(catalogue, limit=10_000)
    assert len(items) > 200
    assert len(calls_since(practice, start)) == 4
