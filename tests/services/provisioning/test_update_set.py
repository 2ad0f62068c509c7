"""An update set carries what the plan would write: the same bytes every time, and services that run once it is in."""

from lxml import etree

from services import provisioning
from services.provisioning import ItemNames
from tests.services.provisioning.test_undo import run_rehearsal


def commit(practice, content):
    """Do what an instance does with the records of a committed update set."""
    root = etree.fromstring(content)
    for payload in root.iterfind("sys_update_xml/payload"):
        (record,) = etree.fromstring(payload.text.encode())
        practice.database.insert(record.tag, {child.tag: child.text or "" for child in record})


async def test_two_exports_of_one_plan_are_identical(practice, stock, store, reach, names):
    contents = []
    for _ in range(2):
        server, instance = reach(practice)
        async with instance:
            plan = await provisioning.plan(store, instance, server, names)
        contents.append(provisioning.render_update_set(plan))
    server, instance = reach(stock)
    async with instance:
        kept = await provisioning.plan(store, instance, server, names)
    assert contents[0] == contents[1]
    root = etree.fromstring(contents[0])
    assert len(root.findall("sys_update_xml")) == len(plan.writes)
    assert etree.fromstring(provisioning.render_update_set(kept)).findall("sys_update_xml") == []


async def test_once_it_is_committed_nothing_is_left_to_do_and_a_rehearsal_works(practice, store, reach):
    names = ItemNames.of(prefix="Set", item="Run <this> & “that”")
    server, instance = reach(practice)
    async with instance:
        plan = await provisioning.plan(store, instance, server, names)
        commit(practice, provisioning.render_update_set(plan))
        after = await provisioning.plan(store, instance, server, names)
        assert after.summary == {"create": 0, "update": 0, "keep": len(plan.changes), "conflict": 0}
        assert (await run_rehearsal(store, instance, server, names, decide="approve")).ok


async def test_what_hangs_on_records_that_are_there_points_at_them(practice, store, reach, names):
    server, instance = reach(practice)
    async with instance:
        await provisioning.apply(store, instance, server, names)
        gone = practice.database.first("item_option_new", name="PMFilePath")
        practice.database.delete("item_option_new", gone["sys_id"])
        plan = await provisioning.plan(store, instance, server, names)
    root = etree.fromstring(provisioning.render_update_set(plan))
    (payload,) = root.findall("sys_update_xml/payload")
    item = practice.database.first("sc_cat_item", name=names.item)
    assert etree.fromstring(payload.text.encode()).findtext("item_option_new/cat_item") == item["sys_id"]
