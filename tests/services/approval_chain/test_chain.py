"""The chain on real sockets: every link broken in turn, and nothing green that could not be seen."""

from datetime import timedelta
from pathlib import Path

import pytest

from models.action_progress import ActionProgress
from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import Kind, RequestState
from services.approval_chain import (
    LinkKind,
    LinkState,
    PolicyState,
    RemedyAct,
    Source,
)
from services.approval_chain.check import check_chain, outline_chain
from services.approval_chain.route import ChainStart
from services.common.errors import Owner
from services.connectivity import all_faults
from services.practice.privilege_manager import PracticeOptions
from services.practice.privilege_manager.initial_items import new_policy
from services.practice.privilege_manager.items import ItemKind
from tests.services.approval_chain.scene import (
    ACTION_ID,
    ACTION_NAME,
    POLICY_ID,
    POLICY_NAME,
    TYPE_GUID,
    add_policy,
    make_copy,
    set_progress,
    telling_options,
)

DEFAULT_TYPE = "2a3f33c4-15dd-41d0-a620-889ea1e4408a"
ALL = tuple(LinkKind)


def broken(report):
    return [(link.kind, link.fault) for link in report.links if link.state is LinkState.BROKEN]


def unknown(report):
    return [(link.kind, link.fault) for link in report.links if link.state is LinkState.UNKNOWN]


async def test_a_complete_chain_holds(scene):
    report = await check_chain(scene.workspace, scene.start)
    assert [link.state for link in report.links] == [LinkState.OK] * 7
    assert report.verdict is LinkState.OK
    assert [link.kind for link in report.links] == list(ALL)
    assert [link.name for link in report.links] == [
        POLICY_NAME,
        ACTION_NAME,
        "ServiceNow Execute Application Request Type",
        "ServiceNow Approval Process",
        "ServiceNow Server",
        "Execute Application Request",
        report.links[6].name,
    ]
    assert report.links[6].name
    assert report.link(LinkKind.REQUEST_ITEM).count == 11
    assert report.link(LinkKind.APPROVER).count == 1
    assert all(link.evidence and link.readings for link in report.links)
    sources = [{reading.source for reading in link.readings} for link in report.links]
    assert sources == [{Source.API}] * 3 + [{Source.CONSOLE}] + [{Source.SERVICENOW}] * 3
    assert report.calls == len(scene.pm.log) + len(scene.practice.log)
    assert report.ms > 0


async def test_nothing_is_written_on_either_server(scene):
    await check_chain(scene.workspace, scene.start)
    written = [call for call in scene.pm.log if call.method != "GET"]
    assert [call.path.endswith("logon/token") for call in written] == [True]
    assert {call.method for call in scene.practice.log} == {"GET"}


def policy_is_gone(scene):
    scene.pm.state.items.remove(POLICY_ID)


def policy_is_off(scene):
    scene.item.members["Enabled"] = False


def policy_has_no_targets(scene):
    scene.item.members["DefaultResourceTargetIds"] = []


def policy_sends_nothing(scene):
    scene.item.members["SendActionEvent"] = False


def action_is_not_in_the_policy(scene):
    scene.item.members["ApplicationActionIds"] = []


def action_is_a_child_action(scene):
    scene.item.members.update(ApplicationActionIds=[], ChildApplicationActionIds=[ACTION_ID])


def action_is_gone(scene):
    scene.pm.state.items.remove(ACTION_ID)


def type_differs(scene):
    scene.pm.import_items(make_copy(scene.pm, named=DEFAULT_TYPE))


def action_names_no_type_here(scene):
    scene.save(scene.action, type_id=None)


def type_has_no_process(scene):
    scene.save(scene.approval_type, process_id=None)


def process_has_no_server(scene):
    scene.save(scene.process, server_id=None)


def password_is_refused(scene):
    scene.practice.faults.set("unauthorised")


def no_credential(scene):
    scene.save(scene.server, credential_id=None)


def no_password_for_this_destination(scene):
    scene.workspace.vault.forget(scene.server.credential_id, "ServiceNow")


def instance_hibernates(scene):
    scene.practice.faults.set("hibernating")


def account_is_locked(scene):
    scene.practice.faults.set("account_locked")


def item_is_gone(scene):
    scene.practice.faults.set("item_missing")


def item_is_inactive(scene):
    scene.practice.faults.set("item_inactive")


def a_variable_is_missing(scene):
    scene.practice.faults.set("variable_missing", variable="PMUserReason")


