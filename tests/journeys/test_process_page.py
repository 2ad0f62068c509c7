"""The page of a process against the practice instance: proposals, live checks, the item picker, and a rehearsal."""

import asyncio
import contextlib

import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from console.forms import object_actions
from console.rehearsal.rehearsal_dialog import RehearsalDialog
from console.runtime.page_targets import Target
from console.shell.page_registry import create_page
from console.widgets.labels import LinkLabel
from models.addresses import Origin
from models.approval_process import CANCEL_SERVICE, CREATE_SERVICE, STATUS_SERVICE
from models.kinds import Kind, RequestState
from models.sign_in import SignInMethod
from services.common.secret import Secret
from services.requests.inbox.filters import Filter, Sort
from services.requests.inbox.inbox import Inbox
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.servicenow.encoded_query import SignedInUserQuery, equals
from tests.console.page_support import close_connections, until
from tests.sign_in_methods import add_credential


@pytest.fixture
def server(practice, configuration, vault):
    """A server that signs in to the practice instance."""
    account = practice.accounts["privman.integration"]
    credential = configuration.save(
        configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account=account.user)
    )
    origin = Origin.of(practice.base_url)
    vault.put(credential.id, credential.name, account.user, Secret(account.password), [origin])
    return configuration.save(
        configuration.new(
            Kind.FOREIGN_SYSTEM, name="Practice", base_url=practice.base_url, credential_id=credential.id
        )
    )


@contextlib.asynccontextmanager
async def opened(ctx, target):
    page = create_page(target, ctx)
    page.resize(1100, 800)
    page.show()
    page.load()
    await until(lambda: page.session.ready)
    try:
        yield page
    finally:
        page.close()
        page.deleteLater()
        await asyncio.sleep(0)
        await close_connections(ctx.workspace)


def field(page, name):
    return page.form.field(name)


def type_into(page, name, text):
    line = field(page, name).editor.focus_target
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)


async def checked(page):
    await until(
        lambda: all(field(page, n).note[0] == "good" for n in ("create_service", "status_service")), 15
    )


def test_a_new_process_is_filled_in_from_its_server(run, ctx, server, configuration):
    async def story():
        target = await object_actions.new_object(
            ctx, Kind.APPROVAL_PROCESS, create_service="Wrong", status_service="Wrong"
        )
        async with opened(ctx, target) as page:
            assert page.form.values()["create_service"] == "Wrong"
            page.server.open()
            await until(lambda: page.server.popup.state == "ready")
            page.server.popup.choose_key(str(server.id))
            await checked(page)
            assert page.form.values()["create_service"] == CREATE_SERVICE
            assert "11 inputs, returns PMRequestId" in field(page, "create_service").note[1]
            assert "answered in" in field(page, "server_id").note[1]
            page.item.open()
            await until(lambda: page.item.popup.state in ("ready", "cut"))
            first = page.item.popup.rows[0]
            assert first.badge == "Required variables present"
            page.item.popup.choose_key(first.key)
            assert (
                field(page, "request_item_id")
                .note[1]
                .startswith("Required variables present: 11 of 11 variables")
            )
            page.save()
            await until(lambda: not page.session.is_new)

    run(story())
    [stored] = configuration.all(Kind.APPROVAL_PROCESS)
    assert stored.server_id == server.id
    assert stored.request_item_name == "Execute Application Request"


def test_a_wrong_name_blocks_saving_and_its_correction_is_taken_with_enter(run, ctx, server, configuration):
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))

    async def story():
        async with opened(ctx, Target("approval_process", process.id)) as page:
            await checked(page)
            type_into(page, "status_service", "GetExecuteAppApprovalStatus")
            await until(lambda: field(page, "status_service").error)
            assert field(page, "status_service").error == "Not on Practice. Did you mean"
            assert page.head.reason() == "Fix 1 error to save"
            [link] = [w for w in field(page, "status_service").frame.findChildren(LinkLabel) if w.text()]
            link.setFocus()
            QTest.keyClick(link, Qt.Key.Key_Return)
            assert page.form.values()["status_service"] == STATUS_SERVICE
            await until(lambda: not field(page, "status_service").error)
            assert page.head.reason() == "Nothing to save"

    run(story())


