"""What is shown of a request has its room: nothing is cut off, nothing of another one stays, failures say what to do."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QFontMetrics
from PyQt6.QtWidgets import QLabel, QPushButton

from console.design import theme
from console.inbox import cell_content, request_rows
from console.inbox.request_rows import RowOutcome
from console.inbox.request_timeline import ENTRY_ROLE, MAX_DETAIL_LINES, Timeline, wrap_text
from console.navigation.request_places import BUILT_IN_FILTERS
from console.runtime.window_settings import WindowSettings
from console.widgets.data_table import MARGIN, PAD
from console.widgets.filter_chips import Chips
from console.widgets.labels import ZERO_WIDTH_SPACE, with_break_points
from console.widgets.placeholders import ErrorState
from models.kinds import RequestEventKind, RequestState
from services.requests.details import loader as details_of
from services.store.errors import read_error
from tests.console.inbox.support import LONG_S, as_row, opened, put, request, settled, until

PATH = "C:\\" + "\\".join(["a-rather-long-folder"] * 20) + "\\setup.exe"


def cut_off(root):
    """Return the texts that have less room than they need."""
    found = []
    for label in root.findChildren(QLabel):
        if label.isVisible() and label.text() and label.wordWrap():
            if label.heightForWidth(label.width()) > label.height() + 1:
                found.append(label.text())
            if label.minimumSizeHint().width() > label.width() + 1:
                found.append(label.text())
    return found


@pytest.mark.parametrize(
    "text", ["Submitted by b.okafor on LT-40213", "x" * 300, "🚀 " * 60, "أحتاج البرنامج " * 20]
)
def test_lines_hold_all_of_a_text_and_none_is_wider_than_its_room(qapp, text):
    font = theme.font("body")
    lines = wrap_text(text, font, 120, 100)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert len(lines) > 1


def test_what_goes_beyond_the_last_line_is_marked(qapp):
    lines = wrap_text("word " * 200, theme.font("caption"), 120, MAX_DETAIL_LINES)
    assert len(lines) == MAX_DETAIL_LINES
    assert lines[-1].endswith("…")
    assert wrap_text("", theme.font("body"), 120, 3) == [""]


def test_a_step_of_the_timeline_grows_where_it_is_narrow(qtbot):
    timeline = Timeline()
    qtbot.addWidget(timeline)
    line = SimpleNamespace(
        at=datetime.now(UTC),
        kind=RequestEventKind.RAISED,
        title="Submitted by b.okafor on LT-40213",
        detail="vs_setup.exe, “Tools for release 8”",
        due=False,
    )
    timeline.resize(600, 200)
    timeline.show()
    timeline.show_lines([line], mismatch=False)
    index = timeline.entries.index(0)
    assert index.data(ENTRY_ROLE).title == line.title
    wide = timeline.visualRect(index).height()
    timeline.resize(200, 200)
    qtbot.waitUntil(lambda: timeline.visualRect(index).height() > wide, timeout=20_000)


def test_long_words_break_and_are_copied_whole(run, ctx, store):
    row = request(1, 9000, RequestState.FAILED, file_path=PATH + "x" * 200, error="org." + "x" * 400)
    put(store, row)

    async def story():
        async with opened(ctx) as page:
            page.presenter.open_request(row.id)
            await until(lambda: page.pane.answer)
            await settled(page)
            assert ZERO_WIDTH_SPACE in page.pane.quote.label.text()
            assert ZERO_WIDTH_SPACE not in page.pane.answer
            assert page.pane.quote.label.accessibleName().endswith(page.pane.answer)
            await until(lambda: cut_off(page.pane) == [])

    run(story(), LONG_S)


def test_short_words_and_other_scripts_are_left_alone():
    assert (
        with_break_points("Tools for release 8, RITM0048213 👩‍💻") == "Tools for release 8, RITM0048213 👩‍💻"
    )
    assert with_break_points("ه" * 40) == "ه" * 40
    assert with_break_points("x" * 20).replace(ZERO_WIDTH_SPACE, "") == "x" * 20


def test_details_that_cannot_be_read_are_said_in_their_place_with_retry(run, ctx, store, monkeypatch):
    put(store, request(1), request(2))
    read = details_of.load_stored_details
    broken = {"now": True}

    def failing(*given, **named):
        if broken["now"]:
            raise read_error(OSError("disk gone"))
        return read(*given, **named)

    monkeypatch.setattr(details_of, "load_stored_details", failing)

    async def story():
        async with opened(ctx) as page:
            page.table.selectRow(0)
            await until(lambda: page.pane.findChildren(ErrorState))
            [state] = page.pane.findChildren(ErrorState)
            assert page.pane.number.text() == page.table.current_row().number
            assert state.isVisible()
            assert not page.pane.area.isVisible()
            assert not page.pane.copy_number.isVisible()
            assert page.widgets.notice.text == ""
            broken["now"] = False
            next(b for b in state.findChildren(QPushButton) if b.text() == "Retry").click()
            await until(lambda: page.pane.answer)
            assert page.pane.area.isVisible()
            assert not state.isVisible()
            await settled(page)

    run(story(), LONG_S)


def test_nothing_of_another_request_stays_while_one_is_read(run, ctx, store):
    row = request(1, 9000, mismatch="order-approved", order_state="approved", order_number="REQ0000001")
    put(store, row)

    async def story():
        async with opened(ctx) as page:
            page.presenter.open_request(row.id)
            await until(lambda: page.pane.answer)
            await settled(page)
            pane = page.pane
            assert pane.judgement.isVisible()
            assert pane.who.isVisible()
            pane.clear()
            gone = (pane.judgement, pane.who, pane.what, pane.fresh, pane.copy_number)
            assert not any(widget.isVisible() for widget in gone)
            assert pane.here._state.text() == pane.there._state.text() == pane.answer == ""

    run(story(), LONG_S)


@pytest.mark.parametrize("width", [540, 720, 860, 1040])
def test_the_details_have_room_at_every_width(run, ctx, store, width):
    row = request(
        1,
        9000,
        policy_name="Visual Studio installer",
        process_name="ServiceNow Approval Process",
        reason=PATH,
    )
    put(store, row)

    async def story():
        async with opened(ctx, size=(width, 900)) as page:
            page.presenter.open_request(row.id)
            await until(lambda: page.pane.answer)
            await settled(page)
            pane = page.pane
            await until(lambda: cut_off(pane) == [])
            for button in pane.action_buttons.values():
                assert button.width() >= button.sizeHint().width()
            assert pane.number.width() >= pane.number.sizeHint().width()
            right = pane.quote.mapTo(pane, QPoint(pane.quote.width(), 0)).x()
            assert right <= pane.width()
            if width == 540:  # the answer comes first
                assert pane.quote.mapTo(pane, QPoint()).y() < pane.timeline.mapTo(pane, QPoint()).y()

    run(story(), LONG_S)


def test_a_state_keeps_its_word_when_a_shape_comes_behind_it(run, ctx, store):
    row = request(1)
    put(store, row)

    async def story():
        async with opened(ctx, size=(760, 700)) as page:
            before = page.table.columnWidth(request_rows.STATE)
            page.presenter.on_action_finished({row.id: RowOutcome(ok=False, text="No")})
            assert page.table.columnWidth(request_rows.STATE) > before
            await settled(page)

    run(story(), LONG_S)


@pytest.mark.parametrize("count", [3, 100])
def test_the_last_column_ends_where_the_page_does(run, ctx, store, count):
    put(store, *(request(number) for number in range(1, count + 1)))

    async def story():
        async with opened(ctx, size=(1400, 700)) as page:
            table = page.table
            bar = table.verticalScrollBar()
            assert bar.isVisible() is (count == 100)
            head = table.horizontalHeader()
            words = QFontMetrics(theme.font("body")).horizontalAdvance("RITM0000001")
            end = head.sectionViewportPosition(request_rows.NUMBER) + PAD + words
            assert table.width() - end == MARGIN

    run(story(), LONG_S)


@pytest.mark.parametrize(("approval", "said"), [("requested", "Not known"), ("not requested", "Nobody")])
def test_who_is_asked_is_not_known_where_the_record_asks_and_names_nobody(approval, said):
    row = as_row(request(1, waits_for="", servicenow_state=approval))
    assert cell_content.approvers_text(row) == said


def test_the_keyboard_passes_the_chips_as_they_stand(qtbot):
    chips = Chips(BUILT_IN_FILTERS)
    qtbot.addWidget(chips)
    chips.show()
    for extra in ("", "mine"):
        if extra:
            chips.choose(extra, "Mine too")
        wanted = [*(chips.chip(key) for key, _ in BUILT_IN_FILTERS), *([chips.chip(extra)] if extra else ())]
        passed, widget = [], wanted[0]
        while len(passed) <= len(wanted):
            passed.append(widget)
            widget = widget.nextInFocusChain()
        assert passed == [*wanted, chips.save_button]


def test_steps_of_a_long_timeline_keep_their_lines_apart_beside_the_bar(qtbot):
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.resize(236, 120)
    timeline.show()
    words = "approved REQ0039127 and not the item that belongs to it"
    lines = [
        SimpleNamespace(
            at=datetime.now(UTC), kind=RequestEventKind.SEEN, title=words[:end], detail=words[:end], due=False
        )
        for end in range(4, len(words))
    ]
    timeline.show_lines(lines, mismatch=False)
    heights = []
    for policy in (Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAlwaysOn):
        timeline.setVerticalScrollBarPolicy(policy)
        timeline.doItemsLayout()
        heights.append([timeline.visualRect(timeline.entries.index(n)).height() for n in range(len(lines))])
    # Steps that were measured before the bar came are drawn beside it.
    assert heights[0] == heights[1]
    assert len(set(heights[0])) > 2


def test_a_name_that_is_turned_around_does_not_pass_for_another(qapp):
    row = as_row(request(1, file_path="C:\\invoice\u202egpj.exe"))
    assert cell_content.text(row, request_rows.FILE, request_rows.utcnow()) == "invoice\ufffdgpj.exe"
    assert (
        cell_content.tooltip_text(row, request_rows.FILE, request_rows.utcnow()) == "C:\\invoice\ufffdgpj.exe"
    )
    assert wrap_text("invoice\u202egpj.exe", theme.font("body"), 400, 1) == ["invoice\ufffdgpj.exe"]
    assert with_break_points("invoice\u2066gpj.exe") == "invoice\ufffdgpj.exe"
    assert (
        cell_content.text(as_row(request(1, reason="أحتاج 🎉")), request_rows.REASON, request_rows.utcnow())
        == "أحتاج 🎉"
    )


def test_columns_keep_the_widths_that_a_person_gave_them(run, ctx, store, tmp_path):
    put(store, request(1, reason="Short"), request(2))
    ctx.settings = WindowSettings(tmp_path / "profile")

    async def story():
        async with opened(ctx) as page:
            head = page.table.horizontalHeader()
            head.resizeSection(request_rows.NUMBER, 150)
            head.resizeSection(request_rows.FILE, 210)
            before = page.table.widths()
            put(
                store,
                request(
                    30_000_000, 90_000, reason="A long reason " * 20, file_path="C:\\" + "x" * 90 + ".exe"
                ),
            )
            await until(lambda: page.model.rowCount() == 3)
            page.presenter.show_filter("all")
            await settled(page)
            page.resize(1400, 700)
            page._tick_timer.timeout.emit()
            assert page.table.widths() == before
        async with opened(ctx) as page:
            assert page.table.widths() == before
            assert page.table.horizontalHeader().sectionSize(request_rows.NUMBER) == 150
            page.reset_layout()
            assert page.table.widths() == ""
        ctx.settings = None

    run(story(), LONG_S)


def test_number_and_file_are_readable_in_the_smallest_window(run, ctx, store):
    long = {"reason": "Needed for the release " * 8, "policy_name": "Executable from a download folder " * 2}
    put(
        store,
        *(
            request(n, 50 + n, file_path=rf"C:\Users\somebody\Downloads\setup-tool-{n}.exe", **long)
            for n in range(40)
        ),
    )

    async def story():
        async with opened(ctx, size=(719, 560)) as page:
            table = page.table
            head, metrics = table.horizontalHeader(), QFontMetrics(theme.font("body"))
            number = metrics.horizontalAdvance("RITM0000039")
            left = head.sectionViewportPosition(request_rows.NUMBER)
            assert left + PAD + number <= table.viewport().width()
            assert head.sectionSize(request_rows.NUMBER) >= number + 2 * PAD
            assert head.sectionSize(request_rows.FILE) >= metrics.averageCharWidth() * 12

    run(story(), LONG_S)
