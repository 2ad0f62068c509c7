"""The wizard and runs in ServiceNow with a stored User Credential of any method, on the real widgets over real sockets."""

import pytest
from PyQt6.QtTest import QTest

from console.setup.wizard_presenter import Step
from models.kinds import Kind
from models.secret_names import SecretName
from models.sign_in import SignInMethod
from services.common.secret import Secret
from services.credential_secrets import read_credential_secrets
from services.practice import PracticeInstance
from services.practice.mutual_tls import LoadBalancer
from tests.console.page_support import until
from tests.console.provisioning.provisioning_support import PASSWORD, asked, click, opened, server_on, settled
from tests.journeys.test_wizard import Hand, hand, home, opened_wizard
from tests.services.servicenow.certificates import Authority, as_pkcs12
from tests.sign_in_methods import (
    ADMIN,
    INTEGRATION,
    PASSPHRASE,
    accounts_of,
    add_credential,
    token_calls,
)

__all__ = ["Hand", "hand", "home", "server_on"]


@pytest.fixture
def lacking_practice():
    """A stock instance that lacks one variable."""
    instance = PracticeInstance(password=PASSWORD).start()
    [gone] = instance._database.rows("item_option_new", name="PMUserReason")
    instance._database.delete("item_option_new", gone["sys_id"])
    yield instance
    instance.stop()


async def choose(choice, credential):
    """Choose a stored User Credential with the link and the list under the picker."""
    choice.link.click()
    choice.picker.button.click()
    await until(lambda: str(credential.id) in [row.key for row in choice.picker.popup.rows])
    choice.picker.popup.choose_key(str(credential.id))


async def created(hand, wizard):
    """Go from the filled form to the checked objects."""
    hand.click(wizard.primary)
    await until(lambda: wizard.step == Step.FOUND or wizard.failure.problem is not None)
    assert wizard.failure.problem is None, wizard.failure.problem.as_text()
    hand.click(wizard.primary)
    await until(lambda: wizard.report is not None or wizard.failure.problem is not None)
    assert wizard.report.verdict != "failed", wizard.report.as_dict()


def test_a_stored_credential_sets_everything_up(run, hand, home, practice, configuration, vault):
    stored = add_credential(configuration, vault, practice, SignInMethod.CLIENT_CREDENTIALS)

    async def story():
        wizard = opened_wizard(hand, home)
        hand.type(wizard, practice.base_url)
        wizard.sign_in.choice.link.click()
        assert wizard.focusWidget() is wizard.sign_in.choice.picker.button
        assert wizard.reason.text() == "Choose a User Credential"
        wizard.sign_in.choice.link.click()
        assert wizard.reason.text() == "Fill in Account Name, Password"
        await choose(wizard.sign_in.choice, stored)
        assert "OAuth Application User" in wizard.sign_in.choice.field.text
        wizard.sign_in.address.setText(f"{practice.base_url} ada s3cret")
        assert not wizard.sign_in.choice.uses_credential, "an account that is pasted is used"
        wizard.sign_in.forget_password()
        wizard.sign_in.choice.link.click()
        assert wizard.sign_in.values().credential.id == stored.id
        await created(hand, wizard)
        wizard.reject()

    run(story())
    [credential] = configuration.all(Kind.USER_CREDENTIAL)
    [server] = configuration.all(Kind.FOREIGN_SYSTEM)
    assert server.credential_id == credential.id == stored.id
    assert read_credential_secrets(vault, credential, only_used=True).covers(server.destination)
    assert accounts_of(practice) - {""} == {INTEGRATION}


def test_a_secret_for_another_address_sets_nothing_up(run, hand, home, practice, configuration, vault):
    elsewhere = configuration.new(Kind.FOREIGN_SYSTEM, base_url="https://acme.service-now.com/").destination
    stored = add_credential(configuration, vault, practice, SignInMethod.BASIC, [elsewhere])

    async def story():
        wizard = opened_wizard(hand, home)
        hand.type(wizard, practice.base_url)
        await choose(wizard.sign_in.choice, stored)
        hand.click(wizard.primary)
        await until(lambda: wizard.failure.problem is not None)
        assert wizard.failure.problem.fault == "secret-not-for-host"
        wizard.reject()

    run(story())
    assert practice.log == []
    assert configuration.all(Kind.FOREIGN_SYSTEM) == []


