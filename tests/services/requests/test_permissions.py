"""The rule who may approve or reject."""

import pytest

from services.requests.domain.permissions import is_same_user, may_decide


@pytest.mark.parametrize(
    ("roles", "approvers", "allowed"),
    [
        (["itil"], ["olive", "pm.service"], True),
        (["itil"], ["PM.Service"], True),
        (["itil"], ["olive"], False),
        (["itil"], [], False),
        (["itil", "approval_admin"], ["olive"], True),
        (["admin"], ["olive"], True),
        ([], ["olive"], True),
    ],
)
def test_an_account_decides_its_own_approvals_and_with_a_role_those_of_others(roles, approvers, allowed):
    assert may_decide("pm.service", roles, approvers) is allowed


def test_user_names_are_compared_without_case():
    assert is_same_user("Olive", "oLIVE")
    assert not is_same_user("olive", "olivia")
