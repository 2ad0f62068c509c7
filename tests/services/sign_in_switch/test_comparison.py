"""Rehearsals with both credentials against the practice instance, and what their comparison says."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from models.sign_in import SignInMethod
from services.practice.oauth import CLIENT_CREDENTIALS_PROPERTY
from services.servicenow.basic_auth_restriction import (
    ACTIVE,
    ENFORCE,
    ENFORCEMENT_DATE,
    RestrictionState,
    fetch_restriction,
    parse_restriction,
)
from services.servicenow.encoded_query import SignedInUserQuery
from services.sign_in_switch.comparison import Verdict, compare_rehearsals, is_good
from services.sign_in_switch.rehearsal_records import SignInRehearsal, last_rehearsal, rehearse_sign_in

GOOD = SignInRehearsal(
    credential_id=uuid.uuid4(),
    credential_version=1,
    credential_name="ServiceNow",
    method=SignInMethod.BASIC,
    at=datetime(2026, 11, 1, tzinfo=UTC),
    sign_in_ms=163.0,
    created_ms=1800.0,
    number="RITM0048240",
    seen_ms=21_000.0,
    calls=7,
    closed=True,
)
AFTER = replace(GOOD, method=SignInMethod.CLIENT_CREDENTIALS, repeat_ms=20.0, calls=8, token_calls=1)


def verdicts(before, after):
    return [row.verdict.value for row in compare_rehearsals(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected", "good"),
    [
        (GOOD, AFTER, ["good", "same", "same", "good", "same"], True),
        (None, AFTER, ["good", "good", "good", "good", "good"], True),
        (GOOD, None, ["open"] * 5, False),
        (GOOD, replace(AFTER, user_shown=False), ["worse", "same", "same", "good", "same"], True),
        (GOOD, replace(AFTER, calls=12), ["good", "same", "same", "worse", "same"], True),
        (GOOD, replace(AFTER, created_ms=9000.0), ["good", "worse", "same", "good", "same"], True),
        (
            GOOD,
            replace(AFTER, failed=("outcome",)),
            ["good", "same", "failed", "failed", "same"],
            False,
        ),
        (
            GOOD,
            replace(AFTER, sign_in_ms=None, created_ms=None, seen_ms=None, closed=None, problem="refused"),
            ["failed"] * 5,
            False,
        ),
    ],
)
def test_verdicts(before, after, expected, good):
    assert verdicts(before, after) == expected
    assert is_good(compare_rehearsals(before, after)) is good


async def test_both_credentials_are_rehearsed_and_kept(workspace, store, practised):
    server, basic, oauth = practised
    before = await rehearse_sign_in(workspace, server, basic)
    after = await rehearse_sign_in(workspace, server, oauth)
    assert before.ok, before
    assert after.ok, after
    assert (before.token_calls, after.token_calls) == (0, 1)
    assert after.calls == before.calls + 1
    assert last_rehearsal(store, server.id, oauth) == after
    assert is_good(compare_rehearsals(before, after))
    changed = oauth.model_copy(update={"version": oauth.version + 1})
    assert last_rehearsal(store, server.id, changed) is None


async def test_a_user_that_is_not_shown_is_told(workspace, practice, practised, monkeypatch):
    server, basic, oauth = practised
    # An instance that ignores the script in a query shows many users.
    monkeypatch.setattr(SignedInUserQuery, "encode", lambda _: "active=true")
    after = await rehearse_sign_in(workspace, server, oauth)
    assert (after.ok, after.user_shown) == (True, False)
    [sign_in, *_] = compare_rehearsals(None, after)
    assert sign_in.after.endswith("ms, user not shown")
    assert (await rehearse_sign_in(workspace, server, basic)).user_shown is None


async def test_a_refused_sign_in_is_kept_as_failed(workspace, store, practice, practised):
    server, _, oauth = practised
    practice.set_property(CLIENT_CREDENTIALS_PROPERTY, "false")
    after = await rehearse_sign_in(workspace, server, oauth)
    assert after.problem
    assert after.sign_in_ms is None
    assert verdicts(None, after) == ["failed"] * 5
    assert last_rehearsal(store, server.id, oauth) == after


async def test_a_token_of_another_user_is_kept_as_failed(workspace, configuration, practised):
    server, _, oauth = practised
    oauth.account = "app.approver"
    after = await rehearse_sign_in(workspace, server, configuration.save(oauth))
    assert "the call runs as privman.integration" in after.problem
    assert after.number == ""


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, RestrictionState.UNKNOWN),
        ({ENFORCE: "true"}, RestrictionState.UNKNOWN),
        ({ACTIVE: "true"}, RestrictionState.UNKNOWN),
        ({ACTIVE: "false"}, RestrictionState.OFF),
        ({ACTIVE: "true", ENFORCE: "false"}, RestrictionState.TRACKED),
        ({ACTIVE: "true", ENFORCE: "true"}, RestrictionState.ENFORCED),
        (
            {ACTIVE: "true", ENFORCE: "true", ENFORCEMENT_DATE: "2026-12-01 00:00:00"},
            RestrictionState.ENFORCED,
        ),
        (
            {ACTIVE: "true", ENFORCE: "true", ENFORCEMENT_DATE: "2026-12-01 00:00:01"},
            RestrictionState.TRACKED,
        ),
    ],
)
def test_the_restriction_is_never_off_without_proof(values, state):
    now = datetime(2026, 12, 1, tzinfo=UTC)
    found = parse_restriction(values, now)
    assert found.state is state
    assert (found.enforced_from is not None) is (ENFORCEMENT_DATE in values)
    assert found.enforced_from is None or found.enforced_from >= now


async def test_an_account_without_rights_learns_nothing(workspace, practice, practised):
    server, *_ = practised
    practice.set_property(ACTIVE, "true")
    instance = await workspace.instance(server.id)
    assert (await fetch_restriction(instance)).state is RestrictionState.UNKNOWN


def test_words_of_verdicts():
    assert set(Verdict) == {"same", "good", "worse", "failed", "open"}
