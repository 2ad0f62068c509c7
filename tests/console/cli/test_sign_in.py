"""`sign-in`: plan, rehearsal, switch and undo against the practice instance."""

import pytest

from services.practice.oauth import CLIENT_CREDENTIALS_PROPERTY, make_client
from tests.console.cli.conftest import SECRET_VARIABLE, SERVER, document

TARGET = "ServiceNow OAuth"


@pytest.fixture
def prepared(cli, practice, tmp_path, monkeypatch):
    """The example document with a second credential, applied; its secrets are in the environment."""
    practice.set_property(CLIENT_CREDENTIALS_PROPERTY, "true")
    client = practice.tokens.add_client("Approval Console", make_client("privman.integration"))
    added = (
        f"  - {{name: {TARGET}, account: privman.integration, sign_in: oauth_client_credentials, "
        f"client_id: {client.client_id}}}\nforeign_systems:"
    )
    file = tmp_path / "approvals.yaml"
    text = document(practice.base_url, production=True).replace("foreign_systems:", added, 1)
    file.write_text(text.replace("sys_id: null", f"sys_id: {'a' * 32}"), encoding="utf-8")
    monkeypatch.setenv(SECRET_VARIABLE, practice.accounts["privman.integration"].password)
    monkeypatch.setenv(f"{SECRET_VARIABLE}_FOR", practice.base_url)
    monkeypatch.setenv("APPROVAL_CONSOLE_CLIENT_SECRET_SERVICENOW_OAUTH", client.secret)
    monkeypatch.setenv("APPROVAL_CONSOLE_CLIENT_SECRET_SERVICENOW_OAUTH_FOR", practice.base_url)
    assert cli("config", "apply", file).status == 0


def test_a_server_is_switched_and_back(cli, prepared, tmp_path):
    file = tmp_path / "checklist.md"
    plan = cli("sign-in", "plan", SERVER, "--to", TARGET, "--document", file, "--json").json
    assert (plan["credential_now"]["name"], plan["credential_then"]["name"]) == ("ServiceNow", TARGET)
    assert plan["checklist"][0]["value"].startswith("glide.oauth.inbound.client.credential")
    assert file.read_text(encoding="utf-8").startswith(f"# Move {SERVER} off passwords")
    refused = cli("sign-in", "switch", SERVER, "--to", TARGET)
    assert refused.status == 2, "a production server asks for its name"
    done = cli("sign-in", "switch", SERVER, "--to", TARGET, "--confirm", SERVER, "--json")
    assert done.status == 0, done.err
    assert done.json["undone_at"] is None
    again = cli("sign-in", "switch", SERVER, "--to", TARGET, "--confirm", SERVER, "--json")
    assert again.status == 3
    assert again.json["error"]["fault"] == "sign-in-switch-refused"
    undone = cli("sign-in", "undo", SERVER, "--confirm", SERVER)
    assert "signs in with “ServiceNow” now" in undone.out
    assert cli("sign-in", "undo", SERVER, "--confirm", SERVER).status == 3
    assert "ServiceNow OAuth" in cli("sign-in", "plan", SERVER, "--to", TARGET).out
