"""The palette by keyboard alone: commands, objects and requests, and where the keyboard goes afterwards."""

from datetime import UTC, datetime, timedelta

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QWidget

from console.design import theme
from console.runtime.page_targets import Target
from console.shell.command_palette import ENTRY_ROLE, ROWS_PER_GROUP, Palette, PaletteEntry
from console.shell.palette_search import MAX_REQUESTS
from models.approval_request import ApprovalRequest
from models.kinds import Kind, RequestState
from tests.console.inbox.support import settled
from tests.console.page_support import until
from tests.console.windows import filled, opened_window, shown

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def in_window(run, tmp_path):
    def runner(story):
        async def body():
            async with opened_window(str(tmp_path / "palette.db"), tmp_path / "profile") as window:
                await story(window)

        run(body())

    return runner


def rows(palette):
    """Return what stands in the list: headings in brackets."""
    return [e.text if e.run else f"[{e.text}]" for e in palette.model.entries]


def key(palette, code):
    QTest.keyClick(palette.field, code)


# -- the box by itself --------------------------------------------------------


@pytest.fixture
def box(qtbot, qapp):
    """A palette over twelve things of two sorts, and what was run."""
    theme.apply(qapp, "light")
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(900, 600)
    ran = []

    def find(text):
        words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta"]
        return [
            ("Greek", [PaletteEntry(w, run=lambda w=w: ran.append(w)) for w in words if text in w]),
            ("Empty", []),
            (
                "Numbers",
                [PaletteEntry(str(n), run=lambda n=n: ran.append(n)) for n in range(2) if text in str(n)],
            ),
        ]

    palette = Palette(parent, find)
    palette.ran = ran
    parent.show()
    palette.open()
    yield palette
    del parent


def current(palette):
    entry = palette.list.currentIndex().data(ENTRY_ROLE)
    return entry.text if entry else None


def test_each_group_shows_its_first_five_under_a_heading_and_empty_groups_none(box):
    assert rows(box) == ["[Greek]", "alpha", "beta", "gamma", "delta", "epsilon", "[Numbers]", "0", "1"]
    assert box.count.text() == ""
    QTest.keyClicks(box.field, "eta")
    assert rows(box) == ["[Greek]", "beta", "zeta", "eta"]
    assert box.count.text() == "3 matches, searching…"
    box.finish("eta")
    assert box.count.text() == "3 matches"
    box.field.setText("alpha")
    box.finish("something else")
    assert box.count.text() == "1 match, searching…"
    box.finish("alpha")
    assert box.count.text() == "1 match"


def test_a_group_of_many_shows_the_rest_when_that_is_chosen(box):
    box.field.setText("a")
    box.finish("a")
    assert box.count.text() == "6 matches"
    assert rows(box) == ["[Greek]", "alpha", "beta", "gamma", "delta", "zeta", "Show 1 more"]
    key(box, Qt.Key.Key_Up)
    assert current(box).startswith("Show ")
    key(box, Qt.Key.Key_Return)
    assert box.isVisible()
    assert box.ran == []
    assert not any(row.startswith("Show ") for row in rows(box))
    assert current(box) == "eta"


def test_enter_runs_nothing_that_comes_later(box):
    box.field.setText("nothing like it")
    assert box.count.text() == "Searching…"
    key(box, Qt.Key.Key_Return)
    box.add("nothing like it", "Later", [PaletteEntry("late", run=lambda: box.ran.append("late"))])
    assert box.ran == []
    assert box.isVisible()
    assert current(box) == "late"
    key(box, Qt.Key.Key_Return)
    assert box.ran == ["late"]


def test_the_first_row_is_chosen_and_the_arrows_pass_over_headings_and_around(box):
    assert current(box) == "alpha"
    key(box, Qt.Key.Key_Up)
    assert current(box) == "1"
    key(box, Qt.Key.Key_Down)
    assert current(box) == "alpha"
    for _ in range(5):
        key(box, Qt.Key.Key_Down)
    assert current(box) == "0"
    assert box.field.hasFocus()


