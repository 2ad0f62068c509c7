"""The commands of the window through its keys: what runs, what cannot run yet, and where the keyboard goes."""

import asyncio

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QDialog, QLineEdit

from console.design import theme
from console.design.icons import ICON_NAMES
from console.forms.delete_dialogs import DeleteDialog
from console.forms.open_requests_dialog import OpenRequestsDialog
from console.navigation.tree_model import object_key
from console.runtime.context import Context
from console.runtime.options import Options
from console.runtime.page_targets import Target
from console.runtime.window_settings import WindowSettings
from console.setup.wizard import SetupWizard
from console.shell.dialogs import ProblemSheet
from console.shell.main_window import Window
from console.shell.page_stack import MAX_OPEN_PAGES
from console.shell.window_commands import MENUS
from console.widgets.labels import Label
from console.widgets.placeholders import EmptyState
from models.approval_request import ApprovalRequest
from models.kinds import Kind
from tests.console.inbox.support import put, request, settled
from tests.console.page_support import until
from tests.console.windows import filled, shown

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
NONE = Qt.KeyboardModifier.NoModifier
KEYS = {
    "setup": "Ctrl+Shift+N", "new": "Ctrl+N", "quit": "Ctrl+Q", "save": "Ctrl+S", "palette": "Ctrl+K", "find": "Ctrl+F",
    "back": "Alt+Left", "forward": "Alt+Right", "home": "Alt+Home", "refresh": "F5", "rename": "F2", "duplicate": "Ctrl+D",
    "delete": "Ctrl+Del", "shortcuts": "F1",
}  # fmt: skip


def press(window, key, modifiers=NONE):
    QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)


def dialogs(window, kind=QDialog):
    return [d for d in window.findChildren(kind) if d.isVisible()]


def test_every_command_is_whole(in_window):
    async def story(window):
        commands = list(window.ctx.commands)
        for command in commands:
            assert callable(command.run)
            assert isinstance(command.enabled(), bool)
            assert command.where in MENUS
            assert command.icon in ("", *ICON_NAMES)
            assert command.text[:1].isupper()
            assert not command.text.endswith(".")
        assert {c.where for c in commands} == set(MENUS)
        texts = [c.text for c in commands]
        assert len(texts) == len(set(texts))
        assert KEYS.items() <= {c.id: c.shortcut for c in commands}.items()

    in_window(story)


def test_every_command_of_a_page_is_one_that_some_page_does(in_window):
    """A command without a handler would be shown for ever and never run."""

    async def story(window):
        made = await filled(window)
        done = set()
        for kind, item in made.items():
            page = await shown(window, kind, item)
            done |= set(page.page_actions())
            page.session.edit({"description": "typed"})
            done |= set(page.page_actions())
            page.session.discard()
            window.show_target(Target(f"folder:{kind}"))
            done |= set(window.page.page_actions())
        done |= await commands_of_requests(window)
        of_pages = [c for c in window.ctx.commands if not c.enabled() or c.id in done]
        assert {c.id for c in of_pages} <= done | {"back", "forward", "undo"}
        assert {"save", "discard", "duplicate", "rename", "delete", "check", "rehearse", "refresh"} <= done

    in_window(story)


async def commands_of_requests(window):
    """Return what can be done with a request that is selected; nothing answers at the address of its server."""
    configuration, store = window.ctx.workspace.configuration, window.ctx.workspace.store
    server = configuration.save(configuration.new(Kind.FOREIGN_SYSTEM, base_url="http://127.0.0.1:9/"))
    put(store, request(1, server_id=server.id))
    window.show_target(Target("requests"))
    page = window.page
    await until(lambda: page.model.rowCount() == 1)
    page.table.selectRow(0)
    await until(lambda: page.pane.link)
    found = set(page.page_actions())
    await settled(page)
    return found


