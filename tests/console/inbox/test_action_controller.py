"""Deciding from the inbox, against the practice instance: what is done, to which, and what became of each."""

import contextlib
import os
import uuid

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from console.forms.deciding_credentials import can_decide
from console.inbox.action_plan import ACTION_DESCRIPTIONS
from console.inbox.decision_dialog import ActionDialog
from console.inbox.request_rows import RowOutcome
from models.addresses import Origin
from models.foreign_system import ForeignSystem
from models.kinds import Kind, RequestOrigin, RequestState
from models.sign_in import SignInMethod
from models.user_credential import UserCredential
from services.common.secret import Secret
from services.credential_secrets import read_credential_secrets
from services.practice import PracticeInstance
from services.requests.inbox.inbox import Inbox
from services.requests.lifecycle.lifecycle import RequestLifecycle
from tests.console.inbox.support import LONG_S, as_row, numbers, opened, put, request, settled, until
from tests.console.page_support import close_connections
from tests.sign_in_methods import add_credential

APPROVER = "app.approver"


@pytest.fixture
def practice():
    instance = PracticeInstance().start()
    yield instance
    instance.stop()


@pytest.fixture
def desk(practice, configuration, vault, store, ctx):
    """Requests go through a process on the practice instance."""
    account = practice.accounts["privman.integration"]
    credential = configuration.save(configuration.new(Kind.USER_CREDENTIAL, account=account.user))
    origin = Origin.of(practice.base_url)
    vault.put(credential.id, credential.name, account.user, Secret(account.password), [origin])
    server = configuration.save(
        configuration.new(Kind.FOREIGN_SYSTEM, base_url=practice.base_url, credential_id=credential.id)
    )
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))
    kind = configuration.save(configuration.new(Kind.APPROVAL_TYPE, process_id=process.id))

    async def raised(count):
        instance = await ctx.workspace.instance(server.id)
        life = RequestLifecycle(store, instance, process)
        rows = []
        for number in range(count):
            fields = {
                "PMInitiatorName": f"user{number}",
                "PMFilePath": rf"C:\Downloads\setup{number}.exe",
                "PMUserReason": "Tools for release 8, “R&D” <build>",
                "PMPolicyName": "Visual Studio installer",
                "PMAgentName": "LT-40213",
            }
            row = await life.submit(kind, fields)
            await life.refresh_item(row)
            rows.append(row)
        return rows

    return raised


@contextlib.asynccontextmanager
async def page_of(ctx):
    async with opened(ctx) as page:
        yield page
    await close_connections(ctx.workspace)


def stored(store, row):
    return Inbox(store).get(row.id)


def outcomes(dialog):
    model = dialog.table.rows
    return [model.index(row, 3).data() for row in range(model.rowCount())]


def test_a_request_is_approved_and_read_back(run, ctx, store, desk):
    async def story():
        [row] = await desk(1)
        async with page_of(ctx) as page:
            page.table.selectRow(0)
            await until(lambda: page.pane.link and page.pane.action_buttons["approve"].isEnabled())
            await settled(page)
            assert page.details_loader.details.complete or page.details_loader.details.unseen
            assert "Alex Approver" in page.pane.who.text()
            page.pane.action_buttons["approve"].click()
            await until(lambda: page.action_controller.dialog is not None)
            dialog = page.action_controller.dialog
            assert dialog.windowTitle() == f"Approve {row.number}"
            assert dialog.confirm_button.isEnabled()
            await until(lambda: "with the account" in dialog.summary.text())
            before = dialog.summary.text()
            QTest.keyClicks(dialog.comment, "Fine, for release 8")
            dialog.confirm_button.click()
            await until(lambda: dialog.is_finished)
            whose = f"by {store.actor} on behalf of Alex Approver, with the account privman.integration."
            assert outcomes(dialog) == [f"Approved {whose}"]
            told = f"{row.number} approved {whose}"
            assert before == f"1 request will be approved. Recorded as approved {whose}"
            assert dialog.summary.text() == f"1 request approved.\n{told}"
            dialog.close_button.click()
            assert stored(store, row).state == RequestState.APPROVED
            await until(lambda: numbers(page) == [])
            await until(lambda: "was approved" in page.pane.answer)
            await settled(page)
            job = ctx.activity.jobs[-1]
            assert (job.state, job.text) == ("done", told)

    run(story(), LONG_S)


