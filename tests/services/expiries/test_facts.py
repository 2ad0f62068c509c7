"""What the calendar reads: secrets by hand, certificates in files of every form, keys, and what checks saw."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from models.kinds import Kind
from models.secret_names import SecretName
from models.sign_in import SignInMethod
from services.common.secret import Secret
from services.connectivity.check_history import save_check
from services.connectivity.report import CheckReport, StageResult
from services.connectivity.seen_dates import NO_DATE, stored_date
from services.expiries.calendar import build_calendar
from services.expiries.facts import read_expiry_facts, read_stored_expiries
from services.servicenow.basic_auth_restriction import (
    ACTIVE,
    ENFORCE,
    ENFORCEMENT_DATE,
    parse_restriction,
)
from services.vault.session_vault import SessionVault
from tests.services.servicenow.certificates import Authority

PASSPHRASE = "Pl4nted-passphrase"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "ca")


@pytest.fixture
def vault():
    return SessionVault()


@pytest.fixture
def credential(configuration):
    return configuration.save(
        configuration.new(
            Kind.USER_CREDENTIAL, name="mTLS", account="a", sign_in=SignInMethod.CERTIFICATE.value
        )
    )


@pytest.fixture
def server(configuration, credential):
    def made(**changed):
        return configuration.save(
            configuration.new(
                Kind.FOREIGN_SYSTEM,
                name="Server",
                base_url="https://a.example/",
                **{"credential_id": credential.id, **changed},
            )
        )

    return made


@pytest.fixture
def entries(configuration, store, vault):
    def read():
        facts = read_expiry_facts(read_stored_expiries(configuration, store), vault)
        return [one.as_dict() for one in build_calendar(facts, datetime.now(UTC), UTC)]

    return read


def one_of(entries):
    [entry] = entries()
    return entry


def keystore(signed, passphrase, folder):
    locked = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else None
    content = pkcs12.serialize_key_and_certificates(
        b"client", signed.key, signed.certificate, None, locked or serialization.NoEncryption()
    )
    file = folder / f"{uuid.uuid4().hex}.p12"
    file.write_bytes(content)
    return str(file)


def test_a_secret_has_the_date_that_was_entered(configuration, entries):
    day = datetime.now(UTC).date() + timedelta(days=12)
    configuration.save(
        configuration.new(
            Kind.USER_CREDENTIAL,
            name="OAuth",
            account="a",
            sign_in=SignInMethod.CLIENT_CREDENTIALS.value,
            client_id="c",
            secret_expires_on=day.isoformat(),
        )
    )
    entry = one_of(entries)
    assert (entry["kind"], entry["days_left"], entry["state"]) == ("secret", 12, "notice")
    assert entry["expires_at"] == f"{day}T23:59:59Z"
    assert entry["object"]["name"] == "OAuth"


@pytest.mark.parametrize(("days", "state"), [(5, "warning"), (-3, "bad"), (200, "ok")])
def test_a_client_certificate_in_pem_form_also_an_expired_one(authority, server, entries, days, state):
    signed = authority.sign(["a.example"], days=(-10, days), passphrase=PASSPHRASE.encode())
    server(client_certificate=signed.path)
    entry = one_of(entries)
    assert (entry["kind"], entry["days_left"], entry["state"]) == ("client_certificate", days, state)
    assert entry["detail"] == "server"


def test_a_keystore_is_read_with_the_passphrase_of_the_vault(
    authority, server, entries, vault, credential, tmp_path
):
    made = server(client_certificate=keystore(authority.sign(["a.example"]), PASSPHRASE, tmp_path))
    missing = one_of(entries)
    assert (missing["state"], missing["expires_at"]) == ("unreadable", None)
    assert "needs a passphrase" in missing["detail"]

    def put(passphrase, place):
        vault.put(
            credential.id,
            credential.name,
            "a",
            Secret(passphrase),
            [place],
            secret_name=SecretName.CERTIFICATE_PASSPHRASE,
        )

    put("wrong", made.destination)
    assert "is wrong, or the file is damaged" in one_of(entries)["detail"]
    put(PASSPHRASE, made.destination)
    good = one_of(entries)
    assert (good["state"], good["days_left"]) == ("notice", 30)
    put(PASSPHRASE, type(made)(name="x", base_url="https://b.example/").destination)
    assert one_of(entries)["state"] == "unknown"


@pytest.mark.parametrize("content", [None, b"nothing of the kind", b"\x30\x82\x01\x00\x02\x01\x03damaged"])
def test_a_file_that_cannot_be_read_is_listed_with_its_reason(server, entries, tmp_path, content):
    file = tmp_path / "client.pem"
    if content is not None:
        file.write_bytes(content)
    server(client_certificate=str(file))
    entry = one_of(entries)
    assert (entry["state"], entry["days_left"]) == ("unreadable", None)
    assert entry["detail"]


def test_of_several_certificates_the_earliest_counts_and_broken_ones_are_told(
    authority, server, entries, tmp_path
):
    certificates = [
        authority.sign(["a"], name=f"CA {days}", days=(-9, days)).certificate for days in (90, 20, 40)
    ]
    blocks = [one.public_bytes(serialization.Encoding.PEM) for one in certificates]
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(b"# a comment\n" + b"".join(blocks))
    server(ca_bundle=str(bundle))
    entry = one_of(entries)
    assert (entry["kind"], entry["days_left"]) == ("ca_bundle", 20)
    assert entry["detail"] == "CA 20, the first of 3 certificates to end"
    bundle.write_bytes(blocks[0] + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    dated, broken = entries()
    assert (dated["days_left"], broken["state"]) == (90, "unreadable")
    assert broken["detail"] == "1 of 2 certificates in the file cannot be read"


def test_a_signing_key_has_a_date_only_with_its_certificate(configuration, server, entries, vault, authority):
    signed = authority.sign(["a.example"], name="jwt", days=(-1, 3))
    jwt = configuration.save(
        configuration.new(
            Kind.USER_CREDENTIAL,
            name="JWT",
            account="a",
            sign_in=SignInMethod.JWT_BEARER.value,
            client_id="c",
            key_id="k",
            subject="s",
        )
    )
    made = server(credential_id=jwt.id)
    whole = (authority.folder / signed.path).read_text()
    key = whole[whole.index("-----END CERTIFICATE") :].partition("\n")[2]
    for content, state in ((key, "undated"), (whole, "warning")):
        vault.put(
            jwt.id,
            "JWT",
            "a",
            Secret(content),
            [made.destination],
            secret_name=SecretName.PRIVATE_KEY,
        )
        entry = one_of(entries)
        assert (entry["kind"], entry["state"]) == ("signing_key", state)
        assert "PRIVATE" not in str(entry)


def test_what_checks_saw_is_listed_and_unknown_is_not_none(configuration, store, server, entries):
    basic = configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="Basic", account="a"))
    made = server(credential_id=basic.id)
    [unknown] = entries()
    assert (unknown["kind"], unknown["state"]) == ("basic_authentication", "unknown")

    def checked(**seen):
        stages = [StageResult.ok("tls", "good"), StageResult.ok("instance", "good")]
        stages = [type(one)(**{**{f: getattr(one, f) for f in one.__slots__}, **seen}) for one in stages]
        save_check(store, made, CheckReport("Server", stages, 1.0))

    ends = (datetime.now(UTC) + timedelta(days=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    checked(certificate_ends_at=ends, basic_auth_enforced_at="2026-06-30T00:00:00Z")
    states = {one["kind"]: (one["state"], one["expires_at"]) for one in entries()}
    assert states["server_certificate"] == ("warning", ends)
    assert states["basic_authentication"] == ("bad", "2026-06-30T00:00:00Z")
    checked(basic_auth_enforced_at=NO_DATE)
    states = {one["kind"]: one["state"] for one in entries()}
    assert states == {"server_certificate": "warning", "basic_authentication": "undated"}
    configuration.save(made.model_copy(update={"base_url": "https://other.example/"}))
    assert [one["state"] for one in entries()] == ["unknown"]


@pytest.mark.parametrize(
    ("values", "stored"),
    [
        ({}, ""),
        ({ENFORCE: "false"}, ""),
        ({ACTIVE: "false", ENFORCEMENT_DATE: "2026-06-30 00:00:00"}, NO_DATE),
        ({ENFORCE: "false", ENFORCEMENT_DATE: ""}, NO_DATE),
        ({ENFORCE: "true", ENFORCEMENT_DATE: ""}, ""),
        ({ENFORCEMENT_DATE: "2026-06-30 12:00:00"}, "2026-06-30T12:00:00Z"),
        ({ENFORCEMENT_DATE: "soon"}, ""),
    ],
)
def test_the_date_of_the_restriction_is_never_guessed(values, stored):
    assert stored_date(parse_restriction(values, datetime(2026, 6, 1, tzinfo=UTC))) == stored
