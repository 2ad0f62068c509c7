"""The record of a request: the one that carries its PMApprovalId or is of its request item, and never another."""

import asyncio
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import RequestState
from services.common.errors import ConsoleError
from services.practice import PracticeInstance
from services.practice.initial_data import EXECUTE_ITEM_ID
from services.practice.orders_and_approvals import update_record
from services.requests.decisions.cancel import cancel_requests
from services.requests.decisions.decide import decide_requests
from services.requests.decisions.remind import remind_approvers
from services.requests.details.loader import load_details
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.requests.records.find_by_approval_id import find_by_approval_id
from services.requests.records.ownership import RecordNotOwnedError, RecordOwnership, record_ownership
from services.requests.records.resolve_requested_item import resolve_item
from services.requests.rehearsal.cleanup import close_rehearsal
from services.servicenow import ConnectionSettings, ServiceNowClient
from tests.services.requests.conftest import PASSWORD, sign_in
from tests.services.requests.decision_setup import PM, between, desk
from tests.services.requests.ordered import (
    LAPTOP,
    as_it_stands,
    ask_for_laptops,
    chosen_item,
    line,
    order_approval,
    place,
    request_of,
)

__all__ = ["desk"]
DEEDS = ("approve", "reject", "cancel", "remind")


async def done(desk, row, deed):
    if deed == "cancel":
        return (await cancel_requests(desk.workspace, [row.id], "Not needed", confirmed=True))[0]
    if deed == "remind":
        return (await remind_approvers(desk.workspace, [row.id], "Please look"))[0]
    return (await decide_requests(desk.workspace, [row.id], deed, "Seen"))[0]


def writes(desk):
    return [
        c for c in desk.practice.log
        if c.method != "GET" and not (c.path.startswith("/Get") and "SOAP" in c.query)
    ]  # fmt: skip


@pytest.fixture
def shop(desk):
    """An order of a laptop and an application, whose laptop sorts first, and the request that knows only the order."""
    ask_for_laptops(desk.practice)
    key = uuid.uuid4()
    laptop, ours = place(desk.practice, line(item=LAPTOP), line(str(key)), first=0)
    return laptop, ours, request_of(desk, ours["request"], key)


@pytest.mark.parametrize("hidden", [False, True], ids=["variables seen", "variables hidden"])
@pytest.mark.parametrize("deed", ["approve", "reject", "remind"])
async def test_of_an_order_with_several_items_only_its_own_is_touched(desk, shop, deed, hidden):
    laptop, ours, row = shop
    if hidden:
        chosen_item(desk)
        desk.practice.faults.set("variables_hidden")
    before = as_it_stands(desk, laptop)
    outcome = await done(desk, row, deed)
    assert outcome.ok, outcome.problem
    assert outcome.label == ours["number"]
    assert as_it_stands(desk, laptop) == before
    [(approval, _, _, _, said)] = as_it_stands(desk, ours)
    assert approval == {"approve": "approved", "reject": "rejected", "remind": "requested"}[deed]
    assert said == ["Please look" if deed == "remind" else "Seen"]
    kept = desk.row(row.id)
    assert (kept.record_id, kept.number) == (ours["sys_id"], ours["number"])
    assert kept.state == {"approve": "approved", "reject": "rejected", "remind": "pending"}[deed]


async def test_an_order_with_several_items_is_not_cancelled_as_a_whole(desk, shop):
    laptop, ours, row = shop
    before = as_it_stands(desk, laptop, ours)
    outcome = await done(desk, row, "cancel")
    assert (outcome.ok, outcome.problem.fault) == (False, "order-shared")
    assert "has other items" in outcome.problem.evidence
    assert as_it_stands(desk, laptop, ours) == before
    assert desk.row(row.id).state == RequestState.PENDING


async def test_an_order_with_one_item_is_cancelled_by_its_id(desk):
    key = uuid.uuid4()
    [ours] = place(desk.practice, line(str(key)))
    row = request_of(desk, ours["request"], key)
    outcome = await done(desk, row, "cancel")
    assert outcome.ok, outcome.problem
    assert as_it_stands(desk, ours)[0][0] == "cancelled"


