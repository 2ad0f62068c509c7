"""How the tests of this folder reach an instance, and what they expect of every error."""

from models.approval_process import ApprovalProcess
from services.common.errors import ConsoleError, Owner
from services.common.secret import Secret
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.servicenow.approval_services import ApprovalServices
from services.servicenow.faults import FAULTS


def connect(practice, account, **settings):
    """Return the console's side of `practice`, signed in as one of its accounts."""
    sign_in = SignIn(account, Secret(practice.accounts[account].password))
    return ServiceNowClient(ConnectionSettings("Practice", practice.base_url, **settings), sign_in)


def services_of(instance):
    """Return the three services under their stock names."""
    return ApprovalServices(instance, ApprovalProcess(name="Process"))


def assert_five_parts(error, fault):
    """Check that `error` says all it must, in the words of `fault`."""
    assert isinstance(error, ConsoleError)
    problem = error.problem
    assert problem.fault == fault, problem.as_text()
    assert isinstance(error, FAULTS[fault].error)
    for part in (problem.tried, problem.evidence, problem.cause, problem.remedy):
        assert part.strip(), problem.as_text()
    assert isinstance(problem.owner, Owner)
    assert problem.owner is FAULTS[fault].owner


def assert_secretless(error, practice):
    """Check that no password of the practice instance stands in what people get to see."""
    text = error.problem.as_text() + str(error)
    for account in practice.accounts.values():
        assert account.password not in text


def at(url, account="somebody", password="planted-secret", **settings):
    """Return the console's side of whatever listens at `url`."""
    return ServiceNowClient(ConnectionSettings("Raw", url, **settings), SignIn(account, Secret(password)))
