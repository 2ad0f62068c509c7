"""The planted client secret, key, passphrases and tokens: nowhere but in the vault and in what is sent to their own host."""

import copy
import io
import json
import logging
import pickle
import pprint
import urllib.parse
from dataclasses import replace

import pytest

from console.cli.app import run_cli
from models.approval_process import ApprovalProcess
from models.secret_names import SecretName
from models.sign_in import METHODS, TOKEN_METHODS, SignInMethod
from services.common.errors import ConsoleError
from services.common.secret import Secret
from services.connectivity import run_check
from services.practice import PracticeInstance
from services.practice.oauth import CLIENT_CREDENTIALS_PROPERTY
from services.servicenow import ConnectionSettings, ServiceNowClient
from services.servicenow.access_tokens import AccessToken
from services.transport.sign_in import CertificateSignIn, TokenSignIn
from services.vault import file_vault
from tests.canary import ACCOUNT, ENDS, SECRET, Listener, forward_to, leaks, leaks_below, reply
from tests.sign_in_methods import KEY, fields_and_secrets
from tests.test_canary import log, texts_of

__all__ = ["log"]

ACCESS, REFRESH = (f"{ENDS[0]}{word}{ENDS[1]}" for word in ("Access", "Refresh"))
TOKEN_REPLY = json.dumps(
    {
        "access_token": ACCESS,
        "refresh_token": REFRESH,
        "token_type": "Bearer",
        "expires_in": 1800,
        "scope": SECRET,
    }
)
OPTIONS = {
    SecretName.PASSWORD: "--password-stdin",
    SecretName.CLIENT_SECRET: "--client-secret-stdin",
    SecretName.PRIVATE_KEY: "--private-key-stdin",
    SecretName.PRIVATE_KEY_PASSPHRASE: "--private-key-passphrase-stdin",
    SecretName.CERTIFICATE_PASSPHRASE: "--certificate-passphrase-stdin",
}


def encrypted_pem():
    from cryptography.hazmat.primitives import serialization

    return KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(SECRET.encode()),
    ).decode()


PEM = encrypted_pem()


def leaks_of(content, requests=()):
    """Return what of the canary, of the key and of assertions that were sent stands in a text."""
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    found = leaks(content)
    found += ["line of the key" for line in PEM.splitlines()[1:-1] if line in text]
    return found + ["assertion" for one in assertions(requests) if one in text or one.split(".")[2] in text]


def assertions(requests):
    """Return the JWT assertions that stand in requests."""
    bodies = (request.partition(b"\r\n\r\n")[2].decode("latin-1") for request in requests)
    return [one for body in bodies for one in urllib.parse.parse_qs(body).get("assertion", [])]


def say_it_back(request):
    """Give a token, and send back everything else that arrives."""
    if b" /oauth_token.do " in request.partition(b"\r\n")[0]:
        return reply(200, TOKEN_REPLY, "application/json")
    return reply(400, json.dumps({"error": {"message": request.decode("latin-1")}}), "application/json")


ECHOES = {
    "calls": say_it_back,
    "token, 500": lambda request: reply(500, request, "text/plain"),
    "token, 401": lambda request: reply(
        401, json.dumps({"error": "x", "error_description": request.decode("latin-1")}), "application/json"
    ),
    "token, no object": lambda request: reply(
        200, json.dumps([request.decode("latin-1")]), "application/json"
    ),
    "token, as code": lambda request: reply(
        401, json.dumps({"error": request.partition(b"\r\n\r\n")[2].decode("latin-1")}), "application/json"
    ),
    "token, redirect": lambda request: reply(
        302, "", Location="http://127.0.0.1:1/?" + urllib.parse.quote(request)
    ),
}


def sign_in_of(method):
    secrets = {
        name: Secret(PEM if name is SecretName.PRIVATE_KEY else SECRET) for name in METHODS[method].secrets
    }
    return TokenSignIn(ACCOUNT, method, "client", key_id="k", subject="s", algorithm="ES256", secrets=secrets)


@pytest.mark.parametrize("echo", ECHOES)
async def test_what_a_server_sends_back_shows_no_secret_and_no_token(log, echo):
    listener, said = Listener(ECHOES[echo]), []
    settings = ConnectionSettings("Echo", listener.url)
    try:
        for method in sorted(TOKEN_METHODS):
            async with ServiceNowClient(settings, sign_in_of(method)) as instance:
                with pytest.raises(ConsoleError) as caught:
                    await instance.table("sys_user").first(None, ("name",))
                said += [texts_of(caught.value), repr(instance.access_token)]
                logging.getLogger("services.test").info("failed", exc_info=caught.value)
            report = await run_check(settings, sign_in_of(method), ApprovalProcess(name="Stock"))
            said.append(json.dumps(report.as_dict(), ensure_ascii=False))
    finally:
        listener.close()
    assert leaks(urllib.parse.unquote_plus(listener.received.decode("latin-1"))), "nothing was tried"
    assert assertions(listener.requests)
    assert [text for text in said if leaks_of(text, listener.requests)] == []
    assert leaks_of(log.read_bytes(), listener.requests) == []