def nobody_can_approve(scene):
    scene.practice.faults.set("approvers_inactive")


def group_is_empty(scene):
    scene.practice.faults.set("approvers_missing")


def no_flow(scene):
    scene.practice.faults.set("item_without_flow")


P, A, T, S, I, Y = (  # noqa: E741
    LinkKind.POLICY,
    LinkKind.ACTION,
    LinkKind.APPROVAL_TYPE,
    LinkKind.SERVER,
    LinkKind.REQUEST_ITEM,
    LinkKind.APPROVER,
)
PROCESS = LinkKind.APPROVAL_PROCESS
BREAKS = [
    (policy_is_gone, P, "chain-policy-missing", RemedyAct.CREATE_POLICY, {A}),
    (policy_is_off, P, "chain-policy-inactive", RemedyAct.ENABLE_POLICY, set()),
    (policy_has_no_targets, P, "chain-policy-no-targets", RemedyAct.OPEN_ITEM, set()),
    (policy_sends_nothing, P, "chain-policy-no-events", RemedyAct.OPEN_ITEM, set()),
    (action_is_not_in_the_policy, A, "chain-action-not-in-policy", RemedyAct.APPLY_PLAN, set()),
    (action_is_a_child_action, A, "chain-action-not-in-policy", RemedyAct.APPLY_PLAN, set()),
    (action_is_gone, A, "chain-action-missing", RemedyAct.WRITE_COPY, {T}),
    (type_differs, T, "chain-approval-type-differs", RemedyAct.WRITE_CORRECTED_COPY, set()),
    (action_names_no_type_here, T, "chain-approval-type-none", RemedyAct.OPEN_OBJECT, {PROCESS, S, I, Y}),
    (type_has_no_process, PROCESS, "chain-process-missing", RemedyAct.OPEN_OBJECT, {S, I, Y}),
    (process_has_no_server, S, "chain-server-missing", RemedyAct.OPEN_OBJECT, {I, Y}),
    (password_is_refused, S, "authentication-refused", RemedyAct.CHECK_CONNECTION, {I, Y}),
    (no_credential, S, "credential-missing", RemedyAct.CHECK_CONNECTION, {I, Y}),
    (no_password_for_this_destination, S, "secret-missing", RemedyAct.CHECK_CONNECTION, {I, Y}),
    (instance_hibernates, S, "instance-hibernating", RemedyAct.CHECK_CONNECTION, {I, Y}),
    (account_is_locked, S, "account-locked", RemedyAct.CHECK_CONNECTION, {I, Y}),
    (item_is_gone, I, "request-item-missing", RemedyAct.OPEN_OBJECT, {Y}),
    (item_is_inactive, I, "request-item-inactive", RemedyAct.OPEN_OBJECT, set()),
    (a_variable_is_missing, I, "request-item-variables", RemedyAct.PROVISION, set()),
    (nobody_can_approve, Y, "approvers-missing", RemedyAct.NONE, set()),
    (group_is_empty, Y, "approvers-missing", RemedyAct.NONE, set()),
    (no_flow, Y, "approval-flow-missing", RemedyAct.NONE, set()),
]
"""What breaks a chain, the link, its fault, what can be done here, and the links that cannot be judged then."""


@pytest.mark.parametrize(
    ("damage", "kind", "fault", "act", "hidden"), BREAKS, ids=[one[0].__name__ for one in BREAKS]
)
async def test_exactly_the_damaged_link_is_broken(scene, damage, kind, fault, act, hidden):
    damage(scene)
    report = await check_chain(scene.workspace, scene.start)
    assert broken(report) == [(kind, fault)]
    assert {link for link, _ in unknown(report)} == hidden
    assert report.verdict is LinkState.BROKEN
    link = report.first_broken
    assert link.act is act
    assert link.owner in {owner.value for owner in Owner}
    assert all((link.evidence, link.cause, link.remedy))


async def test_a_refused_password_is_tried_once(scene):
    password_is_refused(scene)
    report = await check_chain(scene.workspace, scene.start)
    assert len(scene.practice.log) == 1
    assert dict(unknown(report)) == {I: "chain-request-item-unknown", Y: "chain-approvers-unknown"}


async def test_both_guids_stand_in_the_evidence(scene):
    type_differs(scene)
    report = await check_chain(scene.workspace, scene.start)
    assert report.link(T).evidence.splitlines() == [
        f"In the action: /approvalTypeId:{DEFAULT_TYPE.upper()}",
        f"Expected: /approvalTypeId:{TYPE_GUID.upper()}",
    ]


