"""Approval requests: raising one, the event to webhooks, decisions, and the reports that tell of them."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from services.practice.loopback_server import HOST, LoopbackServer
from services.practice.privilege_manager import (
    ApprovalSchema,
    ApprovalState,
    PracticeOptions,
    RequestRefusedError,
)
from services.practice.privilege_manager import built_in_ids as ids
from services.practice.privilege_manager.options import EVENT_MEMBERS
from tests.services.practice.privilege_manager.test_items import copy_of, pack, unpacked

API = "services/api/v1"
ANSWER = f"{API}/approval/approve"


class Receiver:
    """A webhook that records what is posted."""

    def __init__(self, status=202):
        self.status = status
        self.events = []

        async def take(request):
            self.events.append((request.headers.get("authorization"), await request.json()))
            return Response(status_code=self.status)

        self.server = LoopbackServer(
            Starlette(routes=[Route("/hook", take, methods=["POST"])]), name="receiver"
        )

    @property
    def url(self):
        return f"http://{HOST}:{self.server.port}/hook"


@pytest.fixture
def receiver():
    made = Receiver()
    made.server.start()
    yield made
    made.server.stop()


def asking_policy(pm, action=ids.APPROVAL_FORM, name="Ask", *, deployed=True):
    """Add an active policy with an approval action, and bring it to the computers."""
    from services.practice.privilege_manager.initial_items import new_policy

    policy = new_policy(name, "", macos=False, targeted=True)
    policy.members.update(Enabled=True, ApplicationActionIds=[action])
    pm.state.items.add(policy)
    if deployed:
        pm.state.update_targets()
    return policy.id


async def raise_one(pm, **changes):
    values = {"policy": "Ask", "user": "ACME\\ann", "file_path": "C:\\a.exe", "reason": "A reason & <more>"}
    return await pm.raise_request(**{**values, **changes})


def rows(http, report_id):
    answer = http.post(f"{API}/reports/{report_id}", json=[]).json()
    names = [column["columnName"] for column in answer["Columns"]]
    return [dict(zip(names, row, strict=True)) for row in answer["Rows"]]


class TestRaising:
    async def test_a_request_is_posted_and_pending(self, pm, http, receiver):
        policy_id = asking_policy(pm)
        pm.add_webhook(receiver.url, "Bearer of-the-receiver")
        approval = await raise_one(pm)
        [(authorization, event)] = receiver.events
        assert authorization == "Bearer of-the-receiver"
        assert set(event) == set(EVENT_MEMBERS)
        assert (event["ApprovalId"], event["PolicyId"]) == (approval.id, policy_id)
        assert (event["UserReason"], event["ApprovalTypeId"]) == (
            "A reason & <more>",
            ids.DEFAULT_APPROVAL_TYPE,
        )
        assert event["ProcessName"] == "Default Manual Approval Process"
        [row] = rows(http, ids.PENDING_APPROVALS_REPORT)
        assert (row["_ItemId"], row["User"], row["Computer"]) == (approval.id, "ACME\\ann", "WS-014")
        assert [(one.status, one.error) for one in pm.state.sent_events] == [(202, "")]

    async def test_the_members_of_the_event_are_an_option(self, make_server, receiver):
        options = PracticeOptions(
            event_members={"ApprovalId": "id", "UserReason": "why"}, event_shape=lambda one: {"data": [one]}
        )
        pm = make_server(options)
        asking_policy(pm)
        pm.add_webhook(receiver.url)
        approval = await raise_one(pm, computer="ws-027")
        assert receiver.events == [(None, {"data": [{"id": approval.id, "why": "A reason & <more>"}]})]
        assert approval.computer_name == "WS-027"

    async def test_a_webhook_that_fails_is_recorded_and_the_request_stays(self, pm, receiver):
        asking_policy(pm)
        receiver.status = 503
        pm.add_webhook(receiver.url)
        pm.add_webhook(f"http://{HOST}:9/none")
        approval = await raise_one(pm)
        assert [one.status for one in pm.state.sent_events] == [503, 0]
        assert pm.state.sent_events[1].error == "ConnectError"
        receiver.status = 200
        await pm.post_event(approval)
        assert [event["ApprovalId"] for _, event in receiver.events] == [approval.id] * 2
        assert pm.state.pending == [approval]

    @pytest.mark.parametrize("url", ["https://example.com/hook", "ftp://127.0.0.1/", "hook"])
    def test_events_leave_this_machine_never(self, pm, url):
        with pytest.raises(ValueError, match="this machine only"):
            pm.add_webhook(url)

    async def test_an_action_of_another_type(self, pm):
        other = pm.state.add_approval_type("ServiceNow", process="ServiceNow Approval Process")
        document = copy_of(unpacked(pm.export_item(ids.APPROVAL_FORM)))
        document = document.replace(ids.DEFAULT_APPROVAL_TYPE.upper().encode(), other.id.encode())
        [action] = pm.import_items(pack(document)).imported
        asking_policy(pm, action)
        approval = await raise_one(pm)
        assert (approval.type_id, approval.process_name) == (other.id, "ServiceNow Approval Process")
        del pm.state.types[other.id]
        with pytest.raises(RequestRefusedError, match="unknown approval type"):
            await raise_one(pm)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"reason": " "}, "A reason of at most 250"),
            ({"reason": "x" * 251}, "A reason of at most 250"),
            ({"policy": "None"}, "no policy None"),
            ({"policy": "Elevate Service Desk Tools"}, "no action that asks"),
            ({"policy": "Ask for Installer Packages"}, "is inactive"),
            ({"computer": "none"}, "no computer none"),
            ({"computer": "MAC-003"}, "run the targeting update"),
        ],
    )
    async def test_what_an_endpoint_cannot_raise(self, pm, changes, said):
        asking_policy(pm)
        with pytest.raises(RequestRefusedError, match=said):
            await raise_one(pm, **changes)
        assert pm.state.approvals == {}

    async def test_a_policy_asks_where_it_was_brought_only(self, pm, make_server):
        asking_policy(pm, deployed=False)
        with pytest.raises(RequestRefusedError, match="run the targeting update"):
            await raise_one(pm)
        lenient = make_server(PracticeOptions(need_deployment=False))
        asking_policy(lenient, deployed=False)
        assert (await raise_one(lenient)).state is ApprovalState.PENDING

    async def test_a_server_that_does_not_run_raises_nothing(self, pm):
        asking_policy(pm)
        pm.stop()
        with pytest.raises(RuntimeError, match="does not run"):
            await raise_one(pm)

    def test_approval_types_and_webhooks_by_their_addresses(self, pm, http, receiver):
        made = http.post("practice/approval-types", json={"Name": "ServiceNow", "Process": "Tickets"}).json()[
            "Result"
        ]
        assert pm.state.types[made["ItemId"]].process_name == "Tickets"
        body = {"Url": receiver.url, "Authorization": "Basic eA=="}
        assert http.post("practice/webhooks", json=body).status_code == 200
        asking_policy(pm)
        http.post("practice/requests", json={"Policy": "Ask", "User": "a", "FilePath": "b", "Reason": "c"})
        assert [authorization for authorization, _ in receiver.events] == ["Basic eA=="]
        assert http.post("practice/webhooks", json={"Url": "https://example.com/"}).status_code == 400
        assert http.post("practice/approval-types", json={}).status_code == 400

    def test_the_endpoint_by_its_address(self, pm, http):
        asking_policy(pm)
        body = {"Policy": "Ask", "User": "ann", "FilePath": "C:\\a.exe", "Reason": "why"}
        made = http.post("practice/requests", json=body).json()["Result"]
        http.post(
            ANSWER, json={"ApprovalId": made["ApprovalId"], "Response": "Approve", "DurationMinutes": 60}
        )
        shown = http.get(f"practice/requests/{made['ApprovalId']}").json()["Result"]
        assert (made["State"], shown["State"]) == ("Pending", "Approved")
        assert shown["Until"] is not None
        assert http.get("practice/requests").json()["Result"] == [shown]
        assert http.post("practice/requests", json={**body, "Reason": ""}).status_code == 409
        assert http.post("practice/requests", content=b"{}").status_code == 400
        assert http.get("practice/requests/none").status_code == 404


class TestDecisions:
    @pytest.mark.parametrize(
        ("word", "state"), [("Approve", ApprovalState.APPROVED), ("Deny", ApprovalState.DENIED)]
    )
    async def test_a_decision_moves_the_request_to_the_other_report(self, pm, http, word, state):
        asking_policy(pm)
        approval = await raise_one(pm)
        body = {"approvalid": approval.id.upper(), "Response": word, "Comment": "Fine", "ApproverName": "Bo"}
        assert http.post(ANSWER, json=body).json()["Status"] == "success"
        assert (approval.state, approval.comment, approval.approver, approval.until) == (
            state,
            "Fine",
            "Bo",
            None,
        )
        assert rows(http, ids.PENDING_APPROVALS_REPORT) == []
        [row] = rows(http, ids.DECIDED_APPROVALS_REPORT)
        assert (row["_ItemId"], row["Status"], row["Comment"]) == (approval.id, str(state), "Fine")

    async def test_a_repeated_answer_changes_nothing_and_is_counted(self, pm, http):
        asking_policy(pm)
        approval = await raise_one(pm)
        http.post(ANSWER, json={"ApprovalId": approval.id, "Response": "Approve"})
        assert pm.state.repeated_answers == 0
        answer = http.post(ANSWER, json={"ApprovalId": approval.id, "Response": "Deny"})
        assert answer.json()["Status"] == "error"
        assert (approval.state, pm.state.repeated_answers) == (ApprovalState.APPROVED, 1)

    async def test_a_lost_answer_was_carried_out(self, pm, http):
        asking_policy(pm)
        approval = await raise_one(pm)
        pm.faults.read("answer_lost:operation=send_answer,times=1")
        body = {"ApprovalId": approval.id, "Response": "Approve"}
        with pytest.raises(httpx.RemoteProtocolError):
            await asyncio.to_thread(http.post, ANSWER, json=body)
        assert rows(http, ids.PENDING_APPROVALS_REPORT) == []
        assert approval.state is ApprovalState.APPROVED

    async def test_a_lost_call_was_not_carried_out(self, pm, http):
        asking_policy(pm)
        approval = await raise_one(pm)
        pm.faults.read("call_lost:operation=send_answer,times=1")
        body = {"ApprovalId": approval.id, "Response": "Approve"}
        with pytest.raises(httpx.RemoteProtocolError):
            await asyncio.to_thread(http.post, ANSWER, json=body)
        assert [row["_ItemId"] for row in rows(http, ids.PENDING_APPROVALS_REPORT)] == [approval.id]
        assert http.post(ANSWER, json=body).status_code == 200
        assert pm.state.repeated_answers == 0

    @pytest.mark.parametrize(
        "body",
        [
            {"Response": "approve"},
            {"Response": True},
            {},
            {"Response": "Approve", "DurationMinutes": 0},
            {"Response": "Approve", "DurationMinutes": "60"},
            {"Response": "Approve", "Comment": 1},
        ],
    )
    async def test_a_body_that_cannot_be_used(self, pm, http, body):
        asking_policy(pm)
        approval = await raise_one(pm)
        assert http.post(ANSWER, json={"ApprovalId": approval.id, **body}).status_code == 400
        assert (approval.state, approval.answers) == (ApprovalState.PENDING, 0)

    def test_an_unknown_request(self, http):
        body = {"ApprovalId": ids.APPROVAL_FORM, "Response": "Approve"}
        assert http.post(ANSWER, json=body).status_code == 404

    @pytest.mark.parametrize(
        ("unit", "value", "seconds"),
        [
            ("hours", 2, 7200),
            ("seconds", 90, 90),
            ("timespan", "01:30:00", 5400),
            ("timespan", "1.00:00:00", 86400),
        ],
    )
    async def test_the_schema_is_an_option(self, make_server, log_on, unit, value, seconds):
        schema = ApprovalSchema(
            definition="Decision", approval_id="RequestId", response="IsApproved", approve=True, deny=False,
            comment=None, duration="Length", duration_unit=unit, approver=None,
        )  # fmt: skip
        pm = make_server(PracticeOptions(approval=schema))
        http = log_on(pm)
        properties = http.get("services/swagger/docs/v1").json()["definitions"]["Decision"]["properties"]
        assert set(properties) == {"RequestId", "IsApproved", "Length"}
        asking_policy(pm)
        approval = await raise_one(pm)
        body = {"RequestId": approval.id, "IsApproved": True, "Length": value}
        assert http.post(ANSWER, json=body).status_code == 200
        assert (approval.until - approval.decided).total_seconds() == seconds

    async def test_a_time_span_that_cannot_be_read(self, make_server, log_on):
        pm = make_server(PracticeOptions(approval=ApprovalSchema(duration_unit="timespan")))
        asking_policy(pm)
        approval = await raise_one(pm)
        for value in ("1", 5, "a:b:c", "99999999999.00:00:00"):
            body = {"ApprovalId": approval.id, "Response": "Approve", "DurationMinutes": value}
            assert log_on(pm).post(ANSWER, json=body).status_code == 400
