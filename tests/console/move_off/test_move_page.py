"""The page Move off passwords as a person meets it, over a real store and the practice instance."""

import asyncio
import contextlib

import pytest
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication

from console.move_off.dialogs import ConfirmServerDialog, RemovePasswordDialog
from console.move_off.presenter import MoveStep
from console.runtime.page_targets import MOVE_OFF, Target
from console.shell.page_registry import create_page
from models.base import utcnow
from models.foreign_system import ForeignSystem
from models.kinds import Kind
from models.secret_names import SecretName
from models.sign_in import SignInMethod
from models.user_credential import UserCredential
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.practice import PracticeInstance
from services.practice.initial_data import EXECUTE_ITEM_ID
from services.practice.oauth import CLIENT_CREDENTIALS_PROPERTY, make_client
from services.requests.polling.poll_state import store_pause
from services.sign_in_switch.probe_records import probe_for_switch
from services.sign_in_switch.switch import switch_sign_in, undo_switch
from tests.console.page_support import close_connections, until
from tests.services.sign_in_switch.conftest import probed_plan

USER, PASSWORD = "privman.integration", "practice password"


@pytest.fixture
def practice():
    made = PracticeInstance(password=PASSWORD).start()
    made.set_property(CLIENT_CREDENTIALS_PROPERTY, "true")
    yield made
    made.stop()


def set_up(ctx, practice, *, production=False):
    """Store a server with its credential, a process, a type, and an OAuth credential; returns server and credential."""
    workspace = ctx.workspace
    configuration, vault = workspace.configuration, workspace.vault
    basic = configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account=USER))
    server = configuration.save(
        configuration.new(
            Kind.FOREIGN_SYSTEM,
            name="ServiceNow Server",
            base_url=practice.base_url,
            credential_id=basic.id,
            production=production,
        )
    )
    vault.put(basic.id, basic.name, USER, Secret(PASSWORD), [server.destination])
    process = configuration.new(Kind.APPROVAL_PROCESS, name="Process", server_id=server.id)
    process.request_item_id = EXECUTE_ITEM_ID
    process = configuration.save(process)
    configuration.save(configuration.new(Kind.APPROVAL_TYPE, name="Type", process_id=process.id))
    client = practice.tokens.add_client("Approval Console", make_client(USER))
    oauth = configuration.save(
        configuration.new(
            Kind.USER_CREDENTIAL,
            name="ServiceNow OAuth",
            account=USER,
            sign_in="oauth_client_credentials",
            client_id=client.client_id,
        )
    )
    vault.put(oauth.id, oauth.name, USER, Secret(client.secret), [], secret_name=SecretName.CLIENT_SECRET)
    return server, oauth


@contextlib.asynccontextmanager
async def opened(ctx, server, size=(1000, 720)):
    """Show the page of a server until it has read everything, and take it down again."""
    page = create_page(Target(MOVE_OFF, server.id), ctx)
    page.resize(*size)
    page.show()
    page.load()
    await settled(page)
    try:
        yield page
    finally:
        page.close()
        page.deleteLater()
        await asyncio.sleep(0)
        await close_connections(ctx.workspace)


async def settled(page):
    await until(
        lambda: (
            page.presenter.facts is not None
            and page.presenter.restriction is not None
            and not page.working
            and not page.tasks.busy
        )
    )


def states(page):
    return [step.state.value for step in page.presenter.steps()]


async def dialog_of(kind):
    def shown():
        return [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]

    await until(lambda: bool(shown()))
    return shown()[0]


def credential_of(ctx, server):
    return ctx.workspace.configuration.get(ForeignSystem, server.id).credential_id


