"""The menu bar and the context menus of the tree: the guide's words, one definition behind each entry."""

import asyncio
import itertools

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QMenu

from console.forms.delete_dialogs import InUseDialog
from console.navigation.tree_model import object_key
from console.shell.menus import node_menu
from models.kinds import KINDS, Kind
from tests.console.page_support import until
from tests.console.windows import filled, menu_tree, shown


def node_of(window, kind, item):
    return window.model.node(object_key(str(kind), item.id))


def menu_of(window, node):
    """Open the context menu of a node as the tree asks for it, and return it."""
    window.navigation.tree.menu_requested.emit(node, window.mapToGlobal(QPoint(50, 50)))
    found = QApplication.activePopupWidget()
    assert isinstance(found, QMenu)
    return found


def entry(menu, *way):
    for text in way[:-1]:
        menu = next(a.menu() for a in menu.actions() if a.text() == text)
    return next(a for a in menu.actions() if a.text() == way[-1])


def test_the_guides_steps_10_and_15_find_their_menus(in_window):
    async def story(window):
        def at(key):
            menu = node_menu(window.objects, window.model.node(key), window)
            found = menu_tree(menu)
            menu.deleteLater()
            return found

        assert at("approval_process") == [
            ("New", [("Approval Process", ["ServiceNow Approval Process"])]),
            "Open",
        ]
        assert at("approval_type") == [("New", ["Execute Application Approval Request"]), "Open"]
        assert at("user_credential") == [("New", ["User Credential"]), "Open"]
        assert at("foreign_system") == [("New", ["ServiceNow Server"]), "Open"]
        for place in ("home", "tasks", "workflow", "automation", "approvals", "configuration", "requests"):
            assert at(place) == ["Open"]

    in_window(story)


@pytest.mark.parametrize(
    ("key", "way", "kind"),
    [
        (
            "approval_process",
            ("New", "Approval Process", "ServiceNow Approval Process"),
            Kind.APPROVAL_PROCESS,
        ),
        ("approval_type", ("New", "Execute Application Approval Request"), Kind.APPROVAL_TYPE),
    ],
)
def test_following_the_menu_opens_a_draft_of_the_kind(in_window, key, way, kind):
    async def story(window):
        menu = menu_of(window, window.model.node(key))
        entry(menu, *way).trigger()
        menu.close()
        await until(lambda: window.page is not None and window.page.session.ready)
        await until(lambda: window.navigation.current() is not None)
        assert window.page.object_kind is kind
        assert window.page.session.is_new
        node = window.navigation.current()
        assert node.text == KINDS[kind].new_name
        assert node.draft

    in_window(story)


def test_an_object_offers_what_its_kind_can_do(in_window):
    async def story(window):
        made = await filled(window)
        common = ["Open", "-", "Rename", "Duplicate"]
        wanted = {
            Kind.USER_CREDENTIAL: [*common, "-", "Delete"],
            Kind.FOREIGN_SYSTEM: [*common, "Check connection", "Move off passwords…", "-", "Delete"],
            Kind.APPROVAL_PROCESS: [*common, "Check connection", "Rehearse a request…", "-", "Delete"],
            Kind.APPROVAL_TYPE: [*common, "Check connection", "Rehearse a request…", "-", "Delete"],
            Kind.PRIVILEGE_MANAGER_SERVER: [
                *common,
                "Check connection",
                "Connect Privilege Manager…",
                "-",
                "Delete",
            ],
            Kind.ACTION: [*common, "-", "Delete"],
            Kind.POLICY: [*common, "-", "Delete"],
        }
        for kind, item in made.items():
            menu = menu_of(window, node_of(window, kind, item))
            assert menu_tree(menu) == wanted[kind]
            assert menu.accessibleName() == item.name
            menu.close()

    in_window(story)


def test_a_draft_offers_no_more_than_a_draft_can_do(in_window):
    async def story(window):
        window.objects.new("approval_process")
        await until(lambda: window.page is not None and window.page.session.ready)
        await until(lambda: window.navigation.current() is not None)
        menu = menu_of(window, window.navigation.current())
        assert menu_tree(menu) == ["Open", "-", "Rename", "Check connection", "Discard changes"]
        entry(menu, "Discard changes").trigger()
        menu.close()
        await until(lambda: window.model.objects() == [])
        assert window.ctx.drafts.all() == []

    in_window(story)


def test_context_menus_show_text_icon_and_shortcut_of_the_command(in_window):
    async def story(window):
        made = await filled(window)
        menu = menu_of(window, node_of(window, Kind.APPROVAL_PROCESS, made[Kind.APPROVAL_PROCESS]))
        commands = window.ctx.commands
        for name in ("rename", "duplicate", "check", "rehearse", "delete"):
            shown_entry, action = entry(menu, commands.get(name).text), commands.action(name)
            assert shown_entry.shortcut() == action.shortcut() != QKeySequence()
            assert shown_entry.icon().isNull() == action.icon().isNull() == (not commands.get(name).icon)
        menu.close()

    in_window(story)


def test_a_menu_that_was_open_leaves_the_shortcuts_alone(in_window):
    """Two actions with one shortcut would answer each other's key with nothing."""

    async def story(window):
        made = await filled(window)
        await shown(window, Kind.USER_CREDENTIAL, made[Kind.USER_CREDENTIAL])
        menu = menu_of(window, window.navigation.current())
        menu.close()
        QTest.keyClick(window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: window.page.session.ready and window.page.session.is_new)
        assert window.page.session.values["account"] == "privman.integration"

    in_window(story)