def test_nothing_that_holds_them_shows_or_copies_them():
    sign_in = sign_in_of(SignInMethod.JWT_BEARER)
    instance = ServiceNowClient(ConnectionSettings("Echo", "http://127.0.0.1:1/"), sign_in)
    token = AccessToken(Secret(ACCESS), 1800.0, "useraccount", 0.0)
    for holder in (sign_in, instance, token, CertificateSignIn(ACCOUNT), vars(instance), replace(sign_in)):
        assert leaks_of("\n".join((repr(holder), f"{holder}", pprint.pformat(holder)))) == []
    for copying in (copy.deepcopy, pickle.dumps):
        for holder in (sign_in, token):
            with pytest.raises(TypeError) as caught:
                copying(holder)
            assert leaks_of(texts_of(caught.value)) == []


@pytest.fixture
def call(tmp_path, monkeypatch, capfd):
    """Call the command line in this process with a text on standard input; what it writes is kept."""
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("APPROVAL_CONSOLE_VAULT", "file")
    monkeypatch.setenv("APPROVAL_CONSOLE_PASSPHRASE", "of a test")
    monkeypatch.setattr(file_vault, "SCRYPT_N", 2**10)
    root = logging.getLogger()
    before = root.handlers[:]

    def make(*words, text=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        status = run_cli([*words, "--verbose"])
        return status, "".join(capfd.readouterr())

    yield make
    for handler in [h for h in root.handlers if h not in before]:
        root.removeHandler(handler)
        handler.close()


@pytest.fixture
def practice():
    instance = PracticeInstance(password=SECRET).start()
    instance.set_property(CLIENT_CREDENTIALS_PROPERTY, "true")
    yield instance
    instance.stop()


@pytest.mark.timeout(120)
def test_every_command_with_every_method_shows_nothing(tmp_path, call, practice):
    home = Listener(forward_to(int(practice.base_url.rstrip("/").rsplit(":", 1)[1])))
    said = {}
    try:
        for method in (*sorted(TOKEN_METHODS), SignInMethod.CERTIFICATE):
            planted = dict.fromkeys(
                ("client_secret", "private_key_passphrase", "certificate_passphrase"), SECRET
            )
            fields, secrets = fields_and_secrets(practice, method, **planted, private_key=PEM)
            if method is SignInMethod.CERTIFICATE:
                secrets[SecretName.CERTIFICATE_PASSPHRASE] = Secret(SECRET)
            options = [f"--{key.replace('_', '-')}={value}" for key, value in fields.items()]
            for name, secret in secrets.items():
                said[method, name] = call(
                    "credential", "set", method, *options, OPTIONS[name], text=f"{secret.reveal()}\n"
                )
            file = tmp_path / "one.yaml"
            file.write_text(
                f"version: 1\ncredentials:\n  - {{name: {method}, account: {ACCOUNT}, sign_in: {method}"
                + "".join(f', {k}: "{v}"' for k, v in fields.items() if k not in ("account", "sign_in"))
                + f'}}\nforeign_systems:\n  - {{name: S {method}, base_url: "{home.url}", credential: {method}}}\n',
                encoding="utf-8",
            )
            said[method, "apply"] = call("config", "apply", str(file))
            said[method, "check"] = call("check", f"S {method}", "--json")
            said[method, "items"] = call("items", f"S {method}", "--json")
        for words in (
            ("credential", "list", "--json"), ("credential", "list"), ("config", "export"), ("history", "--json"),
            ("support-bundle", str(tmp_path / "bundle.zip")),
        ):  # fmt: skip
            said[words] = call(*words)
    finally:
        home.close()
    assert {key for key, (status, _) in said.items() if status} <= {
        (SignInMethod.CERTIFICATE, "check"), (SignInMethod.CERTIFICATE, "items"),
    }, said  # fmt: skip
    assert {
        key: leaks_of(text, home.requests) for key, (_, text) in said.items() if leaks_of(text, home.requests)
    } == {}
    given = [one.value for one in practice.tokens._tokens.values()]
    assert given
    assert assertions(home.requests)
    everything = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    everything += [text.encode() for _, text in said.values()]
    assert [one for one in given if any(one.encode() in content for content in everything)] == []
    assert not any(leaks_of(content, home.requests) for content in everything)
    assert leaks_below(tmp_path) == {}