def test_a_rejection_and_a_cancellation_need_a_comment(qapp):
    for name in ("reject", "cancel_request", "approve", "remind"):
        dialog = ActionDialog(ACTION_DESCRIPTIONS[name], [as_row(request(1))])
        needed = name in ("reject", "cancel_request")
        assert dialog.confirm_button.isEnabled() is not needed
        assert dialog.message.text() == ("A comment is needed" if needed else "")
        dialog.comment.setText("  ")
        assert dialog.confirm_button.isEnabled() is not needed
        dialog.comment.setText("Because")
        assert dialog.confirm_button.isEnabled()
        dialog.deleteLater()


def test_the_dialog_says_what_is_skipped_and_why_and_takes_the_rest(run, ctx, store, desk):
    async def story():
        rows = await desk(3)
        ended = request(900, 9000, RequestState.REJECTED)
        young = request(901, 5, RequestState.SUBMITTING, record_id="", external_id="", number="")
        put(store, ended, young)
        async with page_of(ctx) as page:
            page.presenter.show_filter("all")
            await settled(page)
            page.table.setFocus()
            page.table.selectAll()
            assert page.pane.number.text() == "5 requests selected"
            assert page.pane.about.text() == "4 open, 1 ended"
            assert page.run("reject")
            await until(lambda: page.action_controller.dialog is not None)
            dialog = page.action_controller.dialog
            await until(lambda: "with the account" in dialog.summary.text())
            assert dialog.summary.text() == (
                "3 requests will be rejected; 2 are skipped: 1 has not reached ServiceNow yet, 1 has ended. "
                f"Recorded as rejected by {store.actor} on behalf of whoever is asked, "
                "with the account privman.integration."
            )
            assert outcomes(dialog).count("Will be rejected on behalf of whoever is asked") == 3
            assert dialog.confirm_button.text() == "Reject 3 requests"
            dialog.comment.setText("Not on this laptop")
            dialog.confirm_button.click()
            await until(lambda: dialog.is_finished)
            assert dialog.summary.text() == "3 requests rejected."
            said = outcomes(dialog)
            assert sum(f"Rejected by {store.actor} on behalf of Alex Approver" in text for text in said) == 3
            assert sum(text.startswith("Skipped") for text in said) == 2
            assert {stored(store, row).state for row in rows} == {RequestState.REJECTED}
            await until(lambda: not page.list_controller.busy)
            marks = [page.model.outcome(page.model.row(n)) for n in range(page.model.rowCount())]
            assert sum(mark is not None and mark.ok for mark in marks) == 3
            text = page.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
            assert text.startswith("State: ")
            dialog.close_button.click()
            await settled(page)

    run(story(), LONG_S)


def test_several_that_ended_are_one_reason_and_a_row_says_how(qapp):
    rows = [as_row(request(1, 9000, state)) for state in (RequestState.REJECTED, RequestState.APPROVED)]
    dialog = ActionDialog(ACTION_DESCRIPTIONS["approve"], [as_row(request(2)), *rows])
    assert dialog.summary.text() == "1 request will be approved; 2 are skipped: have ended."
    assert outcomes(dialog)[1:] == ["Skipped: has ended: rejected", "Skipped: has ended: approved"]
    tip = dialog.table.rows.index(0, 2).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == r"C:\Downloads\setup2.exe"
    dialog.deleteLater()


def test_what_failed_says_why_and_what_to_do_once_for_all(qapp):
    rows = [as_row(request(number)) for number in (1, 2)]
    dialog = ActionDialog(ACTION_DESCRIPTIONS["approve"], rows)
    for row in rows:
        dialog.show_outcome(
            row.id, RowOutcome(False, f"{row.number} is not there.", "It was deleted. Raise it again.")
        )
    dialog.end("0 requests approved, 2 not approved.")
    assert dialog.summary.text() == "0 requests approved, 2 not approved.\nIt was deleted. Raise it again."
    assert outcomes(dialog) == ["Is not there."] * 2
    tip = dialog.table.rows.index(0, 3).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == "RITM0000001 is not there.\nIt was deleted. Raise it again."
    dialog.deleteLater()