async def test_details_show_and_link_only_its_own_record(desk, shop):
    laptop, ours, row = shop
    found = await load_details(desk.workspace, row.id)
    assert found.problem is None
    assert found.row.number == ours["number"]
    assert found.link.endswith(ours["sys_id"])
    assert laptop["number"] not in str(found.as_dict())


async def test_a_record_that_was_stored_for_it_wrongly_is_put_right(desk, shop):
    laptop, ours, _ = shop
    key = uuid.UUID(desk.practice._database.execute(
        "SELECT o.value FROM sc_item_option_mtom m JOIN sc_item_option o ON o.sys_id = m.sc_item_option "
        "JOIN item_option_new v ON v.sys_id = o.item_option_new WHERE m.request_item = ? AND v.name = 'PMApprovalId'",
        [ours["sys_id"]],
    )[0][0])  # fmt: skip
    with desk.store.write() as work:
        work.observe(
            ApprovalRequest,
            {
                key: {
                    "record_id": laptop["sys_id"],
                    "number": laptop["number"],
                    "servicenow_state": "approved",
                }
            },
        )
    before = as_it_stands(desk, laptop)
    assert (await done(desk, desk.row(key), "approve")).ok
    assert desk.row(key).number == ours["number"]
    assert as_it_stands(desk, laptop) == before


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("known", ["record_id", "external_id", "number"])
async def test_a_record_of_another_item_is_forgotten_and_not_touched(desk, known, deed):
    ask_for_laptops(desk.practice)
    chosen_item(desk)
    [laptop] = place(desk.practice, line(item=LAPTOP))
    values = {"record_id": laptop["sys_id"], "number": laptop["number"], "servicenow_state": "approved"}
    given = {"record_id": "own-1", "external_id": laptop["sys_id"], "number": laptop["number"]}[known]
    row = request_of(desk, given, **(values if known == "record_id" else {}))
    before = as_it_stands(desk, laptop)
    outcome = await done(desk, row, deed)
    assert (outcome.ok, outcome.problem.fault) == (False, "record-unproven")
    assert f"{laptop['number']} {RecordOwnership.UNPROVEN}" in outcome.problem.evidence
    assert as_it_stands(desk, laptop) == before
    assert writes(desk) == []
    kept = desk.row(row.id)
    assert (kept.record_id, kept.number, kept.servicenow_state, kept.state) == ("", "", "", "pending")
    found = await load_details(desk.workspace, row.id)
    gone = "record-missing" if known == "record_id" else "record-unproven"
    assert (found.problem.fault, found.link) == (gone, "")


@pytest.mark.parametrize("deed", DEEDS)
async def test_a_record_of_its_item_with_another_approval_id_is_not_touched(desk, deed):
    chosen_item(desk)
    [other] = place(desk.practice, line(str(uuid.uuid4())))
    row = request_of(desk, other["sys_id"], record_id=other["sys_id"])
    before = as_it_stands(desk, other)
    outcome = await done(desk, row, deed)
    assert (outcome.ok, outcome.problem.fault) == (False, "record-foreign")
    assert "carries another PMApprovalId" in outcome.problem.evidence
    assert as_it_stands(desk, other) == before
    assert writes(desk) == []
    assert desk.row(row.id).record_id == ""


@pytest.mark.parametrize("deed", DEEDS)
async def test_a_copy_whose_record_carries_another_approval_id_is_not_touched(desk, deed):
    chosen_item(desk)
    row = desk.copied()
    with desk.store.write() as work:
        now = desk.row(row.id)
        work.observe(
            ApprovalRequest, {}, [ApprovalRequest(**{**now.model_dump(), "approval_id": str(uuid.uuid4())})]
        )
    outcome = await done(desk, row, deed)
    assert (outcome.ok, outcome.problem.fault) == (False, "record-foreign")
    assert writes(desk) == []
    assert desk.row(row.id).record_id == row.record_id


@pytest.mark.parametrize("deed", DEEDS)
async def test_which_of_two_alike_in_an_order_cannot_be_told_where_variables_are_hidden(desk, deed):
    chosen_item(desk)
    key = uuid.uuid4()
    two = place(desk.practice, line(str(uuid.uuid4())), line(str(key)))
    row = request_of(desk, two[0]["request"], key)
    desk.practice.faults.set("variables_hidden")
    before = as_it_stands(desk, *two)
    outcome = await done(desk, row, deed)
    assert (outcome.ok, outcome.problem.fault) == (False, "record-ambiguous")
    assert as_it_stands(desk, *two) == before
    assert writes(desk) == []
    desk.practice.faults.clear()
    if deed != "cancel":
        assert (await done(desk, row, deed)).label == two[1]["number"]
        assert as_it_stands(desk, two[0]) == before[:1]


