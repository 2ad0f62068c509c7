"""The probe of a sign-in over real sockets: five rows, one attempt, and nothing green that is not proven."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from models.approval_process import ApprovalProcess
from models.secret_names import SecretName
from models.sign_in import JwtAlgorithm, SignInMethod
from services.common.secret import Secret
from services.practice.oauth import CLIENT_CREDENTIALS_PROPERTY, Verifier, make_client
from services.practice.server import PracticeInstance
from services.servicenow import ConnectionSettings
from services.servicenow.encoded_query import SignedInUserQuery
from services.sign_in_probe import ProbedServices, ProbeRow, RowState, probe_sign_in
from services.sign_in_probe import probe as probe_module
from services.transport.sign_in import SignIn, TokenSignIn
from tests.services.servicenow.test_access_tokens import pem, public_pem

USER, APPROVER = "privman.integration", "app.approver"
SERVICES = ProbedServices.of(ApprovalProcess(name="Process"))
OK, FAILED, UNCLEAR = RowState.OK, RowState.FAILED, RowState.CANNOT_BE_DISTINGUISHED
SKIPPED = RowState.SKIPPED


@pytest.fixture
def practice():
    instance = PracticeInstance().start()
    instance.set_property(CLIENT_CREDENTIALS_PROPERTY, "true")
    yield instance
    instance.stop()


@pytest.fixture
def client(practice):
    return practice.tokens.add_client("Approval Console", make_client(USER))


def basic(practice, account=USER):
    return SignIn(account, Secret(practice.accounts[account].password))


def token_sign_in(client, method=SignInMethod.CLIENT_CREDENTIALS, **changed):
    secrets = {SecretName.CLIENT_SECRET: Secret(client.secret)} | changed.pop("secrets", {})
    account = changed.pop("account", USER)
    return TokenSignIn(account=account, method=method, client_id=client.client_id, secrets=secrets, **changed)


def probe(practice, sign_in, services=SERVICES, **more):
    return probe_sign_in(ConnectionSettings("Practice", practice.base_url), sign_in, services, **more)


def states(result):
    return [row.state for row in result.rows]


async def test_a_client_of_the_instance_is_good_on_all_rows(practice, client):
    ended = []
    result = await probe(practice, token_sign_in(client), report=ended.append)
    assert result.is_good, result.as_text()
    assert states(result) == [OK] * 5
    assert [row.row for row in ended] == list(ProbeRow)
    assert result.calls == 7 == len(practice.log)
    token = result.row(ProbeRow.TOKEN)
    assert (token.calls, token.evidence) == (
        1,
        "Bearer by client credentials, valid for 30 min, scope useraccount",
    )
    assert sum(call.path == "/oauth_token.do" for call in practice.log) == 1


async def test_a_password_needs_no_token(practice):
    result = await probe(practice, basic(practice))
    assert states(result) == [SKIPPED, OK, OK, OK, OK]
    assert result.is_good
    assert result.as_dict()["rows"][0]["state"] == "skipped"


async def test_the_password_grant(practice, client):
    practice.set_property("glide.soap.strict_security", "false")
    password = {SecretName.PASSWORD: Secret(practice.accounts[APPROVER].password)}
    sign_in = token_sign_in(client, SignInMethod.PASSWORD_GRANT, account=APPROVER, secrets=password)
    assert (await probe(practice, sign_in)).is_good


async def test_a_signed_assertion(practice, client):
    key = ec.generate_private_key(ec.SECP256R1())
    client.verifiers.append(Verifier("k1", public_pem(key)))
    sign_in = token_sign_in(
        client,
        SignInMethod.JWT_BEARER,
        secrets={SecretName.PRIVATE_KEY: Secret(pem(key))},
        key_id="k1",
        subject=USER,
        algorithm=JwtAlgorithm.ES256,
    )
    assert (await probe(practice, sign_in)).is_good


async def test_a_refused_token_ends_the_probe_after_one_call(practice, client):
    wrong = replace(token_sign_in(client), secrets={SecretName.CLIENT_SECRET: Secret("wrong")})
    result = await probe(practice, wrong)
    assert states(result) == [FAILED, SKIPPED, SKIPPED, SKIPPED, SKIPPED]
    assert result.row(ProbeRow.TOKEN).problem.fault == "oauth-token-refused"
    assert result.calls == len(practice.log) == 1


async def test_a_refused_password_ends_the_probe_after_one_call(practice):
    result = await probe(practice, SignIn(USER, Secret("wrong")))
    assert states(result) == [SKIPPED, FAILED, SKIPPED, SKIPPED, SKIPPED]
    assert result.calls == len(practice.log) == 1


async def test_an_account_without_the_roles_of_soap_is_accepted_on_rest_only(practice):
    result = await probe(practice, basic(practice, APPROVER))
    assert states(result) == [SKIPPED, OK, FAILED, SKIPPED, OK]
    assert result.row(ProbeRow.WSDL).problem.fault == "rights-missing"
    assert not result.is_good


async def test_a_scoped_client_may_still_call_soap(practice, client):
    client.is_scoped = True
    result = await probe(practice, token_sign_in(client))
    assert states(result) == [OK, FAILED, OK, OK, OK]
    assert result.row(ProbeRow.REST).problem.fault == "oauth-client-scoped"
    assert result.is_failed


@pytest.fixture
def open_soap(practice):
    """SOAP without a required sign-in: a refused one runs as the guest."""
    for name in ("basicauth.required.soap", "basicauth.required.wsdl", "soap.strict_security"):
        practice.set_property(f"glide.{name}", "false")


@pytest.mark.usefixtures("open_soap")
async def test_a_token_that_ends_after_rest_is_told_as_a_guest_on_soap(practice, client):
    def end_token(row):
        if row.row is ProbeRow.REST:
            practice.tokens.revoke_all()

    result = await probe(practice, token_sign_in(client), report=end_token)
    assert states(result) == [OK, OK, FAILED, FAILED, FAILED]
    assert "X-Is-Logged-In: false" in result.row(ProbeRow.NOT_GUEST).problem.evidence
    faults = {result.row(row).problem.fault for row in (ProbeRow.WSDL, ProbeRow.SOAP, ProbeRow.NOT_GUEST)}
    assert faults == {"oauth-token-guest"}, "a refused password was named"


async def test_a_refusal_of_soap_names_no_cause_that_the_table_api_rules_out(practice):
    practice.faults.set("soap_refused")
    result = await probe(practice, basic(practice))
    assert states(result)[:3] == [SKIPPED, OK, FAILED]
    causes = [one.id for one in result.row(ProbeRow.WSDL).problem.candidates]
    assert causes[0] == "access-policy-soap"
    assert "password-wrong" not in causes


async def test_a_call_that_soap_refuses_did_not_run_as_a_guest(practice):
    def refuse_calls(row):
        if row.row is ProbeRow.WSDL:
            practice.faults.set("soap_refused")

    result = await probe(practice, basic(practice), report=refuse_calls)
    assert states(result) == [SKIPPED, OK, OK, FAILED, OK]
    assert result.row(ProbeRow.SOAP).problem.candidates[0].id == "access-policy-soap"


@pytest.mark.usefixtures("open_soap")
async def test_soap_that_answers_anybody_is_green_only_where_the_instance_tells_the_calls_apart(
    practice, client, monkeypatch
):
    assert (await probe(practice, token_sign_in(client))).is_good
    # As from an instance whose replies do not have this header.
    monkeypatch.setattr(probe_module, "LOGGED_IN_HEADER", "x-no-such-header")
    result = await probe(practice, token_sign_in(client))
    assert states(result) == [OK, OK, UNCLEAR, OK, UNCLEAR]
    assert result.row(ProbeRow.NOT_GUEST).problem.fault == "sign-in-account-unproven"
    assert not result.is_good
    assert not result.is_failed


async def test_an_account_that_is_not_the_one_configured_is_not_proven(practice, client):
    result = await probe(practice, token_sign_in(client, account=APPROVER))
    assert states(result) == [OK, FAILED, OK, OK, OK]
    assert result.row(ProbeRow.REST).problem.fault == "oauth-other-account"
    assert not result.is_good


async def test_a_user_that_the_instance_does_not_show_is_not_proven(practice, client, monkeypatch):
    monkeypatch.setattr(SignedInUserQuery, "encode", lambda _: "active=true")
    result = await probe(practice, token_sign_in(client))
    assert states(result) == [OK, UNCLEAR, OK, OK, OK]
    assert result.row(ProbeRow.NOT_GUEST).evidence == "SOAP refuses a call without sign-in"
    assert not result.is_good


async def test_a_server_without_a_process_is_not_called_on_soap(practice):
    result = await probe(practice, basic(practice), ProbedServices())
    assert states(result) == [SKIPPED, OK, SKIPPED, SKIPPED, OK]
    assert not result.is_good


async def test_neither_token_nor_secret_is_in_the_report(practice, client):
    result = await probe(practice, token_sign_in(client))
    told = f"{result.as_text()}{result.as_dict()}{result!r}"
    assert client.secret not in told
    assert all(value not in told for value in practice.tokens._tokens)