# -- what cannot be seen is unknown ------------------------------------------------------------------------


async def test_without_a_command_line_the_type_is_unknown_until_an_export_is_chosen(build, store):
    scene = build(PracticeOptions())
    report = await check_chain(scene.workspace, scene.start)
    assert unknown(report) == [(T, "chain-approval-type-unknown")]
    assert report.link(T).act is RemedyAct.CHOOSE_EXPORT
    assert report.verdict is LinkState.UNKNOWN
    set_progress(store, scene.action, export=scene.pm.export_item(ACTION_ID))
    report = await check_chain(scene.workspace, scene.start)
    assert report.verdict is LinkState.OK
    assert {reading.source for reading in report.link(T).readings} == {Source.EXPORT}
    set_progress(store, scene.action, export=make_copy(scene.pm, named=DEFAULT_TYPE))
    report = await check_chain(scene.workspace, scene.start)
    assert broken(report) == [(T, "chain-approval-type-differs")]


async def test_the_export_of_another_action_says_nothing(build, store):
    scene = build(PracticeOptions())
    other = make_copy(scene.pm, action_id="0b7f1f5e-6d0c-4a35-9f57-6c7c3a2b1d11")
    for export in (other, b"<no items"):
        set_progress(store, scene.action, export=export)
        report = await check_chain(scene.workspace, scene.start)
        assert unknown(report) == [(T, "chain-approval-type-unknown")]


async def test_without_the_guid_of_the_type_nothing_can_be_compared(scene):
    scene.save(scene.action, approval_type_guid="")
    report = await check_chain(scene.workspace, scene.start)
    assert unknown(report) == [(T, "chain-approval-type-unknown")]
    assert report.link(T).act is RemedyAct.OPEN_OBJECT


@pytest.mark.parametrize(
    ("fault", "options", "expected"),
    [
        ("logon_refused", {}, "privilege-manager-log-on-refused"),
        ("api_disabled", {}, "privilege-manager-api-unavailable"),
        ("html_500", {}, "privilege-manager-server-error"),
        ("call_lost", {}, "connection-lost"),
        ("swagger_missing", {}, "privilege-manager-swagger-unreadable"),
    ],
)
async def test_a_server_that_does_not_answer_makes_its_links_unknown(scene, fault, options, expected):
    scene.pm.faults.set(fault, **options)
    report = await check_chain(scene.workspace, scene.start)
    assert broken(report) == []
    assert {link for link, _ in unknown(report)} == {P, A, T}
    assert report.link(P).fault == expected
    assert report.link(A).fault == expected
    assert report.link(P).name == POLICY_NAME
    assert not any(reading.source is Source.API for link in report.links for reading in link.readings)
    assert [report.link(kind).state for kind in (PROCESS, S, I, Y)] == [LinkState.OK] * 4


async def test_an_api_client_without_a_role_sees_nothing(build):
    scene = build(role="")
    report = await check_chain(scene.workspace, scene.start)
    assert dict(unknown(report)) == {
        P: "privilege-manager-forbidden",
        A: "privilege-manager-forbidden",
        T: "chain-approval-type-unknown",
    }
    assert "role" in report.link(P).remedy


async def test_a_server_that_is_down_makes_its_links_unknown(scene):
    scene.pm.stop()
    report = await check_chain(scene.workspace, scene.start)
    assert [link.fault for link in report.links[:2]] == ["tcp-refused", "tcp-refused"]
    assert report.verdict is LinkState.UNKNOWN
    scene.pm.start()


@pytest.mark.parametrize(
    ("without", "hidden"),
    [
        ({"policies", "policy"}, {P: "privilege-manager-operation-missing", A: "chain-action-unknown"}),
        ({"actions", "action"}, {T: "chain-approval-type-unknown"}),
    ],
)
async def test_a_missing_operation_hides_what_needs_it(build, without, hidden):
    scene = build(telling_options(without=frozenset(without)))
    report = await check_chain(scene.workspace, scene.start)
    assert broken(report) == []
    assert dict(unknown(report)) == hidden


@pytest.mark.parametrize("without", ["policies", "policy", "actions", "action"])
async def test_one_of_two_ways_to_read_an_item_is_enough(build, without):
    scene = build(telling_options(without=frozenset({without})))
    scene.save(scene.policy, item_id=POLICY_ID)
    report = await check_chain(scene.workspace, scene.start)
    assert report.verdict is LinkState.OK


