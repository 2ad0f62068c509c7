"""What a run made is taken back exactly, or not at all."""

import pytest

from models.kinds import Kind
from services import provisioning
from services.common.errors import InputError, RefusedError
from services.common.secret import Secret
from services.configuration import Configuration
from services.provisioning import Receipt
from services.requests.rehearsal.rehearsal import rehearse
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.servicenow.contract import DEFAULT_SERVICE_NAMES, ServiceRole
from tests.services.provisioning.conftest import PASSWORD, WRITES, started


async def run_rehearsal(store, instance, server, names, **more):
    """Rehearse against the services of a set, with a process and a type that are stored as people store them."""
    configuration = Configuration(store)
    process = configuration.save(
        configuration.new(
            Kind.APPROVAL_PROCESS,
            name=f"Process {names.item}",
            server_id=server.id,
            request_item_id="0" * 32,
            request_item_name=names.item,
            create_service=names.create_service,
            status_service=names.status_service,
            cancel_service=names.cancel_service,
        )
    )
    kind = configuration.new(Kind.APPROVAL_TYPE, name=f"Type {names.item}", process_id=process.id)
    return await rehearse(store, instance, configuration.save(kind), process, fields={}, **more)


async def test_the_instance_is_as_it_was_record_for_record(practice, store, reach, names):
    before = practice.everything()
    server, instance = reach(practice)
    async with instance:
        applied = await provisioning.apply(store, instance, server, names)
        undone = await provisioning.undo(store, instance, server, applied.receipt.id)
        again = await provisioning.undo(store, instance, server, applied.receipt.id)
    assert undone.ok
    assert practice.everything() == before
    assert again.removed == []


async def test_a_rehearsal_works_against_what_was_made_and_does_not_stand_in_the_way(
    practice, store, reach, names
):
    server, instance = reach(practice)
    async with instance:
        applied = await provisioning.apply(store, instance, server, names)
        run = await run_rehearsal(store, instance, server, names, decide="reject")
        assert run.ok, run.as_dict()
        undone = await provisioning.undo(store, instance, server, applied.receipt.id)
    assert undone.ok
    assert practice.database.rows("sys_web_service", name=names.create_service) == []


async def test_a_request_in_the_order_of_a_rehearsal_stands_in_the_way(practice, store, reach, names):
    server, instance = reach(practice)
    async with instance:
        applied = await provisioning.apply(store, instance, server, names)
        run = await run_rehearsal(store, instance, server, names, decide="reject")
        [rehearsed] = practice.database.rows("sc_req_item", sys_id=run.request.record_id)
        with store.write() as work:
            known = run.request.model_copy(update={"external_id": rehearsed["request"]})
            work.update(known, known.version)
        same = {name: rehearsed[name] for name in ("request", "cat_item", "approval", "state", "active")}
        practice.database.insert("sc_req_item", same, by="admin")
        with pytest.raises(RefusedError) as caught:
            await provisioning.undo(store, instance, server, applied.receipt.id)
    assert "1 request was raised" in caught.value.problem.evidence


async def test_a_request_that_is_not_active_waits_for_nobody(practice, store, reach, names):
    server, instance = reach(practice)
    async with instance:
        applied = await provisioning.apply(store, instance, server, names)
        service = instance.service(names.create_service)
        made = await service.call({"PMApprovalId": "1", "PMUserReason": "real"}, ("PMRequestId",))
        practice.database.update("sc_req_item", made["PMRequestId"], {"state": "8", "active": "false"})
        with pytest.raises(RefusedError) as caught:
            await provisioning.undo(store, instance, server, applied.receipt.id)
    assert "0 awaiting approval" in caught.value.problem.evidence


async def test_it_is_refused_while_requests_hang_on_the_item(practice, store, reach, names):
    server, instance = reach(practice)
    async with instance:
        applied = await provisioning.apply(store, instance, server, names)
        service = instance.service(names.create_service)
        await service.call({"PMApprovalId": "1", "PMUserReason": "real"}, ("PMRequestId",))
        before = practice.everything()
        with pytest.raises(RefusedError) as caught:
            await provisioning.undo(store, instance, server, applied.receipt.id, overwrite=["all"])
    assert "1 request was raised" in caught.value.problem.evidence
    assert "RITM" in caught.value.problem.evidence
    assert practice.everything() == before


