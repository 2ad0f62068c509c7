"""What refuses a switch or its undo before anything is written: the former credential, the address, the client certificate."""

import pytest

from models.addresses import Origin
from models.foreign_system import ForeignSystem
from models.secret_names import SecretName
from models.user_credential import UserCredential
from services.common.errors import ConsoleError
from services.common.secret import Secret
from services.sign_in_switch.switch import plan_switch, switch_sign_in, undo_switch
from services.sign_in_switch.switch_records import last_switch
from tests.services.servicenow.certificates import Authority, as_pkcs12
from tests.services.sign_in_switch.conftest import USER, probed_plan
from tests.services.transfer.conftest import PASSWORD

PASSPHRASE = "planted-passphrase-7"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Client certificates by what is the matter with them."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    signed = authority.sign(["console"], name=USER)
    return {
        "good": as_pkcs12(signed, PASSPHRASE.encode()),
        "plain": signed.path,
        "certificate-file-unreadable": str(authority.folder / "none.p12"),
        "certificate-passphrase-wrong": as_pkcs12(
            authority.sign(["console"], name="other"), b"another passphrase"
        ),
        "certificate-expired": authority.sign(["console"], name="old", days=(-9, -1)).path,
    }


@pytest.fixture
def certificate(configuration):
    return configuration.save(
        configuration.new(UserCredential, name="mTLS", account=USER, sign_in="certificate")
    )


def change(configuration, item, **values):
    stored = configuration.get(type(item), item.id)
    for name, value in values.items():
        setattr(stored, name, value)
    return configuration.save(stored)


def put_passphrase(vault, credential, server):
    vault.put(
        credential.id,
        credential.name,
        USER,
        Secret(PASSPHRASE),
        [server.destination],
        secret_name=SecretName.CERTIFICATE_PASSPHRASE,
    )


def give_certificate(configuration, vault, server, credential, path):
    """Enter a client certificate on the server; the passphrase for it is that of `credential`."""
    changed = change(configuration, server, base_url="https://acme.service-now.com/", client_certificate=path)
    put_passphrase(vault, credential, changed)
    return changed


def refuse(workspace, server, act):
    """See that `act` is refused with five parts and changes nothing; returns the fault id and the evidence."""
    before = workspace.configuration.get(ForeignSystem, server.id), last_switch(workspace.store, server.id)
    with pytest.raises(ConsoleError) as refused:
        act()
    now = workspace.configuration.get(ForeignSystem, server.id), last_switch(workspace.store, server.id)
    assert now == before
    problem = refused.value.problem
    assert all((problem.tried, problem.evidence, problem.cause, problem.owner, problem.remedy))
    return problem.fault, problem.evidence


def delete(configuration, vault, server, basic):
    configuration.delete(basic.kind, basic.id, basic.version)


def change_account(configuration, vault, server, basic):
    change(configuration, basic, account="somebody.else")


def change_method(configuration, vault, server, basic):
    change(configuration, basic, sign_in="oauth_client_credentials", client_id="x")


def move_server(configuration, vault, server, basic):
    moved = change(configuration, server, base_url="https://other.service-now.com/")
    vault.put(basic.id, basic.name, USER, Secret(PASSWORD), [moved.destination])


def remove_secret(configuration, vault, server, basic):
    vault.forget(basic.id, basic.name)


def bind_elsewhere(configuration, vault, server, basic):
    vault.put(basic.id, basic.name, USER, Secret(PASSWORD), [Origin.of("https://elsewhere.example.com/")])


def choose_another(configuration, vault, server, basic):
    other = configuration.save(configuration.new(UserCredential, name="Third", account="x"))
    change(configuration, server, credential_id=other.id)