async def test_members_that_are_not_told_make_links_unknown(scene):
    scene.pm.faults.set("members_missing")
    report = await check_chain(scene.workspace, scene.start)
    assert unknown(report) == [(P, "chain-policy-unknown"), (A, "chain-action-unknown")]
    assert report.link(T).state is LinkState.OK


async def test_half_a_list_proves_nothing_missing(scene):
    scene.pm.faults.set("list_truncated")
    report = await check_chain(scene.workspace, scene.start)
    assert broken(report) == []
    assert report.link(P).state is not LinkState.BROKEN


async def test_a_namesake_is_not_judged_where_half_a_list_left_the_policy_out(scene):
    scene.pm.state.items.remove(POLICY_ID)
    other = scene.pm.state.items.of_kind(ItemKind.POLICY)[0]
    other.members["Name"] = "My name for it"
    missing = new_policy(POLICY_NAME, "", macos=False, targeted=True, item_id=POLICY_ID)
    missing.members.update(Enabled=True, Priority=10, ApplicationActionIds=[ACTION_ID])
    scene.pm.state.items.add(missing)
    scene.save(scene.policy, name="My name for it", item_id=POLICY_ID)
    scene.pm.faults.set("list_truncated", operation="policies")
    client = await scene.workspace.privilege_manager(scene.policy.server_id)
    listed = await client.policies()
    assert (listed.find(POLICY_ID), bool(listed.find(other.id))) == (None, True)
    report = await check_chain(scene.workspace, scene.start)
    assert (report.link(P).state, report.link(P).name) == (LinkState.OK, POLICY_NAME)


async def test_two_policies_of_one_name_are_told_apart_by_the_id_only(scene):
    add_policy(scene.pm, POLICY_NAME, priority=3)
    report = await check_chain(scene.workspace, scene.start)
    assert unknown(report)[0] == (P, "chain-policy-unknown")
    scene.save(scene.policy, item_id=POLICY_ID)
    report = await check_chain(scene.workspace, scene.start)
    assert report.verdict is LinkState.OK


@pytest.mark.parametrize(
    ("fault", "hidden"),
    [("forbidden", {I, Y}), ("lists_forbidden", {I, Y})],
)
async def test_rights_that_are_missing_in_servicenow_are_unknown(scene, fault, hidden):
    scene.practice.faults.set(fault)
    report = await check_chain(scene.workspace, scene.start)
    assert broken(report) == []
    assert {link for link, _ in unknown(report)} == hidden


async def test_without_a_privilege_manager_server_the_rest_is_checked(scene):
    for item, field in ((scene.policy, "server_id"), (scene.action, "server_id")):
        scene.save(item, **{field: None})
    server = scene.workspace.configuration.get(scene.pm_server.kind, scene.pm_server.id)
    scene.workspace.configuration.delete(Kind.PRIVILEGE_MANAGER_SERVER, server.id, server.version)
    report = await check_chain(scene.workspace, scene.start)
    assert broken(report) == []
    assert dict(unknown(report)) == {
        P: "chain-privilege-manager-missing",
        A: "chain-action-unknown",
        T: "chain-approval-type-unknown",
    }


# -- from any object -----------------------------------------------------------------------------------------


async def test_the_same_chain_from_every_object(scene):
    objects = (scene.policy, scene.action, scene.approval_type, scene.process, scene.server, scene.pm_server)
    starts = [ChainStart(item.kind, item.id) for item in objects]
    starts += [
        ChainStart(Kind.USER_CREDENTIAL, scene.server.credential_id),
        ChainStart(Kind.USER_CREDENTIAL, scene.pm_server.credential_id),
        ChainStart(Kind.PRIVILEGE_MANAGER_SERVER, scene.pm_server.id, POLICY_NAME),
        ChainStart(Kind.PRIVILEGE_MANAGER_SERVER, scene.pm_server.id, f"{{{POLICY_ID.upper()}}}"),
    ]
    for start in starts:
        report = await check_chain(scene.workspace, start)
        assert report.verdict is LinkState.OK, start
        assert report.name == POLICY_NAME
        assert report.link(S).name == "ServiceNow Server"


