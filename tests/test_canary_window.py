"""The planted secret and the window: the whole guide, a rude server, a crash and a draft, read as others could read them."""

import asyncio
import contextlib
import json
import logging

import pytest
from PyQt6.QtCore import QAbstractItemModel, QEvent, Qt
from PyQt6.QtGui import QAction, QGuiApplication, QKeyEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QPushButton

from console.demo.input_driver import WindowDriver
from console.demo.script import DemoScript
from console.design import theme
from console.runtime.context import Context
from console.runtime.options import Options
from console.runtime.page_targets import HOME, Target
from console.runtime.window_settings import WindowSettings
from console.setup.wizard import open_wizard
from console.shell.main_window import Window
from console.shell.page_registry import import_all_pages
from console.startup.application import make_application
from console.startup.crash_reports import CrashReports
from models.kinds import Kind
from models.secret_names import SecretName
from services.common.logging_setup import configure_logging
from services.common.secret import Secret
from services.practice import PracticeInstance
from services.practice.privilege_manager import PracticePrivilegeManager
from tests.canary import ACCOUNT, SECRET, Listener, header_of, leaks, leaks_below, password_of, reply
from tests.console.conftest import run
from tests.console.page_support import until

__all__ = ["run"]
ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.StatusTipRole,
    Qt.ItemDataRole.WhatsThisRole,
    Qt.ItemDataRole.EditRole,
)


def shown_texts():
    """Return every text of every widget, action and item model, as eyes, tooltips and screen readers get them."""
    found = [QGuiApplication.clipboard().text()]
    for widget in QApplication.allWidgets():
        found += [widget.windowTitle(), widget.accessibleName(), widget.accessibleDescription()]
        found += [widget.toolTip(), widget.statusTip(), widget.whatsThis(), widget.objectName()]
        found += [str(widget.property(bytes(name).decode())) for name in widget.dynamicPropertyNames()]
        if isinstance(widget, QLineEdit):
            found += [widget.displayText(), widget.placeholderText()]
        elif isinstance(widget, QPlainTextEdit):
            found.append(widget.toPlainText())
        elif callable(getattr(widget, "text", None)):
            found.append(str(widget.text()))
        found += [action.text() + action.toolTip() for action in widget.findChildren(QAction)]
        for model in widget.findChildren(QAbstractItemModel):
            for row in range(model.rowCount()):
                found += [str(model.index(row, 0).data(role)) for role in ROLES]
    return [text for text in found if text]


def answer_rudely(request):
    said = {"error": {"message": header_of(request, "authorization"), "detail": password_of(request)}}
    return reply(400, json.dumps(said), "application/json")


@pytest.fixture
def practice():
    instance = PracticeInstance(state="empty", password=SECRET).start()
    yield instance
    instance.stop()


@pytest.fixture
def rude():
    listener = Listener(answer_rudely)
    yield listener
    listener.close()


@pytest.fixture
def profile(tmp_path):
    """A profile folder with the log at its most talkative."""
    before = logging.getLogger().handlers[:]
    configure_logging(tmp_path / "logs", verbose=True)
    yield tmp_path
    for handler in [h for h in logging.getLogger().handlers if h not in before]:
        logging.getLogger().removeHandler(handler)
        handler.close()


@pytest.fixture(autouse=True)
def every_letter(monkeypatch):
    """Type letters that Qt's own test keyboard does not have."""

    def type_text(widget, text):
        for letter in text:
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                event = QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, letter)
                QApplication.sendEvent(widget, event)

    monkeypatch.setattr(QTest, "keyClicks", type_text)


@contextlib.asynccontextmanager
async def opened(profile):
    """The real window on a store of its own, with crash reports installed."""
    crash = CrashReports(profile)
    theme.apply(make_application(), "light")
    import_all_pages()  # so that a page is shown at once
    ctx = Context(Options(f"sqlite:///{profile / 'console.db'}", "session"), profile)
    window = Window(WindowSettings(profile))
    window.fill(ctx)
    crash.show = window.show_crash
    window.resize(1280, 800)
    window.show()
    ctx.drafts.restore(profile / "drafts.json")
    ctx.open()
    await ctx.ready()
    window.show_target(Target(HOME))
    try:
        yield window, crash
    finally:
        window.remember()
        with contextlib.suppress(asyncio.CancelledError):
            await ctx.aclose(window)
        crash.close()
        window.deleteLater()