def test_enter_runs_what_is_chosen_once_and_closes(box):
    key(box, Qt.Key.Key_Down)
    key(box, Qt.Key.Key_Return)
    assert box.ran == ["beta"]
    assert not box.isVisible()


def test_nothing_found_is_no_trap(box):
    box.field.setText("nothing like it")
    for code in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Return):
        key(box, code)
    assert box.ran == []
    assert box.isVisible()
    box.finish("nothing like it")
    assert box.count.text() == "0 matches"
    key(box, Qt.Key.Key_Escape)
    assert not box.isVisible()


def test_headings_cannot_be_chosen_with_the_pointer(box):
    assert box.model.flags(box.model.index(0)) == Qt.ItemFlag.NoItemFlags
    box.list.clicked.emit(box.model.index(0))
    assert box.isVisible()
    box.list.clicked.emit(box.model.index(3))
    assert box.ran == ["gamma"]


def test_what_is_found_later_joins_without_moving_the_choice(box):
    QTest.keyClicks(box.field, "eta")
    key(box, Qt.Key.Key_Down)
    box.add("eta", "Later", [PaletteEntry("metal", run=lambda: box.ran.append("metal"))])
    assert rows(box)[-2:] == ["[Later]", "metal"]
    assert current(box) == "zeta"
    box.add("something else", "Late", [PaletteEntry("no", run=print)])
    assert "no" not in rows(box)
    box.close_and_restore_focus()
    box.add("eta", "Late", [PaletteEntry("no", run=print)])
    assert "no" not in rows(box)


def test_rows_are_drawn_with_the_typed_letters_and_say_themselves(box, qapp):
    box.add("", "Places", [PaletteEntry("Save", "Edit", "disk", "Ctrl+S", print)])
    image = box.grab().toImage()
    assert image.width() > 400
    index = box.model.index(len(box.model.entries) - 1)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Save, Edit, Ctrl+S"


def test_it_opens_empty_each_time_and_stays_inside_a_small_window(box):
    QTest.keyClicks(box.field, "eta")
    key(box, Qt.Key.Key_Escape)
    box.parentWidget().resize(400, 300)
    box.open()
    assert box.field.text() == ""
    assert box.parentWidget().rect().contains(box.geometry())


# -- in the window ------------------------------------------------------------


def test_ctrl_k_opens_it_and_escape_gives_the_keyboard_back(in_window):
    async def story(window):
        made = await filled(window)
        page = await shown(window, Kind.USER_CREDENTIAL, made[Kind.USER_CREDENTIAL])
        line = page.form.field("description").editor.focus_target
        line.setFocus()
        QTest.keyClick(line, Qt.Key.Key_K, CTRL)
        palette = window.palette_box
        assert palette.isVisible()
        assert palette.field.hasFocus()
        key(palette, Qt.Key.Key_Escape)
        assert line.hasFocus()

    in_window(story)


def test_it_finds_commands_by_words_in_any_order_with_their_shortcut(in_window):
    async def story(window):
        palette = window.palette_box
        window.open_palette()
        QTest.keyClicks(palette.field, "process new")
        assert rows(palette) == ["[Commands]", "New ServiceNow Approval Process"]
        palette.field.setText("keyboard")
        assert palette.model.entries[1].shortcut == "F1"
        palette.field.setText("find or run")
        assert rows(palette) == []

    in_window(story)


def test_only_what_can_run_now_is_offered(in_window):
    async def story(window):
        made = await filled(window)
        window.ctx.commands.run("home")
        window.open_palette()
        window.palette_box.field.setText(">duplicate")
        assert rows(window.palette_box) == []
        window.palette_box.close_and_restore_focus()
        await shown(window, Kind.USER_CREDENTIAL, made[Kind.USER_CREDENTIAL])
        window.open_palette()
        window.palette_box.field.setText(">duplicate")
        assert rows(window.palette_box) == ["[Commands]", "Duplicate"]

    in_window(story)


