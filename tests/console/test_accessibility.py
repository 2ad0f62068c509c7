"""The whole window, every page, tab and dialog, by keyboard and by name."""

import asyncio
import importlib
import pkgutil

import pytest
from PyQt6.QtWidgets import QDialog, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

import console
from console.design import theme
from console.provisioning.run_texts import stopped_outcome
from console.runtime.page_targets import Target
from models.kinds import Kind
from tests.console.accessibility import complaints
from tests.console.everything import PROBLEM, made_dialogs, places
from tests.console.inbox.support import put, request, settled
from tests.console.page_support import until
from tests.console.windows import filled, opened_window, shown


@pytest.fixture
def in_window(run, tmp_path):
    def runner(story):
        async def body():
            async with opened_window(str(tmp_path / "names.db"), tmp_path / "profile") as window:
                await story(window)

        run(body())

    return runner


# -- the audit itself ---------------------------------------------------------


class Trap(QLineEdit):
    """A field that keeps the keyboard."""

    def focusNextPrevChild(self, _next):
        return True


def test_the_audit_finds_what_has_no_name_and_what_tab_passes_by(qtbot):
    """An audit that finds nothing anywhere would be no audit."""
    root = QWidget()
    qtbot.addWidget(root)
    layout = QVBoxLayout(root)
    trap = Trap()
    trap.setAccessibleName("Trap")
    for widget in (QPushButton("&Fine"), QLineEdit(), QToolButton(), trap, QPushButton("&Far")):
        layout.addWidget(widget)
    root.show()
    root.activateWindow()
    found = complaints(root)
    assert [len(v) for v in found.values()] == [2, 1, 1, 1]
    assert "QLineEdit" in found["without a name"][0]
    assert "QToolButton" in found["pictures without words"][0]
    assert "QPushButton" in found["not reached by Tab"][0]
    assert list(found["letters answered twice"]) == ["f"]


# -- pages --------------------------------------------------------------------


def test_every_place_of_the_tree_empty_and_filled(in_window):
    async def story(window):
        found = {}

        async def look(when):
            for target in places():
                window.show_target(target)
                await asyncio.sleep(0)
                await until(lambda: not window.page.tasks.busy)
                if wrong := complaints(window):
                    found[f"{target.kind} {when}"] = wrong

        await look("empty")
        await filled(window)
        await look("filled")
        assert found == {}

    in_window(story)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_tab_of_an_object(in_window, kind):
    async def story(window):
        made = await filled(window)
        page = await shown(window, kind, made[kind])
        found = {}
        for tab in page.tabs:
            page.open_tab(tab)
            await asyncio.sleep(0)
            await until(lambda: not page.tasks.busy)
            if wrong := complaints(window):
                found[tab] = wrong
        page.open_tab("Details")
        page.session.edit({"name": ""})
        if wrong := complaints(window):
            found["with an error"] = wrong
        assert found == {}

    in_window(story)


def test_every_state_of_the_requests(in_window):
    async def story(window):
        store = window.ctx.workspace.store
        window.show_target(Target("requests"))
        page = window.page
        found = {}

        async def look(when):
            await settled(page)
            if wrong := complaints(window):
                found[when] = wrong

        await look("empty")
        put(store, request(1, 1100, mismatch="order-approved"), *(request(n, 60) for n in range(2, 9)))
        await until(lambda: page.model.rowCount() == 8)
        await look("filled")
        page.table.selectRow(0)
        await until(lambda: page.pane.answer)
        await look("one selected")
        page.table.selectAll()
        await look("several selected")
        page.bar.field.setText("nothing like it")
        await until(lambda: not page.model.rowCount())
        await look("nothing found")
        assert found == {}

    in_window(story)


def test_every_tab_and_pane_of_the_task(in_window):
    async def story(window):
        made = await filled(window)
        window.show_target(Target("provisioning", tab=str(made[Kind.FOREIGN_SYSTEM].id)))
        page = window.page
        await until(lambda: page.presenter.server is not None and not page.tasks.busy)
        found = {}
        for tab in ("Plan", "Verify", "History"):
            page.open_tab(tab)
            if wrong := complaints(window):
                found[tab] = wrong
        page.open_tab("Plan")
        page.plan_tab.run.show_outcome(stopped_outcome("The run stopped", PROBLEM, "receipt"))
        for pane in range(page.plan_tab.right.count()):
            page.plan_tab.right.setCurrentIndex(pane)
            if wrong := complaints(window):
                found[f"pane {pane}"] = wrong
        assert found == {}

    in_window(story)


def test_activity_and_palette(in_window):
    async def story(window):
        window.show_target(Target("home"))
        window.toggle_activity()
        window.ctx.activity.begin("Copy the catalogue", lambda: None).progress("reading", 1, 3)
        await until(lambda: not window.page.tasks.busy)
        assert complaints(window) == {}
        window.open_palette()
        assert complaints(window.palette_box) == {}

    in_window(story)


# -- dialogs ------------------------------------------------------------------


def test_every_dialog(in_window):
    async def story(window):
        made = await filled(window)
        found = {}
        for _, name, make in made_dialogs(window, made):
            dialog = make()
            dialog.open()
            dialog.activateWindow()
            await asyncio.sleep(0)
            await until(lambda dialog=dialog: not getattr(dialog, "tasks", window.tasks).busy)
            if wrong := complaints(dialog):
                found[name] = wrong
            if not dialog.windowTitle():
                found[f"{name} "] = "no title"
            dialog.reject()
            dialog.deleteLater()
        assert found == {}

    in_window(story)


def test_every_class_of_dialog_is_among_them(in_window):
    for module in pkgutil.walk_packages(console.__path__, "console."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    known, stack = set(), [QDialog]
    while stack:
        for kind in stack.pop().__subclasses__():
            stack.append(kind)
            if kind.__module__.startswith("console.") and not kind.__subclasses__():
                known.add(kind)

    async def story(window):
        made = await filled(window)
        assert known <= {kind for kind, _, _ in made_dialogs(window, made)}

    in_window(story)


@pytest.mark.parametrize("scheme", ["light", "dark", "contrast"])
def test_the_keyboard_is_seen_wherever_it_is(in_window, qapp, scheme):
    """A button looks different while the keyboard is on it."""

    async def story(window):
        window.ctx.commands.run(f"theme_{scheme}")
        window.show_target(Target("folder:user_credential"))
        await until(lambda: not window.page.tasks.busy)
        button = next(b for b in window.page.findChildren(QPushButton) if b.isVisible())
        window.navigation.filter.setFocus()
        without = button.grab().toImage()
        button.setFocus()
        assert button.hasFocus()
        assert button.grab().toImage() != without
        theme.apply(qapp, "light")

    in_window(story)
