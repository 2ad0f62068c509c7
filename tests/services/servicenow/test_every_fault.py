"""Every fault that the practice instance can show, through every door of the client: named right, never a success."""

from dataclasses import dataclass, field, replace

import pytest

from services.common.errors import ConsoleError
from services.practice import FAULTS
from services.servicenow.contract import ApprovalStatus
from services.servicenow.encoded_query import equals
from services.transport.faults import RateLimitedError
from tests.services.servicenow.support import assert_five_parts, assert_secretless, connect, services_of

DOORS = ("describe", "create", "status", "cancel", "read", "write")
PAGE = 5


@dataclass(frozen=True)
class Expected:
    """The fault at each door; a door that is not named must work as if nothing were wrong."""

    at: dict[str, str]
    options: dict[str, object] = field(default_factory=dict)


def everywhere(fault, **options):
    return Expected(dict.fromkeys(DOORS, fault), options)


def calls(fault):
    return Expected(dict.fromkeys(("create", "status", "cancel"), fault))


def services(fault):
    return Expected(dict.fromkeys(("describe", "create", "status", "cancel"), fault))


HARMLESS = Expected({})

EXPECTED = {
    "hibernating": everywhere("instance-hibernating"),
    "login_page": everywhere("login-page"),
    "maintenance": everywhere("instance-maintenance"),
    "unauthorised": everywhere("authentication-refused"),
    "forbidden": everywhere("rights-missing"),
    "rate_limited": everywhere("rate-limited", seconds=3600),
    "accepted": calls("accepted-only"),
    "slow": everywhere("timeout", seconds=0.5),
    "cut_body": everywhere("reply-malformed"),
    "answer_lost": everywhere("connection-lost"),
    "service_missing": services("service-missing"),
    "service_inactive": services("service-missing"),
    "service_renamed": services("service-missing"),
    "operation_renamed": HARMLESS,
    "outputs_reordered": HARMLESS,
    "outputs_undeclared": HARMLESS,
    # The outputs of Cancel are ignored.
    "outputs_missing": Expected(dict.fromkeys(("create", "status"), "reply-contract")),
    "outputs_doubled": Expected(dict.fromkeys(("create", "status"), "reply-contract")),
    "items_read_only": Expected({"write": "rights-missing"}),
    # Reads are asked once more with a session of their own; changes are not.
    "node_switched": Expected(dict.fromkeys(("create", "cancel", "write"), "rights-missing")),
    "unknown_status": Expected({"status": "status-unknown"}),
    "not_well_formed": calls("reply-malformed"),
    "dtd": calls("reply-malformed"),
    "soap_fault": calls("soap-fault"),
    "unqualified": HARMLESS,
    "error_in_200": Expected({"read": "transaction-cancelled"}),
    "lists_cut": Expected({"read": "transaction-cancelled"}),
    "lists_forbidden": Expected({"read": "rights-missing"}),
    "page_forbidden": everywhere("access-policy-refused"),
    "token_reply_odd": HARMLESS,
    "soap_refused": services("authentication-refused"),
    "wsdl_refused": Expected({"describe": "rights-missing"}),
    "empty_pages": HARMLESS,
    "query_ignored": Expected({"read": "query-ignored"}),
    "redirect_elsewhere": everywhere("redirect-elsewhere"),
    "wsdl_elsewhere": HARMLESS,
    "server_error": everywhere("server-error"),
    "sso_redirect": everywhere("redirect-elsewhere"),
    "not_servicenow": everywhere("reply-malformed"),
    "foreign_page": everywhere("html-instead-of-data"),
    # The header that says so comes with REST.
    "mfa_required": Expected(
        everywhere("authentication-refused").at | dict.fromkeys(("read", "write"), "authentication-mfa")
    ),
    "service_silent": services("service-missing"),
    "service_forbidden": services("rights-missing"),
    "wsdl_broken": Expected({"describe": "service-description-invalid"}),
    # The rows were found as active, and come as something else.
    "item_inactive": Expected({"read": "query-ignored"}),
    # What is there is judged by the check; the client passes on what it is told.
    **dict.fromkeys(
        ("user_forbidden", "certificate_sign_in_off", "query_acl", "domain_separated", "user_criteria", "basic_auth_restricted", "account_inactive", "account_locked", "account_interactive", "roles_shown",
         "role_admin_left", "role_missing", "role_soap_missing", "rate_limit_told", "clock_off", "item_missing",
         "item_not_orderable", "category_inactive", "catalogue_inactive", "variable_missing", "item_without_flow",
         "workflow_inactive", "service_duplicate", "input_missing", "slow_script", "nobody_asked",
         "variables_hidden", "names_hidden", "approvers_missing", "approvers_inactive", "input_typed"),
        HARMLESS,
    ),
}  # fmt: skip