def test_it_goes_to_objects_and_says_where_they_stand(in_window):
    async def story(window):
        made = await filled(window)
        palette = window.palette_box
        window.open_palette()
        QTest.keyClicks(palette.field, "servicenow server")
        assert rows(palette) == ["[Objects]", "ServiceNow Server", "[Commands]", "New ServiceNow Server"]
        assert palette.model.entries[1].caption == "Configuration > Foreign Systems > ServiceNow"
        key(palette, Qt.Key.Key_Return)
        assert window.page.target == Target("foreign_system", made[Kind.FOREIGN_SYSTEM].id)
        window.open_palette()
        palette.field.setText("> servicenow server")
        assert rows(palette) == ["[Commands]", "New ServiceNow Server"]
        await until(lambda: window.page.session.ready)

    in_window(story)


def requests(store, count):
    with store.write("Raise requests") as unit:
        for n in range(count):
            unit.session.add(
                ApprovalRequest(
                    number=f"RITM{n:07}",
                    state=RequestState.PENDING,
                    policy_name="Block 100%_installers",
                    initiator_name="b.okafor",
                    requested_at=datetime(2026, 1, 31, tzinfo=UTC) - timedelta(minutes=n),
                )
            )


def test_it_finds_requests_of_any_age_and_shows_the_row(in_window):
    async def story(window):
        ctx = window.ctx
        await ctx.call(requests, ctx.workspace.store, 300)
        palette = window.palette_box
        window.open_palette()
        QTest.keyClicks(palette.field, "ritm0000299")
        await until(lambda: "[Requests]" in rows(palette))
        assert rows(palette) == ["[Requests]", "RITM0000299"]
        assert palette.model.entries[1].caption == "pending, Block 100%_installers, b.okafor"
        key(palette, Qt.Key.Key_Return)
        assert window.page.target.kind == "requests"
        table = window.page.table
        await until(lambda: table.selectionModel().hasSelection())
        assert table.currentIndex().siblingAtColumn(9).data() == "RITM0000299"
        assert table.hasFocus()
        window.open_palette()
        palette.field.setText("0%_inst")
        await until(lambda: "[Requests]" in rows(palette))
        await settled(window.page)
        assert len(rows(palette)) == 2 + ROWS_PER_GROUP  # and a row that shows the rest
        assert palette.count.text().startswith(f"{MAX_REQUESTS}+ matches")
        palette.field.setText("0_%inst")
        await until(lambda: not window.tasks.busy)
        assert rows(palette) == []

    in_window(story)


def test_the_door_opens_it_by_mouse_and_keyboard(in_window):
    async def story(window):
        for open_it in (
            lambda: QTest.mouseClick(window.door, Qt.MouseButton.LeftButton),
            lambda: QTest.keyClick(window.door, Qt.Key.Key_Space),
        ):
            open_it()
            assert window.palette_box.isVisible()
            window.palette_box.close_and_restore_focus()

    in_window(story)


def test_the_exact_name_of_an_object_comes_before_commands_that_hold_it(in_window):
    async def story(window):
        await filled(window)
        palette = window.palette_box
        window.open_palette()
        QTest.keyClicks(palette.field, "servicenow server")
        assert rows(palette)[:2] == ["[Objects]", "ServiceNow Server"]
        assert current(palette) == "ServiceNow Server"
        QTest.keyClick(palette.field, Qt.Key.Key_Return)
        await until(lambda: window.page.target.kind == "foreign_system")
        window.open_palette()
        QTest.keyClicks(palette.field, "appr")
        await until(lambda: "searching" not in palette.count.text())
        groups = {}
        for row in rows(palette):
            if row.startswith("["):
                groups[row] = 0
            else:
                groups[list(groups)[-1]] += 1
        assert all(count <= ROWS_PER_GROUP + 1 for count in groups.values())
        assert list(groups)[-1] == "[Faults]"

    in_window(story)
