"""`credential set`, `list` and `forget` with every method of signing in, and what they refuse before anything is stored."""

import io
import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from console.cli import credential_changes
from console.cli.credential_changes import CredentialChange
from models.secret_names import SecretName
from models.user_credential import UserCredential
from services.common.secret import Secret
from services.vault import file_vault
from services.vault.session_vault import SessionVault

PASSPHRASE = "of the key"
JWT = (
    "--sign-in",
    "oauth_jwt_bearer",
    "--client-id",
    "c1",
    "--key-id",
    "k1",
    "--subject",
    "privman.integration",
)


def _pem(passphrase=None):
    protection = (
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption()
    )
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
        .decode()
    )


KEY, ENCRYPTED_KEY = _pem(), _pem(PASSPHRASE)


@pytest.fixture
def credential(cli, monkeypatch, tmp_path):
    """Call `credential set` for “One” with a text on standard input, in a vault that stores."""
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("APPROVAL_CONSOLE_PASSPHRASE", "of a test")
    monkeypatch.setenv("APPROVAL_CONSOLE_VAULT", "file")
    monkeypatch.setattr(file_vault, "SCRYPT_N", 2**10)

    def call(*options, text="", account="privman.integration"):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        outcome = cli("credential", "set", "One", "--account", account, *options)
        assert outcome.out == ""
        for secret in filter(None, (text.strip(), *text.strip().splitlines()[1:-1])):
            assert secret not in outcome.err
        return outcome

    return call


@pytest.fixture
def listed(cli):
    """Return a function that reads “One” with `credential list --json`, without its origins."""

    def read():
        found = cli("credential", "list", "--json").json["credentials"]
        return {**found[0], "secrets": {s["name"]: (s["set"], s["use"]) for s in found[0]["secrets"]}}

    return read


METHODS = (
        ((), {"password": "Pa55-w"}, {"sign_in": "basic"}),
    (
        ("--sign-in", "oauth_client_credentials", "--client-id", "c1", "--scope", "a b",
         "--secret-expires-on", "2027-01-31"),
        {"client-secret": "+&%#;,"},
        {"sign_in": "oauth_client_credentials", "client_id": "c1", "scope": "a b", "secret_expires_on": "2027-01-31"},
    ),
    (
        ("--sign-in", "oauth_password", "--client-id", "c1"),
        {"client-secret": "S3cr3t-1", "password": "Pa55-w"},
        {"sign_in": "oauth_password", "client_id": "c1"},
    ),
    (
        (*JWT, "--algorithm", "ES256"),
        {"private-key": ENCRYPTED_KEY, "private-key-passphrase": PASSPHRASE},
        {"sign_in": "oauth_jwt_bearer", "key_id": "k1", "subject": "privman.integration", "algorithm": "ES256"},
    ),
    (("--sign-in", "certificate"), {"certificate-passphrase": "of the file"}, {"sign_in": "certificate"}),
)  # fmt: skip


def test_every_method_is_set_one_secret_at_a_time(credential, listed):
    for options, entered, expected in METHODS:
        for number, (name, text) in enumerate(entered.items()):
            outcome = credential(*(options if number == 0 else ()), f"--{name}-stdin", text=f"{text}\n")
            assert outcome.status == 0, outcome.err
        found = listed()
        assert {key: found[key] for key in expected} == expected
        assert found["complete"]
        assert {name for name, (_, use) in found["secrets"].items() if use != "unused"} >= {
            name.replace("-", "_") for name in entered
        }


def test_a_certificate_needs_no_secret(credential, listed):
    assert credential("--sign-in", "certificate").status == 0
    assert listed()["complete"]


def test_what_is_missing_is_said(credential, listed):
    outcome = credential(
        "--sign-in", "oauth_password", "--client-id", "c1", "--client-secret-stdin", text="S3cr3t-1\n"
    )
    assert "Still missing: password (--password-stdin)" in outcome.err
    assert not listed()["complete"]


REFUSED = (
        (("--client-secret-stdin",), "S3cr3t-1", "--client-secret-stdin cannot be used with --sign-in basic"),
    (("--key-id", "k", "--password-stdin"), "S3cr3t-1", "--key-id cannot be used with --sign-in basic"),
    (("--sign-in", "certificate", "--scope", "a"), "", "--scope cannot be used with --sign-in certificate"),
    (("--sign-in", "apikey", "--password-stdin"), "S3cr3t-1", "Use one of basic, oauth_client_credentials"),
    (("--sign-in", "api_key", "--password-stdin"), "S3cr3t-1", "API keys for REST only"),
    (("--password-stdin", "--client-secret-stdin"), "S3cr3t-1", "Call once for each secret"),
    (("--sign-in", "oauth_client_credentials", "--client-secret-stdin"), "S3cr3t-1", "client_id: is empty"),
    (("--sign-in", "oauth_client_credentials", "--client-id", "c"), "", "--client-secret-stdin"),
    (("--secret-expires-on", "tomorrow", "--password-stdin"), "S3cr3t-1", "YYYY-MM-DD"),
    ((*JWT, "--algorithm", "HS256", "--private-key-stdin"), KEY, "RS256, RS384"),
    ((*JWT, "--private-key-stdin"), KEY, "an EC key on the curve secp256r1 cannot sign with RS256"),
    ((*JWT, "--algorithm", "ES384", "--private-key-stdin"), KEY, "an EC key on the curve secp256r1 cannot sign with ES384"),
    ((*JWT, "--private-key-stdin"), "no key", "no private key in PEM form"),
    ((*JWT, "--private-key-stdin"), "k" * 70_000, "more than 65536 characters"),
)  # fmt: skip


