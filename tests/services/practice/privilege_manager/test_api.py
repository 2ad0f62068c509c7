"""The documented operations, over a socket."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from services.practice.privilege_manager import ADMINISTRATORS, HELPDESK, USERS, PracticeOptions
from services.practice.privilege_manager import built_in_ids as ids
from services.practice.privilege_manager.operations import OPERATIONS
from tests.services.practice.privilege_manager.conftest import Steered

API = "services/api/v1"
FORM = ids.APPROVAL_FORM


def policy_of(http, policy_id):
    answer = http.get(f"{API}/policies/{policy_id}")
    assert answer.status_code == 200
    return answer.json()["Result"]


def new_policy(http, **members):
    answer = http.post(
        f"{API}/policies/new", json={"Name": "Setup", "Description": "d", "OS": "win", **members}
    )
    assert answer.status_code == 200
    return answer.json()["Result"]


class TestSessions:
    def test_the_token_is_a_json_text_and_opens_the_api(self, http):
        assert http.get(f"{API}/version/Current").json()["Result"] == "12.0.5.1047"

    def test_names_and_paths_are_taken_in_any_case(self, pm, log_on):
        plain = log_on(pm, None)
        body = {"username": pm.client_id.upper(), "password": pm.client_secret}
        origin = pm.base_url.removesuffix("TMS/")
        token = plain.post(f"{origin}tms/SERVICES/API/LogOn/Token", json=body).json()
        answer = plain.get(
            f"{origin}Tms//services/api/v1/Version/current", headers={"Authorization": f'bearer "{token}"'}
        )
        assert answer.status_code == 200

    def test_a_wrong_secret_is_refused(self, pm, log_on):
        answer = log_on(pm, None).post(
            "services/api/logon/token", json={"UserName": pm.client_id, "Password": "wrong"}
        )
        assert answer.status_code == 401

    def test_a_call_without_a_token_is_refused(self, pm, log_on):
        assert log_on(pm, None).get(f"{API}/actions/GetAll").status_code == 401

    def test_log_off_ends_the_token(self, pm, http):
        assert pm.sessions.open_sessions == 1
        assert http.delete("services/api/logon/token").status_code == 200
        assert http.get(f"{API}/version/Current").status_code == 401
        assert pm.sessions.open_sessions == 0

    def test_another_secret_ends_the_tokens(self, pm, http, log_on):
        users = log_on(pm, USERS)
        pm.sessions.reset_secret(ADMINISTRATORS)
        assert http.get(f"{API}/version/Current").status_code == 401
        assert users.get(f"{API}/version/Current").status_code == 200
        log_on(pm)

    @pytest.mark.parametrize(("minutes", "status"), [(29, 200), (30, 401)])
    def test_an_idle_session_ends(self, make_server, log_on, minutes, status):
        clock = Steered(datetime(2026, 1, 2, 3, tzinfo=UTC))
        http = log_on(make_server(clock=clock))
        clock.now += timedelta(minutes=minutes)
        assert http.get(f"{API}/version/Current").status_code == status

    def test_a_busy_session_ends_too(self, make_server, log_on):
        clock = Steered(datetime(2026, 1, 2, 3, tzinfo=UTC))
        http = log_on(make_server(PracticeOptions(session_seconds=3600), clock=clock))
        for _ in range(2):
            clock.now += timedelta(minutes=20)
            assert http.get(f"{API}/version/Current").status_code == 200
        clock.now += timedelta(minutes=20)
        assert http.get(f"{API}/version/Current").status_code == 401


class TestRoles:
    @pytest.mark.parametrize(
        ("role", "read", "change", "approve"),
        [
            (ADMINISTRATORS, 200, 404, 404),
            (USERS, 200, 403, 404),
            (HELPDESK, 403, 403, 404),
            ("", 403, 403, 403),
        ],
    )
    def test_what_a_role_may_do(self, pm, log_on, role, read, change, approve):
        http = log_on(pm, role)
        assert http.get(f"{API}/policies/GetAll").status_code == read
        assert http.post(f"{API}/policies/{FORM}/enable/true").status_code == change
        body = {"ApprovalId": FORM, "Response": "Approve"}
        assert http.post(f"{API}/approval/approve", json=body).status_code == approve
        assert http.get(f"{API}/version/Current").status_code == 200

    def test_the_api_can_be_switched_off(self, pm, http, log_on):
        pm.state.api_enabled = False
        assert http.get(f"{API}/version/Current").status_code == 403
        answer = log_on(pm, None).post(
            "services/api/logon/token", json={"UserName": pm.client_id, "Password": pm.client_secret}
        )
        assert (answer.status_code, answer.json()["Status"]) == (403, "error")


class TestReading:
    @pytest.mark.parametrize("kind", ["actions", "filters", "policies"])
    def test_a_list_and_each_of_its_items(self, http, kind):
        answer = http.get(f"{API}/{kind}/GetAll").json()
        assert answer["Total"] == len(answer["Result"]) > 0
        for item in answer["Result"]:
            assert http.get(f"{API}/{kind}/{item['ItemId'].upper()}").json()["Result"] == item

    def test_the_built_in_actions(self, http):
        actions = {
            item["ItemId"]: item["Name"] for item in http.get(f"{API}/actions/GetAll").json()["Result"]
        }
        assert actions[ids.APPROVAL_FORM_LOCALIZED] == "Approval Request Form Action (with Localization)"
        assert actions[FORM] == "Approval Request Form Action"
        assert actions[ids.ADD_ADMINISTRATIVE_RIGHTS] == "Add Administrative Rights"

    def test_an_unknown_item_and_an_item_of_another_kind(self, http):
        for item_id in ("nothing", FORM):
            answer = http.get(f"{API}/policies/{item_id}")
            assert (answer.status_code, answer.json()["Status"]) == (404, "error")
            assert answer.json()["Messages"]

    def test_actions_show_their_contract_when_asked_to(self, make_server, log_on):
        http = log_on(make_server(PracticeOptions(whole_items=True, id_member="Id")))
        action = http.get(f"{API}/actions/{FORM}").json()["Result"]
        assert action["Id"] == FORM
        assert ids.DEFAULT_APPROVAL_TYPE.upper() in action["Commandline"]

    def test_an_empty_server_has_the_built_in_items_alone(self, make_server, log_on):
        http = log_on(make_server(empty=True))
        assert http.get(f"{API}/policies/GetAll").json()["Result"] == []
        assert http.get(f"{API}/actions/GetAll").json()["Total"] == 6

    def test_another_method_and_another_address(self, http):
        assert http.get(f"{API}/policies/{FORM}/enable/true").status_code == 405
        assert http.get(f"{API}/nothing").status_code == 404


class TestPolicies:
    def test_a_new_policy_is_inactive_with_priority_50(self, http):
        policy = policy_of(http, new_policy(http, OS="Mac"))
        assert (policy["Enabled"], policy["Priority"]) == (False, 50)
        assert policy["DefaultResourceTargetIds"] == [ids.MACOS_TARGET]
        assert policy["Tags"] == ["pm.platform.macos"]

    @pytest.mark.parametrize("wrong", [{"OS": "linux"}, {"Name": " "}, {"Name": 5}])
    def test_a_policy_that_cannot_be_made(self, http, wrong):
        before = http.get(f"{API}/policies/GetAll").json()["Total"]
        answer = http.post(f"{API}/policies/new", json={"Name": "n", "OS": "win", **wrong})
        assert (answer.status_code, answer.json()["Status"]) == (400, "error")
        assert http.get(f"{API}/policies/GetAll").json()["Total"] == before

    def test_actions_come_and_go(self, http):
        policy_id = new_policy(http)
        body = {
            "Actions": [{"Id": FORM.upper()}, {"Id": ids.ADD_ADMINISTRATIVE_RIGHTS, "IsChildAction": True}]
        }
        for _ in range(2):
            assert http.post(f"{API}/policies/{policy_id}/add-actions", json=body).status_code == 200
        policy = policy_of(http, policy_id)
        assert policy["ApplicationActionIds"] == [FORM]
        assert policy["ChildApplicationActionIds"] == [ids.ADD_ADMINISTRATIVE_RIGHTS]
        http.post(f"{API}/policies/{policy_id}/remove-actions", json={"actions": [{"id": FORM}]})
        policy = policy_of(http, policy_id)
        assert policy["ApplicationActionIds"] == []
        assert policy["ChildApplicationActionIds"] == [ids.ADD_ADMINISTRATIVE_RIGHTS]

    @pytest.mark.parametrize(
        ("role", "member"),
        [(1, "PositiveFileFilterIds"), (2, "ManditoryFilterIds"), (3, "NegativeFileFilterIds")],
    )
    def test_filters_come_and_go(self, http, role, member):
        policy_id = new_policy(http)
        body = {"Filters": [{"Id": ids.ADMINISTRATIVE_RIGHTS_REQUIRED, "FilterRole": role}]}
        http.post(f"{API}/policies/{policy_id}/add-filters", json=body)
        assert policy_of(http, policy_id)[member] == [ids.ADMINISTRATIVE_RIGHTS_REQUIRED]
        http.post(f"{API}/policies/{policy_id}/remove-filters", json=body)
        assert policy_of(http, policy_id)[member] == []

    @pytest.mark.parametrize(
        ("address", "body"),
        [
            ("add-filters", {"Filters": [{"Id": ids.ADMINISTRATIVE_RIGHTS_REQUIRED, "FilterRole": 4}]}),
            ("add-filters", {"Filters": []}),
            ("add-filters", {"Filters": [1]}),
            ("add-actions", {"Actions": [{"Id": "nothing"}]}),
            ("add-actions", [{"Id": FORM}]),
        ],
    )
    def test_entries_that_cannot_be_used(self, http, address, body):
        policy_id = new_policy(http)
        before = policy_of(http, policy_id)
        answer = http.post(f"{API}/policies/{policy_id}/{address}", json=body)
        assert answer.status_code in (400, 404)
        assert answer.json()["Status"] == "error"
        assert policy_of(http, policy_id) == before

    def test_a_policy_is_switched_on_and_off(self, http):
        policy_id = new_policy(http)
        for text, active in (("true", True), ("FALSE", False)):
            assert http.post(f"{API}/policies/{policy_id}/enable/{text}").status_code == 200
            assert policy_of(http, policy_id)["Enabled"] is active
        assert http.post(f"{API}/policies/{policy_id}/enable/perhaps").status_code == 400

    def test_a_built_in_policy_is_read_only(self, http):
        for address in ("enable/true", "add-actions"):
            answer = http.post(
                f"{API}/policies/{ids.REMOVE_PROGRAMS_POLICY}/{address}", json={"Actions": [{"Id": FORM}]}
            )
            assert answer.json()["Status"] == "error"
        assert policy_of(http, ids.REMOVE_PROGRAMS_POLICY)["Enabled"] is False

    def test_a_body_that_is_not_json(self, http):
        assert http.post(f"{API}/policies/new", content=b"{").status_code == 400


class TestTasksAndReports:
    def report(self, http, report_id, body=b"[]"):
        answer = http.post(f"{API}/reports/{report_id}", content=body)
        assert answer.status_code == 200
        names = [column["columnName"] for column in answer.json()["Columns"]]
        return [dict(zip(names, row, strict=True)) for row in answer.json()["Rows"]]

    def test_the_targeting_task_brings_active_policies_to_computers(self, http):
        policy_id = new_policy(http)
        http.post(f"{API}/policies/{policy_id}/enable/true")
        assert self.report(http, ids.POLICY_COMPUTERS_REPORT) == []
        answer = http.post(f"{API}/tasks/{ids.TARGETING_TASK}?instanceName=Now", json=[]).json()
        assert answer["Result"]["Name"] == "Now"
        rows = self.report(http, ids.POLICY_COMPUTERS_REPORT)
        assert {row["Computer Name"] for row in rows if row["_PolicyId"] == policy_id} == {"WS-014", "WS-027"}

    def test_a_task_keeps_its_parameters(self, pm, http):
        wrapped = {
            "type": "Arellia.Serialization.ObjectWrapper, Arellia.Core",
            "ValueType": "System.Guid[]",
            "Value": [],
        }
        body = [{"Name": "ResourceIds", "Value": wrapped}]
        assert http.post(f"{API}/tasks/{ids.CREATE_ITEMS_TASK}", json=body).status_code == 200
        assert pm.state.task_runs[0].parameters == tuple(body)
        assert pm.state.task_runs[0].name.startswith("Interactive run on ")

    @pytest.mark.parametrize(
        "body", [{}, [1], [{"Value": None}], [{"Name": "A", "Value": {"type": "Other"}}]]
    )
    def test_parameters_that_cannot_be_used(self, pm, http, body):
        assert http.post(f"{API}/tasks/{ids.CREATE_ITEMS_TASK}", json=body).status_code == 400
        assert pm.state.task_runs == []

    def test_an_unknown_task_and_an_unknown_report(self, http):
        assert http.post(f"{API}/tasks/{FORM}", json=[]).status_code == 404
        assert http.post(f"{API}/reports/{FORM}", json=[]).status_code == 404

    def test_agent_installations_come_without_a_body_too(self, http):
        rows = self.report(http, ids.AGENT_INSTALLATIONS_REPORT, b"")
        assert [row["Computer Name"] for row in rows] == ["WS-014", "WS-027", "MAC-003"]


class TestSwagger:
    def test_it_describes_every_operation_and_needs_no_token(self, pm, log_on):
        document = log_on(pm, None).get("services/swagger/docs/v1").json()
        described = {(method.upper(), path) for path, entry in document["paths"].items() for method in entry}
        assert described == {(one.method, one.path) for one in OPERATIONS}
        assert (document["swagger"], document["basePath"]) == ("2.0", "/TMS/services")

    def test_every_reference_has_a_definition(self, http):
        text = http.get("services/swagger/docs/v1").text
        document = http.get("services/swagger/docs/v1").json()
        named = set(re.findall(r'"#/definitions/(\w+)"', text))
        assert named <= set(document["definitions"])
        assert "ApprovalResponse" in named

    @pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
    def test_an_operation_can_be_left_out(self, make_server, log_on, operation):
        pm = make_server(PracticeOptions(without=frozenset({operation.name})))
        http = log_on(pm, None)
        entry = http.get("services/swagger/docs/v1").json()["paths"].get(operation.path, {})
        assert operation.method.lower() not in entry
        address = "services" + operation.path.format_map(
            dict.fromkeys(("itemId", "policyId", "taskId", "reportId", "enable"), "true")
        )
        assert http.request(operation.method, address, json={}).status_code == 404

    def test_an_unknown_operation_is_refused(self, make_server):
        with pytest.raises(ValueError, match="no operation is called nothing"):
            make_server(PracticeOptions(without=frozenset({"nothing"})))
