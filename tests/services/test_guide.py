"""The guide's checklist: 25 steps whose states follow from facts alone."""

from types import SimpleNamespace

import pytest

from models.action_progress import ActionProgress
from models.base import utcnow
from models.kinds import Kind, RequestState, TaskState
from models.reference_lists import dump_references
from models.server_item import ItemKind
from models.task_names import ENDPOINTS_TASK
from models.task_run import TaskRun
from services.configuration import Configuration
from services.policies.item_copies import ItemCopies
from services.privilege_manager.api_items import ItemList, read_policy
from services.setup.checklist import SetupFacts, build_checklist, load_setup_facts, next_step
from services.setup.guide_source import StoredGuideSource
from services.setup.guide_step import GuideStepState
from services.setup.privilege_manager_steps import read_privilege_manager_facts
from services.store import Store


@pytest.fixture
def configuration(tmp_path):
    store = Store.open(str(tmp_path / "console.db"), actor="ada")
    yield Configuration(store)
    store.close()


def steps_of(facts):
    return {step.number: step for phase in build_checklist(facts) for step in phase.steps}


def test_the_guide_has_its_25_steps_in_order():
    numbers = [s.number for phase in build_checklist(SetupFacts()) for s in phase.steps]
    assert numbers == list(range(1, 26))


def test_an_empty_store_begins_with_the_credential_and_blocks_what_follows():
    phases = build_checklist(SetupFacts())
    coming = next_step(phases)
    assert (coming.number, coming.kind) == (5, Kind.USER_CREDENTIAL)
    steps = steps_of(SetupFacts())
    assert steps[12].state is GuideStepState.BLOCKED
    assert steps[12].waits_for == 10
    assert (steps[16].state, steps[16].waits_for) == (GuideStepState.BLOCKED, 15)
    assert steps[9].state is GuideStepState.NEEDLESS


def test_facts_are_read_from_the_store_and_tick_the_steps(configuration):
    make = lambda kind, **values: configuration.save(configuration.new(kind, **values))  # noqa: E731
    credential = make(Kind.USER_CREDENTIAL, name="ServiceNow", account="a")
    server = make(
        Kind.FOREIGN_SYSTEM,
        name="Server",
        base_url="https://acme.service-now.com/",
        credential_id=credential.id,
    )
    facts = load_setup_facts(configuration.store)
    steps = steps_of(facts)
    assert steps[5].state is GuideStepState.TODO  # no password yet
    assert steps[6].state is GuideStepState.DONE
    assert next_step(build_checklist(facts)).number == 5
    process = make(
        Kind.APPROVAL_PROCESS, server_id=server.id, request_item_id="a" * 32, request_item_name="Item"
    )
    approval_type = make(Kind.APPROVAL_TYPE, name="Type", process_id=process.id)
    from models.approval_request import ApprovalRequest

    with configuration.store.write() as work:
        work.insert(ApprovalRequest(process_id=process.id, state=RequestState.APPROVED))
        work.insert(ApprovalRequest(process_id=process.id, state=RequestState.PENDING))
    steps = steps_of(load_setup_facts(configuration.store, server.id))
    done = {n for n, s in steps.items() if s.state is GuideStepState.DONE}
    assert {6, 10, 11, 12, 13, 15, 22, 23, 24, 25} <= done
    assert steps[15].object_id == approval_type.id
    assert (steps[16].state, steps[16].kind) == (GuideStepState.TODO, Kind.PRIVILEGE_MANAGER_SERVER)
    assert steps[22].fact == "2 raised"


def test_what_the_instance_says_decides_the_items_and_names():
    server = SimpleNamespace(id=None, name="Server", base_url="https://x/", credential_id=1)
    asked = steps_of(SetupFacts(server=server, services_found=True, item_found=False))
    assert asked[8].state is GuideStepState.DONE
    assert asked[7].state is GuideStepState.TODO
    silent = steps_of(SetupFacts(server=server))
    assert silent[7].fact == "Not asked yet"