@pytest.mark.parametrize(
    ("meanwhile", "fault", "evidence"),
    [
        (delete, "sign-in-switch-refused", "“ServiceNow” does not exist"),
        (change_account, "sign-in-switch-refused", "changed after the switch: Account Name"),
        (change_method, "sign-in-switch-refused", "changed after the switch: Authentication method"),
        (move_server, "sign-in-switch-refused", "is https://other.service-now.com/"),
        (remove_secret, "secret-missing", ""),
        (bind_elsewhere, "secret-not-for-host", ""),
        (choose_another, "sign-in-switch-refused", "another User Credential than the switch chose"),
    ],
)
def test_undo_refuses(workspace, configuration, vault, server, basic, plan, meanwhile, fault, evidence):
    switch_sign_in(workspace, plan, confirmed=0)
    meanwhile(configuration, vault, server, basic)
    found, seen = refuse(workspace, server, lambda: undo_switch(workspace, server.id))
    assert (found.value, evidence in seen) == (fault, True)


def test_undo_takes_a_credential_with_another_description(workspace, configuration, server, basic, plan):
    switch_sign_in(workspace, plan, confirmed=0)
    change(configuration, basic, description="another", secret_expires_on="2027-01-31")
    undo_switch(workspace, server.id)
    assert configuration.get(ForeignSystem, server.id).credential_id == basic.id


@pytest.mark.parametrize(
    "fault", ["certificate-file-unreadable", "certificate-passphrase-wrong", "certificate-expired"]
)
def test_the_client_certificate_is_read_before_the_switch(
    workspace, configuration, vault, server, certificate, files, fault
):
    server = give_certificate(configuration, vault, server, certificate, files[fault])
    plan = probed_plan(workspace, server, certificate)
    found, evidence = refuse(workspace, server, lambda: switch_sign_in(workspace, plan, confirmed=0))
    assert found.value == fault
    assert PASSPHRASE not in evidence


@pytest.fixture
def from_certificate(workspace, configuration, vault, server, oauth, certificate, files):
    """A server that was switched from its client certificate to OAuth."""
    server = give_certificate(configuration, vault, server, certificate, files["good"])
    server = change(configuration, server, credential_id=certificate.id)
    switch_sign_in(workspace, probed_plan(workspace, server, oauth), confirmed=0)
    return server


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("certificate-file-unreadable", "certificate-file-unreadable"),
        ("certificate-expired", "certificate-expired"),
        ("certificate-passphrase-wrong", "secret-not-for-host"),
        ("", "sign-in-switch-refused"),
    ],
)
def test_undo_reads_the_client_certificate(workspace, configuration, from_certificate, files, path, fault):
    change(configuration, from_certificate, client_certificate=files.get(path))
    found, _ = refuse(workspace, from_certificate, lambda: undo_switch(workspace, from_certificate.id))
    assert found.value == fault, "the passphrase was entered for another file"


def test_undo_to_a_client_certificate(workspace, configuration, from_certificate, certificate):
    undo_switch(workspace, from_certificate.id)
    assert configuration.get(ForeignSystem, from_certificate.id).credential_id == certificate.id


def test_a_certificate_that_would_end_every_connection_refuses_another_sign_in(
    workspace, configuration, vault, server, basic, certificate, files
):
    server = give_certificate(configuration, vault, server, certificate, files["plain"])
    vault.put(basic.id, basic.name, USER, Secret(PASSWORD), [server.destination])
    switch_sign_in(workspace, probed_plan(workspace, server, certificate), confirmed=0)
    change(configuration, server, client_certificate=files["certificate-expired"])
    found, _ = refuse(workspace, server, lambda: undo_switch(workspace, server.id))
    assert found.value == "certificate-expired"
    change(configuration, server, client_certificate=None)
    undo_switch(workspace, server.id)


def test_a_certificate_needs_tls(workspace, configuration, server, certificate, files):
    change(configuration, server, client_certificate=files["plain"])
    found, _ = refuse(workspace, server, lambda: plan_switch(workspace, server.id, certificate.id))
    assert found.value == "sign-in-switch-refused"