def test_what_somebody_else_decided_meanwhile_is_told(run, ctx, store, desk, practice):
    async def story():
        [row] = await desk(1)
        async with page_of(ctx) as page:
            page.table.selectRow(0)
            await until(page.pane.action_buttons["approve"].isEnabled)
            await settled(page)
            # The decision comes from elsewhere, between the look and the click.
            from services.requests.decisions.decide import decide_requests

            await decide_requests(ctx.workspace, [row.id], "reject", "Too late")
            page.action_controller.open("approve", [as_row(row)], {})
            dialog = page.action_controller.dialog
            dialog.confirm_button.click()
            await until(lambda: dialog.is_finished)
            assert outcomes(dialog)[0].startswith("Is already rejected")
            first, what, why = dialog.summary.text().split("\n")
            assert first == "0 requests approved, 1 not approved."
            assert what.startswith(f"{row.number} is already rejected")
            assert why
            assert ctx.activity.jobs[-1].state == "failed"
            dialog.close_button.click()
            await settled(page)

    run(story(), LONG_S)


def test_stop_ends_what_is_under_way_and_leaves_the_rest(run, ctx, store, desk):
    async def story():
        rows = await desk(6)
        async with page_of(ctx) as page:
            page.table.selectAll()
            page.act("approve")
            dialog = page.action_controller.dialog
            dialog.confirm_button.click()
            await until(lambda: dialog._outcomes)
            assert page.working
            ctx.activity.jobs[-1].cancel()
            await until(lambda: dialog.is_finished)
            assert not page.working
            told = [text for text in outcomes(dialog) if text.startswith("Approved by")]
            assert "Not begun" in outcomes(dialog)
            states = [stored(store, row).state for row in rows]
            assert states.count(RequestState.APPROVED) == len(told) < 6
            dialog.close_button.click()
            await settled(page)

    run(story(), LONG_S)


def test_an_account_that_may_not_decide_is_told_and_another_one_decides(
    run, ctx, store, desk, practice, configuration, vault
):
    approver = add_credential(
        configuration, vault, practice, SignInMethod.CLIENT_CREDENTIALS, account=APPROVER, name="Approver"
    )
    certificate = add_credential(
        configuration, vault, practice, SignInMethod.CERTIFICATE, account=APPROVER, name="Certificate"
    )

    async def story():
        [row] = await desk(1)
        practice.faults.set("role_missing")
        async with page_of(ctx) as page:
            page.table.selectRow(0)
            await until(page.pane.action_buttons["approve"].isEnabled)
            await settled(page)
            page.act("approve")
            dialog = page.action_controller.dialog
            await until(dialog.decider.picker.button.isEnabled)
            assert dialog.message.text() == (
                "privman.integration is not asked and has no approval_admin: it may not decide."
            )
            assert not dialog.confirm_button.isEnabled()
            picker = dialog.decider.picker
            picker.button.click()
            await until(lambda: len(picker.popup.rows) > 1)
            keys = [one.key for one in picker.popup.rows]
            assert str(approver.id) in keys
            assert str(certificate.id) not in keys, "the server has no client certificate"
            picker.popup.choose_key(str(approver.id))
            assert "OAuth Application User" in dialog.decider._field.text
            assert "with the account app.approver." in dialog.summary.text()
            dialog.confirm_button.click()
            await until(lambda: dialog.is_finished)
            assert outcomes(dialog)[0].startswith("Approved by")
            [asked] = practice.records("sysapproval_approver", sysapproval=row.record_id)
            assert (asked["state"], asked["sys_updated_by"]) == ("approved", APPROVER)
            dialog.close_button.click()
            await settled(page)

    run(story(), LONG_S)
    assert read_credential_secrets(vault, approver).destinations == []


def test_requests_on_several_servers_have_no_one_account(qtbot, ctx):
    rows = [as_row(request(1, server_id=uuid.uuid4())), as_row(request(2, server_id=uuid.uuid4()))]
    dialog = ActionDialog(ACTION_DESCRIPTIONS["approve"], rows, ctx=ctx)
    qtbot.addWidget(dialog)
    assert dialog.decider.server_id is None
    assert not dialog.decider.picker.button.isEnabled()
    assert dialog.confirm_button.isEnabled()


