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


def test_the_switch_probes_with_one_attempt_and_refuses_what_fails(cli, prepared, practice):
    practice.set_property(CLIENT_CREDENTIALS_PROPERTY, "false")
    since = len(practice.log)
    refused = cli("sign-in", "switch", SERVER, "--to", TARGET, "--confirm", SERVER, "--json")
    assert refused.status == 3
    assert refused.json["error"]["fault"] == "sign-in-switch-refused"
    assert refused.json["error"]["candidates"]
    assert [call.path for call in practice.log[since:]] == ["/oauth_token.do"]
    assert "Credential now: ServiceNow (Basic)" in cli("sign-in", "plan", SERVER, "--to", TARGET).out


def test_a_good_probe_counts_for_the_switch(cli, prepared, practice):
    assert cli("credential", "probe", TARGET, "--server", SERVER).status == 0
    since = len(practice.log)
    done = cli("sign-in", "switch", SERVER, "--to", TARGET, "--confirm", SERVER)
    assert done.status == 0, done.err
    assert "no rehearsal with “ServiceNow OAuth” has succeeded" in done.err
    assert practice.log[since:] == []


def test_a_server_is_switched_and_back(cli, prepared, practice, tmp_path):
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
    assert [call.path for call in practice.log].count("/oauth_token.do") == 1, "probed with one attempt"
    again = cli("sign-in", "switch", SERVER, "--to", TARGET, "--confirm", SERVER, "--json")
    assert again.status == 3
    assert again.json["error"]["fault"] == "sign-in-switch-refused"
    undone = cli("sign-in", "undo", SERVER, "--confirm", SERVER)
    assert "signs in with “ServiceNow” now" in undone.out
    assert cli("sign-in", "undo", SERVER, "--confirm", SERVER).status == 3
    assert "ServiceNow OAuth" in cli("sign-in", "plan", SERVER, "--to", TARGET).out