async def test_a_policy_of_the_server_is_found_by_its_action(scene):
    scene.workspace.configuration.delete(Kind.POLICY, scene.policy.id, scene.policy.version)
    report = await check_chain(scene.workspace, ChainStart(Kind.APPROVAL_PROCESS, scene.process.id))
    assert report.verdict is LinkState.OK
    assert report.link(P).name == POLICY_NAME
    assert report.link(P).object is None
    action_is_not_in_the_policy(scene)
    report = await check_chain(scene.workspace, ChainStart(Kind.APPROVAL_PROCESS, scene.process.id))
    assert broken(report) == [(P, "chain-policy-none")]


async def test_a_process_alone(scene):
    configuration = scene.workspace.configuration
    with scene.workspace.store.write() as unit:
        unit.session.delete(unit.session.get(ActionProgress, scene.action.id))
    for item in (scene.policy, scene.action, scene.approval_type):
        configuration.delete(item.kind, item.id, item.version)
    report = await check_chain(scene.workspace, ChainStart(Kind.APPROVAL_PROCESS, scene.process.id))
    assert broken(report) == [(T, "chain-approval-type-none")]
    assert [link.kind for link in report.links if link.absent] == [P, A]
    assert [report.link(kind).state for kind in (PROCESS, S, I, Y)] == [LinkState.OK] * 4


async def test_a_policy_without_an_action(scene):
    scene.save(scene.policy, action_ids="[]")
    action_is_not_in_the_policy(scene)
    report = await check_chain(scene.workspace, scene.start)
    assert broken(report) == [(A, "chain-action-none")]
    assert report.link(A).act is RemedyAct.ADD_ACTION
    assert [link.kind for link in report.links if link.absent] == [T, PROCESS, S, I, Y]


async def test_the_outline_has_names_and_judges_nothing(scene):
    report = outline_chain(scene.workspace, scene.start)
    assert [link.name for link in report.links[:5]] == [
        item.name for item in (scene.policy, scene.action, scene.approval_type, scene.process, scene.server)
    ]
    assert {link.state for link in report.links} == {LinkState.UNKNOWN}
    assert scene.pm.log == []


async def test_links_are_told_as_they_become_known(scene):
    told = []
    report = await check_chain(scene.workspace, scene.start, told.append)
    assert told[-1] == report
    known = [sum(1 for link in one.links if link.state is not LinkState.UNKNOWN) for one in told]
    assert known == sorted(known)
    assert known[:2] == [0, 1]
    assert told[0].link(P).name == POLICY_NAME


# -- other policies and requests -----------------------------------------------------------------------------


def add_request(store, policy, state=RequestState.APPROVED, ago_days=0):
    at = utcnow() - timedelta(days=ago_days)
    with store.write() as unit:
        unit.insert(ApprovalRequest(policy_name=policy, state=state, requested_at=at))


async def test_other_policies_with_the_same_action(scene, store):
    add_policy(scene.pm, "Visual Studio installer", priority=30)
    add_policy(scene.pm, "Elevate installers", priority=20)
    add_policy(scene.pm, "Network tools", priority=50, active=False)
    for ago in (0, 29, 31):
        add_request(store, "Elevate installers", ago_days=ago)
    report = await check_chain(scene.workspace, scene.start)
    assert [(one.name, one.state, one.priority, one.requests) for one in report.others] == [
        ("Elevate installers", PolicyState.OK, 20, 2),
        ("Visual Studio installer", PolicyState.OK, 30, 0),
        ("Network tools", PolicyState.INACTIVE, 50, 0),
    ]
    type_differs(scene)
    report = await check_chain(scene.workspace, scene.start)
    assert [one.state for one in report.others] == [
        PolicyState.BROKEN,
        PolicyState.BROKEN,
        PolicyState.INACTIVE,
    ]


async def test_requests_since_the_last_answer(scene, store):
    add_request(store, POLICY_NAME, RequestState.FAILED, 9)
    add_request(store, POLICY_NAME, RequestState.APPROVED, 8)
    add_request(store, POLICY_NAME, RequestState.FAILED, 7)
    add_request(store, POLICY_NAME, RequestState.TIMED_OUT, 6)
    report = await check_chain(scene.workspace, scene.start)
    assert report.requests.recent == 4
    assert report.requests.failed == 2
    assert report.requests.failed_since < report.requests.last_at


def test_every_fault_of_the_chain_is_brought_about_here():
    told = {fault.id.value for fault in all_faults() if fault.stages[0].startswith("chain_")}
    source = Path(__file__).read_text(encoding="utf-8")
    assert {one for one in told if f'"{one}"' not in source} == set()
    assert len(told) == 18