def test_services_under_other_names_are_not_to_be_created_again():
    server = SimpleNamespace(id=None, name="Server", base_url="https://x/", credential_id=1)
    process = SimpleNamespace(
        id=None, name="P", server_id=1, request_item_id="a" * 32, request_item_name="Item"
    )
    credential = SimpleNamespace(id=None, name="ServiceNow", sign_in="basic")
    facts = SetupFacts(
        credential=credential,
        has_password=True,
        server=server,
        process=process,
        services_found=False,
        item_found=True,
        meant=("CreateV2", "StatusV2", "CancelV2"),
        services_say="CreateV1 is not on the instance; CreateV2 is",
    )
    steps = steps_of(facts)
    assert steps[7].state is steps[8].state is GuideStepState.DONE
    assert steps[7].fact == "On the instance, under other names"
    coming = next_step(build_checklist(facts))
    assert (coming.number, coming.kind) == (14, Kind.APPROVAL_PROCESS)
    assert coming.fact == "Use CreateV2, StatusV2, CancelV2"


def test_what_the_check_says_of_the_services_is_what_the_guide_says():
    server = SimpleNamespace(id=None, name="Server", base_url="https://x/", credential_id=1)
    said = "CreateV1 is there with Active off"
    steps = steps_of(SetupFacts(server=server, services_found=False, item_found=True, services_say=said))
    assert steps[7].state is GuideStepState.TODO
    assert steps[7].fact in (said, "Not on the instance")
    assert steps[8].fact == said


def test_what_the_store_says_of_each_server(configuration):
    from models.approval_request import ApprovalRequest
    from services.statistics.server_statistics import load_server_statistics

    make = lambda kind, **values: configuration.save(configuration.new(kind, **values))  # noqa: E731
    busy = make(Kind.FOREIGN_SYSTEM, name="busy", base_url="https://acme.service-now.com/", production=True)
    make(Kind.FOREIGN_SYSTEM, name="Alone", base_url="https://b.example:8443/")
    process = make(Kind.APPROVAL_PROCESS, name="P", server_id=busy.id, check_every_s=20, timeout_after_s=1200)
    with configuration.store.write() as work:
        for state in (RequestState.PENDING, RequestState.SUBMITTING, RequestState.APPROVED):
            work.insert(ApprovalRequest(process_id=process.id, state=state))
    alone, found = load_server_statistics(configuration.store)
    assert (alone.name, alone.host, alone.pending, alone.timings) == ("Alone", "b.example:8443", 0, ())
    assert (found.host, found.production, found.has_credential) == ("acme.service-now.com", True, False)
    assert (found.pending, found.timings) == (2, ((20, 1200),))


def test_every_step_has_something_to_open():
    for number, step in steps_of(SetupFacts()).items():
        assert step.kind is not None or step.folder or step.external is not None, number


def test_the_account_is_ticked_by_a_check_that_accepted_it_with_its_roles():
    server = SimpleNamespace(id=None, name="Server", base_url="https://x/", credential_id=1)
    said = {
        seen: steps_of(SetupFacts(server=server, account_checked=seen))[1] for seen in (None, False, True)
    }
    assert said[True].state is GuideStepState.DONE
    assert said[None].state is said[False].state is GuideStepState.ELSEWHERE
    assert said[None].external.url == "https://x/nav_to.do?uri=sys_user_list.do"
    assert said[None].external.values == (("Roles", "web_service_admin, approval_admin"),)


GUID = "9c41d7e0-52b8-4f6a-8e13-7b0a64c2d915"
COPY = "1f0e6f0a-3a57-4c0e-9d0b-2f7a5b7f1c11"


@pytest.fixture
def privilege_manager(configuration):
    make = lambda kind, **values: configuration.save(configuration.new(kind, **values))  # noqa: E731
    approval_type = make(Kind.APPROVAL_TYPE, name="Type")
    server = make(Kind.PRIVILEGE_MANAGER_SERVER, name="PM", base_url="https://pm.example.com/TMS/")
    action = make(Kind.ACTION, name="Form", server_id=server.id, type_id=approval_type.id)
    policy = make(
        Kind.POLICY, name="Installers", server_id=server.id, action_ids=dump_references([action.id])
    )
    return SimpleNamespace(server=server, action=action, policy=policy, approval_type=approval_type)


def facts_of(configuration, made):
    return SetupFacts(
        process=SimpleNamespace(id=None, name="P", server_id=None, request_item_id="", request_item_name=""),
        approval_type=made.approval_type,
        privilege_manager=read_privilege_manager_facts(
            StoredGuideSource(configuration.store), made.approval_type
        ),
    )