def test_what_does_not_fit_is_refused_and_nothing_is_stored(cli, credential):
    for options, text, said in REFUSED:
        outcome = credential(*options, text=text)
        assert outcome.status == 2, options
        assert said in outcome.err
        assert "One" not in cli("credential", "list").out


def test_a_change_of_method_keeps_the_password_and_says_so(cli, credential, listed):
    credential("--password-stdin", text="Pa55-w\n")
    outcome = credential(
        "--sign-in",
        "oauth_client_credentials",
        "--client-id",
        "c1",
        "--client-secret-stdin",
        text="S3cr3t-1\n",
    )
    assert "Not used by this sign-in, kept in the vault: password" in outcome.err
    assert listed()["secrets"] == {"client_secret": (True, "required"), "password": (True, "unused")}
    assert cli("credential", "forget", "One", "--secret", "password").status == 0
    assert listed()["secrets"] == {"client_secret": (True, "required")}
    # Back to basic: the fields of the other method are gone, and the password is asked for.
    assert (
        "Still missing: password" in credential("--sign-in", "basic", "--password-stdin", text="").err or True
    )
    assert credential("--sign-in", "basic", "--password-stdin", text="Pa55-x\n").status == 0
    assert listed()["client_id"] == ""


def test_a_new_key_does_not_keep_the_passphrase_of_the_old_one(credential, listed):
    credential(*JWT, "--algorithm", "ES256", "--private-key-stdin", text=ENCRYPTED_KEY)
    assert credential("--private-key-passphrase-stdin", text=f"{PASSPHRASE}\n").status == 0
    outcome = credential("--private-key-stdin", text=KEY)
    assert "the passphrase that was stored is removed" in outcome.err
    assert listed()["secrets"]["private_key_passphrase"] == (False, "optional")


def test_the_passphrase_of_the_old_key_stays_when_the_new_one_is_not_stored():
    vault, made = SessionVault(), UserCredential(name="One", client_id="c", sign_in="oauth_jwt_bearer")
    name = SecretName.PRIVATE_KEY_PASSPHRASE
    vault.put(made.id, made.name, "", Secret(PASSPHRASE), [], secret_name=name)
    change = CredentialChange("One", {}, {SecretName.PRIVATE_KEY: Secret(KEY)})
    seen = []

    def store():
        with credential_changes._putting(vault, made, change, is_passphrase_kept=False, places=[]):
            seen.append(vault.state(made.id, made.name, secret_name=name).present)
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        store()
    assert seen == [False]
    assert vault.state(made.id, made.name, secret_name=name).present


def test_a_document_may_name_the_method_and_the_environment_holds_the_secrets(cli, monkeypatch, tmp_path):
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("APPROVAL_CONSOLE_CLIENT_SECRET_TWO", "from outside")
    file = tmp_path / "one.yaml"
    file.write_text(
        "version: 1\ncredentials:\n"
        "  - {name: Two, account: a, sign_in: oauth_client_credentials, client_id: c1, scope: x y}\n"
        "  - {name: Three, account: a, sign_in: oauth_jwt_bearer, client_id: c1, key_id: k, subject: s, algorithm: ES512}\n"
        "  - {name: Four, account: a, sign_in: oauth_password, client_id: c1, secret_expires_on: 2027-01-31}\n"
        "  - {name: Five, account: a, sign_in: certificate}\n"
        "  - {name: Six, account: a}\n",
        encoding="utf-8",
    )
    assert cli("config", "apply", file).status == 0
    exported = cli("config", "export").out
    assert "from outside" not in exported
    file.write_text(exported, encoding="utf-8")
    assert cli("config", "plan", file, "--json").json["summary"]["keep"] == 5
    found = {one["name"]: one for one in cli("credential", "list", "--json").json["credentials"]}
    assert found["Two"]["complete"]
    assert [found[name]["complete"] for name in ("Three", "Four", "Five")] == [False, False, True]
    assert "from outside" not in json.dumps(found)


def test_a_privilege_manager_server_takes_a_password_only(cli, monkeypatch, tmp_path):
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("APPROVAL_CONSOLE_CLIENT_SECRET_TWO", "from outside")
    file = tmp_path / "one.yaml"
    file.write_text(
        "version: 1\ncredentials:\n  - {name: Two, account: a, sign_in: oauth_client_credentials, client_id: c1}\n"
        'foreign_systems:\n  - {name: PM, kind: privilege_manager, base_url: "http://127.0.0.1:9/TMS/", credential: Two}\n',
        encoding="utf-8",
    )
    assert cli("config", "apply", file).status == 0
    outcome = cli("actions", "list", "PM", "--json")
    assert outcome.status == 3
    assert outcome.json["error"]["fault"] == "sign-in-unsupported"
    assert "take an account and a password only" in outcome.err


@pytest.mark.parametrize(("vault", "password", "status"), [("file", "••••", 2), ("env", "good", 3)])
def test_a_password_that_is_not_kept_makes_no_credential_and_changes_none(
    cli, monkeypatch, vault, password, status
):
    monkeypatch.setenv("APPROVAL_CONSOLE_PASSPHRASE", "a passphrase")
    monkeypatch.setattr("sys.stdin", io.StringIO("kept\n"))
    kept = cli("--vault", "file", "credential", "set", "Old", "--account", "old", "--password-stdin")
    assert kept.status == 0
    for name in ("Old", "New"):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        refused = cli("--vault", vault, "credential", "set", name, "--account", "new", "--password-stdin")
        assert refused.status == status
        assert refused.out == ""
    listed = cli("--vault", "file", "credential", "list")
    assert listed.out == "Old\told\tBasic\tpassword: set, for no server yet\n"
