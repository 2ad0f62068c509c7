"""What holds for every vault: it keeps, gives out for the right origin only, binds once, forgets, and takes no mask."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.addresses import Destination, Origin
from models.secret_names import SECRET_FORMS, SecretName
from services.common.errors import Owner
from services.common.secret import Secret
from services.vault import SecretMissingError, SecretNotForHostError, VaultError, VaultKind, open_vault
from services.vault.base import InvalidPasswordError
from services.vault.entry_format import parse_entry, serialize_entry
from services.vault.environment_vault import EnvVault, secret_variable
from services.vault.keyring_vault import SystemVault
from tests.limits import WAIT_S
from tests.services.vault.conftest import HOME, NAME, OTHER, make_vault

PASSWORDS = [
    "x",
    " leading and trailing ",
    "p&<>\"'é%+/ \\ =",
    "ünïcödé 日本語 🔑",
    "tab\tinside",
    "x" * 512,
    "null",
    '{"a":1}',
]


def five_parts(error):
    problem = error.problem
    return all((problem.tried, problem.evidence, problem.cause, problem.owner, problem.remedy, problem.fault))


@pytest.mark.parametrize("password", PASSWORDS)
def test_what_was_kept_is_given_out_as_it_was(vault, credential, password):
    vault.put(credential, NAME, "account", Secret(password), [HOME])
    assert vault.get(credential, NAME, HOME).reveal() == password


def test_a_missing_password_is_said_with_what_to_do(vault, credential):
    with pytest.raises(SecretMissingError) as caught:
        vault.get(credential, NAME, HOME)
    assert five_parts(caught.value)
    assert caught.value.problem.fault == "secret-missing"
    assert NAME in caught.value.problem.remedy
    assert vault.state(credential, NAME).present is False


MARK = "PRIVATE KEY-----"
PRIVATE_KEY = f"-----BEGIN {MARK}\n{'MIIEvQ+/' * 210}\n-----END {MARK}\n"


def test_the_secrets_of_a_credential_are_stored_bound_and_removed_one_by_one(vault, credential):
    values = dict.fromkeys(SecretName, "one line") | {SecretName.PRIVATE_KEY: PRIVATE_KEY}
    for name, value in values.items():
        vault.put(credential, NAME, "account", Secret(f"{value}{name}"), [], secret_name=name)
    vault.bind(credential, NAME, HOME, secret_name=SecretName.PRIVATE_KEY)
    for name, value in values.items():
        if name is not SecretName.PRIVATE_KEY:
            with pytest.raises(SecretNotForHostError) as caught:
                vault.get(credential, NAME, HOME, secret_name=name)
            assert SECRET_FORMS[name].label in caught.value.problem.tried
            vault.bind(credential, NAME, HOME, secret_name=name)
        assert vault.get(credential, NAME, HOME, secret_name=name).reveal() == f"{value}{name}"
    assert vault.forget(credential, NAME, secret_name=SecretName.CLIENT_SECRET)
    with pytest.raises(SecretMissingError) as missing:
        vault.get(credential, NAME, HOME, secret_name=SecretName.CLIENT_SECRET)
    assert "client secret" in missing.value.problem.remedy
    assert vault.state(credential, NAME).present
    assert vault.forget(credential, NAME)
    assert not any(vault.state(credential, NAME, secret_name=name).present for name in SecretName)


def test_only_a_key_may_have_lines(vault, credential):
    for name in SecretName:
        if not SECRET_FORMS[name].has_lines:
            with pytest.raises(InvalidPasswordError):
                vault.put(credential, NAME, "account", Secret("one\ntwo"), [HOME], secret_name=name)


def test_the_environment_has_a_variable_for_each_secret(tmp_path, credential):
    environ = {secret_variable(NAME, name): f"{name} here" for name in SecretName}
    assert "APPROVAL_CONSOLE_PRIVATE_KEY_PASSPHRASE_SERVICENOW" in environ
    vault = EnvVault(environ, tmp_path / "bindings.json")
    for name in SecretName:
        vault.bind(credential, NAME, HOME, secret_name=name)
        assert vault.get(credential, NAME, HOME, secret_name=name).reveal() == f"{name} here"
    with pytest.raises(SecretNotForHostError) as caught:
        vault.get(credential, NAME, OTHER, secret_name=SecretName.CLIENT_SECRET)
    assert "APPROVAL_CONSOLE_CLIENT_SECRET_SERVICENOW_FOR=" in caught.value.problem.remedy


def test_passwords_of_two_credentials_do_not_mix(vault, credential):
    second = uuid.uuid4()
    vault.put(credential, NAME, "account", Secret("one"), [HOME])
    vault.put(second, NAME, "account", Secret("two"), [OTHER])
    assert vault.get(credential, NAME, HOME).reveal() == "one"
    assert vault.get(second, NAME, OTHER).reveal() == "two"
    with pytest.raises(SecretNotForHostError):
        vault.get(second, NAME, HOME)


@pytest.mark.parametrize(
    "address",
    [
        "https://acmedev.service-now.com/",
        "https://acme.service-now.com:8443/",
        "http://acme.service-now.com:443/",
        "https://acme.service-now.com.evil.example/",
        "https://acme.service-now.co/",
        "https://xacme.service-now.com/",
        "https://acme.service-now.com./",
        "https://acme.service-now.com@evil.example/",
        "https://127.0.0.1/",
    ],
)
def test_another_scheme_host_or_port_does_not_get_it(vault, credential, address):
    vault.put(credential, NAME, "account", Secret("one"), [HOME])
    with pytest.raises(SecretNotForHostError) as caught:
        vault.get(credential, NAME, Origin.of(address))
    problem = caught.value.problem
    assert five_parts(caught.value)
    assert problem.fault == "secret-not-for-host"
    assert problem.owner is Owner.CONSOLE
    assert str(HOME) in problem.evidence
    assert str(Origin.of(address)) in problem.tried
    assert "one" not in problem.evidence.split()


@pytest.mark.parametrize(
    "address",
    [
        "https://ACME.Service-Now.COM",
        "https://acme.service-now.com:443/a/b?c#d",
        "HTTPS://acme.service-now.com:0443/",
    ],
)
def test_the_same_origin_in_another_spelling_gets_it(vault, credential, address):
    vault.put(credential, NAME, "account", Secret("one"), [HOME])
    assert vault.get(credential, NAME, Origin.of(address)).reveal() == "one"


def test_an_unbound_password_goes_nowhere_until_it_is_bound(vault, credential):
    vault.put(credential, NAME, "account", Secret("one"), [])
    with pytest.raises(SecretNotForHostError):
        vault.get(credential, NAME, HOME)
    vault.bind(credential, NAME, HOME)
    assert vault.get(credential, NAME, HOME).reveal() == "one"
    vault.bind(credential, NAME, HOME)
    assert vault.state(credential, NAME).origins == [HOME]


def test_a_bound_password_is_not_bound_again_elsewhere(vault, credential):
    vault.put(credential, NAME, "account", Secret("one"), [HOME])
    with pytest.raises(SecretNotForHostError):
        vault.bind(credential, NAME, OTHER)
    assert vault.state(credential, NAME).origins == [HOME]
    with pytest.raises(SecretNotForHostError):
        vault.get(credential, NAME, OTHER)


BY_PROXY = Destination.by(HOME, proxy="http://proxy.acme.com:3128")
ELSEHOW = [
    BY_PROXY,
    Destination.by(HOME, ca_bundle="/etc/acme/ca.pem"),
    Destination.by(HOME, proxy="http://proxy.acme.com:3128", ca_bundle="/etc/acme/ca.pem"),
    Destination.by(HOME, proxy="http://proxy.acme.com:3129"),
]


@pytest.mark.parametrize("way", ELSEHOW, ids=str)
def test_a_password_goes_no_other_way_than_it_was_entered_for(vault, credential, way):
    vault.put(credential, NAME, "account", Secret("one"), [HOME])
    with pytest.raises(SecretNotForHostError) as caught:
        vault.get(credential, NAME, way)
    assert "proxy or CA bundle" in caught.value.problem.evidence
    assert "proxy and" in caught.value.problem.cause
    with pytest.raises(SecretNotForHostError):
        vault.bind(credential, NAME, way)
    assert vault.get(credential, NAME, HOME).reveal() == "one"


def test_a_password_that_was_entered_for_a_proxy_does_not_go_directly(vault, credential):
    vault.put(credential, NAME, "account", Secret("one"), [BY_PROXY])
    assert vault.get(credential, NAME, BY_PROXY).reveal() == "one"
    for way in (HOME, *ELSEHOW[1:]):
        with pytest.raises(SecretNotForHostError):
            vault.get(credential, NAME, way)
    assert vault.state(credential, NAME).origins == [HOME]
    assert vault.state(credential, NAME).destinations == [BY_PROXY]


def test_another_way_to_the_same_host_can_be_confirmed_and_another_host_cannot(vault, credential):
    vault.put(credential, NAME, "account", Secret("one"), [HOME])
    vault.bind(credential, NAME, BY_PROXY, confirm_new_route=True)
    assert vault.get(credential, NAME, BY_PROXY).reveal() == "one"
    with pytest.raises(SecretNotForHostError):
        vault.bind(credential, NAME, OTHER, confirm_new_route=True)
    vault.unbind(credential, NAME, BY_PROXY)
    with pytest.raises(SecretNotForHostError):
        vault.get(credential, NAME, BY_PROXY)


def test_binding_nothing_is_refused(vault, credential):
    with pytest.raises(SecretMissingError):
        vault.bind(credential, NAME, HOME)


def test_entering_it_anew_replaces_password_and_origins(vault, credential):
    vault.put(credential, NAME, "account", Secret("one"), [HOME])
    vault.put(credential, NAME, "account", Secret("two"), [OTHER, OTHER])
    assert vault.get(credential, NAME, OTHER).reveal() == "two"
    assert vault.state(credential, NAME).origins == [OTHER]
    with pytest.raises(SecretNotForHostError):
        vault.get(credential, NAME, HOME)


def test_forgetting_says_whether_there_was_one(vault, credential):
    assert vault.forget(credential, NAME) is False
    vault.put(credential, NAME, "account", Secret("one"), [HOME])
    assert vault.forget(credential, NAME) is True
    assert vault.forget(credential, NAME) is False
    with pytest.raises(SecretMissingError):
        vault.get(credential, NAME, HOME)


def test_changing_a_state_that_was_given_out_changes_nothing_kept(vault, credential):
    origins = [HOME]
    vault.put(credential, NAME, "account", Secret("one"), origins)
    origins.append(OTHER)
    vault.state(credential, NAME).origins.append(OTHER)
    assert vault.state(credential, NAME).origins == [HOME]


@pytest.mark.parametrize(
    "mask", ["", " ", "********", "••••••••", "● ● ●", "Secret(…)", "(removed)", str(Secret("a"))]
)
def test_what_stands_in_place_of_a_password_is_never_kept(vault, credential, mask):
    vault.put(credential, NAME, "account", Secret("the real one"), [HOME])
    with pytest.raises(VaultError) as caught:
        vault.put(credential, NAME, "account", Secret(mask), [HOME])
    assert caught.value.problem.fault == "password-masked"
    assert five_parts(caught.value)
    assert vault.get(credential, NAME, HOME).reveal() == "the real one"


@pytest.mark.parametrize("broken", ["\udce9", "a\0b", "a\r\nb"])
def test_what_no_sign_in_can_carry_is_refused_with_words(vault, credential, broken):
    with pytest.raises(VaultError) as caught:
        vault.put(credential, NAME, "account", Secret(broken), [HOME])
    assert five_parts(caught.value)
    assert vault.state(credential, NAME).present is False


def test_a_mask_in_the_environment_is_never_sent(tmp_path, credential):
    environ = {
        "APPROVAL_CONSOLE_SECRET_SERVICENOW": "********",
        "APPROVAL_CONSOLE_SECRET_SERVICENOW_FOR": str(HOME),
    }
    vault = open_vault(VaultKind.ENV, folder=tmp_path, environ=environ)
    with pytest.raises(VaultError) as caught:
        vault.get(credential, NAME, HOME)
    assert caught.value.problem.tried == f"Use the password of “{NAME}”"


@pytest.mark.parametrize("kind", list(VaultKind))
def test_every_kind_is_opened_and_probed(kind, tmp_path, ring):
    vault = open_vault(kind, folder=tmp_path, passphrase=Secret("correct horse"), environ={})
    state = vault.probe()
    assert (vault.kind, state.usable, state.reason) == (kind, True, "")
    assert state.label


@pytest.mark.parametrize("kind", [VaultKind.SYSTEM, VaultKind.FILE])
def test_another_program_finds_what_was_kept(kind, tmp_path, ring, credential):
    make_vault(kind, tmp_path).put(credential, NAME, "account", Secret("one"), [HOME])
    assert make_vault(kind, tmp_path).get(credential, NAME, HOME).reveal() == "one"


@given(
    password=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=100),
    account=st.text(max_size=20),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25)
def test_any_password_survives_the_way_in_and_out(vault, password, account):
    credential = uuid.uuid4()
    try:
        vault.put(credential, NAME, account, Secret(password), [HOME])
    except VaultError as error:
        assert error.problem.fault == "password-masked"  # noqa: PT017 -- most passwords are taken
    else:
        assert vault.get(credential, NAME, HOME).reveal() == password


# -- telling one password from the next -----------------------------------------------------------------------


def test_each_password_that_is_entered_has_a_mark_of_its_own(vault, credential):
    vault.put(credential, NAME, "account", Secret("one"), [HOME])
    first = vault.state(credential, NAME).version_token
    assert first
    assert vault.state(credential, NAME).version_token == first
    vault.put(credential, NAME, "account", Secret("one"), [HOME])
    # Entered again is another one, also where it is the same: nothing is derived from it.
    assert vault.state(credential, NAME).version_token not in ("", first)


def test_binding_a_password_leaves_it_the_same(vault, credential):
    vault.put(credential, NAME, "account", Secret("one"), [])
    mark = vault.state(credential, NAME).version_token
    vault.bind(credential, NAME, HOME)
    assert vault.state(credential, NAME).version_token == mark
    vault.unbind(credential, NAME, HOME)
    assert vault.state(credential, NAME).version_token == mark


def test_an_entry_from_before_there_were_marks_is_read_without_one():
    entry = parse_entry('{"a":"account","s":"one","o":["https://acme.service-now.com"]}')
    assert (entry.secret.reveal(), entry.version_token) == ("one", "")
    entry.version_token = "0123456789abcdef"
    assert parse_entry(serialize_entry(entry)).version_token == entry.version_token


def test_a_password_of_the_environment_has_a_mark_while_it_stays_what_was_bound(tmp_path, credential):
    variable, bindings = secret_variable(NAME), tmp_path / "bindings.json"
    vault = EnvVault({variable: "one"}, bindings)
    assert vault.state(credential, NAME).version_token == ""
    vault.bind(credential, NAME, HOME)
    mark = vault.state(credential, NAME).version_token
    assert mark
    assert EnvVault({variable: "one"}, bindings).state(credential, NAME).version_token == mark
    assert EnvVault({variable: "two"}, bindings).state(credential, NAME).version_token == ""
    # What is told of a password is not what its fingerprint in the file is made with.
    assert mark not in bindings.read_text()


def test_whoever_waits_for_a_keyring_is_let_go_when_the_vault_is_closed(hanging, credential):
    vault = SystemVault()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(vault.get, credential, NAME, HOME)
        assert hanging.asked.wait(WAIT_S)
        vault.close()
        with pytest.raises(VaultError) as caught:
            waiting.result(WAIT_S)
    assert caught.value.problem.evidence == "the keyring did not answer"
    assert not hanging.hangs.is_set()


def test_a_secret_that_is_lent_stays_for_no_server(vault, credential, monkeypatch):
    """Two programs may use it at once, and one may end in between: nothing is written for it."""
    vault.put(credential, NAME, "a", Secret("hunter2!"), [])
    monkeypatch.setattr(vault, "_store", lambda *_: pytest.fail("written"))
    assert vault.get(credential, NAME, HOME, lend=True).reveal() == "hunter2!"
    assert not vault.state(credential, NAME).destinations
    with pytest.raises(SecretNotForHostError):
        vault.get(credential, NAME, HOME)


def test_a_secret_that_is_for_another_server_is_not_lent(vault, credential):
    vault.put(credential, NAME, "a", Secret("hunter2!"), [OTHER])
    with pytest.raises(SecretNotForHostError):
        vault.get(credential, NAME, HOME, lend=True)


def test_the_environment_lends_a_secret_where_no_file_can_be_written(tmp_path, credential):
    made = make_vault(VaultKind.ENV, tmp_path / "nowhere")
    assert made.get(credential, NAME, HOME, lend=True).reveal() == "hunter2!"