async def test_it_is_refused_when_others_edited_or_added_something(practice, store, reach, names):
    server, instance = reach(practice)
    async with instance:
        applied = await provisioning.apply(store, instance, server, names)
        practice.edit("item_option_new", {"question_text": "File"}, name="PMFilePath")
        with pytest.raises(RefusedError, match="Undo") as caught:
            await provisioning.undo(store, instance, server, applied.receipt.id)
        assert "PMFilePath (grace.hopper" in caught.value.problem.evidence
        item = practice.database.first("sc_cat_item", name=names.item)
        added = practice.database.insert("item_option_new", {"name": "u_mine", "cat_item": item["sys_id"]})
        with pytest.raises(RefusedError) as caught:
            await provisioning.undo(store, instance, server, applied.receipt.id, overwrite=["pmfilepath"])
        assert "u_mine" in caught.value.problem.evidence
        practice.database.delete("item_option_new", added)
        assert (
            await provisioning.undo(store, instance, server, applied.receipt.id, overwrite=["PMFilePath"])
        ).ok


async def test_what_was_updated_is_restored(stock, store, reach, names):
    stock.edit("sys_web_service", {"script": "// theirs"}, name=DEFAULT_SERVICE_NAMES[ServiceRole.STATUS])
    stock.edit("sc_cat_item", {"meta": "words"}, name=names.item)
    before = {table: [row["sys_id"] for row in rows] for table, rows in stock.everything().items()}
    server, instance = reach(stock)
    async with instance:
        applied = await provisioning.apply(store, instance, server, names, overwrite=["all"])
        assert applied.plan.summary["update"] == 2
        undone = await provisioning.undo(store, instance, server, applied.receipt.id)
    assert len(undone.restored) == 2
    assert undone.removed == []
    assert (
        stock.database.first("sys_web_service", name=DEFAULT_SERVICE_NAMES[ServiceRole.STATUS])["script"]
        == "// theirs"
    )
    assert stock.database.first("sc_cat_item", name=names.item)["meta"] == "words"
    assert {table: [row["sys_id"] for row in rows] for table, rows in stock.everything().items()} == before


@pytest.mark.parametrize("receipt", ["no-such", "11111111-1111-1111-1111-111111111111"])
async def test_an_unknown_receipt_is_an_input_error(practice, store, reach, receipt):
    server, instance = reach(practice)
    async with instance:
        with pytest.raises(InputError) as caught:
            await provisioning.undo(store, instance, server, receipt)
    assert caught.value.problem.fault == "provision-receipt-unknown"


async def test_an_undo_that_was_stopped_goes_on(practice, store, reach, names):
    before = practice.everything()
    server, instance = reach(practice)

    def fail(text, done=0, total=None):
        if done == 10:
            practice.faults.set("server_error")

    async with instance:
        applied = await provisioning.apply(store, instance, server, names)
        with pytest.raises(RefusedError):
            await provisioning.undo(store, instance, server, applied.receipt.id, progress=fail)
        practice.faults.clear()
        assert (await provisioning.undo(store, instance, server, applied.receipt.id)).ok
    assert practice.everything() == before


async def test_a_run_on_another_instance_is_not_undone_on_this_one(practice, store, reach, names):
    """A clone has the same sys_ids: with the server's address changed, an undo removed what it had never made there."""
    server, instance = reach(practice)
    async with instance:
        applied = await provisioning.apply(store, instance, server, names)
    clone = started("empty")
    try:
        for table, rows in practice.everything().items():
            here = {row["sys_id"] for row in clone.database.rows(table)}
            for row in rows:
                if row["sys_id"] not in here:
                    clone.database.insert(table, {k: v for k, v in row.items() if v is not None})
        before = clone.everything()
        configuration = Configuration(store)
        server.base_url = clone.base_url
        server = configuration.save(server)
        async with ServiceNowClient(
            ConnectionSettings.of(server), SignIn("admin", Secret(PASSWORD))
        ) as other:
            with pytest.raises(RefusedError) as caught:
                await provisioning.undo(store, other, server, applied.receipt.id, overwrite=["all"])
            assert await provisioning.load_baseline(store, server, names) == {}
        assert str(server.origin) in caught.value.problem.evidence
        assert clone.everything() == before
        assert clone.calls(*WRITES) == []
    finally:
        clone.stop()


async def test_a_run_that_stopped_elsewhere_is_not_gone_on_with_here(practice, store, reach, names):
    server, instance = reach(practice)

    def fail(text, done=0, total=None):
        if done == 5:
            practice.faults.set("server_error")

    async with instance:
        with pytest.raises(RefusedError):
            await provisioning.apply(store, instance, server, names, progress=fail)
    (stopped,) = await Receipt.list_for_server(store, server)
    server.base_url = "https://other.example/"
    server = Configuration(store).save(server)
    begun = await Receipt.begin(store, server, names)
    assert begun.id != stopped.id
    assert begun.steps == []