class Doors:
    """The ways to ask an instance for something; each returns after checking that the answer is the true one."""

    def __init__(self, practice, instance, request_id):
        self.practice, self.instance, self.request_id = practice, instance, request_id
        self.services = services_of(instance)

    async def describe(self):
        service = self.instance.service("GetExecuteAppApprovalRequestStatus")
        found = await service.describe(fresh=True)
        inputs = () if self.practice.faults.on("input_missing") else ("PMGetRequestId",)
        assert (found.inputs, found.outputs) == (inputs, ("PMApprovalStatus", "PMComment"))

    async def create(self):
        before = len(self.practice.records("sc_req_item"))
        made = await self.services.create({"PMFilePath": "made.exe"})
        assert self.practice.records("sc_req_item", sys_id=made)
        assert len(self.practice.records("sc_req_item")) == before + 1

    async def status(self):
        answer = await self.services.status(self.request_id)
        assert answer.status is ApprovalStatus.PENDING

    async def cancel(self):
        await self.services.cancel(self.request_id, "not needed")
        assert self.practice.records("sc_req_item", sys_id=self.request_id)[0]["approval"] == "cancelled"

    async def read(self):
        rows = self.instance.table("sc_cat_item").rows(equals(active="true"), fields=["name"], page_size=PAGE)
        there = sorted(self.practice.records("sc_cat_item"), key=lambda row: row["sys_id"])
        if self.practice.faults.on("domain_separated") or self.practice.faults.on("user_criteria"):
            there = [row for row in there if row["name"] != "Execute Application Request"]
        hidden = {"empty_pages": PAGE, "item_missing": len(there), "query_acl": len(there)}
        seen = there[
            max((count for name, count in hidden.items() if self.practice.faults.on(name)), default=0) :
        ]
        assert [row["name"] async for row in rows] == [row["name"] for row in seen]

    async def write(self):
        row = await self.instance.table("sc_req_item").update(self.request_id, {"description": "changed"})
        assert row["description"] == "changed"


@pytest.fixture
async def doors(practice):
    """The doors of an instance whose services were described and whose request exists before the fault begins."""
    async with connect(practice, "privman.integration") as instance:
        request_id = await services_of(instance).create({"PMFilePath": "before.exe"})
        await services_of(instance).status(request_id)
        await instance.service("CancelExecuteAppApprovalRequest").describe()
        yield Doors(practice, instance, request_id)


async def hurry(instance):
    """Let the instance wait less from now on."""
    await instance.aclose()
    instance._channel.settings = replace(instance.settings, read_timeout=0.2)


def test_every_fault_has_an_expectation():
    assert set(EXPECTED) == set(FAULTS)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", sorted(FAULTS))
async def test_a_fault_is_named_at_every_door(doors, practice, name, door):
    expected = EXPECTED[name]
    practice.faults.set(name, **expected.options)
    if name == "slow":
        await hurry(doors.instance)
    if door not in expected.at:
        await getattr(doors, door)()
        return
    with pytest.raises(ConsoleError) as caught:
        await getattr(doors, door)()
    assert_five_parts(caught.value, expected.at[door])
    assert_secretless(caught.value, practice)


@pytest.mark.parametrize("name", sorted(FAULTS))
async def test_a_fault_ends_when_it_is_taken_away(doors, practice, name):
    practice.faults.set(name, **EXPECTED[name].options)
    if "status" in EXPECTED[name].at and name != "slow":
        with pytest.raises(ConsoleError):
            await doors.status()
    practice.faults.clear()
    await doors.status()
    await doors.describe()


async def test_a_description_that_points_elsewhere_is_reported_and_not_followed(doors, practice):
    practice.faults.set("wsdl_elsewhere", to="http://127.0.0.1:9/")
    service = doors.instance.service("GetExecuteAppApprovalRequestStatus")
    found = await service.describe(fresh=True)
    assert found.wsdl_host_differs
    assert found.address == "http://127.0.0.1:9/GetExecuteAppApprovalRequestStatus.do?SOAP"
    await doors.status()
    assert practice.log[-1].path == "/GetExecuteAppApprovalRequestStatus.do"


async def test_a_renamed_service_answers_under_its_new_name(doors, practice):
    practice.faults.set("service_renamed")
    renamed = doors.instance.service("GetExecuteAppApprovalRequestStatusV2")
    answer = await renamed.call({"PMGetRequestId": doors.request_id}, ("PMApprovalStatus",))
    assert answer == {"PMApprovalStatus": "pending"}


async def test_faults_of_all_three_services_leave_the_description_of_the_instance_alone(doors, practice):
    practice.faults.set("service_missing")
    described = await doors.instance.service("InstanceInfo").describe()
    assert described.outputs == ("result",)


async def test_only_the_service_named_in_the_option_is_missing(doors, practice):
    practice.faults.set("service_missing", service="CancelExecuteAppApprovalRequest")
    await doors.status()
    with pytest.raises(ConsoleError) as caught:
        await doors.cancel()
    assert_five_parts(caught.value, "service-missing")


async def test_a_rate_limit_says_how_long_to_wait_and_is_not_slept_through(doors, practice):
    practice.faults.set("rate_limited", seconds=1800)
    practice.log.clear()
    with pytest.raises(RateLimitedError) as caught:
        await doors.read()
    assert caught.value.retry_after == 1800
    assert len(practice.log) == 1


async def test_a_short_rate_limit_is_waited_for_when_reading(doors, practice):
    practice.faults.set("rate_limited", seconds=1, times=1)
    practice.log.clear()
    await doors.read()
    assert [one.status for one in practice.log][:2] == [429, 200]
    assert practice.log[0].query == practice.log[1].query


async def test_a_short_rate_limit_does_not_repeat_a_change(doors, practice):
    practice.faults.set("rate_limited", seconds=1, times=1)
    practice.log.clear()
    with pytest.raises(RateLimitedError):
        await doors.create()
    assert [one.status for one in practice.log] == [429]
