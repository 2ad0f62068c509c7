"""Helpdesk's way: from the name of a caller to the answer to tell in two interactions, and on to the end of the request."""

import pytest
from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from console.runtime.page_targets import Target
from models.addresses import Origin
from models.kinds import Kind, RequestState
from services.common.secret import Secret
from services.requests.lifecycle.lifecycle import RequestLifecycle
from tests.console.inbox.support import LONG_S, put, request, settled, until
from tests.console.windows import opened_window

CTRL = Qt.KeyboardModifier.ControlModifier
FIELDS = {
    "PMInitiatorName": "b.okafor",
    "PMPolicyName": "Visual Studio installer",
    "PMAgentName": "LT-40213",
    "PMFilePath": r"C:\Users\b.okafor\Downloads\vs_setup.exe",
    "PMUserReason": "Tools for release 8, “R&D” <build>",
}


class Interactions(QObject):
    """Counts what a person does: a click, or what is typed into one field in one go, Enter included."""

    def __init__(self):
        super().__init__()
        self.done = []
        self._field = None
        QApplication.instance().installEventFilter(self)

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.MouseButtonPress and watched.isWidgetType():
            self._note("click", event.timestamp())
        elif event.type() == QEvent.Type.KeyPress and watched.isWidgetType():
            shortcut = event.modifiers() & CTRL
            self._note("typed" if self._field == "typed" and not shortcut else "key", event.timestamp())
        return False

    def _note(self, what, moment):
        if self.done and self.done[-1][1] == moment:
            return  # one press comes to every widget that may want it
        if what == "typed":
            self.done[-1] = ("typed", moment)
            return
        self.done.append((what, moment))
        self._field = "typed" if what == "key" else None

    def end(self):
        QApplication.instance().removeEventFilter(self)


@pytest.fixture
def in_window(run, tmp_path):
    def runner(story):
        async def body():
            async with opened_window(str(tmp_path / "inbox.db"), tmp_path / "profile") as window:
                await story(window)

        run(body(), LONG_S)

    return runner


def filled(workspace, practice):
    """Make a chain that works."""
    configuration, account = workspace.configuration, practice.accounts["privman.integration"]
    credential = configuration.save(configuration.new(Kind.USER_CREDENTIAL, account=account.user))
    origin = Origin.of(practice.base_url)
    workspace.vault.put(credential.id, credential.name, account.user, Secret(account.password), [origin])
    server = configuration.save(
        configuration.new(Kind.FOREIGN_SYSTEM, base_url=practice.base_url, credential_id=credential.id)
    )
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))
    return server, process, configuration.save(configuration.new(Kind.APPROVAL_TYPE, process_id=process.id))


async def raised(window, practice):
    """Raise the caller's request among many others."""
    workspace = window.ctx.workspace
    server, process, kind = await window.ctx.call(filled, workspace, practice)
    put(workspace.store, *(request(n, 100 + n) for n in range(300)))
    life = RequestLifecycle(workspace.store, await workspace.instance(server.id), process)
    row = await life.submit(kind, FIELDS)
    await life.refresh_item(row)
    return row


def test_from_a_callers_name_to_the_answer_to_tell_in_two_interactions(in_window, practice):
    async def story(window):
        row = await raised(window, practice)
        window.ctx.commands.run("home")
        await until(lambda: window.page.settled)
        counted = Interactions()
        # One: Ctrl+K, the name the caller gives, Enter.
        QTest.keyClick(window, Qt.Key.Key_K, CTRL)
        QTest.keyClicks(window.palette_box.field, "okafor")
        # Enter takes what is seen, and the row comes while the name is typed.
        await until(lambda: window.palette_box.list.currentIndex().isValid())
        QTest.keyClick(window.palette_box.field, Qt.Key.Key_Return)
        await until(lambda: window.page.target.kind == "requests" and window.page.pane.answer)
        page = window.page
        # The answer stands there to be read aloud. Two: copy it.
        await until(page.pane.copy_button.isVisible)
        QTest.mouseClick(page.pane.copy_button, Qt.MouseButton.LeftButton)
        counted.end()
        assert len(counted.done) == 2, counted.done
        text = QApplication.clipboard().text()
        assert text.startswith("Your request for vs_setup.exe waits for the approval")
        assert row.number in text
        await settled(page)
        assert page.table.current_row().user == "b.okafor"
        assert "Alex Approver" in page.pane.answer

    in_window(story)


def test_what_was_decided_in_servicenow_is_seen_by_refreshing(in_window, practice):
    async def story(window):
        row = await raised(window, practice)
        window.polling.start()
        window.show_target(Target("requests"))
        page = window.page
        await settled(page)
        await until(lambda: window.polling.who == "This window is polling ServiceNow")
        await until(lambda: window.polling.asked_at is not None)
        assert window.strip.polling.isVisible()
        from services.requests.decisions.decide import decide_requests

        await decide_requests(window.ctx.workspace, [row.id], "approve", "Fine")
        page.open_tab(str(row.id))
        await until(lambda: "was approved" in page.pane.answer)
        page.run("refresh")
        await until(lambda: any(job.text.startswith("Status updated") for job in window.ctx.activity.jobs))
        await settled(page)
        assert page.details_loader.request.state == RequestState.APPROVED
        window.polling.stop()

    in_window(story)
