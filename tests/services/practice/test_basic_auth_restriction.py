"""Basic Auth Restriction of the practice instance: who is exempt, what is recorded, and the reply to who is not."""

import base64
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from services.practice import PracticeInstance
from services.practice.basic_auth_restriction import (
    ACTIVE_PROPERTY,
    ALLOW_EXTERNAL_PROPERTY,
    ALLOWED_ROLES_PROPERTY,
    ALLOWED_USERS_PROPERTY,
    DEFAULT_DECISION_PROPERTY,
    ENFORCE_PROPERTY,
    ENFORCEMENT_DATE_PROPERTY,
    EXCEPTION_TABLE,
    Decision,
)
from services.practice.database import fixed_sys_id

PASSWORD = "practice password"
PERSON = "catalog.admin"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def practice():
    """An instance that enforces the restriction, whose default decision is to revoke."""
    instance = PracticeInstance(password=PASSWORD, clock=lambda: NOW).start()
    for name, value in (
        (ACTIVE_PROPERTY, "true"),
        (ENFORCE_PROPERTY, "true"),
        (DEFAULT_DECISION_PROPERTY, "Revoke basic authentication"),
    ):
        instance.set_property(name, value)
    yield instance
    instance.stop()


def user(practice):
    return practice.users.user(PERSON)


def grant_role(practice, role):
    ids = {"user": user(practice).sys_id, "role": fixed_sys_id("role", role), "state": "active"}
    practice._database.insert("sys_user_has_role", ids)


def change_user(practice, **values):
    practice._database.update("sys_user", user(practice).sys_id, values)


def lets_in(practice, **more):
    return practice.restriction.lets_in(user(practice), **more)


def make_external(practice):
    grant_role(practice, "snc_external")


EXEMPTIONS = {
    "not active": lambda p: p.set_property(ACTIVE_PROPERTY, "false"),
    "web service access only": lambda p: change_user(p, web_service_access_only="true"),
    "allowed user": lambda p: p.set_property(ALLOWED_USERS_PROPERTY, f"{'0' * 32}, {user(p).sys_id}"),
    "default role": lambda p: grant_role(p, "snc_basic_auth_api_access"),
    "named role": lambda p: p.set_property(ALLOWED_ROLES_PROPERTY, "admin,catalog_admin"),
    "granted": lambda p: p.restriction.decide(user(p), Decision.GRANT),
    "converted": lambda p: p.restriction.decide(user(p), Decision.CONVERTED),
    "maintained by default": lambda p: p.set_property(DEFAULT_DECISION_PROPERTY, "Maintain current login"),
    "external": make_external,
    "not enforced": lambda p: p.set_property(ENFORCE_PROPERTY, "false"),
    "enforced later": lambda p: p.set_property(ENFORCEMENT_DATE_PROPERTY, "2026-11-01 12:00:01"),
}
BLOCKED = {
    "by default": lambda _p: None,
    "since its date": lambda p: p.set_property(ENFORCEMENT_DATE_PROPERTY, "2026-11-01 12:00:00"),
    "by a decision": lambda p: (
        p.set_property(DEFAULT_DECISION_PROPERTY, "Maintain current login"),
        p.restriction.decide(user(p), Decision.NO_GRANT),
    ),
    "another role is named": lambda p: (
        p.set_property(ALLOWED_ROLES_PROPERTY, "admin"),
        grant_role(p, "snc_basic_auth_api_access"),
    ),
    # They are decided by their own property and never reach the other steps.
    "external": lambda p: (
        make_external(p),
        p.set_property(ALLOW_EXTERNAL_PROPERTY, "false"),
        p.restriction.decide(user(p), Decision.GRANT),
    ),
}


@pytest.mark.parametrize("name", EXEMPTIONS)
def test_who_is_exempt_is_let_in(practice, name):
    EXEMPTIONS[name](practice)
    assert lets_in(practice)


@pytest.mark.parametrize("name", BLOCKED)
def test_who_is_not_exempt_is_blocked(practice, name):
    BLOCKED[name](practice)
    assert not lets_in(practice)


def test_a_second_factor_that_was_passed_exempts_and_is_not_counted(practice):
    assert lets_in(practice, second_factor=True)
    assert practice.records(EXCEPTION_TABLE) == []


def test_tracking_counts_every_use_and_says_when_the_last_one_was(practice):
    practice.set_property(ENFORCE_PROPERTY, "false")
    for _ in range(3):
        assert lets_in(practice)
    [row] = practice.records(EXCEPTION_TABLE)
    assert (row["usage_count"], row["last_seen"], row["decision"]) == (
        "3",
        f"{NOW:%Y-%m-%d %H:%M:%S}",
        "global",
    )


def call(practice, path, secret=PASSWORD):
    basic = base64.b64encode(f"{PERSON}:{secret}".encode()).decode()
    answer = httpx.request(
        "POST" if "SOAP" in path else "GET",
        practice.base_url + path,
        headers={"Authorization": f"Basic {basic}"},
    )
    changing = ("x-transaction-id", "date")
    headers = {name: value for name, value in answer.headers.items() if name not in changing}
    return answer.status_code, headers, answer.content


@pytest.mark.parametrize("path", ["api/now/table/sys_user", "GetExecuteAppApprovalRequestStatus.do?SOAP"])
def test_the_reply_is_that_of_a_wrong_password(practice, path):
    blocked = call(practice, path)
    assert blocked == call(practice, path, secret="no such password")
    assert blocked[0] == 401
    assert blocked[1]["www-authenticate"] == 'BASIC realm="Service-now"'


def test_the_switches_are_hidden_from_an_account_without_rights(practice):
    practice.set_property(ENFORCE_PROPERTY, "false")
    status, _, content = call(practice, f"api/now/table/sys_properties?sysparm_query=name={ACTIVE_PROPERTY}")
    assert (status, content) == (200, b'{"result":[]}')
    assert call(practice, "api/now/table/sys_plugins")[0] == 403


def test_the_date_is_read_as_utc(practice):
    practice.set_property(ENFORCEMENT_DATE_PROPERTY, f"{NOW - timedelta(seconds=1):%Y-%m-%d %H:%M:%S}")
    assert practice.restriction.is_enforced