def test_what_can_run_follows_the_page_and_what_is_typed(in_window):
    async def story(window):
        made = await filled(window)

        def enabled():
            return {c.id for c in window.ctx.commands if window.ctx.commands.action(c.id).isEnabled()}

        window.ctx.commands.run("home")
        assert enabled() & {"save", "discard", "rename", "duplicate", "delete", "new", "check"} == set()
        page = await shown(window, Kind.USER_CREDENTIAL, made[Kind.USER_CREDENTIAL])
        assert {"rename", "duplicate", "delete", "new"} <= enabled()
        assert enabled() & {"save", "discard", "check"} == set()
        page.session.edit({"name": ""})
        assert "discard" in enabled()
        assert "save" not in enabled()
        page.session.edit({"name": "Other"})
        assert {"save", "discard"} <= enabled()
        await until(lambda: not page.tasks.busy)
        await shown(window, Kind.FOREIGN_SYSTEM, made[Kind.FOREIGN_SYSTEM])
        assert "check" in enabled()
        assert "save" not in enabled()
        assert "back" in enabled()
        window.ctx.drafts.discard(str(Kind.USER_CREDENTIAL), made[Kind.USER_CREDENTIAL].id)

    in_window(story)


def test_ctrl_s_saves_what_was_typed_and_nothing_when_nothing_was(in_window):
    async def story(window):
        made = await filled(window)
        page = await shown(window, Kind.USER_CREDENTIAL, made[Kind.USER_CREDENTIAL])
        line = page.form.field("description").editor.focus_target
        line.setFocus()
        QTest.keyClicks(line, "For approvals")
        press(window, Qt.Key.Key_S, CTRL)
        await until(lambda: not page.session.dirty and not page.tasks.busy)
        stored = window.ctx.workspace.configuration.get(Kind.USER_CREDENTIAL, made[Kind.USER_CREDENTIAL].id)
        assert stored.description == "For approvals"
        press(window, Qt.Key.Key_S, CTRL)
        assert not page.tasks.busy
        assert window.ctx.workspace.configuration.get(stored.kind, stored.id).version == stored.version

    in_window(story)


def test_f2_renames_in_the_tree_or_on_the_page_depending_on_the_keyboard(in_window):
    async def story(window):
        made = await filled(window)
        credential = made[Kind.USER_CREDENTIAL]
        page = await shown(window, Kind.USER_CREDENTIAL, credential)
        page.form.field("description").editor.focus_target.setFocus()
        press(window, Qt.Key.Key_F2)
        name = page.form.field("name").editor.focus_target
        assert name.hasFocus()
        assert name.selectedText() == "ServiceNow"
        window.navigation.tree.setFocus()
        press(window, Qt.Key.Key_F2)
        line = window.navigation.tree.viewport().findChild(QLineEdit)
        QTest.keyClicks(line, "Renamed")
        QTest.keyClick(line, Qt.Key.Key_Return)
        await until(lambda: window.model.node(object_key("user_credential", credential.id)).text == "Renamed")
        await until(lambda: page.title == "Renamed")
        assert window.ctx.activity.latest.text == "Renamed to Renamed"

    in_window(story)


def test_a_rename_in_the_tree_asks_for_the_name_while_open_requests_hang_on_the_object(in_window):
    async def story(window):
        made = await filled(window)
        process = made[Kind.APPROVAL_PROCESS]
        store = window.ctx.workspace.store

        def ask():
            with store.write() as work:
                work.insert(ApprovalRequest(process_id=process.id, state="pending"))

        await window.ctx.call(ask)
        key = object_key("approval_process", process.id)
        node = window.model.node(key)
        for answer in ("wait", "type"):
            window.objects.rename_node(node, "Renamed")
            await until(lambda: [d for d in window.findChildren(OpenRequestsDialog) if d.isVisible()])
            [dialog] = [d for d in window.findChildren(OpenRequestsDialog) if d.isVisible()]
            assert dialog.windowTitle() == "1 open request"
            if answer == "wait":
                dialog.reject()
                await until(lambda: not [d for d in window.findChildren(OpenRequestsDialog) if d.isVisible()])
                assert window.model.node(key).text == process.name
            else:
                QTest.keyClicks(dialog.line, process.name)
                QTest.mouseClick(dialog.act_button, Qt.MouseButton.LeftButton)
                await until(lambda: window.model.node(key).text == "Renamed")

    in_window(story)


def test_a_name_that_the_store_refuses_opens_the_line_again_and_the_tree_keeps_the_old_one(in_window):
    async def story(window):
        made = await filled(window)
        configuration = window.ctx.workspace.configuration
        await window.ctx.call(
            lambda: configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="Taken", account="b"))
        )
        await until(lambda: len(window.model.objects()) == len(made) + 1)
        node = window.model.node(object_key("user_credential", made[Kind.USER_CREDENTIAL].id))
        window.model.setData(window.model.index_of(node), "TAKEN")
        await until(lambda: editor(window) is not None)
        assert (node.text, editor(window).text()) == ("ServiceNow", "TAKEN")
        assert dialogs(window) == []

    in_window(story)