def test_the_way_from_a_password_to_oauth_and_back(run, ctx, practice):
    async def story():
        server, oauth = set_up(ctx, practice, production=True)
        async with opened(ctx, server) as page:
            assert page.step is MoveStep.METHOD
            assert not page.view.switch_button.isEnabled()
            assert page.view.head.reason.accessibleName() == "Choose the method first"
            assert "may block" in page.view.restriction_text.text()
            page.choose_method(SignInMethod.CLIENT_CREDENTIALS)
            values = {row.name: row.value for row in page.view.settings.rows}
            assert values["OAuth Application User"] == USER
            page.view.settings.copy(0)
            assert QGuiApplication.clipboard().text() == page.view.settings.rows[0].value
            page.choose_credential(oauth)
            await settled(page)
            assert states(page)[:4] == ["done", "elsewhere", "done", "next"]
            page.acts.probe()
            await settled(page)
            assert page.presenter.probe.is_good, page.presenter.probe.as_text()
            assert states(page)[:4] == ["done", "done", "done", "done"]
            assert {row.shape for row in page.view.settings.rows} == {"good", "off"}
            await rehearse_both(page)
            assert states(page) == ["done", "done", "done", "done", "done", "next", "todo"]
            assert page.presenter.badge()[0] == "Ready to switch"
            assert page.view.head.reason.accessibleName() == ""
            page.view.switch_button.click()
            await accept(ConfirmServerDialog, server.name)
            await until(lambda: page.presenter.is_switched)
            assert credential_of(ctx, server) == oauth.id
            assert page.presenter.badge()[0] == "Switched"
            assert not page.view.switch_button.isEnabled()
            await undo_after_a_failed_poll(ctx, page, server)
            assert credential_of(ctx, server) != oauth.id
            assert page.presenter.badge()[0] == "Ready to switch"

    run(story())


async def rehearse_both(page):
    for button in (page.view.controls.before_button, page.view.controls.after_button):
        page._on_step(MoveStep.REHEARSE)
        assert button.isVisible()
        button.click()
        await accept(ConfirmServerDialog, "ServiceNow Server")
        await until(lambda: page.working)
        await settled(page)
    assert page.view.comparison.cells[0][0].text() == "Sign-in"
    page.follow_steps()


async def accept(kind, name):
    dialog = await dialog_of(kind)
    assert not dialog.confirm.isEnabled()
    dialog.editor.setText(name)
    dialog.confirm.click()


async def undo_after_a_failed_poll(ctx, page, server):
    with ctx.workspace.store.write() as work:
        store_pause(work.session, server.id, utcnow(), "oauth-token-refused", 1)
    page.look()
    await settled(page)
    assert page.presenter.badge()[0] == "Polling fails"
    assert page.view.body.notice.action.text() == "Undo switch"
    page.view.body.notice.action.click()
    await until(lambda: not page.presenter.is_switched)
    await settled(page)
    assert page.view.body.notice.text == ""


def test_a_probe_that_fails_is_named_and_blocks_the_switch(run, ctx, practice):
    async def story():
        practice.set_property(CLIENT_CREDENTIALS_PROPERTY, "false")
        server, oauth = set_up(ctx, practice)
        async with opened(ctx, server, size=(620, 720)) as page:
            page.choose_credential(oauth)
            await settled(page)
            page._on_step(MoveStep.PROBE)
            page.view.controls.probe_button.click()
            await settled(page)
            assert states(page)[MoveStep.PROBE] == "bad"
            assert page.presenter.badge()[0] == "Probe failed"
            assert page.view.controls.failure.isVisible()
            assert page.presenter.reason() == "The probe was not good"
            assert page.view.steps.is_narrow

    run(story())


