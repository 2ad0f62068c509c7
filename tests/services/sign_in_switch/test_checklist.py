"""The checklist: each method has its records in order, nothing secret, and says what a probe can show."""

import pytest

from models.sign_in import SignInMethod
from models.user_credential import UserCredential
from services.sign_in_probe import ProbeRow
from services.sign_in_switch.checklist import (
    TARGET_METHODS,
    build_checklist,
    checklist_document,
)

CREDENTIAL = UserCredential.of_values(
    {
        "name": "N",
        "account": "privman.integration",
        "client_id": "3f",
        "key_id": "7a",
        "subject": "s@example.com",
    }
)


@pytest.mark.parametrize("method", TARGET_METHODS)
def test_every_method_has_its_settings(method):
    entries = build_checklist(method, CREDENTIAL)
    assert len({(one.name, one.value) for one in entries}) == len(entries) >= 5
    assert all(one.where and one.owner for one in entries)
    document = checklist_document("Move off passwords", "https://a.example.com/", method, entries)
    places = [document.index(f"{at}. **{one.name}**: `{one.value}`") for at, one in enumerate(entries, 1)]
    assert places == sorted(places)
    uses_token = any(one.confirmed_by is ProbeRow.TOKEN for one in entries)
    assert uses_token == (method is not SignInMethod.CERTIFICATE)


def test_exact_values():
    [first, *rest] = build_checklist(SignInMethod.CLIENT_CREDENTIALS, CREDENTIAL)
    assert first.value == "glide.oauth.inbound.client.credential.grant_type.enabled = true"
    values = {one.name: one.value for one in rest}
    assert values["OAuth Application User"] == "privman.integration"
    assert values["Auth scope"] == "useraccount"
    assert build_checklist(SignInMethod.BASIC, CREDENTIAL) == ()
    assert "privman.integration" in {one.value for one in rest}
