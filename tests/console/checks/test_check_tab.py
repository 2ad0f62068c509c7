"""The Check tab of a server over real sockets: results, cancelling, past checks, remedies, reports."""

import asyncio
import contextlib
import socket

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog

from console.checks import check_report, remedies
from console.runtime.targets import Target
from console.shell.page_registry import create_page
from models.addresses import Origin
from models.kinds import Kind
from services.common import redaction
from services.common.secret import Secret
from services.connectivity import CheckReport, StageResult, StageState, all_faults
from services.connectivity.check_history import past_checks, save_check
from services.practice import PracticeInstance
from tests.console.page_support import until


@pytest.fixture
def silent():
    """A port that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


@pytest.fixture
def closed_port():
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


def server_at(configuration, vault, address):
    credential = configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account="a"))
    vault.put(credential.id, credential.name, "a", Secret("canary-4714"), [Origin.of(address)])
    return configuration.save(
        configuration.new(
            Kind.FOREIGN_SYSTEM, name="ServiceNow Server", base_url=address, credential_id=credential.id
        )
    )


async def checking(ctx, server):
    page = create_page(Target("foreign_system", server.id, tab="Check", run="check"), ctx)
    page.resize(1000, 700)
    page.show()
    page.load()
    await until(lambda: page.check.presenter.running or page.check.presenter.results)
    return page


async def closed(page):
    page.close()
    page.deleteLater()
    await asyncio.sleep(0)


def test_an_unreachable_address_fails_at_its_stage(run, ctx, configuration, vault, closed_port):
    server = server_at(configuration, vault, closed_port)

    async def story():
        page = await checking(ctx, server)
        await until(lambda: not page.check.presenter.running)
        results = page.check.presenter.results
        assert len(results) == 18
        assert results["url"].state == "ok"
        assert results["tcp"].state == "failed"
        assert results["proxy"].state == "skipped"
        text = page.check.presenter.report_text(page.title)
        assert results["tcp"].remedy in text
        assert "canary-4714" not in text
        assert page.check.presenter.badges()[0][1] == "bad"
        assert ctx.activity.jobs[-1].state == "failed"
        await closed(page)

    run(story())


def test_a_check_is_cancelled_at_once_and_can_run_again(run, ctx, configuration, vault, silent):
    server = server_at(configuration, vault, silent)

    async def story():
        page = await checking(ctx, server)
        await until(lambda: "tcp" in page.check.presenter.results)
        page.check.cancel_button.click()
        await until(lambda: not page.check.presenter.running)
        assert "http" not in page.check.presenter.results
        assert ctx.activity.jobs[-1].state == "cancelled"
        assert page.check.again_button.isEnabled()
        await closed(page)

    run(story())


def test_the_password_is_sent_only_to_the_host_it_was_entered_for(run, ctx, configuration, vault, silent):
    server = server_at(configuration, vault, "https://acme.service-now.com/")

    async def story():
        page = create_page(Target("foreign_system", server.id), ctx)
        page.show()
        page.load()
        await until(lambda: page.session.ready)
        page.session.edit({"base_url": silent})
        subject = await page.load_check_subject()
        from services.vault import SecretNotForHostError

        with pytest.raises(SecretNotForHostError):
            await subject.sign_in()
        await closed(page)

    run(story())


# -- what stays of a check ------------------------------------------------------------------------------------


def found(
    stage,
    state="failed",
    fault="service-missing",
    owner="ServiceNow administrator",
    remedy="Look at it.",
    name="",
):
    return StageResult(
        stage,
        StageState(state),
        "seen canary-4714-long",
        fault,
        "Does not exist on the instance.",
        owner,
        remedy,
        12,
        suggested_name=name,
    )


def report(state="ok"):
    wrong = [] if state == "ok" else [found("service_create", state)]
    return CheckReport("S", [StageResult("url", StageState.OK, "https"), *wrong], 1600)


@contextlib.asynccontextmanager
async def shown_tab(ctx, server, kind="foreign_system"):
    page = create_page(Target(kind, server.id, tab="Check"), ctx)
    page.resize(1100, 700)
    page.show()
    page.load()
    await until(lambda: page.session.ready and not page.tasks.busy)
    try:
        yield page
    finally:
        page.tasks.cancel_all()
        await closed(page)


def test_a_finished_check_is_stored_and_gets_a_bar(run, ctx, store, configuration, vault, closed_port):
    server = server_at(configuration, vault, closed_port)

    async def story():
        page = await checking(ctx, server)
        await until(lambda: page.check.past_checks.checks)
        [kept] = past_checks(store, server.id)
        assert (kept.verdict, kept.unsaved) == ("failed", False)
        assert page.check.past_checks.strip.bars[0].verdict == "failed"
        assert kept.finding in page.check.past_checks.strip.accessibleName()
        assert "Not green" in page.check.past_checks.sentence.text()
        await closed(page)

    run(story())


def test_a_cancelled_check_is_not_kept_and_the_cancel_shows_at_once(
    run, ctx, store, configuration, vault, silent
):
    server = server_at(configuration, vault, silent)

    async def story():
        async with shown_tab(ctx, server) as page:
            for wait in (0, 0.001, 0.01, 0.05, 0.2):
                page.run("check")
                await asyncio.sleep(wait)
                page.check.cancel_button.click()
                assert not page.check.presenter.running
                await asyncio.sleep(0.02)
                assert not page.check.presenter.running
                assert page.check.again_button.isEnabled()
        assert past_checks(store, server.id) == []

    run(story())


def test_a_result_is_stale_while_the_form_differs(run, ctx, configuration, vault, closed_port):
    server = server_at(configuration, vault, closed_port)

    async def story():
        page = await checking(ctx, server)
        await until(lambda: not page.check.presenter.running)
        values = dict(page.session.values)
        page.session.edit({**values, "description": "Said"})
        assert not page.check.presenter.stale
        page.session.edit({**values, "proxy": "http://127.0.0.1:9/"})
        assert page.check.presenter.stale
        assert page.check.presenter.badges() == [("Changed since this check", "off", "pending")]
        assert "changed since" in page.check.presenter.report_text(page.title)
        page.session.edit(values)
        assert not page.check.presenter.stale
        credential = configuration.get(Kind.USER_CREDENTIAL, server.credential_id)
        credential.account = "another"
        await ctx.call(configuration.save, credential)
        await until(lambda: page.check.presenter.stale)
        await closed(page)

    run(story())


def test_a_bar_opens_its_report_by_mouse_and_by_keyboard(run, ctx, store, configuration, vault, closed_port):
    server = server_at(configuration, vault, closed_port)
    for state in ("ok", "failed", "warning"):
        save_check(store, server, report(state))

    async def story():
        async with shown_tab(ctx, server) as page:
            tab, strip = page.check, page.check.past_checks.strip
            await until(lambda: len(strip.bars) == 3)
            assert "Was green until" in tab.past_checks.sentence.text()
            place = strip._bar_rect(1).center().toPoint()
            assert strip.bar_at(strip._bar_rect(1).center()) == 1
            QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=place)
            assert tab.presenter.opened_past_check.verdict == "failed"
            assert list(tab.presenter.visible_results) == ["url", "service_create"]
            assert "# Check of ServiceNow Server: failed" in tab.presenter.report_text(page.title)
            for key in (Qt.Key.Key_Right, Qt.Key.Key_Return):
                QTest.keyClick(strip, key)
            assert tab.presenter.opened_past_check.verdict == "warning"
            assert strip.accessibleName().startswith("Past checks, 3 of 3, open: ")
            assert tab.presenter.badges()[0][0] == "Earlier check"
            tab.summary.close_link.clicked.emit()
            assert tab.presenter.opened_past_check is None
            assert tab.presenter.visible_results["service_create"].state == "warning"  # the newest one

    run(story())


def test_a_near_name_is_used_on_the_process_and_checked_again(run, ctx, configuration, vault, closed_port):
    server = server_at(configuration, vault, closed_port)
    process = configuration.save(
        configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id, create_service="CreateIt")
    )

    async def story():
        page = await checking(ctx, server)
        await until(lambda: not page.check.presenter.running)
        use, edit = remedies.remedy_actions(
            page, found("service_create", name="Create It"), page.check.presenter.subject
        )
        assert (use.text, edit.text) == ("Use Create It", "Go to the name")
        edit.act()
        assert ctx.visited[-1].run == "field:create_service"
        use.act()
        await until(lambda: page.check.presenter.running)
        assert configuration.get(Kind.APPROVAL_PROCESS, process.id).create_service == "Create It"
        await until(lambda: not page.check.presenter.running)
        await until(lambda: not page.tasks.busy)
        await closed(page)

    run(story())


def test_a_missing_password_leads_to_its_field(run, ctx, configuration, vault, closed_port):
    server = server_at(configuration, vault, closed_port)
    credential = configuration.get(Kind.USER_CREDENTIAL, server.credential_id)

    async def story():
        async with shown_tab(ctx, server) as page:
            subject = await page.load_check_subject()
            [go] = remedies.remedy_actions(page, found("authentication", fault="secret-missing"), subject)
            go.act()
        target = ctx.visited[-1]
        assert (target.kind, target.id, target.run) == ("user_credential", credential.id, "field:password")
        other = create_page(target, ctx)
        other.show()
        other.load()
        await until(lambda: other.session.ready)
        assert other.password.editing
        await closed(other)

    run(story())


def test_report_and_ticket_contain_the_finding_and_no_secret():
    redaction.remember_secret("canary-4714-long")
    heading = check_report.ReportHeader("S", "failed", (("Server", "S"), ("Reference", "abc"), ("Note", "")))
    results = [StageResult("url", StageState.OK, "a|b"), found("roles", "warning"), found("service_create")]
    text = check_report.render_markdown(heading, results, str.upper)
    assert text.index("## SERVICE_CREATE: failed (`service-missing`)") < text.index("## ROLES: warning")
    assert "| URL | good | a\\|b | 0 ms |" in text
    assert "Note" not in text
    ticket = check_report.render_ticket(heading, "Roles: missing", results[1])
    for part in ("Roles: missing", "Reference: abc", "Fault: service-missing", "Remedy: Look at it."):
        assert part in ticket
    assert "canary" not in text + ticket


def test_a_report_is_saved_to_the_chosen_file(run, ctx, configuration, vault, closed_port, tmp_path):
    server = server_at(configuration, vault, closed_port)

    async def story():
        page = await checking(ctx, server)
        await until(lambda: not page.check.presenter.running)
        page.check.save_button.click()
        dialog = page.window().findChild(QFileDialog)
        dialog.fileSelected.emit(str(tmp_path / "report.md"))
        dialog.close()
        await until(lambda: ctx.notes and "report.md" in ctx.notes[-1])
        assert "# Check of ServiceNow Server: failed" in (tmp_path / "report.md").read_text("utf-8")
        await closed(page)

    run(story())


def test_the_job_of_a_check_ends_with_its_page(run, ctx, configuration, vault, silent):
    server = server_at(configuration, vault, silent)

    async def story():
        page = await checking(ctx, server)
        await until(lambda: "tcp" in page.check.presenter.results)
        job = ctx.activity.jobs[-1]
        await closed(page)
        await until(lambda: job.state == "cancelled")

    run(story())


# -- a sign-in that is refused --------------------------------------------------------------------------------


@pytest.fixture
def practice():
    instance = PracticeInstance(password="practice password").start()
    yield instance
    instance.stop()


@pytest.fixture
def credential(configuration):
    return configuration.save(
        configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account="privman.integration")
    )


@pytest.fixture
def enter(vault, practice, credential):
    """Enter the account's password for the practice instance."""

    def entered():
        secret, origins = Secret("practice password"), [Origin.of(practice.base_url)]
        vault.put(credential.id, credential.name, credential.account, secret, origins)

    entered()
    return entered