@pytest.mark.parametrize(
    ("place", "key", "modifiers"), [("page", Qt.Key.Key_Delete, CTRL), ("tree", Qt.Key.Key_Delete, NONE)]
)
def test_delete_asks_first_and_shows_the_folder_afterwards(in_window, place, key, modifiers):
    async def story(window):
        made = await filled(window)
        kind = Kind.APPROVAL_TYPE
        page = await shown(window, kind, made[kind])
        (
            window.navigation.tree if place == "tree" else page.form.field("name").editor.focus_target
        ).setFocus()
        press(window, key, modifiers)
        await until(lambda: dialogs(window, DeleteDialog))
        dialogs(window, DeleteDialog)[0].accept()
        await until(lambda: window.page.target == Target("folder:approval_type"))
        await until(lambda: len(window.model.objects()) == len(made) - 1)
        assert window.navigation.current().key == "approval_type"

    in_window(story)


def test_delete_in_the_filter_deletes_letters(in_window):
    async def story(window):
        await filled(window)
        press(window, Qt.Key.Key_F, CTRL)
        assert window.navigation.filter.hasFocus()
        QTest.keyClicks(window.navigation.filter, "ab")
        press(window, Qt.Key.Key_Home)
        press(window, Qt.Key.Key_Delete)
        assert window.navigation.filter.text() == "b"
        assert dialogs(window) == []
        window.navigation.filter.clear()

    in_window(story)


def test_ctrl_n_makes_what_is_shown(in_window):
    async def story(window):
        window.show_target(Target("folder:user_credential"))
        press(window, Qt.Key.Key_N, CTRL)
        await until(lambda: window.page.target.id is not None and window.page.session.ready)
        assert window.page.object_kind is Kind.USER_CREDENTIAL
        name = window.page.form.field("name").editor.focus_target
        await until(name.hasFocus)
        first = window.page.target.id
        press(window, Qt.Key.Key_N, CTRL)
        await until(lambda: window.page.target.id != first and window.page.session.ready)
        assert window.page.object_kind is Kind.USER_CREDENTIAL

    in_window(story)


def test_back_and_forward_walk_the_pages_that_were_shown(in_window):
    async def story(window):
        window.ctx.commands.run("home")
        window.ctx.commands.run("requests")
        window.show_target(Target("folder:tasks"))
        seen = []
        for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Right):
            press(window, key, ALT)
            seen.append(window.page.target.kind)
        assert seen == ["requests", "home", "home", "requests"]
        assert window.pages.can_go_forward()
        window.ctx.commands.run("home")
        assert not window.pages.can_go_forward()
        press(window, Qt.Key.Key_Home, ALT)
        assert window.page.target == Target("home")

    in_window(story)


def test_a_store_that_cannot_be_opened_is_told_once(run, tmp_path):
    file = tmp_path / "broken.db"
    file.write_bytes(b"This is no database. " * 100)

    async def story():
        ctx = Context(Options(str(file), "session"), tmp_path)
        window = Window(WindowSettings(tmp_path))
        window.fill(ctx)
        window.show()
        ctx.open()
        window.show_target(Target("home"))
        await until(lambda: dialogs(window, ProblemSheet))
        await asyncio.sleep(0.2)
        assert len(dialogs(window, ProblemSheet)) == 1
        window.close()
        await ctx.aclose(window)
        window.deleteLater()

    run(story())


def test_back_passes_over_what_does_not_exist_any_more(in_window):
    async def story(window):
        window.ctx.commands.run("home")
        window.objects.new("approval_type")
        await until(lambda: window.page.target.kind == "approval_type" and window.page.session.ready)
        window.page.discard()
        await until(lambda: window.model.objects() == [])
        assert window.page.target.kind == "folder:approval_type"
        press(window, Qt.Key.Key_Left, ALT)
        assert window.page.target == Target("home")
        assert not window.pages.can_go_back()
        press(window, Qt.Key.Key_Right, ALT)
        assert window.page.target.kind == "folder:approval_type"

    in_window(story)