@pytest.mark.parametrize("deed", DEEDS)
async def test_without_variables_and_without_a_request_item_nothing_is_known(desk, deed):
    key = uuid.uuid4()
    [ours] = place(desk.practice, line(str(key)))
    row = request_of(desk, ours["sys_id"], key)
    desk.practice.faults.set("variables_hidden")
    outcome = await done(desk, row, deed)
    assert (outcome.ok, outcome.problem.fault) == (False, "record-unproven")
    assert "choose the Request Item on the Approval Process" in outcome.problem.remedy
    assert writes(desk) == []


@pytest.mark.parametrize("given", ["number", "request.number", "ticket 4711"])
async def test_whatever_create_answers_with_the_record_is_found_by_its_approval_id(desk, given):
    ask_for_laptops(desk.practice)
    key = uuid.uuid4()
    laptop, ours = place(desk.practice, line(item=LAPTOP), line(str(key)), first=0)
    order = desk.practice._database.get("sc_request", ours["request"])["number"]
    row = request_of(desk, {"number": ours["number"], "request.number": order}.get(given, given), key)
    before = as_it_stands(desk, laptop)
    outcome = await done(desk, row, "remind")
    assert (outcome.ok, outcome.label) == (True, ours["number"])
    assert as_it_stands(desk, laptop) == before


@pytest.mark.parametrize("known", [True, False], ids=["record known", "number alone"])
async def test_a_number_that_was_given_again_names_nobody_where_variables_are_hidden(desk, known):
    """An instance that was reset counts from the beginning, and its items are of the same request item."""
    chosen_item(desk)
    [again] = place(desk.practice, line(str(uuid.uuid4())))
    row = request_of(desk, again["number"], **({"record_id": "e" * 32} if known else {}))
    if not known:
        long_ago = {"sys_created_on": "2020-01-01 00:00:00"}
        desk.practice._database.execute(
            "UPDATE task SET sys_created_on = ? WHERE sys_id = ?", [*long_ago.values(), again["sys_id"]]
        )
    desk.practice.faults.set("variables_hidden")
    outcome = await done(desk, row, "approve")
    assert (outcome.ok, outcome.problem.fault in ("record-unproven", "record-ambiguous")) == (False, True)
    assert writes(desk) == []


@pytest.mark.parametrize("deed", ["approve", "reject", "cancel", "remind", "follow", "time out"])
@pytest.mark.parametrize("given", ["sys_id", "number"])
@pytest.mark.parametrize("stored", [True, False], ids=["stored wrongly", "not stored"])
async def test_services_are_not_called_with_the_id_of_another_item(desk, given, deed, stored):
    """Create may have answered with the id of what stands beside the item that it made."""
    key = uuid.uuid4()
    other, ours = place(desk.practice, line(str(uuid.uuid4())), line(str(key)))
    wrongly = {"record_id": other["sys_id"], "number": other["number"], "order_id": other["request"]}
    row = request_of(desk, other[given], key, **(wrongly if stored else {}))
    if deed == "follow":
        update_record(
            desk.practice._database, "sc_req_item", other["sys_id"], {"approval": "rejected"}, by="admin"
        )
    before = as_it_stands(desk, other, ours)
    life = RequestLifecycle(desk.store, await desk.workspace.instance(desk.server.id), desk.process)
    if deed == "follow":
        await life.follow(row)
        assert desk.row(row.id).state == RequestState.PENDING
    elif deed == "time out":
        with desk.store.write() as work:
            row = work.update(row.model_copy(update={"times_out_at": utcnow()}), row.version)
        ended = await life.follow(row)
        assert (ended.state, "Not cancelled in ServiceNow" in ended.comment) == (RequestState.TIMED_OUT, True)
    elif deed == "cancel":
        outcome = await done(desk, row, deed)
        assert (outcome.ok, outcome.problem.fault) == (False, "record-foreign")
        assert "that of another item" in outcome.problem.evidence
        assert as_it_stands(desk, ours) == before[1:]
    else:
        outcome = await done(desk, row, deed)
        assert (outcome.ok, outcome.label) == (True, ours["number"])
    assert as_it_stands(desk, other) == before[:1]


