"""Faults on demand: what each does to a call, and that it ends."""

from email.utils import parsedate_to_datetime

import httpx
import pytest

from services.practice.faults import UnknownFaultError
from services.practice.privilege_manager import FAULTS
from services.practice.privilege_manager.options import PracticeOptions

API = "services/api/v1"
POLICIES = f"{API}/policies/GetAll"
SWAGGER = "services/swagger/docs/v1"
SEEN = {
    "forbidden": (403, "application/json"),
    "api_disabled": (403, "application/json"),
    "not_found": (404, "text/html"),
    "html_500": (500, "text/html"),
    "status_error": (200, "application/json"),
    "token_expired": (401, "application/json"),
    "not_json": (200, "application/json"),
    "other_json": (200, "application/json"),
    "rate_limited": (429, "application/json"),
    "login_redirect": (302, None),
    "redirect_elsewhere": (302, None),
    "login_page": (200, "text/html"),
    "maintenance": (503, "text/html"),
    "foreign_page": (200, "text/html"),
}


@pytest.mark.parametrize("fault", SEEN)
def test_a_fault_changes_an_answer_until_it_is_cleared(pm, log_on, fault):
    before = log_on(pm).get(POLICIES).json()
    http = log_on(pm)
    pm.faults.set(fault, times=1)
    answer = http.get(POLICIES)
    status, kind = SEEN[fault]
    assert answer.status_code == status
    if kind is not None:
        assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.content != httpx.Response(200, json=before).content
    assert log_on(pm).get(POLICIES).json() == before


def test_a_fault_for_one_operation_leaves_the_others(pm, http):
    pm.faults.read("html_500:operation=policies")
    assert http.get(POLICIES).status_code == 500
    assert http.get(f"{API}/filters/GetAll").status_code == 200
    pm.faults.clear()
    assert http.get(POLICIES).status_code == 200


def test_an_internal_error_names_a_correlation_id(pm, http):
    pm.faults.set("html_500")
    assert "CorrelationID: " in http.get(POLICIES).text


def test_an_error_in_the_status_has_messages(pm, http):
    pm.faults.set("status_error")
    answer = http.get(POLICIES).json()
    assert (answer["Status"], len(answer["Messages"])) == ("error", 1)


def test_an_expired_token_is_gone(pm, log_on):
    http = log_on(pm)
    pm.faults.read("token_expired:times=1")
    assert [http.get(POLICIES).status_code for _ in range(2)] == [401, 401]
    assert log_on(pm).get(POLICIES).status_code == 200


def test_a_refused_log_on(pm, log_on):
    pm.faults.set("logon_refused")
    body = {"UserName": pm.client_id, "Password": pm.client_secret}
    assert log_on(pm, None).post("services/api/logon/token", json=body).status_code == 401


def test_a_list_that_is_cut_says_how_long_it_is(pm, http):
    whole = http.get(POLICIES).json()
    pm.faults.set("list_truncated")
    answer = http.get(POLICIES).json()
    assert answer["Total"] == whole["Total"] == 3
    assert answer["Result"] == whole["Result"][:1]


def test_members_and_ids_can_be_missing(pm, http):
    pm.faults.set("ids_missing")
    pm.faults.set("members_missing")
    for policy in http.get(POLICIES).json()["Result"]:
        assert {"ItemId", "Enabled", "Priority", "ApplicationActionIds"}.isdisjoint(policy)
        assert policy["Name"]


def test_another_version(pm, http):
    pm.faults.read("wrong_version:version=10.7.1")
    assert http.get(f"{API}/version/Current").json()["Result"] == "10.7.1"


def test_a_clock_that_is_ahead(pm, http):
    pm.faults.read("clock_off:seconds=7200")
    ahead = parsedate_to_datetime(http.get(POLICIES).headers["date"])
    pm.faults.clear()
    right = parsedate_to_datetime(http.get(POLICIES).headers["date"])
    assert (ahead - right).total_seconds() > 7000


def test_a_rate_limit_tells_when_to_come_again(pm, http):
    pm.faults.read("rate_limited:seconds=7,times=1")
    answer = http.get(POLICIES)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize("fault", ["call_lost", "answer_lost", "cut_body"])