def test_a_check_goes_on_while_many_other_pages_are_looked_at(in_window):
    async def story(window):
        made = await filled(window)
        page = await shown(window, Kind.FOREIGN_SYSTEM, made[Kind.FOREIGN_SYSTEM])
        go_on = asyncio.Event()
        page.load_check_subject = go_on.wait
        page.run("check")
        assert page.check.presenter.running
        configuration = window.ctx.workspace.configuration
        for _ in range(MAX_OPEN_PAGES + 2):
            credential = await window.ctx.call(
                lambda: configuration.save(configuration.new(Kind.USER_CREDENTIAL, account="a"))
            )
            await shown(window, Kind.USER_CREDENTIAL, credential)
        assert page in window.pages.open_pages.values()
        page.check.cancel()
        await until(lambda: not page.check.presenter.running)

    in_window(story)


def test_the_sheets_of_help_list_every_shortcut_and_version(in_window):
    async def story(window):
        press(window, Qt.Key.Key_F1)
        sheet = dialogs(window)[0]
        texts = {w.text() for w in sheet.findChildren(type(sheet.column.itemAt(0).widget()))}
        assert {c.text for c in window.ctx.commands if c.shortcut} <= texts
        sheet.accept()
        window.ctx.commands.run("about")
        about = dialogs(window)[-1]
        about.accept()

    in_window(story)


def test_colours_change_at_once_and_are_remembered(in_window):
    async def story(window):
        for scheme in ("dark", "contrast", "light"):
            window.ctx.commands.run(f"theme_{scheme}")
            assert theme.current().scheme == scheme
            assert window.settings.text("scheme") == scheme

    in_window(story)


def test_the_wizard_opens_over_the_window(in_window):
    async def story(window):
        press(window, Qt.Key.Key_N, CTRL | SHIFT)
        await until(lambda: dialogs(window, SetupWizard))
        dialogs(window, SetupWizard)[0].reject()

    in_window(story)


def test_ctrl_q_closes_the_window(in_window):
    async def story(window):
        press(window, Qt.Key.Key_Q, CTRL)
        await until(lambda: not window.isVisible())

    in_window(story)


def editor(window):
    from console.navigation.name_editor import NameEditor

    lines = [line for line in window.navigation.tree.findChildren(NameEditor) if line.isVisible()]
    return lines[-1] if lines else None


async def renaming(window, kind, item, name):
    await shown(window, kind, item)
    window.navigation.tree.setFocus()
    press(window, Qt.Key.Key_F2)
    line = editor(window)
    line.selectAll()
    QTest.keyClicks(line, name)
    QTest.keyClick(line, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("other ACCOUNT", "This name is already in use"),
        ("   ", "A name is needed"),
        ("x" * 300, "longer than 255"),
    ],
    ids=["taken", "empty", "long"],
)
def test_a_name_that_cannot_be_taken_is_said_beside_it_and_the_text_stays(in_window, name, said):
    async def story(window):
        made = await filled(window)
        credential = made[Kind.USER_CREDENTIAL]
        configuration = window.ctx.workspace.configuration
        other = configuration.new(Kind.USER_CREDENTIAL, name="Other account", account="x")
        await window.ctx.call(configuration.save, other)
        await until(lambda: window.model.node(object_key("user_credential", other.id)) is not None)
        await renaming(window, Kind.USER_CREDENTIAL, credential, name)
        line = editor(window)
        assert line.text() == name
        assert said in line.told
        assert said in line.accessibleDescription()
        assert [s for s in window.findChildren(ProblemSheet) if s.isVisible()] == []
        window.refresh_tree()
        await until(lambda: not window.tasks.busy)
        assert editor(window).text() == name  # a change of the tree replaces nothing
        line.selectAll()
        QTest.keyClicks(line, "Account 2")
        assert line.told == ""
        QTest.keyClick(line, Qt.Key.Key_Return)
        key = object_key("user_credential", credential.id)
        await until(lambda: window.model.node(key).text == "Account 2")
        await until(lambda: not window.tasks.busy)
        press(window, Qt.Key.Key_Z, CTRL)
        await until(lambda: window.model.node(key).text == "ServiceNow")
        assert window.ctx.activity.latest.text == "Renamed back to ServiceNow"

    in_window(story)