async def test_a_record_without_an_approval_id_gives_way_to_the_one_that_carries_it(desk):
    chosen_item(desk)
    key = uuid.uuid4()
    blank, ours = place(desk.practice, line(""), line(str(key)))
    row = request_of(desk, "ticket 4711", key, record_id=blank["sys_id"], number=blank["number"])
    before = as_it_stands(desk, blank)
    assert (await done(desk, row, "approve")).label == ours["number"]
    assert as_it_stands(desk, blank) == before


@pytest.mark.parametrize("spelt", ["{%s}", "%s"])
async def test_an_approval_id_in_another_spelling_is_found_by_it(desk, spelt):
    key = uuid.uuid4()
    [ours] = place(desk.practice, line(spelt % str(key).upper()))
    row = request_of(desk, "ticket 4711", key)
    assert (await done(desk, row, "approve")).label == ours["number"]
    [item] = (
        await find_by_approval_id(await desk.workspace.instance(desk.server.id), str(key), desk.process)
    ).items
    assert item.sys_id == ours["sys_id"]


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("table", ["sc_req_item", "sc_item_option_mtom"])
async def test_nothing_is_concluded_from_a_list_that_was_cut_off(desk, shop, deed, table):
    """One that could not be read to its end hides nothing: it may be read whole a moment later."""
    laptop, ours, row = shop
    chosen_item(desk)
    cut = b'{"result":[{"sys_id":"1"},{"error":{"detail":"maximum execution time exceeded","message":"Transaction cancelled"}}'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(cut)}\r\n\r\n".encode()

    def answer(request, forward):
        return head + cut if f"/table/{table}?".encode() in request.split(b"\r\n")[0] else forward(request)

    desk.practice.faults.set("variables_hidden")
    before = as_it_stands(desk, laptop, ours)
    with between(desk, answer):
        outcome = await done(desk, row, deed)
        life = RequestLifecycle(desk.store, await desk.workspace.instance(desk.server.id), desk.process)
        with pytest.raises(ConsoleError) as caught:
            await life.cancel(row, "Not needed")
    assert (outcome.ok, outcome.problem.fault) == (False, "transaction-cancelled")
    assert caught.value.problem.fault == "transaction-cancelled"
    assert as_it_stands(desk, laptop, ours) == before


# -- approvals of orders ---------------------------------------------------------------------------------------


async def test_an_approval_of_an_order_with_other_items_is_not_decided_from_here(desk, shop):
    laptop, ours, row = shop
    database = desk.practice._database
    for one in desk.practice.records("sysapproval_approver", sysapproval=ours["sys_id"]):
        database.delete("sysapproval_approver", one["sys_id"], by="admin")
    approval = order_approval(desk.practice, ours["request"])
    before = as_it_stands(desk, laptop, ours)
    for decision in ("approve", "reject"):
        outcome = await done(desk, row, decision)
        assert (outcome.ok, outcome.problem.fault) == (False, "approval-on-order")
        assert "decides about all of its items" in outcome.problem.cause
    assert database.get("sysapproval_approver", approval)["state"] == "requested"
    assert as_it_stands(desk, laptop, ours) == before
    found = await load_details(desk.workspace, row.id)
    assert found.who_can_act == ()
    assert not found.complete
    assert "decides about its other items as well" in found.unseen[0]
    assert "which has other items" in found.why_stuck
    copy = await done(desk, row, "remind")
    assert copy.ok
    assert database.get("sysapproval_approver", approval)["state"] == "requested"


async def test_an_approval_of_an_order_with_this_item_alone_is_decided(desk):
    row = desk.copied()
    database = desk.practice._database
    for one in desk.asked(row):
        database.delete("sysapproval_approver", one["sys_id"], by="admin")
    approval = order_approval(desk.practice, desk.item(row)["request"])
    await done(desk, row, "approve")
    assert database.get("sysapproval_approver", approval)["state"] == "approved"


