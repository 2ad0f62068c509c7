"""The fault catalog in the window: reached from menu, palette and check, searched, read, copied, and left again."""

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QPushButton

from console.runtime.page_targets import FAULTS, Target, fault_entry_target
from console.widgets.placeholders import EmptyState
from models.addresses import Origin
from models.kinds import Kind
from services.common.secret import Secret
from services.connectivity import all_faults, fault_catalog_texts
from services.practice import PracticeInstance
from tests.console.accessibility import complaints
from tests.console.page_support import until
from tests.console.windows import opened_window, shown

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
PASSWORD = "practice password"


@pytest.fixture
def in_window(run, tmp_path):
    def runner(story, size=(1280, 800)):
        async def body():
            async with opened_window(str(tmp_path / "faults.db"), tmp_path / "profile", size) as window:
                await story(window)

        run(body())

    return runner


def press(window, key, modifiers=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)


def listed(page):
    return [page.model.index(row, 0).data() for row in range(page.model.rowCount())]


def told(entry):
    """Return what an entry shows, by the names of its parts."""
    return {name.text(): text.text() for name, text in entry._rows if name.isVisibleTo(entry)}


async def catalogue(window):
    window.ctx.commands.run("faults")
    await until(lambda: window.page.fault is not None and window.page.isVisible())
    return window.page


# -- the list and the entry -----------------------------------------------------------------------------------


def test_the_menu_opens_it_with_the_keyboard_in_the_search(in_window):
    async def story(window):
        window.ctx.commands.run("home")
        press(window, Qt.Key.Key_F1, SHIFT)
        await until(lambda: window.page.target == Target(FAULTS) and window.page.fault is not None)
        page = window.page
        await until(page.search.hasFocus)
        assert window.windowTitle().startswith("Fault catalog")
        assert listed(page) == [fault.id for fault in all_faults()]
        assert page.foot.text() == f"{len(all_faults())} faults"
        assert window.ctx.commands.get("faults").where == "Help"

    in_window(story)


def test_by_keyboard_alone_a_fault_is_found_read_and_copied(in_window):
    async def story(window):
        page = await catalogue(window)
        await until(page.search.hasFocus)
        QTest.keyClicks(page.search, "wait nobody was asked")
        assert listed(page) == ["approval-not-requested"]
        assert page.foot.text() == f"1 of {len(all_faults())} faults"
        press(window, Qt.Key.Key_Down)
        assert page.table.hasFocus()
        press(window, Qt.Key.Key_C, CTRL)
        copied = QGuiApplication.clipboard().text()
        assert copied == fault_catalog_texts.format_fault(page.fault)
        assert "Remedy: Open the request that is named" in copied
        press(window, Qt.Key.Key_Tab)
        assert page.entry.copy_button.hasFocus()
        QGuiApplication.clipboard().clear()
        press(window, Qt.Key.Key_Space)
        assert QGuiApplication.clipboard().text() == copied
        page.search.setFocus()
        press(window, Qt.Key.Key_Escape)
        assert page.search.text() == ""
        assert listed(page) == [fault.id for fault in all_faults()]
        # What was chosen stays chosen while it is in the list.
        assert page.fault.id == "approval-not-requested"

    in_window(story)


def test_an_entry_shows_every_part_of_what_is_known(in_window):
    async def story(window):
        page = await catalogue(window)
        page.table.setFocus()
        seen = {}
        for fault in all_faults():
            assert page.fault is fault
            assert page.entry.heading.text() == fault.id
            assert told(page.entry) == dict(fault_catalog_texts.fault_fields(fault))
            seen[fault.state] = [key for key, shape in page.entry._shapes.items() if not shape.isHidden()]
            press(window, Qt.Key.Key_Down)
        assert seen == {"failed": ["bad"], "warning": ["notice"]}

    in_window(story)


def test_stage_and_owner_narrow_the_list_together(in_window):
    async def story(window):
        page = await catalogue(window)
        page.stage.setCurrentIndex(page.stage.findText("Roles"))
        assert listed(page) == [f.id for f in fault_catalog_texts.search_faults("", stage="roles")] != []
        page.owner.setCurrentIndex(page.owner.findText("Network"))
        assert listed(page) == []
        empty = page.states.currentWidget()
        assert isinstance(empty, EmptyState)
        again = empty.findChild(QPushButton)
        again.click()
        assert listed(page) == [fault.id for fault in all_faults()]
        assert (page.stage.currentData(), page.owner.currentData()) == ("", "")

    in_window(story)


def test_a_search_without_a_match_offers_to_show_all_faults(in_window):
    async def story(window):
        page = await catalogue(window)
        page.search.setText("no such thing at all")
        empty = page.states.currentWidget()
        assert isinstance(empty, EmptyState)
        texts = " ".join(label.text() for label in empty.findChildren(type(page.foot)))
        assert "No fault matches" in texts
        assert "“no such thing at all”" in texts
        assert page.fault is None
        page.search.setFocus()
        press(window, Qt.Key.Key_Down)
        assert page.search.hasFocus()
        QGuiApplication.clipboard().setText("as it was")
        page.copy()
        assert QGuiApplication.clipboard().text() == "as it was"

    in_window(story)


# -- links ----------------------------------------------------------------------------------------------------