def test_what_is_typed_while_the_server_is_asked_is_kept(run, ctx, server, configuration):
    async def story():
        target = await object_actions.new_object(ctx, Kind.APPROVAL_PROCESS, create_service="Wrong")
        async with opened(ctx, target) as page:
            ask = page.checks.propose_names

            async def slow(server_id):
                found = await ask(server_id)
                type_into(page, "description", "Typed meanwhile")
                return found

            page.checks.propose_names = slow
            page.server.choose(server)
            await until(lambda: page.form.values()["create_service"] == CREATE_SERVICE)
            assert page.form.values()["description"] == "Typed meanwhile"
            assert page.session.values["description"] == "Typed meanwhile"
            await checked(page)

    run(story())


async def deactivate(practice, name):
    """Switch a service off on the instance, as its administrator does."""
    admin = practice.accounts["admin"]
    settings = ConnectionSettings("Practice", practice.base_url)
    async with ServiceNowClient(settings, SignIn(admin.user, Secret(admin.password))) as instance:
        table = instance.table("sys_web_service")
        row = await table.first(equals(name=name), ("name",))
        await table.update(row["sys_id"], {"active": "false"})


def test_an_inactive_service_is_named(run, ctx, practice, server, configuration):
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))

    async def story():
        await deactivate(practice, CREATE_SERVICE)
        async with opened(ctx, Target("approval_process", process.id)) as page:
            await until(lambda: field(page, "create_service").error)
            assert field(page, "create_service").error == "Found on Practice, but not active"
            await until(lambda: field(page, "status_service").note[0] == "good")
            assert page.head.reason() == "Nothing to save"

    run(story())


def test_a_list_of_services_that_comes_empty_says_nothing_about_a_name(
    run, ctx, practice, server, configuration
):
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))
    practice.faults.set("query_acl", table="sys_web_service")

    async def story():
        async with opened(ctx, Target("approval_process", process.id)) as page:
            await until(lambda: "Not seen on Practice" in field(page, "create_service").note[1])
            assert "unknown" in field(page, "create_service").note[1]
            assert not field(page, "create_service").error

    run(story())


def test_a_service_that_describes_itself_wrongly_is_not_called_good(
    run, ctx, practice, server, configuration
):
    practice.faults.set("service_silent", service=CREATE_SERVICE)
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))

    async def story():
        async with opened(ctx, Target("approval_process", process.id)) as page:
            await until(lambda: field(page, "status_service").note[0] == "good")
            assert field(page, "create_service").note[0] == "help"
            assert field(page, "create_service").note[1].startswith("Found, active. ")

    run(story())


def test_an_instance_that_hibernates_is_said_and_blocks_nothing(run, ctx, practice, server, configuration):
    practice.faults.set("hibernating")
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))

    async def story():
        async with opened(ctx, Target("approval_process", process.id)) as page:
            await until(lambda: "Not reached" in field(page, "server_id").note[1])
            type_into(page, "description", "Saved nevertheless")
            assert "save" in page.enabled()

    run(story())


def test_the_item_search_can_be_cancelled_and_narrowed(run, ctx, practice, server, configuration):
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))

    async def story():
        async with opened(ctx, Target("approval_process", process.id)) as page:
            await checked(page)
            page.item.open()
            QTest.keyClick(page.item.popup.search, Qt.Key.Key_Escape)
            before = len(practice.log)
            page.item.open()
            QTest.keyClicks(page.item.popup.search, "no such item at all")
            await until(lambda: page.item.popup.state == "empty")
            assert "no such item at all" in page.item.popup.state_text
            assert len(practice.log) > before
            QTest.keyClick(page.item.popup.search, Qt.Key.Key_Escape)

    run(story())