async def test_cancelling_a_copy_leaves_the_approvals_of_its_order_alone(desk):
    row = desk.copied()
    order = desk.item(row)["request"]
    database = desk.practice._database
    database.insert(
        "sc_req_item", {"request": order, "cat_item": LAPTOP, "approval": "requested", "state": "1"}, by=PM
    )
    approval = order_approval(desk.practice, order)
    outcome = await done(desk, row, "cancel")
    assert outcome.ok, outcome.problem
    assert database.get("sysapproval_approver", approval)["state"] == "requested"
    assert desk.item(row)["approval"] == "cancelled"


# -- following, timing out, cleaning up ------------------------------------------------------------------------


async def test_the_answer_of_a_status_service_about_a_whole_order_is_not_taken_for_one_item(desk, shop):
    laptop, ours, row = shop
    update_record(
        desk.practice._database, "sc_req_item", laptop["sys_id"], {"approval": "rejected"}, by="admin"
    )
    life = RequestLifecycle(desk.store, await desk.workspace.instance(desk.server.id), desk.process)
    assert (await life.services.status(ours["request"])).status == "rejected"
    await life.follow(row)
    assert desk.row(row.id).state == RequestState.PENDING
    [asked] = desk.practice.records("sysapproval_approver", sysapproval=ours["sys_id"])
    update_record(
        desk.practice._database,
        "sysapproval_approver",
        asked["sys_id"],
        {"state": "approved"},
        by="app.approver",
    )
    await life.refresh_item(row)
    await life.follow(row)
    assert desk.row(row.id).state == RequestState.APPROVED


@pytest.mark.parametrize("deed", ["follow", "cancel", "time out"])
async def test_a_request_whose_number_was_given_again_is_neither_followed_nor_cancelled_there(desk, deed):
    [other] = place(desk.practice, line(str(uuid.uuid4())))
    row = request_of(desk, other["number"])
    before = as_it_stands(desk, other)
    life = RequestLifecycle(desk.store, await desk.workspace.instance(desk.server.id), desk.process)
    if deed == "time out":
        with desk.store.write() as work:
            row = work.update(row.model_copy(update={"times_out_at": utcnow()}), row.version)
        ended = await life.follow(row)
        assert ended.state == RequestState.TIMED_OUT
        assert "Not cancelled in ServiceNow" in ended.comment
    else:
        with pytest.raises(RecordNotOwnedError):
            await (life.cancel(row, "x") if deed == "cancel" else life._status(row))
        assert desk.row(row.id).state == RequestState.PENDING
    assert as_it_stands(desk, other) == before


@pytest.mark.parametrize("hidden", [False, True])
async def test_cleaning_up_closes_nothing_but_its_own_item(desk, shop, hidden):
    laptop, ours, row = shop
    chosen_item(desk)
    if hidden:
        desk.practice.faults.set("variables_hidden")
    [asked] = desk.practice.records("sysapproval_approver", sysapproval=ours["sys_id"])
    update_record(
        desk.practice._database,
        "sysapproval_approver",
        asked["sys_id"],
        {"state": "approved"},
        by="app.approver",
    )
    order_approval(desk.practice, ours["request"])
    before = as_it_stands(desk, laptop)
    proof = await close_rehearsal(await desk.workspace.instance(desk.server.id), desk.process, row)
    assert str(proof) == f"{ours['number']} is closed"
    assert desk.practice._database.get("sc_req_item", ours["sys_id"])["state"] == "4"
    assert as_it_stands(desk, laptop) == before


async def test_cleaning_up_closes_nothing_where_it_cannot_be_told_which(desk):
    chosen_item(desk)
    two = place(desk.practice, line(str(uuid.uuid4())), line(str(uuid.uuid4())))
    row = request_of(desk, two[0]["request"])
    desk.practice.faults.set("variables_hidden")
    before = as_it_stands(desk, *two)
    proof = await close_rehearsal(await desk.workspace.instance(desk.server.id), desk.process, row)
    assert not proof.ok
    assert "does not see their PMApprovalId" in proof.unknown
    assert as_it_stands(desk, *two) == before


async def test_a_limit_of_calls_is_told_and_not_taken_for_hidden(desk, shop):
    row = shop[2]
    limited = b"HTTP/1.1 429 Too Many\r\nContent-Type: application/json\r\nRetry-After: 60\r\nContent-Length: 2\r\n\r\n{}"

    def answer(request, forward):
        return limited if b"/sc_item_option_mtom" in request else forward(request)

    desk.practice.faults.set("variables_hidden")
    with between(desk, answer):
        outcome = await done(desk, row, "approve")
    assert (outcome.ok, outcome.problem.fault) == (False, "rate-limited")


