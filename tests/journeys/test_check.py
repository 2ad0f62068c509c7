"""The staged check in the window: two clicks to a copied report, and checks of processes and types."""

import pytest
from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from console.runtime.page_targets import Target
from console.widgets.labels import LinkLabel
from models.addresses import Origin
from models.kinds import Kind
from services.common.secret import Secret
from services.connectivity.check_history import past_checks
from tests.console.page_support import until
from tests.console.windows import opened_window


class Presses(QObject):
    """Counts mouse buttons and keys that are pressed."""

    def __init__(self):
        super().__init__()
        self.times = set()
        QApplication.instance().installEventFilter(self)

    def eventFilter(self, watched, event):
        # One press is delivered to several widgets, with the same timestamp.
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.KeyPress):
            self.times.add(event.timestamp())
        return False

    def end(self):
        QApplication.instance().removeEventFilter(self)


def filled(workspace, practice):
    """Create credential, server, process and type for a practice instance."""
    configuration, account = workspace.configuration, practice.accounts["privman.integration"]
    credential = configuration.save(configuration.new(Kind.USER_CREDENTIAL, account=account.user))
    origin = Origin.of(practice.base_url)
    workspace.vault.put(credential.id, credential.name, account.user, Secret(account.password), [origin])
    server = configuration.save(
        configuration.new(Kind.FOREIGN_SYSTEM, base_url=practice.base_url, credential_id=credential.id)
    )
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))
    made = configuration.save(configuration.new(Kind.APPROVAL_TYPE, process_id=process.id))
    return server, process, made


@pytest.fixture
def in_window(run, tmp_path):
    def runner(story):
        async def body():
            async with opened_window(str(tmp_path / "check.db"), tmp_path / "profile") as window:
                await story(window)

        run(body())

    return runner


def click(widget):
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_from_a_running_console_to_a_copied_report_in_two_clicks(in_window, practice):
    async def story(window):
        server, _, _ = await window.ctx.call(filled, window.ctx.workspace, practice)
        window.ctx.commands.run("home")

        def link():
            name = f"Check: {server.name}"
            return next((w for w in window.findChildren(LinkLabel) if w.accessibleName() == name), None)

        await until(lambda: link() is not None and link().isVisible())
        presses = Presses()
        click(link())
        await until(lambda: hasattr(window.page, "check") and window.page.check.presenter.report)
        click(window.page.check.copy_button)
        presses.end()
        assert len(presses.times) == 2
        text = QApplication.clipboard().text()
        assert text.startswith(f"# Check of {server.name}: ")
        assert practice.accounts["privman.integration"].password not in text
        assert practice.base_url in text
        await until(lambda: window.page.check.past_checks.checks)

    in_window(story)


@pytest.mark.parametrize("kind", [Kind.APPROVAL_PROCESS, Kind.APPROVAL_TYPE])
def test_process_and_type_are_checked_with_their_server(in_window, practice, kind):
    async def story(window):
        server, process, made = await window.ctx.call(filled, window.ctx.workspace, practice)
        item = {Kind.APPROVAL_PROCESS: process, Kind.APPROVAL_TYPE: made}[kind]
        window.show_target(Target(kind.value, item.id, tab="Check", run="check"))
        await until(lambda: window.page.session.ready)
        page = window.page
        await until(lambda: page.check.past_checks.checks)
        assert page.target.kind == kind.value
        [kept] = past_checks(window.ctx.workspace.store, server.id, process_id=process.id)
        assert (kept.process, kept.unsaved) == (process.name, False)
        assert {"service_create", "service_status", "status_call"} <= {
            s.stage for s in kept.stages if s.state == "ok"
        }
        assert page.check.again_button.isEnabled()

    in_window(story)


def test_a_process_is_checked_as_typed_and_a_remedy_edits_the_form(in_window, practice):
    async def story(window):
        _, process, _ = await window.ctx.call(filled, window.ctx.workspace, practice)
        window.show_target(Target(Kind.APPROVAL_PROCESS.value, process.id))
        await until(lambda: window.page.session.ready)
        page, right = window.page, process.create_service
        page.form.accept("create_service", right.upper())
        page.run("check")
        await until(lambda: page.check.presenter.report)
        assert page.check.presenter.results["service_create"].state == "failed"
        card = page.check.findings.cards["service_create"]
        assert [b.text() for b in card.acts] == [f"Use {right}", "Go to the name"]
        click(card.acts[0])
        await until(lambda: page.check.presenter.report and not page.check.presenter.running)
        assert page.check.presenter.results["service_create"].state == "ok"
        assert page.session.values["create_service"] == right
        await until(lambda: len(page.check.past_checks.checks) == 2)
        assert [c.unsaved for c in page.check.past_checks.checks] == [False, True]

    in_window(story)