def test_a_command_of_the_menu_acts_on_its_node_not_on_the_shown_page(in_window):
    async def story(window):
        made = await filled(window)
        window.ctx.commands.run("home")
        menu = menu_of(window, node_of(window, Kind.USER_CREDENTIAL, made[Kind.USER_CREDENTIAL]))
        entry(menu, "Delete").trigger()
        menu.close()
        await until(lambda: window.findChildren(InUseDialog))
        assert window.page.title == "ServiceNow"
        window.findChildren(InUseDialog)[0].reject()
        await until(lambda: not window.page.tasks.busy)

    in_window(story)


@pytest.mark.parametrize("kind", [Kind.APPROVAL_PROCESS, Kind.APPROVAL_TYPE])
def test_a_rehearsal_of_what_is_not_saved_says_why_it_cannot_run(in_window, kind):
    async def story(window):
        made = await filled(window)
        page = await shown(window, kind, made[kind])
        page.session.edit({"description": "Typed"})
        window.ctx.commands.run("home")
        window.objects.run_on_node(node_of(window, kind, made[kind]), "rehearse")
        await until(lambda: page.notice.text)
        assert page.notice.text.startswith("Save or discard what is typed first")
        page.discard()
        await until(lambda: not page.tasks.busy)

    in_window(story)


@pytest.mark.parametrize(
    ("kind", "command", "said"),
    [
        (Kind.APPROVAL_PROCESS, "check", "Choose a ServiceNow Server first."),
        (Kind.APPROVAL_TYPE, "check", "Choose a Process Handler first."),
        (Kind.FOREIGN_SYSTEM, "check", "Fill in a Base URL that can be used first."),
        (Kind.APPROVAL_TYPE, "delete", "This draft was never saved. Discard changes removes it."),
    ],
)
def test_a_draft_says_why_what_was_chosen_for_it_cannot_run(in_window, kind, command, said):
    async def story(window):
        window.objects.new(str(kind))
        await until(lambda: window.navigation.current() is not None and window.page.session.ready)
        window.objects.run_on_node(window.navigation.current(), command)
        assert window.page.notice.text == said
        window.page.discard()
        await until(lambda: window.model.objects() == [])

    in_window(story)


def test_going_back_to_an_object_does_not_repeat_what_its_menu_did(in_window):
    async def story(window):
        made = await filled(window)
        window.ctx.commands.run("home")
        menu = menu_of(window, node_of(window, Kind.USER_CREDENTIAL, made[Kind.USER_CREDENTIAL]))
        entry(menu, "Delete").trigger()
        menu.close()
        await until(lambda: window.findChildren(InUseDialog))
        window.findChildren(InUseDialog)[0].reject()
        await until(lambda: not window.page.tasks.busy)
        window.ctx.commands.run("requests")
        window.pages.go_back()
        assert window.page.target.id == made[Kind.USER_CREDENTIAL].id
        await until(lambda: not window.page.tasks.busy)
        await asyncio.sleep(0.05)
        assert [d for d in window.findChildren(InUseDialog) if d.isVisible()] == []

    in_window(story)


def test_the_menu_bar_holds_every_command_once_and_nothing_else(in_window):
    async def story(window):
        def below(menu):
            for action in menu.actions():
                if action.menu() is not None:
                    yield from below(action.menu())
                elif not action.isSeparator():
                    yield action

        found = list(below(window.menu_bar))
        commands = list(window.ctx.commands)
        assert found == [
            window.ctx.commands.action(c.id) for c in sorted(commands, key=lambda c: order(window, c))
        ]
        assert all(c.where for c in commands)

    in_window(story)


def order(window, command):
    menus = [a.text().replace("&", "") for a in window.menu_bar.actions()]
    return menus.index(command.where)


def test_mnemonics_of_menus_differ_and_entries_have_words_of_their_own(in_window):
    async def story(window):
        titles = [a.text() for a in window.menu_bar.actions()]
        keys = [t[t.index("&") + 1].casefold() for t in titles]
        assert len(keys) == len(set(keys)) == 7
        for bar_entry in window.menu_bar.actions():
            texts = [a.text() for a in bar_entry.menu().actions() if not a.isSeparator()]
            assert len(texts) == len(set(texts))
            mnemonics = [t[t.index("&") + 1].casefold() for t in texts if "&" in t]
            assert len(mnemonics) == len(set(mnemonics))
        QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier)
        assert QApplication.activePopupWidget() is window.menu_bar.actions()[0].menu()
        QTest.keyClick(QApplication.activePopupWidget(), Qt.Key.Key_Escape)

    in_window(story)


def test_no_menu_begins_ends_or_stutters_with_a_line(in_window):
    async def story(window):
        for bar_entry in window.menu_bar.actions():
            lines = [a.isSeparator() for a in bar_entry.menu().actions()]
            assert not lines[0]
            assert not lines[-1]
            assert not any(a and b for a, b in itertools.pairwise(lines))

    in_window(story)


def test_no_shortcut_belongs_to_two_actions_that_listen(in_window):
    async def story(window):
        await filled(window)
        listening = [
            a
            for a in [*window.actions(), *window.findChildren(QAction)]
            if not a.shortcut().isEmpty() and a.shortcutContext() != Qt.ShortcutContext.WidgetShortcut
        ]
        taken = [a.shortcut().toString() for a in listening]
        assert sorted(taken) == sorted(set(taken))
        assert {"Ctrl+S", "Ctrl+K", "Ctrl+F", "Ctrl+N", "F2", "F5", "F1", "Ctrl+Q"} <= set(taken)

    in_window(story)