# -- every order -----------------------------------------------------------------------------------------------

OWN = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
OTHER = "9f86d081-884c-4d65-9a2f-eaa0c55ad015"
ITEMS = st.sampled_from(
    [(EXECUTE_ITEM_ID, OWN), (EXECUTE_ITEM_ID, OTHER), (EXECUTE_ITEM_ID, ""), (LAPTOP, ""), (LAPTOP, "")]
)


@pytest.fixture(scope="module")
def instance_of_many():
    practice = PracticeInstance(password=PASSWORD).start()
    yield practice
    practice.stop()


@given(
    kinds=st.lists(ITEMS, min_size=1, max_size=4),
    given_id=st.sampled_from(["item", "order", "item number", "order number", "a ticket"]),
    named=st.integers(0, 3),
    stored=st.none() | st.integers(0, 3),
    hidden=st.booleans(),
    chosen=st.booleans(),
)
def test_of_any_order_only_what_is_provably_its_own_is_found(
    instance_of_many, kinds, given_id, named, stored, hidden, chosen
):
    practice = instance_of_many
    for one in practice.records("sc_item_option_mtom"):
        practice._database.delete("sc_item_option_mtom", one["sys_id"], by="admin")
    items = place(practice, *(line(approval, item) for item, approval in kinds))
    one = items[named % len(items)]
    order = practice._database.get("sc_request", one["request"])
    ids = {"item": one["sys_id"], "order": order["sys_id"], "item number": one["number"],
           "order number": order["number"]}  # fmt: skip
    row = ApprovalRequest(
        approval_id=OWN, external_id=ids.get(given_id, "a ticket"), submitted_at=utcnow(),
        record_id=items[stored % len(items)]["sys_id"] if stored is not None else "",
    )  # fmt: skip
    practice.faults.clear()
    if hidden:
        practice.faults.set("variables_hidden")

    async def found():
        async with ServiceNowClient(
            ConnectionSettings("Practice", practice.base_url), sign_in(PM)
        ) as instance:
            try:
                return await resolve_item(instance, row, frozenset({EXECUTE_ITEM_ID} if chosen else ()))
            except RecordNotOwnedError:
                return None

    item = asyncio.run(found())
    kind = {made["sys_id"]: kind for made, kind in zip(items, kinds, strict=True)}
    carrying = [key for key, (_, approval) in kind.items() if approval == OWN and not hidden]
    if carrying:
        assert item is not None
        assert item.sys_id in carrying
    if item is None or carrying:
        return
    cat_item, approval = kind[item.sys_id]
    assert chosen
    assert cat_item == EXECUTE_ITEM_ID
    assert hidden or approval == ""
    alike = [key for key, (cat_item, _) in kind.items() if cat_item == EXECUTE_ITEM_ID]
    exact = item.sys_id in (row.external_id, row.record_id) or item.number == row.external_id
    assert exact or alike == [item.sys_id]


@pytest.mark.parametrize(
    ("carried", "cat_item", "claim"),
    [
        ([OWN], LAPTOP, RecordOwnership.CARRIES),
        ([OWN.upper()], LAPTOP, RecordOwnership.CARRIES),
        ([f"{{{OWN}}}", OWN], LAPTOP, RecordOwnership.CARRIES),
        ([OWN, OTHER], EXECUTE_ITEM_ID, RecordOwnership.FOREIGN),
        ([OTHER], EXECUTE_ITEM_ID, RecordOwnership.FOREIGN),
        (["", ""], EXECUTE_ITEM_ID, RecordOwnership.BELONGS),
        ([], LAPTOP, RecordOwnership.UNPROVEN),
        ([], "", RecordOwnership.UNPROVEN),
    ],
)
def test_a_record_is_its_own_by_its_approval_id_or_by_its_item(carried, cat_item, claim):
    assert record_ownership(OWN, carried, cat_item, {EXECUTE_ITEM_ID}) is claim
    assert claim.is_own == (claim in (RecordOwnership.CARRIES, RecordOwnership.BELONGS))
