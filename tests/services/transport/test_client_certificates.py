"""Client certificates from files: every form, every local fault, and no private key on the disk in the clear."""

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from models.foreign_system import ForeignSystem
from models.secret_names import SecretName
from models.sign_in import SignInMethod
from models.user_credential import UserCredential
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.store import Store
from services.transport.certificate_file_error import CertificateFileError
from services.transport.client_certificates import (
    find_certificate,
    is_for_clients,
    read_client_certificate,
)
from services.vault.session_vault import SessionVault
from services.workspace import Workspace
from tests.services.servicenow.certificates import Authority, as_pkcs12

PASSPHRASE = "planted-passphrase-7"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def signed(authority):
    return authority.sign(["console"], name="console")


def forms(authority, signed):
    locked = authority.sign(["console"], name="locked", passphrase=PASSPHRASE.encode())
    turned = Path(f"{signed.path}.turned.pem")
    turned.write_bytes(Path(authority.bundle).read_bytes() + Path(signed.path).read_bytes())
    return {
        "pem": (signed.path, None),
        "pem, locked": (locked.path, PASSPHRASE),
        "pem, issuer first": (str(turned), None),
        "pkcs12": (as_pkcs12(signed, PASSPHRASE.encode(), chain=[authority.root.certificate]), PASSPHRASE),
    }


@pytest.mark.parametrize("form", ["pem", "pem, locked", "pem, issuer first", "pkcs12"])
def test_every_form_is_loaded(authority, signed, form, monkeypatch):
    path, passphrase = forms(authority, signed)[form]
    contents, loaded = [], ssl.SSLContext.load_cert_chain

    def load(context, certfile, **more):
        contents.append((str(certfile), Path(certfile).read_bytes()))
        loaded(context, certfile, **more)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", load)
    secret = Secret(passphrase) if passphrase else None
    found = read_client_certificate(path, secret)
    found.load_into(ssl.create_default_context(), secret)
    assert found.issuer == "Practice CA"
    assert "PRIVATE KEY" not in repr(found)
    [(used, content)] = contents
    # Either the file of the user itself, or one that is encrypted and gone by now.
    assert used == path or (b"BEGIN ENCRYPTED " in content and b"BEGIN PRIVATE" not in content)
    assert used == path or not Path(used).parent.exists()
    assert find_certificate(path, secret) is not None