def store_row(configuration, row):
    with configuration.store.write() as work:
        work.session.add(row)


def test_the_way_of_the_action_into_privilege_manager(configuration, privilege_manager):
    steps = steps_of(facts_of(configuration, privilege_manager))
    assert (steps[16].state, steps[16].fact) == (GuideStepState.TODO, "No copy written yet")
    assert (steps[17].state, steps[17].fact) == (GuideStepState.DONE, "Form")
    assert (steps[18].state, steps[18].fact) == (
        GuideStepState.TODO,
        "Its GUID in Privilege Manager is missing",
    )
    action = privilege_manager.action
    action.approval_type_guid = GUID
    configuration.save(action)
    progress = ActionProgress(action_id=action.id, item_id=COPY, written_at=utcnow())
    store_row(configuration, progress)
    steps = steps_of(facts_of(configuration, privilege_manager))
    assert (steps[16].state, steps[16].fact) == (GuideStepState.ELSEWHERE, "Written, not imported yet")
    assert steps[16].external.url == "https://pm.example.com/TMS/PrivilegeManager/#/item/xml/"
    assert (steps[18].state, steps[18].fact) == (GuideStepState.DONE, GUID)
    with configuration.store.write() as work:
        seen = work.session.get(ActionProgress, action.id)
        seen.imported_at, seen.imported_to = utcnow(), "https://pm.example.com/TMS/"
    assert steps_of(facts_of(configuration, privilege_manager))[16].state is GuideStepState.DONE


@pytest.mark.parametrize(
    ("members", "fact", "state"),
    [
        (None, "Not read from the server yet", GuideStepState.TODO),
        ({"Name": "Other"}, "The policy is not on the server", GuideStepState.TODO),
        ({"Name": "Installers"}, "Not read from the server yet", GuideStepState.TODO),
        ({"Name": "Installers", "ApplicationActionIds": []}, "Not in the policy", GuideStepState.TODO),
        (
            {"Name": "Installers", "ApplicationActionIds": [COPY.upper()], "Enabled": False},
            "In the policy, which is inactive",
            GuideStepState.TODO,
        ),
        (
            {"Name": "Installers", "ApplicationActionIds": [COPY], "Enabled": True},
            "In the policy",
            GuideStepState.DONE,
        ),
    ],
)
def test_the_policy_is_judged_by_what_the_server_told(configuration, privilege_manager, members, fact, state):
    store_row(configuration, ActionProgress(action_id=privilege_manager.action.id, item_id=COPY))
    if members is not None:
        listed = ItemList((read_policy({"ItemId": GUID, **members}),))
        ItemCopies(configuration.store, privilege_manager.server).replace(ItemKind.POLICY, listed)
    step = steps_of(facts_of(configuration, privilege_manager))[20]
    assert (step.fact, step.state) == (fact, state)


def test_an_update_of_the_endpoints_ticks_its_step(configuration, privilege_manager):
    assert steps_of(facts_of(configuration, privilege_manager))[21].waits_for == 20
    run = TaskRun(
        task=ENDPOINTS_TASK,
        object_id=privilege_manager.server.id,
        state=TaskState.SUCCEEDED,
        ended_at=utcnow(),
    )
    store_row(configuration, run)
    step = steps_of(facts_of(configuration, privilege_manager))[21]
    assert (step.state, step.fact) == (GuideStepState.DONE, "Update started")


def test_what_another_address_told_of_the_policy_does_not_count(configuration, privilege_manager):
    store_row(configuration, ActionProgress(action_id=privilege_manager.action.id, item_id=COPY))
    listed = ItemList((read_policy({"ItemId": GUID, "Name": "Installers", "ApplicationActionIds": []}),))
    ItemCopies(configuration.store, privilege_manager.server).replace(ItemKind.POLICY, listed)
    assert steps_of(facts_of(configuration, privilege_manager))[20].fact == "Not in the policy"
    privilege_manager.server.base_url = "https://other.example.com/TMS/"
    configuration.save(privilege_manager.server)
    assert steps_of(facts_of(configuration, privilege_manager))[20].fact == "Not read from the server yet"
