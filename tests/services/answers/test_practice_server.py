"""From a practice Privilege Manager's own description to its decided request, through workspace and worker."""

import uuid

import pytest

from models.base import utcnow
from models.delivery import DeliveryState
from models.kinds import Kind, RequestState
from services.common.secret import Secret
from services.intake.answer_setup import confirm_answer_setup, read_answer_setup
from services.practice.privilege_manager import (
    Approval,
    ApprovalSchema,
    ApprovalState,
    PracticeOptions,
    PracticePrivilegeManager,
)
from services.requests.worker.worker import Worker
from services.workspace import Workspace
from tests.services.answers.outboxes import deliveries, end_request, pm_client

PM_STATE = {RequestState.APPROVED: ApprovalState.APPROVED, RequestState.REJECTED: ApprovalState.DENIED}


@pytest.fixture
async def workspace(store, vault):
    made = Workspace(store, vault)
    yield made
    await made.aclose()


def store_server(workspace, practice):
    configuration = workspace.configuration
    credential = configuration.save(
        configuration.new(Kind.USER_CREDENTIAL, name="PM API Client", account=practice.client_id)
    )
    server = configuration.save(
        configuration.new(
            Kind.PRIVILEGE_MANAGER_SERVER, name="PM", base_url=practice.base_url, credential_id=credential.id
        )
    )
    secret = Secret(practice.client_secret)
    workspace.vault.put(credential.id, credential.name, credential.account, secret, [server.destination])
    return server


def ask(practice, number):
    """Let a request wait on the practice server; returns its id."""
    key = str(uuid.UUID(int=number + 1))
    texts = [f"text {place}" for place in range(12)]
    practice.state.approvals[key] = Approval(key, *texts, requested=utcnow())
    return key


@pytest.mark.parametrize(
    "options",
    [
        PracticeOptions(),
        PracticeOptions(approval=ApprovalSchema(response="Approved", approve=True, deny=False, duration=None)),
        PracticeOptions(approval=ApprovalSchema("Other", "requestId", "decision", "Allowed", "Denied", comment=None)),
    ],
    ids=["words", "boolean", "other-names"],
)  # fmt: skip
async def test_decisions_reach_the_practice_server(workspace, store, type_id, options):
    async with PracticePrivilegeManager(options) as practice:
        server = store_server(workspace, practice)
        client = pm_client(store, type_id, server.id, mapping="{}", duration_s=3600)
        keys = [ask(practice, number) for number in range(2)]
        for key, state in zip(keys, PM_STATE, strict=True):
            end_request(store, client, state, caller_id=key)
        waiting = await Worker(workspace, present=False).once()
        assert {problem.fault for problem in waiting.problems} == {"delivery-mapping-unconfirmed"}
        assert not any(one.answers for one in practice.state.approvals.values())
        setup = await read_answer_setup(workspace, "PM")
        assert setup.problem is None, setup.problem
        confirm_answer_setup(workspace, setup)
        done = await Worker(workspace, present=False).once()
        assert (done.answered, done.problems) == (2, [])
        for key, state in zip(keys, PM_STATE, strict=True):
            approval = practice.state.approvals[key]
            assert (approval.state, approval.answers) == (PM_STATE[state], 1)
            assert approval.comment == ("Fine" if options.approval.comment else "")
            limited = state is RequestState.APPROVED and options.approval.duration is not None
            assert (approval.until is not None) is limited
        await workspace.aclose()


async def test_a_request_that_is_gone_there_is_told(workspace, store, type_id):
    async with PracticePrivilegeManager() as practice:
        server = store_server(workspace, practice)
        client = pm_client(store, type_id, server.id, mapping="{}")
        confirm_answer_setup(workspace, await read_answer_setup(workspace, "PM"))
        gone, decided = str(uuid.uuid4()), ask(practice, 1)
        end_request(store, client, caller_id=gone)
        end_request(store, client, caller_id=decided)
        practice.state.decide(decided, approved=False)
        await Worker(workspace, present=False).once()
        found = {one.caller_id: (one.state, one.fault) for one in deliveries(store)}
        assert found[gone] == (DeliveryState.FAILED, "privilege-manager-not-found")
        assert found[decided] == (DeliveryState.FAILED, "privilege-manager-status-error")
        await workspace.aclose()


async def test_a_server_without_the_operation_lets_answers_wait(workspace, store, type_id):
    async with PracticePrivilegeManager(PracticeOptions(without=frozenset({"send_answer"}))) as practice:
        server = store_server(workspace, practice)
        client = pm_client(store, type_id, server.id)
        end_request(store, client)
        done = await Worker(workspace, present=False).once()
        assert done.answered == 0
        [delivery] = deliveries(store)
        assert (delivery.state, delivery.fault) == (
            DeliveryState.PENDING,
            "privilege-manager-operation-missing",
        )
        await workspace.aclose()
