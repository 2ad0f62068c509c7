"""What the check says of roles: missing ones, admin that was left behind, and that it cannot tell."""

import pytest

from services.common.secret import Secret
from services.practice import table_api
from services.servicenow import SignIn
from tests.services.connectivity.conftest import PASSWORD, check, findings


@pytest.fixture
def shown(practice, monkeypatch):
    """An instance whose access rules let every account see who has which role."""
    monkeypatch.delitem(table_api.READ_ROLES, "sys_user_has_role")
    return practice


async def roles_stage(practice, account):
    report = await check(practice.base_url, SignIn(account, Secret(PASSWORD)))
    return next(stage for stage in report.stages if stage.stage == "roles"), report


async def test_hidden_roles_are_not_no_roles(practice):
    stage, report = await roles_stage(practice, "privman.integration")
    assert stage.state == "skipped"
    assert "does not show" in stage.evidence
    assert report.verdict == "ok"


async def test_admin_that_was_left_behind_is_noticed(practice):
    _, report = await roles_stage(practice, "admin")
    assert findings(report) == [("account", "account-interactive"), ("roles", "role-admin-left")]


async def test_the_account_of_the_guide_lacks_what_strict_security_asks_for(shown):
    good, _ = await roles_stage(shown, "privman.integration")
    assert (good.state, good.evidence) == ("ok", "web_service_admin, approval_admin, soap, soap_script")
    guide = next(
        a.user for a in shown.accounts.values() if a.roles == ("web_service_admin", "approval_admin")
    )
    soap, _ = await roles_stage(shown, guide)
    # The instance has refused the descriptions: that the role is missing is no guess.
    assert (soap.state, soap.fault) == ("failed", "rights-missing")
    assert "soap_query" in soap.evidence + soap.remedy


async def test_a_missing_role_is_named(shown):
    stage, _ = await roles_stage(shown, "app.approver")
    assert (stage.state, stage.fault) == ("failed", "rights-missing")
    assert "lacks web_service_admin" in stage.evidence
    assert "soap_query" in stage.remedy


async def test_what_cannot_be_read_is_skipped_with_its_reason(practice):
    practice.faults.set("error_in_200")
    stage, _ = await roles_stage(practice, "privman.integration")
    assert stage.state == "skipped"
    assert "cannot be read" in stage.evidence
