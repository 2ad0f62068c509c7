"""A refused sign-in: the reply does not say why, so the check says what it can be, and more where more is known."""

from datetime import UTC, datetime

import pytest

from services.common.secret import Secret
from services.connectivity import PreviousSignIn, run_check
from services.practice import table_api
from services.servicenow import ConnectionSettings, SignIn
from tests.services.connectivity.conftest import ACCOUNT, PASSWORD, findings

AT = datetime(2026, 1, 30, 9, 15, tzinfo=UTC)
SHOWN = f"{AT.astimezone():%Y-%m-%d %H:%M}"


async def refused(practice, password=PASSWORD, **more):
    settings = ConnectionSettings("Server", practice.base_url)
    report = await run_check(settings, SignIn(ACCOUNT, Secret(password)), **more)
    assert findings(report) == [("authentication", "authentication-refused")]
    return next(stage for stage in report.stages if stage.stage == "authentication")


def lock(practice):
    """Lock the account out, as too many wrong passwords do."""
    [row] = practice.records("sys_user", user_name=ACCOUNT)
    practice._database.update("sys_user", row["sys_id"], {"locked_out": True})


async def test_a_locked_account_and_a_wrong_password_are_refused_with_the_same_words(practice):
    wrong = await refused(practice, "no such password")
    lock(practice)
    locked = await refused(practice)
    assert locked.evidence == wrong.evidence


async def test_where_nothing_is_known_the_likeliest_is_named_first(practice):
    practice.faults.set("unauthorised")
    stage = await refused(practice)
    assert "does not say why" in stage.cause
    order = [
        "password again",
        "Web service access only",
        "Locked out",
        "Active",
        "Password needs reset",
        "polic",
    ]
    places = [stage.remedy.index(words) for words in order]
    assert places == sorted(places)
    assert [one.id for one in stage.candidates][:3] == [
        "password-wrong",
        "basic-auth-restricted",
        "account-state",
    ]


async def test_a_password_that_was_accepted_before_is_not_said_to_be_wrong(practice):
    lock(practice)
    stage = await refused(practice, accepted=PreviousSignIn(AT))
    assert stage.cause.startswith(f"The password that was accepted until {SHOWN} is refused now.")
    assert "No other was entered here since" in stage.cause
    assert stage.remedy.startswith("Look at the account in ServiceNow: Locked out")
    assert stage.owner == "ServiceNow administrator"


async def test_an_account_that_was_interactive_was_probably_restricted(practice):
    practice.faults.set("account_interactive")
    practice.faults.set("basic_auth_restricted")
    stage = await refused(practice, accepted=PreviousSignIn(AT, interactive=True))
    assert "basic authentication was probably restricted" in stage.cause
    assert stage.candidates[0].id == "basic-auth-restricted"
    assert stage.remedy.startswith("Set Web service access only")


async def test_a_one_time_password_is_told_by_the_reply_whatever_was_before(practice):
    practice.faults.set("mfa_required")
    settings = ConnectionSettings("Server", practice.base_url)
    report = await run_check(settings, SignIn(ACCOUNT, Secret(PASSWORD)), accepted=PreviousSignIn(AT))
    assert findings(report) == [("authentication", "authentication-mfa")]


@pytest.mark.parametrize("accepted", [None, PreviousSignIn(AT)])
async def test_an_accepted_sign_in_says_nothing_of_earlier_ones(practice, monkeypatch, accepted):
    monkeypatch.delitem(table_api.READ_ROLES, "sys_user_has_role")
    settings = ConnectionSettings("Server", practice.base_url)
    report = await run_check(settings, SignIn(ACCOUNT, Secret(PASSWORD)), accepted=accepted)
    assert findings(report) == []
    assert not any("accepted until" in f"{s.evidence}{s.cause}" for s in report.stages)
