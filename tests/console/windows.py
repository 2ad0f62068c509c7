"""The real window over a real store, for stories that run in Qt's own event loop."""

import contextlib
import gc

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QDialog, QMainWindow

from console.design import theme
from console.runtime.context import Context
from console.runtime.options import Options
from console.runtime.window_settings import WindowSettings
from console.shell.main_window import Window
from console.shell.page_registry import import_all_pages
from models.kinds import Kind
from models.reference_lists import dump_references
from tests.console.page_support import until


@contextlib.asynccontextmanager
async def opened_window(store_url, profile, size=(1280, 800)):
    """Open the window as a start does, wait until its tree is filled, and close it as a person does."""
    app = QApplication.instance()
    import_all_pages()  # so that a page is shown at once
    theme.apply(app, "light")
    ctx = Context(Options(store_url, "session"), profile)
    window = Window(WindowSettings(profile))
    window.fill(ctx)
    window.resize(*size)
    window.show()
    window.activateWindow()
    ctx.open()
    await ctx.ready()
    window.refresh_tree()
    await until(lambda: not window.tasks.busy)
    try:
        yield window
        assert stray_windows(app) == []
    finally:
        window._leaving = True  # what a story leaves behind is its own affair
        window.close()
        await ctx.aclose(window)
        window.deleteLater()
        gc.unfreeze()


def stray_windows(app):
    """Return what is visible and has no parent, but is neither the window nor a dialog; Qt does not end while it is there."""
    return [
        widget
        for widget in app.topLevelWidgets()
        if widget.isVisible()
        and widget.windowType() == Qt.WindowType.Window
        and not isinstance(widget, QMainWindow | QDialog)
    ]


async def filled(window, text=""):
    """Make one object of each kind, each using the one before, named with `text`; returns them by kind."""
    configuration = window.ctx.workspace.configuration

    def make():
        credential = configuration.save(
            configuration.new(
                Kind.USER_CREDENTIAL, name=f"{text} ServiceNow".strip(), account="privman.integration"
            )
        )
        server = configuration.save(
            configuration.new(
                Kind.FOREIGN_SYSTEM,
                name=f"{text} ServiceNow Server".strip(),
                base_url="https://acme.service-now.com/",
                credential_id=credential.id,
            )
        )
        process = configuration.save(
            configuration.new(
                Kind.APPROVAL_PROCESS, name=f"{text} ServiceNow Approval Process".strip(), server_id=server.id
            )
        )
        kind = configuration.save(
            configuration.new(
                Kind.APPROVAL_TYPE,
                name=f"{text} Execute Application Request Type".strip(),
                process_id=process.id,
            )
        )
        manager = configuration.save(
            configuration.new(
                Kind.PRIVILEGE_MANAGER_SERVER,
                name=f"{text} Privilege Manager".strip(),
                base_url="https://pm.example.com/TMS/",
                credential_id=credential.id,
            )
        )
        action = configuration.save(
            configuration.new(
                Kind.ACTION,
                name=f"{text} ServiceNow Approval Request Form Action".strip(),
                server_id=manager.id,  # without a type, which tests delete
            )
        )
        policy = configuration.save(
            configuration.new(
                Kind.POLICY,
                name=f"{text} Elevate installers".strip(),
                server_id=manager.id,
                action_ids=dump_references([action.id]),
            )
        )
        stored = (credential, server, manager, process, kind, action, policy)
        return {type(item).kind: item for item in stored}

    made = await window.ctx.call(make)
    await until(lambda: len(window.model.objects()) == len(made))
    return made


async def shown(window, kind, item):
    """Go to the page of an object and wait until it was read."""
    from console.runtime.page_targets import Target

    window.show_target(Target(str(kind), item.id))
    await until(lambda: window.page.session.ready)
    return window.page


def menu_tree(menu):
    """Return a menu as texts: submenus as (text, entries), lines as "-"."""
    found = []
    for action in menu.actions():
        if action.isSeparator():
            found.append("-")
        elif action.menu() is not None:
            found.append((action.text(), menu_tree(action.menu())))
        else:
            found.append(action.text())
    return found