def test_a_client_certificate_sets_everything_up(
    run, hand, home, configuration, vault, tmp_path, monkeypatch
):
    authority = Authority(tmp_path)
    signed = authority.sign(["console"], name=INTEGRATION)
    balancer = LoadBalancer(authority.sign(["localhost"]).path, [authority.root.certificate])
    practice = PracticeInstance(balancer=balancer).start()
    practice.map_certificate(signed.certificate, INTEGRATION)
    # The guide has no field for a private authority: every program of this machine trusts it.
    monkeypatch.setenv("SSL_CERT_FILE", authority.bundle)
    stored = add_credential(configuration, vault, practice, SignInMethod.CERTIFICATE)
    vault.put(
        stored.id,
        stored.name,
        stored.account,
        Secret(PASSPHRASE),
        [],
        secret_name=SecretName.CERTIFICATE_PASSPHRASE,
    )

    async def story():
        wizard = opened_wizard(hand, home)
        hand.type(wizard, practice.base_url)
        await choose(wizard.sign_in.choice, stored)
        assert wizard.reason.text() == "Fill in Client certificate"
        QTest.keyClicks(wizard.sign_in.certificate.line, as_pkcs12(signed, PASSPHRASE.encode()))
        await created(hand, wizard)
        wizard.reject()

    try:
        run(story())
    finally:
        practice.stop()
    [server] = configuration.all(Kind.FOREIGN_SYSTEM)
    assert server.credential_id == stored.id
    assert accounts_of(practice) - {""} == {INTEGRATION}


def test_an_administrator_with_a_stored_credential_creates_what_is_missing(
    run, hand, home, lacking_practice, configuration, vault
):
    practice = lacking_practice
    stored = add_credential(configuration, vault, practice, SignInMethod.JWT_BEARER)
    admin = add_credential(
        configuration, vault, practice, SignInMethod.CLIENT_CREDENTIALS, account=ADMIN, name="Admin"
    )

    async def story():
        wizard = opened_wizard(hand, home)
        hand.type(wizard, practice.base_url)
        await choose(wizard.sign_in.choice, stored)
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.FOUND or wizard.failure.problem is not None)
        await choose(wizard.missing.sign_in.choice, admin)
        hand.click(wizard.primary)
        await until(lambda: wizard.primary.text() == "Create and check" or wizard.failure.problem)
        assert wizard.failure.problem is None, wizard.failure.problem.as_text()
        hand.click(wizard.primary)
        await until(lambda: wizard.report is not None)
        wizard.reject()

    run(story())
    [made] = practice.records("item_option_new", name="PMUserReason")
    assert made["sys_created_by"] == ADMIN
    assert read_credential_secrets(vault, admin).destinations == [], "they were lent for the run"
    assert len(configuration.all(Kind.USER_CREDENTIAL)) == 2


def test_a_run_of_the_page_is_signed_in_by_a_stored_credential(
    run, ctx, lacking_practice, server_on, configuration, vault
):
    admin = add_credential(
        configuration, vault, lacking_practice, SignInMethod.CLIENT_CREDENTIALS, account=ADMIN, name="Admin"
    )

    async def story():
        async with opened(ctx, server_on(lacking_practice, INTEGRATION)) as page:
            click(page.apply_button)
            dialog = await asked(page)
            await choose(dialog.sign_in.choice, admin)
            assert not dialog.sign_in.keep.isVisible()
            click(dialog.go)
            await until(lambda: page.presenter.result)
            await settled(page)
            assert page.plan_tab.run.problem is None, page.plan_tab.run.problem

    run(story())
    [made] = lacking_practice.records("item_option_new", name="PMUserReason")
    assert made["sys_created_by"] == ADMIN
    assert len(token_calls(lacking_practice)) == 1
    assert read_credential_secrets(vault, admin).destinations == []
