"""Cancel's outputs are ignored, as Privilege Manager ignores them: what is missing is a remark."""

import pytest

from models.kinds import RequestState
from services.common.errors import ConsoleError, ReplyError
from services.requests.rehearsal.rehearsal import rehearse
from services.servicenow.approval_services import ApprovalServices
from services.servicenow.contract import ServiceDescription, ServiceRole, compare_service
from services.servicenow.soap_reply import parse_reply
from tests.services.requests.conftest import states, timeline

CANCEL = "CancelExecuteAppApprovalRequest"
STATUS = "GetExecuteAppApprovalRequestStatus"
ENVELOPE = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>%s</s:Body></s:Envelope>'


def with_script(practice, name, script):
    [service] = practice.records("sys_web_service", name=name)
    practice._database.update("sys_web_service", service["sys_id"], {"script": script})


def without_output(practice, name, *outputs):
    [service] = practice.records("sys_web_service", name=name)
    for row in practice.records("sys_web_service_output", web_service=service["sys_id"]):
        if row["name"] in outputs:
            practice._database.delete("sys_web_service_output", row["sys_id"], by="admin")


BOTH = ("TmsCancelResult", "PMCancelResult")


@pytest.mark.parametrize("declared", [BOTH, BOTH[:1], BOTH[1:], ()], ids=str)
@pytest.mark.parametrize("assigned", [True, False])
async def test_a_reply_without_a_fault_counts_as_cancelled(
    store, instance, approval_type, process, practice, declared, assigned
):
    [service] = practice.records("sys_web_service", name=CANCEL)
    script = service["script"]
    if not assigned:
        script = script.replace("response.TmsCancelResult =", "var a =").replace(
            "response.PMCancelResult =", "var b ="
        )
    with_script(practice, CANCEL, script)
    without_output(practice, CANCEL, *(name for name in BOTH if name not in declared))
    done = await rehearse(store, instance, approval_type, process, fields={})
    assert (done.ok, done.cleaned) == (True, True), done.as_dict()
    assert states(store) == [RequestState.CANCELLED]
    leg = next(leg for leg in done.legs if leg.name == "cancel")
    remarked = "Privilege Manager ignores its value" in leg.observed
    assert remarked == (not declared or not assigned)
    assert any("ignores its value" in line.detail for line in timeline(store)) == remarked


async def test_the_stock_body_that_is_a_comment_counts_and_the_item_is_closed_all_the_same(
    store, instance, approval_type, process, practice
):
    with_script(practice, CANCEL, "// Cancel the request here.")
    done = await rehearse(store, instance, approval_type, process, fields={})
    assert (done.ok, done.cleaned) == (True, True), done.as_dict()
    [item] = practice.records("sc_req_item")
    assert item["state"] == "4"


@pytest.mark.parametrize("fault", ["outputs_missing", "outputs_doubled", "unqualified", "outputs_undeclared"])
async def test_whatever_outputs_come_the_request_is_cancelled(
    instance, process, life, approval_type, practice, fault
):
    row = await life.submit(approval_type, {"PMFilePath": "a.exe"})
    practice.faults.set(fault)
    await life.cancel(row, "Not needed")
    assert row.state == RequestState.CANCELLED
    [item] = practice.records("sc_req_item")
    assert item["approval"] == "cancelled"


async def test_a_fault_is_still_a_fault(life, approval_type, practice):
    row = await life.submit(approval_type, {"PMFilePath": "a.exe"})
    practice.faults.set("soap_fault")
    with pytest.raises(ConsoleError) as caught:
        await life.cancel(row, "Not needed")
    assert caught.value.problem.fault == "soap-fault"
    assert row.state == RequestState.PENDING


async def test_of_status_only_the_word_matters(life, approval_type, practice, instance, process):
    row = await life.submit(approval_type, {"PMFilePath": "a.exe"})
    [service] = practice.records("sys_web_service", name=STATUS)
    with_script(practice, STATUS, service["script"].replace("response.PMComment =", "var unused ="))
    assert (await ApprovalServices(instance, process).status(row.external_id)).status == "pending"
    with_script(practice, STATUS, "// nothing")
    with pytest.raises(ReplyError):
        await ApprovalServices(instance, process).status(row.external_id)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", {}),
        (b"<r/>", {}),
        (b"<r><A>x</A></r>", {"A": "x"}),
        (b"<r><A/></r>", {"A": ""}),
        (b"<r><A>x</A><A>y</A></r>", {}),
        (b"<r><A><B/></A></r>", {}),
    ],
)
def test_optional_outputs_are_read_where_they_are_there_once(body, found):
    assert parse_reply(ENVELOPE % body, (), "Read", ("A",)) == found
    if body == b"":
        with pytest.raises(ReplyError):
            parse_reply(ENVELOPE % body, ("A",), "Read")


@pytest.mark.parametrize("content", [b"", b"<html/>", b"<a/>", ENVELOPE[:40]])
def test_what_is_no_envelope_is_no_answer_to_cancel(content):
    with pytest.raises(ConsoleError):
        parse_reply(content, (), "Cancel", ("A",))


def test_a_cancel_service_without_outputs_keeps_the_contract_with_a_remark():
    described = ServiceDescription(
        CANCEL, "execute", ("PMCancelRequestId", "PMCancelComment"), (), "https://x/"
    )
    verdict = compare_service(ServiceRole.CANCEL, described)
    assert (verdict.ok, verdict.missing_outputs) == (True, ())
    assert "declares no TmsCancelResult, whose value is ignored" in verdict.text
    silent = ServiceDescription(STATUS, "execute", ("PMGetRequestId",), (), "https://x/")
    assert not compare_service(ServiceRole.STATUS, silent).ok