def test_enter_never_chooses_an_item_found_for_other_words(run, ctx, server, configuration):
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))

    async def story():
        async with opened(ctx, Target("approval_process", process.id)) as page:
            await checked(page)
            page.item.open()
            popup = page.item.popup
            await until(lambda: popup.rows and popup.state != "loading")
            other = next(row.text for row in popup.rows[1:])
            QTest.keyClicks(popup.search, other)
            QTest.keyClick(popup.search, Qt.Key.Key_Return)  # before the answer
            assert popup.isVisible()
            assert page.form.values()["request_item_name"] == ""
            await until(lambda: popup.state == "ready")
            QTest.keyClick(popup.search, Qt.Key.Key_Return)
            assert page.form.values()["request_item_name"] == other

    run(story())


def test_a_request_is_rehearsed_from_the_page_and_approved(run, ctx, server, configuration):
    process = configuration.save(
        configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id, check_every_s=10)
    )
    configuration.save(configuration.new(Kind.APPROVAL_TYPE, process_id=process.id))

    async def story():
        async with opened(ctx, Target("approval_process", process.id)) as page:
            await checked(page)
            page.run("rehearse")
            found = []

            def dialog():
                found[:] = [w for w in QApplication.topLevelWidgets() if isinstance(w, RehearsalDialog)]
                return found

            await until(dialog)
            rehearsal = found[0]
            size = (rehearsal.width(), rehearsal.height())
            rehearsal.choose("approve")
            QTest.mouseClick(rehearsal.start_button, Qt.MouseButton.LeftButton)
            await until(lambda: rehearsal.rehearsal is not None or rehearsal.failure.problem is not None)
            assert rehearsal.failure.problem is None, rehearsal.failure.problem.as_text()
            assert rehearsal.rehearsal.ok, [leg.observed for leg in rehearsal.rehearsal.legs]
            assert rehearsal.rehearsal.request.state == RequestState.APPROVED
            # The first line says what the account may leave, because it does not have itil.
            first = rehearsal.legs.item(0).text()
            assert "itil" in first
            assert rehearsal.legs.count() == 1 + len(rehearsal.rehearsal.legs)
            assert (rehearsal.width(), rehearsal.height()) == size, "results scroll; the dialog does not grow"
            assert rehearsal.minimumSizeHint().height() <= rehearsal.height()
            rehearsal.reject()

    run(story())


def test_escape_withdraws_a_running_rehearsal_before_the_dialog_closes(
    run, ctx, practice, server, configuration
):
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))
    approval_type = configuration.save(configuration.new(Kind.APPROVAL_TYPE, process_id=process.id))

    async def story():
        dialog = RehearsalDialog(ctx, process, approval_type, server)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        told = []

        def escape(text, done=0, total=None):
            RehearsalDialog._progress(dialog, text, done, total)
            told.append(text)
            if len(told) == 2:  # the request was raised a moment ago
                QTest.keyClick(dialog, Qt.Key.Key_Escape)

        dialog._progress = escape
        QTest.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
        await until(dialog.start_button.isEnabled)
        assert dialog.isVisible()
        assert dialog.message.text().startswith("Stopped")
        assert told[-1] == "Cancelling the request"
        rows = Inbox(ctx.workspace.store).rows(Filter(), Sort(), 0, 10).rows
        assert [row.state for row in rows] == [RequestState.CANCELLED]
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        assert not dialog.isVisible()
        await close_connections(ctx.workspace)

    run(story())


def test_a_rehearsal_warns_where_the_user_of_its_approver_is_not_shown(
    run, ctx, practice, server, configuration, monkeypatch
):
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))
    approval_type = configuration.save(configuration.new(Kind.APPROVAL_TYPE, process_id=process.id))
    approver = add_credential(
        configuration, ctx.workspace.vault, practice, SignInMethod.CLIENT_CREDENTIALS, account="app.approver"
    )
    # An instance that ignores the script in a query shows many users.
    monkeypatch.setattr(SignedInUserQuery, "encode", lambda _: "active=true")

    async def story():
        dialog = RehearsalDialog(ctx, process, approval_type, server)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        dialog.decider.write({"decider": approver.id})
        await until(lambda: dialog.decider.item is not None)
        dialog.choose("approve")
        dialog.start()
        await until(lambda: dialog.rehearsal is not None and dialog.start_button.isEnabled())
        texts = [dialog.legs.item(row).text() for row in range(dialog.legs.count())]
        assert f"“{approver.name}” signs in app.approver" in texts[0]
        dialog.reject()
        await close_connections(ctx.workspace)

    run(story())