def unusable(folder, authority, signed):
    other = ec.generate_private_key(ec.SECP256R1())
    own_key = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = signed.certificate.public_bytes(Encoding.PEM)
    files = {
        "bare.pem": public,
        "other.pem": public + own_key,
        "key.pem": own_key,
        "bare.der": signed.certificate.public_bytes(Encoding.DER),
        "noise": b"\x30\x82noise",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    locked = authority.sign(["console"], name="locked", passphrase=PASSPHRASE.encode()).path
    store = as_pkcs12(signed, PASSPHRASE.encode())
    in_pem = {
        FaultId.CERTIFICATE_EXPIRED: authority.sign(["c"], name="old", days=(-9, -1)).path,
        FaultId.CERTIFICATE_NOT_YET_VALID: authority.sign(["c"], name="new", days=(1, 9)).path,
    }
    keyless = authority.sign(["console"], name="keyless")
    return [
        (str(folder / "none"), None, FaultId.CERTIFICATE_FILE_UNREADABLE),
        (str(folder), None, FaultId.CERTIFICATE_FILE_UNREADABLE),
        (str(folder / "noise"), None, FaultId.CERTIFICATE_FILE_UNREADABLE),
        (str(folder / "key.pem"), None, FaultId.CERTIFICATE_FILE_UNREADABLE),
        (str(folder / "bare.pem"), None, FaultId.CERTIFICATE_KEY_MISSING),
        (str(folder / "bare.der"), None, FaultId.CERTIFICATE_KEY_MISSING),
        (
            as_pkcs12(keyless, PASSPHRASE.encode(), with_key=False),
            PASSPHRASE,
            FaultId.CERTIFICATE_KEY_MISSING,
        ),
        (str(folder / "other.pem"), None, FaultId.CERTIFICATE_KEY_MISMATCH),
        (locked, None, FaultId.CERTIFICATE_PASSPHRASE_MISSING),
        (locked, "another", FaultId.CERTIFICATE_PASSPHRASE_WRONG),
        (store, None, FaultId.CERTIFICATE_PASSPHRASE_MISSING),
        (store, "another", FaultId.CERTIFICATE_PASSPHRASE_WRONG),
        *((path, None, fault) for fault, path in in_pem.items()),
    ]


def test_what_cannot_be_used_is_named_before_anything_is_sent(tmp_path, authority, signed):
    for path, passphrase, fault in unusable(tmp_path, authority, signed):
        with pytest.raises(CertificateFileError) as caught:
            read_client_certificate(path, Secret(passphrase) if passphrase else None)
        assert caught.value.fault is fault, path
        assert path in caught.value.evidence
        assert "another" not in caught.value.evidence.replace(path, "")


def test_the_dates_are_judged_by_the_given_time(signed):
    later = datetime.now(UTC) + timedelta(days=31)
    with pytest.raises(CertificateFileError) as caught:
        read_client_certificate(signed.path, now=later)
    assert caught.value.fault is FaultId.CERTIFICATE_EXPIRED


def test_a_certificate_without_purposes_may_be_used_by_clients(signed):
    assert is_for_clients(signed.certificate)


@pytest.fixture
def workspace(tmp_path):
    store = Store.open(str(tmp_path / "store.db"), actor="ada")
    yield Workspace(store, SessionVault())
    store.close()


def test_no_file_is_left_in_the_temporary_folder(signed, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    secret = Secret(PASSPHRASE)
    found = read_client_certificate(as_pkcs12(signed, PASSPHRASE.encode()), secret)
    found.load_into(ssl.create_default_context(), secret)
    assert list(tmp_path.iterdir()) == []


async def test_the_passphrase_is_bound_to_host_way_and_file(workspace):
    credential = workspace.configuration.new(
        UserCredential,
        name="ServiceNow",
        account="privman.integration",
        sign_in=SignInMethod.CERTIFICATE.value,
    )
    workspace.configuration.save(credential)
    server = workspace.configuration.new(
        ForeignSystem,
        name="Instance",
        base_url="https://acme.service-now.com/",
        credential_id=credential.id,
        client_certificate="/certificates/console.p12",
    )
    workspace.configuration.save(server)
    places = workspace.destinations_for(credential.id)
    workspace.vault.put(
        credential.id,
        credential.name,
        credential.account,
        Secret(PASSPHRASE),
        places,
        secret_name=SecretName.CERTIFICATE_PASSPHRASE,
    )
    read = workspace.connection_settings_for(server).certificate_passphrase
    assert (await read()).reveal() == PASSPHRASE
    state = workspace.vault.state(
        credential.id, credential.name, secret_name=SecretName.CERTIFICATE_PASSPHRASE
    )
    assert state.covers(server.destination)
    for changed in (
        {"client_certificate": "/certificates/other.p12"},
        {"base_url": "https://other.service-now.com/"},
        {"proxy": "http://proxy.acme.com:3128"},
        {"ca_bundle": "/certificates/ca.pem"},
    ):
        other = server.model_copy(update=changed)
        read = workspace.connection_settings_for(other).certificate_passphrase
        with pytest.raises(ConsoleError) as caught:
            await read()
        assert caught.value.problem.fault is FaultId.SECRET_NOT_FOR_HOST
        assert not state.covers(other.destination)
        assert PASSPHRASE not in str(caught.value.problem)


async def test_a_certificate_signs_in_no_account_but_that_of_its_server(workspace):
    own = workspace.configuration.save(
        workspace.configuration.new(
            UserCredential, name="Own", account="privman.integration", sign_in=SignInMethod.CERTIFICATE.value
        )
    )
    server = ForeignSystem(name="Instance", base_url="https://acme.service-now.com/", credential_id=own.id)
    approver = UserCredential(name="Approver", account="app.approver", sign_in=SignInMethod.CERTIFICATE.value)
    with pytest.raises(ConsoleError) as caught:
        await workspace.instance_as(server, approver)
    assert caught.value.problem.fault is FaultId.CERTIFICATE_OF_OTHER_CREDENTIAL
