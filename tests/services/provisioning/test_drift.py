"""What others change is reported once each, with who and when."""

from services import provisioning
from services.servicenow.contract import DEFAULT_SERVICE_NAMES, ServiceRole


async def found(store, instance, server, names):
    baseline = await provisioning.load_baseline(store, server, names)
    return await provisioning.verify(instance, names, baseline)


async def test_ten_edits_are_ten_reports(practice, store, reach, names):
    server, instance = reach(practice)
    async with instance:
        await provisioning.apply(store, instance, server, names)
        clean = await found(store, instance, server, names)
        assert clean.ok
        data = practice.database
        item = data.first("sc_cat_item", name=names.item)
        status = data.first("sys_web_service", name=DEFAULT_SERVICE_NAMES[ServiceRole.STATUS])
        practice.edit("sc_category", {"description": "ours"}, title=names.category, by="a.one")
        practice.edit(
            "sc_cat_item", {"short_description": "Other", "active": "false"}, name=names.item, by="b.two"
        )
        practice.edit("item_option_new", {"question_text": "File"}, name="PMFilePath", by="c.three")
        practice.edit("item_option_new", {"name": "PMReason"}, name="PMUserReason", by="d.four")
        practice.edit(
            "sys_web_service", {"script": "x"}, name=DEFAULT_SERVICE_NAMES[ServiceRole.CREATE], by="e.five"
        )
        practice.edit(
            "sys_web_service", {"name": "Renamed"}, name=DEFAULT_SERVICE_NAMES[ServiceRole.CANCEL], by="f.six"
        )
        practice.edit("sys_web_service_output", {"order": "900"}, name="PMComment", by="g.seven")
        data.insert("item_option_new", {"name": "u_more", "cat_item": item["sys_id"]}, by="h.eight")
        data.insert("sys_web_service_input", {"name": "u_in", "web_service": status["sys_id"]}, by="i.nine")
        async with reach(practice)[1] as other:
            gone = data.first("item_option_new", name="PMAgentName")
            assert await other.table("item_option_new").delete(gone["sys_id"])
        verification = await found(store, instance, server, names)
    seen = {(one.by, one.change): one for one in verification.drift}
    assert len(verification.drift) == len(seen) == 10
    assert set(seen) == {
        ("a.one", "edited"), ("b.two", "edited"), ("c.three", "edited"), ("d.four", "edited"), ("e.five", "edited"),
        ("f.six", "edited"), ("g.seven", "edited"), ("h.eight", "added"), ("i.nine", "added"), ("admin", "deleted"),
    }  # fmt: skip
    assert all(one.at.endswith("UTC") for one in verification.drift)
    assert set(seen["b.two", "edited"].fields) == {"short_description", "active"}
    assert not verification.ok


async def test_the_parameters_of_a_renamed_service_are_no_edits(practice, store, reach, names):
    server, instance = reach(practice)
    async with instance:
        await provisioning.apply(store, instance, server, names)
        practice.edit("sys_web_service", {"name": "Renamed"}, name=DEFAULT_SERVICE_NAMES[ServiceRole.STATUS])
        verification = await found(store, instance, server, names)
    assert [one.table for one in verification.drift] == ["sys_web_service"]
    assert not verification.verified


async def test_a_script_that_was_broken_by_hand_is_noticed_by_calling_it(practice, store, reach, names):
    server, instance = reach(practice)
    async with instance:
        await provisioning.apply(store, instance, server, names)
        practice.edit(
            "sys_web_service", {"script": "not javascript ("}, name=DEFAULT_SERVICE_NAMES[ServiceRole.STATUS]
        )
        verification = await found(store, instance, server, names)
    assert not verification.verified
    assert verification.problem.fault == "soap-fault"