def test_the_page_of_the_server_tells_of_polls_that_fail_since_the_switch(run, ctx, practice):
    async def story():
        server, oauth = set_up(ctx, practice)
        workspace = ctx.workspace
        switch_sign_in(workspace, probed_plan(workspace, server, oauth), confirmed=0)
        page = create_page(Target(Kind.FOREIGN_SYSTEM.value, server.id), ctx)
        page.show()
        page.load()
        await until(lambda: page.session.ready and not page.tasks.busy)
        assert page.switch_notice.text == ""
        with workspace.store.write() as work:
            store_pause(work.session, server.id, utcnow(), "oauth-token-refused", 1)
        page.switch_notice.look()
        await until(lambda: "oauth-token-refused" in page.switch_notice.text)
        page.switch_notice.action.click()
        assert ctx.visited[-1] == Target(MOVE_OFF, server.id)
        undo_switch(workspace, server.id)
        page.switch_notice.look()
        await until(lambda: page.switch_notice.text == "")
        page.close()
        page.deleteLater()
        await asyncio.sleep(0)
        await close_connections(workspace)

    run(story())


def test_why_the_undo_is_refused_stays_beside_polls_that_fail(run, ctx, practice):
    async def story():
        server, oauth = set_up(ctx, practice)
        workspace, former = ctx.workspace, server.credential_id
        switch_sign_in(workspace, probed_plan(workspace, server, oauth), confirmed=0)
        basic = workspace.configuration.get(UserCredential, former)
        basic.account = "somebody.else"
        workspace.configuration.save(basic)
        with workspace.store.write() as work:
            store_pause(work.session, server.id, utcnow(), "oauth-token-refused", 1)
        async with opened(ctx, server) as page:
            notice = page.view.body.notice
            assert notice.action.text() == "Undo switch"
            notice.action.click()
            await until(lambda: notice.problem is not None)
            page.look()
            await settled(page)
            assert notice.problem.fault is FaultId.SIGN_IN_SWITCH_REFUSED
            assert credential_of(ctx, server) == oauth.id

    run(story())


@pytest.mark.parametrize("good", [True, False])
def test_a_kept_probe_is_shown_again(run, ctx, practice, good):
    async def story():
        server, oauth = set_up(ctx, practice)
        practice.set_property(CLIENT_CREDENTIALS_PROPERTY, str(good).lower())
        await probe_for_switch(ctx.workspace, server, oauth)
        async with opened(ctx, server) as page:
            page.choose_credential(oauth)
            await settled(page)
            page._on_step(MoveStep.PROBE)
            assert states(page)[MoveStep.PROBE] == ("done" if good else "bad")
            assert page.view.controls.failure.isVisible() is not good
            if good:
                oauth.description = "changed"
                ctx.workspace.configuration.save(oauth)
                page.look()
                await until(lambda: page.presenter.probe is None)
                assert states(page)[MoveStep.PROBE] == "next"

    run(story())


def test_the_former_password_is_removed_after_a_question(run, ctx, practice):
    async def story():
        server, oauth = set_up(ctx, practice)
        workspace = ctx.workspace
        before = server.credential_id
        switch_sign_in(workspace, probed_plan(workspace, server, oauth), confirmed=0)
        async with opened(ctx, server) as page:
            assert page.presenter.is_switched
            page._on_step(MoveStep.REMOVE)
            page.view.controls.remove_button.click()
            dialog = await dialog_of(RemovePasswordDialog)
            dialog.accept()
            await until(lambda: states(page)[MoveStep.REMOVE] == "done")
            assert not workspace.vault.state(before, "ServiceNow").present

    run(story())


def test_the_certificate_of_another_account_is_not_probed(run, ctx, practice):
    async def story():
        server, _ = set_up(ctx, practice)
        configuration = ctx.workspace.configuration
        own, other = (
            configuration.save(
                configuration.new(
                    Kind.USER_CREDENTIAL, name=f"mTLS {user}", account=user, sign_in="certificate"
                )
            )
            for user in (USER, "admin")
        )
        server.credential_id = own.id
        server = configuration.save(server)
        async with opened(ctx, server) as page:
            with pytest.raises(ConsoleError) as caught:
                await page.work.probe(server, other)
        assert caught.value.problem.fault is FaultId.CERTIFICATE_OF_OTHER_CREDENTIAL
        assert not any(call.account == "admin" for call in practice.log)

    run(story())