def copy_everything():
    """Press every Copy button that can be pressed, and return what each put on the clipboard."""
    copied = []
    for button in QApplication.allWidgets():
        if (
            isinstance(button, QPushButton)
            and button.isVisible()
            and button.text().lower().startswith("copy")
        ):
            button.click()
            copied.append(QGuiApplication.clipboard().text())
    return copied


def test_the_guide_is_walked_without_showing_the_password(run, qapp, profile, practice):
    seen, steps = [], []

    async def story():
        async with (
            opened(profile) as (window, _),
            PracticePrivilegeManager(empty=True, secret=SECRET) as privilege_manager,
        ):

            def look(step):
                steps.append(step)
                seen.extend(shown_texts())
                seen.extend(copy_everything())
                seen.extend(
                    line for job in window.ctx.activity.jobs for line in (job.name, job.text, *job.log)
                )

            script = DemoScript(window, practice, privilege_manager, None, look)
            try:
                assert await script.run(), steps[-3:]
            finally:
                await script.close()
            assert leaks_below(profile) == {}

    run(story())
    assert len(seen) > 1000
    assert leaks("\n".join([*seen, *steps])) == []
    assert leaks_below(profile) == {}


def test_a_rude_server_and_a_crash_show_nothing(run, qapp, profile, rude, caplog):
    seen = []

    async def story():
        async with opened(profile) as (window, crash):
            workspace = window.ctx.workspace
            save, new = workspace.configuration.save, workspace.configuration.new
            credential = save(new(Kind.USER_CREDENTIAL, name="Canary", account=ACCOUNT))
            server = save(
                new(Kind.FOREIGN_SYSTEM, name="Rude", base_url=rude.url, credential_id=credential.id)
            )
            workspace.vault.put(credential.id, credential.name, ACCOUNT, Secret(SECRET), [server.origin])
            window.show_target(Target(Kind.FOREIGN_SYSTEM, server.id))
            page = await WindowDriver(window).page(Kind.FOREIGN_SYSTEM)
            page.check_connection()
            await until(lambda: page.check.presenter.report is not None)
            assert page.check.presenter.report.verdict != "ok"
            seen.extend(shown_texts() + copy_everything())
            wizard = open_wizard(window.ctx, window)
            wizard.sign_in.address.setText(rude.url)
            wizard.sign_in.account.setText(ACCOUNT)
            wizard.sign_in.password.setText(SECRET)
            wizard.primary.click()
            await until(lambda: wizard.failure.problem is not None)
            window.show_problem(wizard.failure.problem)
            error = RuntimeError(f"cannot sign in as {ACCOUNT} with {SECRET!r}")
            crash.caught(type(error), error, None)
            await until(lambda: "cannot sign in as" in "\n".join(shown_texts()))
            seen.extend(shown_texts() + copy_everything())
            wizard.reject()
            for sheet in QApplication.topLevelWidgets():
                if sheet is not window:
                    sheet.close()

    run(story())
    assert SECRET in [password_of(request) for request in rude.requests]
    assert "cannot sign in as" in "\n".join(seen)
    assert "cannot sign in as" in (profile / "logs" / "approval-console.log").read_text(encoding="utf-8")
    caplog.clear()
    assert leaks("\n".join(seen)) == []
    assert leaks_below(profile) == {}


def test_a_password_typed_and_not_saved_stays_in_the_line(run, qapp, profile):
    seen = []

    async def story():
        async with opened(profile) as (window, _):
            hand = WindowDriver(window)
            await hand.menu("user_credential", "New", "User Credential")
            page = await hand.page(Kind.USER_CREDENTIAL)
            await hand.fill("name", "Canary")
            editor = page.form.field("password").editor
            await hand.click(editor.edit_button)
            await hand.type(editor.line, SECRET)
            assert editor.line.text() == SECRET
            draft = next(iter(window.ctx.drafts.all()))
            assert draft.secrets[SecretName.PASSWORD].reveal() == SECRET
            for key in (Qt.Key.Key_A, Qt.Key.Key_C):
                QTest.keyClick(editor.line, key, Qt.KeyboardModifier.ControlModifier)
            assert editor.line.text() == SECRET
            seen.extend([*shown_texts(), repr(draft), str(page.session.values)])
            window.show_target(Target(HOME))
            window.ctx.drafts.flush()
            seen.extend(shown_texts())
            assert (profile / "drafts.json").exists()
            assert leaks_below(profile) == {}

    run(story())
    assert leaks("\n".join(seen)) == []
    assert leaks_below(profile) == {}