@pytest.mark.parametrize(
    ("certificate", "own", "account", "can"),
    [
        (None, SignInMethod.BASIC, APPROVER, False),
        ("c.pem", SignInMethod.BASIC, APPROVER, True),
        ("c.pem", SignInMethod.CERTIFICATE, APPROVER, False),
        ("c.pem", SignInMethod.CERTIFICATE, "privman.integration", True),
    ],
)
def test_a_certificate_decides_as_the_one_account_that_it_is_mapped_to(certificate, own, account, can):
    server = ForeignSystem(client_certificate=certificate)
    credential = UserCredential(account=account, sign_in=SignInMethod.CERTIFICATE)
    assert can_decide(credential, server, UserCredential(account="privman.integration", sign_in=own)) is can
    token = UserCredential(account=APPROVER, sign_in=SignInMethod.CLIENT_CREDENTIALS)
    assert can_decide(token, server, None)


def test_what_privilege_manager_raised_itself_is_cancelled_on_purpose_only(qapp):
    rows = [as_row(request(1)), as_row(request(2, origin=RequestOrigin.SERVICENOW))]
    dialog = ActionDialog(ACTION_DESCRIPTIONS["cancel_request"], rows)
    assert dialog.copies.isVisibleTo(dialog)
    assert [row.number for row in dialog.included_rows] == ["RITM0000001"]
    assert dialog.summary.text().endswith("1 is skipped: Privilege Manager raised it itself.")
    dialog.copies.setChecked(True)
    assert len(dialog.included_rows) == 2
    dialog.deleteLater()


def test_the_answer_is_copied_and_the_record_opened(run, ctx, store, desk, monkeypatch):
    opened_urls = []
    monkeypatch.setenv("PGPASSWORD", "for the driver alone")

    def opened(url):
        # A browser inherits the environment.
        assert "PGPASSWORD" not in os.environ
        opened_urls.append(url.toString())

    monkeypatch.setattr(QDesktopServices, "openUrl", opened)

    async def story():
        [row] = await desk(1)
        async with page_of(ctx) as page:
            page.table.setFocus()
            page.table.selectRow(0)
            await until(lambda: page.pane.answer and page.pane.link)
            await settled(page)
            QTest.keyClick(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
            text = QApplication.clipboard().text()
            assert text == page.pane.answer
            assert text.startswith("Your request for setup0.exe waits for the approval of Alex Approver")
            page.pane.open_button.click()
            [url] = opened_urls
            assert url.startswith(
                ctx.workspace and (await ctx.workspace.instance(row.server_id)).settings.base_url
            )
            assert row.external_id or row.record_id

    run(story(), LONG_S)


def test_enter_in_the_comment_goes_on_and_the_keyboard_comes_back_to_the_list(run, ctx, store, desk):
    async def story():
        await desk(2)
        async with page_of(ctx) as page:
            page.table.selectRow(0)
            await until(page.pane.action_buttons["reject"].isEnabled)
            await settled(page)
            page.pane.action_buttons["reject"].click()
            await until(lambda: page.action_controller.dialog is not None)
            dialog = page.action_controller.dialog
            QTest.keyClick(dialog.comment, Qt.Key.Key_Return)  # nothing is said yet
            assert not dialog.running
            assert dialog.isVisible()
            QTest.keyClicks(dialog.comment, "Take the packaged one")
            QTest.keyClick(dialog.comment, Qt.Key.Key_Return)
            await until(lambda: dialog.is_finished)
            assert (dialog.close_button.text(), dialog.close_button.accessibleName()) == ("Close", "Close")
            page.pane.action_buttons["approve"].setFocus()
            QTest.keyClick(dialog.close_button, Qt.Key.Key_Return)
            assert not dialog.isVisible()
            assert page.focusWidget() in (page.table, page.bar.field)
            await settled(page)

    run(story(), LONG_S)


def test_enter_in_the_comment_cancels_nothing(qapp):
    asked = []
    dialog = ActionDialog(ACTION_DESCRIPTIONS["cancel_request"], [as_row(request(1))])
    dialog.confirm_requested.connect(lambda: asked.append("agreed"))
    dialog.show()
    dialog.comment.setText("Raised by mistake")
    QTest.keyClick(dialog.comment, Qt.Key.Key_Return)
    assert asked == []
    QTest.keyClick(dialog.confirm_button, Qt.Key.Key_Space)
    assert asked == ["agreed"]
    dialog.deleteLater()