def test_a_rehearsal_on_production_needs_the_servers_name(run, ctx, server, configuration):
    server.production = True
    stored = configuration.save(server)
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))
    approval_type = configuration.save(configuration.new(Kind.APPROVAL_TYPE, process_id=process.id))

    async def story():
        dialog = RehearsalDialog(ctx, process, approval_type, stored)
        dialog.open()
        assert not dialog.start_button.isEnabled()
        QTest.keyClicks(dialog.confirm, stored.name)
        assert dialog.start_button.isEnabled()
        dialog.close()
        dialog.deleteLater()
        await asyncio.sleep(0)

    run(story())


def test_a_type_rehearses_through_its_process_on_arrival(run, ctx, server, configuration):
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))
    approval_type = configuration.save(configuration.new(Kind.APPROVAL_TYPE, process_id=process.id))

    async def story():
        async with opened(ctx, Target("approval_type", approval_type.id, run="rehearse")):
            found = []

            def dialog():
                found[:] = [
                    w
                    for w in QApplication.topLevelWidgets()
                    if isinstance(w, RehearsalDialog) and w.isVisible()
                ]
                return found

            await until(dialog)
            assert found[0].process.id == process.id
            found[0].reject()
            await asyncio.sleep(0.05)

    run(story())


def test_a_type_without_a_server_behind_it_says_so(run, ctx, configuration):
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS))
    approval_type = configuration.save(configuration.new(Kind.APPROVAL_TYPE, process_id=process.id))

    async def story():
        async with opened(ctx, Target("approval_type", approval_type.id)) as page:
            page.run("check")
            await until(lambda: page.check.presenter.failure)
            assert page.check.presenter.failure.fault == "server-missing"
            assert "Choose a ServiceNow Server" in page.check.findings.placeholder.text()
            assert page.head.badges() == [("Could not be checked", "bad", "bad")]

    run(story())


def chain_word(page):
    """Return what the chain says of the server; nothing before it is shown."""
    links = page.chain.chain.links
    return links[1].word if len(links) > 1 else ""


def test_a_server_that_went_away_is_reached_no_longer_once_a_look_fails(
    run, ctx, practice, server, configuration
):
    process = configuration.save(
        configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id, cancel_service="Wrong")
    )

    async def story():
        async with opened(ctx, Target("approval_process", process.id)) as page:
            await until(lambda: field(page, "cancel_service").error)
            await until(lambda: chain_word(page) == "Reached")
            await asyncio.to_thread(practice.stop)
            type_into(page, "cancel_service", CANCEL_SERVICE)
            await until(lambda: chain_word(page) == "Not reached")
            assert field(page, "server_id").note[1].startswith("Not reached: ")

    run(story())


def test_an_answer_says_its_age_and_is_asked_for_anew_when_the_page_is_looked_at(
    run, ctx, practice, server, configuration
):
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))

    async def story():
        async with opened(ctx, Target("approval_process", process.id)) as page:
            await checked(page)
            await until(lambda: chain_word(page) == "Reached" and not page.tasks.busy)
            before = len(practice.log)
            page.hide()
            page.show()
            assert not page.tasks.busy, "an answer of just now is good enough"
            page._view.read_at -= 180
            page._ageing.timeout.emit()
            assert (page.chain.chain.links[1].state, chain_word(page)) == ("off", "Reached 3 min ago")
            page.hide()
            page.show()
            await until(lambda: chain_word(page) == "Reached")
            assert len(practice.log) > before
            await until(lambda: not page.tasks.busy)
            await asyncio.to_thread(practice.stop)
            page._view.read_at -= 180
            QApplication.sendEvent(page, QEvent(QEvent.Type.WindowActivate))
            await until(lambda: chain_word(page) == "Not reached")

    run(story())
