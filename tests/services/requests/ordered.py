"""Orders with several items on the practice instance, and requests that are known by the id of such an order."""

import uuid

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import RequestState
from services.practice.accounts_and_sessions import user_sys_id
from services.practice.database import fixed_sys_id
from services.practice.initial_data import EXECUTE_ITEM_ID, _sample_variables
from services.practice.orders_and_approvals import OrderLine, place_order_lines
from tests.services.requests.decision_setup import PM

LAPTOP = fixed_sys_id("sc_cat_item", "Standard Laptop")


def line(approval_id=None, item=EXECUTE_ITEM_ID):
    variables = {**_sample_variables(1), "PMApprovalId": approval_id or ""} if item == EXECUTE_ITEM_ID else {}
    return OrderLine(item, variables)


def ask_for_laptops(practice):
    """Let laptops be approved by the same people as applications."""
    database = practice._database
    workflow = database.get("sc_cat_item", EXECUTE_ITEM_ID)["workflow"]
    database.update("sc_cat_item", LAPTOP, {"workflow": workflow})


def place(practice, *lines, first=None):
    """Order `lines` together; returns the items as they stand. `first` is the place of the one with the least sys_id."""
    while True:
        made = place_order_lines(practice._database, lines, user_id=user_sys_id(PM), by=PM)
        items = [practice._database.get("sc_req_item", one.item_id) for one in made]
        if first is None or items[first]["sys_id"] == min(one["sys_id"] for one in items):
            return items
        for one in items:
            for answer in practice.records("sc_item_option_mtom", request_item=one["sys_id"]):
                practice._database.delete("sc_item_option_mtom", answer["sys_id"], by="admin")
            practice._database.delete("sc_req_item", one["sys_id"], by="admin")


def request_of(desk, external_id, key=None, **more):
    """Store a request that was raised here, with the id that Create gave."""
    key = key or uuid.uuid4()
    now = utcnow()
    row = ApprovalRequest(
        id=key, approval_id=str(key), server_id=desk.server.id, process_id=desk.process.id, type_id=desk.type.id,
        external_id=external_id, state=RequestState.PENDING, requested_at=now, submitted_at=now, file_path="C:\\setup.exe",
        **more,
    )  # fmt: skip
    with desk.store.write() as work:
        work.insert(row)
        observed = {name: more[name] for name in more if name in ApprovalRequest.observed}
        if observed:
            work.observe(ApprovalRequest, {key: observed})
    return desk.row(key)


def chosen_item(desk, item=EXECUTE_ITEM_ID):
    """Choose the Request Item on the process."""
    process = desk.process.model_copy(update={"request_item_id": item})
    with desk.store.write() as work:
        desk.process = work.update(process, process.version)


def as_it_stands(desk, *items):
    """Return what there is to see of items: themselves, their approvals, and what was written on both."""
    seen = []
    for item in items:
        record = desk.practice._database.get("sc_req_item", item["sys_id"])
        asked = desk.practice.records("sysapproval_approver", sysapproval=item["sys_id"])
        ids = {record["sys_id"], *(one["sys_id"] for one in asked)}
        said = [e["value"] for e in desk.practice.records("sys_journal_field") if e["element_id"] in ids]
        states = sorted((one["sys_id"], one["state"]) for one in asked)
        seen.append((record["approval"], record["state"], record["active"], states, said))
    return seen


def order_approval(practice, order_id, account="app.approver"):
    """Ask somebody to approve a whole order."""
    values = {"approver": user_sys_id(account), "state": "requested", "sysapproval": order_id, "document_id": order_id,
              "source_table": "sc_request"}  # fmt: skip
    return practice._database.insert("sysapproval_approver", values, by="system")