def test_every_finding_of_a_check_has_an_entry_that_its_link_opens(in_window):
    async def story(window):
        page = await catalogue(window)
        for fault in all_faults():
            for stage in fault.stages:
                page.search.setText("hides what is wanted")
                window.show_target(fault_entry_target(fault.id, stage))
                assert page.fault is fault
        window.show_target(fault_entry_target("timeout", "status_call"))
        assert page.fault.stages == ("http",)

    in_window(story)


def test_a_fault_of_another_release_is_searched_for_and_not_passed_over(in_window):
    async def story(window):
        page = await catalogue(window)
        window.show_target(fault_entry_target("fault-of-tomorrow", "tls"))
        assert page.search.text() == "fault-of-tomorrow"
        assert isinstance(page.states.currentWidget(), EmptyState)

    in_window(story)


def checked_server(window, practice):
    workspace = window.ctx.workspace
    configuration = workspace.configuration
    credential = configuration.save(
        configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account="privman.integration")
    )
    origins = [Origin.of(practice.base_url)]
    workspace.vault.put(credential.id, credential.name, credential.account, Secret(PASSWORD), origins)
    return configuration.save(
        configuration.new(
            Kind.FOREIGN_SYSTEM, name="Server", base_url=practice.base_url, credential_id=credential.id
        )
    )


def test_from_a_red_or_yellow_stage_to_its_entry_and_back_to_the_check(in_window):
    practice = PracticeInstance(password=PASSWORD).start()
    practice.faults.set("account_locked")
    practice.faults.set("clock_off", seconds=600)

    async def story(window):
        server = await window.ctx.call(checked_server, window, practice)
        await until(lambda: len(window.model.objects()) == 2)
        page = await shown(window, Kind.FOREIGN_SYSTEM, server)
        page.run("check")
        await until(lambda: page.check.presenter.report is not None)
        cards = page.check.findings.cards
        assert set(cards) == {"account", "clock"}
        for stage, card in cards.items():
            link = card.entry_link
            await until(lambda link=link: link.isVisibleTo(page))
            assert link.text() == "In the catalog"
            link.setFocus()
            press(window, Qt.Key.Key_Return)
            await until(lambda: window.page.kind == FAULTS and window.page.fault is not None)
            assert (window.page.fault.id, window.page.fault.stages) == (card.result.fault, (stage,))
            await until(window.page.table.hasFocus)
            window.page.back_button.click()
            assert window.page is page
            await until(lambda: window.pages.currentWidget() is page)
            assert card.isVisible()

    try:
        in_window(story)
    finally:
        practice.stop()


def test_the_palette_finds_faults_by_id_and_by_what_people_see(in_window):
    async def story(window):
        window.ctx.commands.run("home")
        palette = window.palette_box

        def rows():
            return [e.text if e.run else f"[{e.text}]" for e in palette.model.entries]

        for typed, wanted in (
            ("tls-self", "tls-self-signed"),
            ("deleted pending", "status-call-not-invalid"),
        ):
            window.open_palette()
            QTest.keyClicks(palette.field, typed)
            await until(lambda: "[Faults]" in rows())
            assert wanted in rows()
            assert palette.model.entries[palette.list.currentIndex().row()].text == wanted
            QTest.keyClick(palette.field, Qt.Key.Key_Return)
            await until(lambda: window.page.kind == FAULTS and window.page.fault is not None)
            await until(lambda wanted=wanted: window.page.fault.id == wanted)
            await until(window.page.table.hasFocus)
            assert listed(window.page) == [fault.id for fault in all_faults()]
        window.open_palette()
        palette.field.setText(">tls-self")
        await until(lambda: not window.tasks.busy)
        assert rows() == []

    in_window(story)


def test_the_tree_takes_the_keyboard_without_leaving_a_page_that_has_no_row_in_it(in_window):
    async def story(window):
        page = await catalogue(window)
        window.navigation.filter.setFocus()
        press(window, Qt.Key.Key_Tab)
        assert window.navigation.tree.hasFocus()
        assert window.page is page
        assert window.navigation.current() is None
        press(window, Qt.Key.Key_Down)
        assert window.page.target == Target("home")

    in_window(story)


def test_back_is_shown_only_where_there_is_a_previous_page(in_window):
    async def story(window):
        page = await catalogue(window)
        assert page.back_button.isHidden()
        window.ctx.commands.run("home")
        window.ctx.commands.run("faults")
        assert not page.back_button.isHidden()
        press(window, Qt.Key.Key_Left, ALT)
        assert window.page.target == Target("home")

    in_window(story)


# -- how it stands there --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1280, 800), (960, 600)])
def test_everything_has_a_name_and_is_reached_by_tab(in_window, size):
    async def story(window):
        window.ctx.commands.run("home")
        page = await catalogue(window)
        assert complaints(page) == {}
        page.search.setText("no such thing at all")
        assert complaints(page) == {}
        assert page.minimumSizeHint().width() <= 960 - 240

    in_window(story, size)


def test_in_a_narrow_window_the_entry_is_below_the_list(in_window):
    async def story(window):
        page = await catalogue(window)
        assert page.split.orientation() == Qt.Orientation.Vertical
        assert page.table.height() >= 5 * 28
        window.resize(1280, 800)
        await until(lambda: page.split.orientation() == Qt.Orientation.Horizontal)

    in_window(story, (960, 600))