def test_an_answer_that_does_not_arrive(pm, http, fault):
    pm.faults.set(fault, times=1)
    if fault == "cut_body":
        with pytest.raises(ValueError, match=r"line \d+ column"):
            http.get(POLICIES).json()
    else:
        with pytest.raises(httpx.RemoteProtocolError):
            http.get(POLICIES)
    assert [call.status for call in pm.log][-1] == (0 if fault == "call_lost" else 200)
    assert http.get(POLICIES).status_code == 200


def test_a_slow_call_comes_in_the_end(pm, http):
    pm.faults.read("slow:seconds=0.01")
    assert http.get(POLICIES).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status"), [("swagger_missing", 404), ("swagger_refused", 401), ("swagger_invalid", 200)]
)
def test_a_swagger_document_that_is_not_there(pm, http, fault, status):
    pm.faults.set(fault)
    answer = http.get(SWAGGER)
    assert answer.status_code == status
    assert "definitions" not in answer.text
    assert http.get(POLICIES).status_code == 200


def test_operations_that_a_fault_takes_away(pm, http):
    pm.faults.read("operation_missing:which=send_answer+policies")
    paths = http.get(SWAGGER).json()["paths"]
    assert "/api/v1/approval/approve" not in paths
    assert "/api/v1/policies/GetAll" not in paths
    assert http.get(POLICIES).status_code == 404
    assert http.get(f"{API}/actions/GetAll").status_code == 200


def test_another_schema(pm, http):
    before = http.get(SWAGGER).json()["definitions"]["ApprovalResponse"]
    pm.faults.set("schema_changed")
    assert http.get(SWAGGER).json()["definitions"]["ApprovalResponse"] != before


def test_a_change_that_is_not_written(pm, http):
    before = http.get(POLICIES).json()
    policy_id = before["Result"][2]["ItemId"]
    pm.faults.set("not_written")
    assert http.post(f"{API}/policies/{policy_id}/enable/true").json()["Status"] == "success"
    assert http.post(f"{API}/policies/new", json={"Name": "n", "OS": "win"}).status_code == 200
    assert http.get(POLICIES).json() == before


def test_a_task_that_does_not_start(pm, http):
    pm.faults.set("task_refused")
    from services.practice.privilege_manager.built_in_ids import TARGETING_TASK

    assert http.post(f"{API}/tasks/{TARGETING_TASK}", json=[]).json()["Status"] == "error"
    assert pm.state.task_runs == []


class TestByAddress:
    def test_faults_come_and_go(self, pm, http):
        answer = http.post("practice/faults", json={"name": "maintenance", "status": 200})
        assert answer.json()["active"] == {"maintenance": {"status": 200}}
        assert "Maintenance" in http.get(POLICIES).text
        assert http.delete("practice/faults").json()["active"] == {}
        assert http.get(POLICIES).json()["Status"] == "success"

    @pytest.mark.parametrize("body", [{"name": "none"}, {"name": "slow", "seconds": "x"}, [1], {}])
    def test_a_fault_that_is_not_known(self, pm, http, body):
        assert http.post("practice/faults", json=body).status_code == 400
        assert pm.faults.active == {}

    def test_a_web_page_sets_no_fault(self, pm, http):
        answer = http.post(
            "practice/faults", content=b'{"name": "slow"}', headers={"Content-Type": "text/plain"}
        )
        assert answer.status_code == 400
        assert pm.faults.active == {}

    def test_another_host_name_is_refused(self, pm, http):
        assert http.get(POLICIES, headers={"Host": "rebound.example"}).status_code == 421

    def test_pages_outside_the_api(self, pm, http):
        origin = pm.base_url.removesuffix("TMS/")
        assert http.get(origin).status_code == 404
        assert "Practice Privilege Manager" in http.get("PrivilegeManager/").text
        assert http.get("practice/none").status_code == 404


def test_names_and_options_are_checked(pm):
    for text in ("none", "slow:minutes=1", "slow:seconds=x"):
        with pytest.raises(UnknownFaultError):
            pm.faults.read(text)
    for name in FAULTS:
        pm.faults.read(f"{name}:operation=policies,times=2")
    assert list(pm.faults) == list(FAULTS)


def test_secrets_stand_in_no_representation(make_server):
    pm = make_server(PracticeOptions())
    assert pm.client_secret not in repr(pm.client())
    assert pm.client_secret not in repr(pm.options)
    assert "Authorization" not in repr(pm.add_webhook("http://127.0.0.1:9/", "Authorization"))