@pytest.fixture
def practice_server(configuration, practice, credential):
    return configuration.save(
        configuration.new(
            Kind.FOREIGN_SYSTEM, name="Server", base_url=practice.base_url, credential_id=credential.id
        )
    )


def test_a_password_that_was_right_is_not_called_wrong_until_another_is_entered(
    run, ctx, practice, practice_server, credential, enter
):
    server = practice_server

    async def again(page):
        kept = len(past_checks(ctx.workspace.store, server.id))
        page.check.start()
        await until(lambda: len(past_checks(ctx.workspace.store, server.id)) > kept)
        await until(lambda: not page.check.presenter.running)
        return page.check.presenter.results["authentication"]

    async def story():
        async with shown_tab(ctx, server) as page:
            assert (await again(page)).state == "ok"
            [row] = practice.records("sys_user", user_name=credential.account)
            practice._database.update("sys_user", row["sys_id"], {"locked_out": True})
            refused = await again(page)
            assert refused.fault == "authentication-refused"
            assert refused.cause.startswith("The password that was accepted until")
            assert "accepted until" in page.check.findings.cards["authentication"].title
            enter()
            assert "accepted until" not in (await again(page)).cause

    run(story())


@pytest.mark.usefixtures("enter")
def test_a_check_resolves_a_request_item_that_could_not_be_looked_for_before(
    run, ctx, configuration, practice_server
):
    process = configuration.save(
        configuration.new(
            Kind.APPROVAL_PROCESS,
            name="Applied while the instance was down",
            server_id=practice_server.id,
            request_item_name="Execute Application Request",
        )
    )

    async def story():
        async with shown_tab(ctx, practice_server) as page:
            page.check.start()
            await until(lambda: configuration.get(Kind.APPROVAL_PROCESS, process.id).request_item_id)
            assert page.check.presenter.report is not None
        await (await ctx.workspace.instance(practice_server.id)).aclose()

    run(story())


def test_every_remedy_is_for_a_fault_of_the_catalog():
    known = {fault.id for fault in all_faults()}
    assert set(remedies.REMEDIES) <= known