def test_a_name_that_another_console_took_meanwhile_is_said_beside_it(in_window):
    async def story(window):
        made = await filled(window)
        credential = made[Kind.USER_CREDENTIAL]
        configuration = window.ctx.workspace.configuration
        await shown(window, Kind.USER_CREDENTIAL, credential)
        # The tree of this window does not know it yet.
        window.ctx.changes.disconnect(window.objects.take_in_changes)
        other = configuration.new(Kind.USER_CREDENTIAL, name="Other account", account="x")
        await window.ctx.call(configuration.save, other)
        await renaming(window, Kind.USER_CREDENTIAL, credential, "Other account")
        await until(lambda: editor(window) is not None and editor(window).told)
        assert editor(window).text() == "Other account"
        assert editor(window).told == "This name is already in use"
        assert [s for s in window.findChildren(ProblemSheet) if s.isVisible()] == []

    in_window(story)


async def deleted(window, kind, item):
    """Delete an object from its page as a person does."""
    page = await shown(window, kind, item)
    page.run("delete")
    await until(lambda: [d for d in window.findChildren(DeleteDialog) if d.isVisible()])
    [dialog] = [d for d in window.findChildren(DeleteDialog) if d.isVisible()]
    said = " ".join(label.text() for label in dialog.findChildren(Label))
    assert "Ctrl+Z" in said
    assert "Configuration > Deleted objects" in said
    dialog.delete_button.click()
    key = object_key(str(kind), item.id)
    await until(lambda: window.model.node(key) is None)
    await until(lambda: bool(window.ctx.undo.next))
    return key


def test_ctrl_z_brings_a_deleted_object_back(in_window):
    async def story(window):
        made = await filled(window)
        kind = Kind.APPROVAL_TYPE
        key = await deleted(window, kind, made[kind])
        assert window.ctx.commands.get("undo").shortcut == "Ctrl+Z"
        assert window.ctx.commands.run("undo")
        await until(lambda: window.model.node(key) is not None)
        await until(lambda: window.page.target.id == made[kind].id)
        assert window.model.node(key).text == made[kind].name
        assert not window.ctx.undo.next

    in_window(story)


def test_deleted_objects_are_listed_with_who_and_when_and_restored(in_window):
    async def story(window):
        made = await filled(window)
        kind = Kind.APPROVAL_TYPE
        window.show_target(Target("deleted"))
        await until(lambda: not window.page.tasks.busy)
        assert window.page.objects == []
        assert [state for state in window.page.findChildren(EmptyState) if state.isVisible()]
        key = await deleted(window, kind, made[kind])
        way = window.strip.way
        assert (way.isVisible(), way.text()) == (True, "Show deleted objects")
        QTest.keyClick(way, Qt.Key.Key_Return)
        page = window.page
        assert page.target.kind == "deleted"
        await until(lambda: page.objects and not page.tasks.busy)
        assert window.navigation.current().key == "deleted"
        [gone] = page.objects
        assert (gone.name, gone.by) == (made[kind].name, window.ctx.workspace.store.actor)
        texts = [page.model.index(0, column).data() for column in range(4)]
        assert texts[0] == made[kind].name
        assert texts[3] == gone.by
        # Another object has its name by now.
        configuration = window.ctx.workspace.configuration
        await window.ctx.call(configuration.save, configuration.new(kind, name=made[kind].name))
        page.restore_button.click()
        await until(lambda: window.model.node(key) is not None)
        assert window.model.node(key).text == f"{made[kind].name} (2)"
        await until(lambda: window.page.target.id == made[kind].id)
        window.pages.go_back()
        await until(lambda: window.page is page and not page.tasks.busy)
        assert page.objects == []

    in_window(story)


def test_a_new_object_that_nothing_was_typed_into_leaves_no_draft(in_window):
    async def story(window):
        drafts = window.ctx.drafts
        window.objects.new(Kind.USER_CREDENTIAL)
        await until(lambda: window.page is not None and window.page.target.kind == "user_credential")
        await until(lambda: window.page.session.ready)
        assert [draft.untouched for draft in drafts.all()] == [True]
        window.ctx.commands.run("home")
        await until(lambda: not window.tasks.busy)
        assert drafts.all() == []
        assert [n for n in window.model.objects() if n.draft] == []
        window.objects.new(Kind.USER_CREDENTIAL)
        await until(lambda: window.page.target.kind == "user_credential" and window.page.session.ready)
        window.page.session.edit({"description": "typed"})
        window.ctx.commands.run("home")
        await until(lambda: not window.tasks.busy)
        [draft] = drafts.all()
        assert (draft.untouched, draft.values["description"]) == (False, "typed")

    in_window(story)
