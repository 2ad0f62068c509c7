"""Rows come and go: the selection, what is in sight and the memory stay as they are."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from sqlalchemy import text

from console.inbox import cell_content, request_rows
from console.inbox.row_reader import PAGE_SIZE
from console.inbox.table_model import MAX_CACHED_PAGES, InboxModel
from console.inbox.table_view import InboxTable
from console.widgets.data_table import ROW
from models.kinds import RequestState
from services.language import duration, short_duration
from tests.console.inbox.support import (
    LONG_S,
    PATIENCE_S,
    change,
    numbers,
    opened,
    put,
    request,
    selected_rows,
    settled,
    until,
)

MANY = 700


def top(page):
    """Return the number of the first row in sight and how far above the edge it begins."""
    first, _ = page.table.visible_range()
    return page.model.row(first).number, page.table.row_offset(first)


def chosen(page):
    return [row.number for row in selected_rows(page)]


def held(model):
    """Return how many rows are in memory."""
    return sum(len(page) for page in model._pages.values())


async def scrolled(page, row):
    page.table.verticalScrollBar().setValue(row * ROW + 9)
    await settled(page)


def test_new_rows_above_move_neither_the_selection_nor_what_is_in_sight(run, ctx, store):
    put(store, *(request(n, 10_000 + n) for n in range(MANY)))

    async def story():
        async with opened(ctx) as page:
            await scrolled(page, 400)
            first = page.table.visible_range()[0]
            page.table.selectRow(first + 3)
            await settled(page)
            before, selected = top(page), chosen(page)
            assert len(selected) == 1
            # Oldest first: these stand above everything.
            put(store, *(request(5000 + n, 50_000 + n) for n in range(PAGE_SIZE + 30)))
            await until(lambda: page.model.rowCount() == MANY + PAGE_SIZE + 30)
            await settled(page)
            assert top(page) == before
            assert chosen(page) == selected
            assert page.table.current_row().number == selected[0]
            assert page.details_loader.request.number == selected[0]

    run(story(), LONG_S)


def test_without_a_selection_what_stands_at_the_top_stays_there(run, ctx, store):
    put(store, *(request(n, 10_000 + n) for n in range(MANY)))

    async def story():
        async with opened(ctx) as page:
            await scrolled(page, 300)
            before = top(page)
            put(store, *(request(5000 + n, 50_000 + n) for n in range(12)))
            await until(lambda: page.model.rowCount() == MANY + 12)
            await settled(page)
            assert top(page) == before

    run(story(), LONG_S)


def test_a_list_at_its_beginning_shows_new_rows_there(run, ctx, store):
    put(store, *(request(n, 10_000 + n) for n in range(40)))

    async def story():
        async with opened(ctx) as page:
            page.table.selectRow(2)
            number = chosen(page)
            put(store, request(99, 50_000))
            await until(lambda: page.model.rowCount() == 41)
            await settled(page)
            assert top(page) == ("RITM0000099", 0)
            assert chosen(page) == number

    run(story(), LONG_S)


def test_a_first_read_has_ended_also_when_it_failed(run, ctx, store):
    put(store, request(1))

    async def story():
        async with opened(ctx) as page:
            await asyncio.wait_for(page.list_controller.first_read_ended(), PATIENCE_S)
            assert page.model.rowCount() == 1
        with store.write() as work:
            work.session.execute(text("ALTER TABLE approval_request RENAME COLUMN mismatch TO gone"))
        async with opened(ctx) as page:
            await asyncio.wait_for(page.list_controller.first_read_ended(), PATIENCE_S)
            assert page.list_controller.snapshot is None

    run(story(), LONG_S)


def test_a_request_that_leaves_the_list_stays_in_the_details(run, ctx, store):
    rows = [request(n, 1000 + n) for n in range(5)]
    put(store, *rows)

    async def story():
        async with opened(ctx) as page:
            page.table.selectRow(1)
            await until(lambda: page.pane.answer)
            number = page.pane.number.text()
            row = next(one for one in rows if one.number == number)
            change(
                store,
                row,
                state=RequestState.APPROVED,
                servicenow_state="approved",
                ended_at=datetime.now(UTC),
            )
            await until(lambda: number not in numbers(page))
            await until(lambda: "was approved" in page.pane.answer)
            assert page.pane.isVisible()
            assert page.pane.number.text() == number
            assert chosen(page) == []
            assert not page.pane.action_buttons["approve"].isEnabled()
            assert page.pane.reason.text().startswith("Approved ")
            assert page.pane.action_buttons["approve"].toolTip() == page.pane.reason.text()

    run(story(), LONG_S)


def test_several_selected_rows_stay_selected_together(run, ctx, store):
    put(store, *(request(n, 1000 + n) for n in range(10)))

    async def story():
        async with opened(ctx) as page:
            page.table.selectRow(2)
            QTest.keyClick(page.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
            QTest.keyClick(page.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
            before = chosen(page)
            assert len(before) == 3
            assert page.pane.number.text() == "3 requests selected"
            assert page.pane.about.text() == "3 open, 0 ended"
            put(store, request(50, 9000), request(51, 9001))
            await until(lambda: page.model.rowCount() == 12)
            await settled(page)
            assert chosen(page) == before
            QTest.keyClick(page.table, Qt.Key.Key_Down)
            await settled(page)
            assert len(chosen(page)) == 1
            await until(lambda: page.pane.answer)

    run(story(), LONG_S)


def test_another_filter_keeps_the_selected_request_in_sight(run, ctx, store):
    put(store, *(request(n, 1000 + n) for n in range(100)))
    put(store, *(request(1000 + n, 90_000 + n, RequestState.APPROVED) for n in range(600)))

    async def story():
        async with opened(ctx) as page:
            page.table.selectRow(60)
            await settled(page)
            before = chosen(page)
            page.presenter.show_filter("all")
            await settled(page)
            assert chosen(page) == before
            first, last = page.table.visible_range()
            assert first <= page.table.currentIndex().row() <= last

    run(story(), LONG_S)


def test_rows_come_as_they_are_scrolled_to_and_few_pages_are_held(run, ctx, store):
    put(store, *(request(n, 10_000 + n) for n in range(40 * PAGE_SIZE)))

    async def story():
        async with opened(ctx) as page:
            assert page.model.rowCount() == 40 * PAGE_SIZE
            assert held(page.model) <= 2 * PAGE_SIZE
            far = 30 * PAGE_SIZE + 17
            index = page.model.index(far, request_rows.NUMBER)
            assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "loading"
            page.table.verticalScrollBar().setValue(far * ROW)
            await until(lambda: page.model.loaded(far) is not None)
            await settled(page)
            everything = [page.table.verticalScrollBar().setValue(n * PAGE_SIZE * ROW) for n in range(40)]
            assert everything
            for number in range(0, 40, 2):
                page.table.verticalScrollBar().setValue(number * PAGE_SIZE * ROW)
                await until(lambda number=number: page.model.loaded(number * PAGE_SIZE) is not None)
            assert held(page.model) <= MAX_CACHED_PAGES * PAGE_SIZE
            numbered = [page.model.loaded(n).number for n in range(38 * PAGE_SIZE, 38 * PAGE_SIZE + 10)]
            assert numbered == [
                f"RITM{40 * PAGE_SIZE - 1 - n:07}" for n in range(38 * PAGE_SIZE, 38 * PAGE_SIZE + 10)
            ]

    run(story(), LONG_S)


def test_escape_closes_the_details_and_enter_opens_them_again(run, ctx, store):
    put(store, request(1), request(2))

    async def story():
        async with opened(ctx) as page:
            page.table.setFocus()
            page.table.selectRow(0)
            await until(lambda: page.pane.answer)
            QTest.keyClick(page.table, Qt.Key.Key_Escape)
            assert not page.pane.isVisible()
            assert chosen(page)
            QTest.keyClick(page.table, Qt.Key.Key_Return)
            assert page.pane.isVisible()
            assert page.pane.copy_button.hasFocus()
            await until(lambda: page.pane.answer)
            QTest.keyClick(page.pane.copy_button, Qt.Key.Key_Escape)
            assert not page.pane.isVisible()
            assert page.table.hasFocus()
            QTest.keyClick(page.table, Qt.Key.Key_Down)
            await until(lambda: page.pane.isVisible() and page.pane.answer)

    run(story(), LONG_S)


# -- the model by itself ---------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 60 * PAGE_SIZE - 1), max_size=40))
def test_pages_that_scrolled_by_are_not_read(qapp, places):
    model = InboxModel()
    model.show_rows(60 * PAGE_SIZE, {})
    asked = []
    model.page_requested.connect(lambda: asked.append(1))
    for place in places:
        model.prefetch(place, min(place + 20, 60 * PAGE_SIZE - 1))
    assert len(asked) == bool(places)
    taken = []
    while (number := model.next_missing_page()) is not None:
        taken.append(number)
    assert len(taken) <= 3
    if places:
        assert (
            places[-1] // PAGE_SIZE in taken or min(places[-1] + 20, 60 * PAGE_SIZE - 1) // PAGE_SIZE in taken
        )
    assert not model.has_missing_pages


def test_a_page_of_an_older_look_is_not_taken(qapp):
    model = InboxModel()
    model.show_rows(3 * PAGE_SIZE, {})
    old = model.generation
    model.update_rows(3 * PAGE_SIZE, {})
    assert not model.fill(old, 1, [object()] * PAGE_SIZE)
    assert model.loaded(PAGE_SIZE) is None


@pytest.mark.parametrize(
    ("seconds", "shown", "said"),
    [
        (0, "0:00", "0 seconds"),
        (59, "0:59", "59 seconds"),
        (1046, "17:26", "17 minutes 26 seconds"),
        (3600, "1 h 00 min", "1 hour"),
        (90_061, "1 d 1 h", "1 day 1 hour"),
        (-5, "0:00", "0 seconds"),
    ],
)
def test_times_as_they_are_shown_and_said(seconds, shown, said):
    assert (short_duration(seconds), duration(seconds)) == (shown, said)


@pytest.mark.parametrize(
    ("used_s", "tone"),
    [(0, "off"), (719, "off"), (721, "notice"), (1020, "notice"), (1021, "bad"), (9999, "bad")],
)
def test_an_age_is_tinted_by_the_share_of_its_time(used_s, tone):
    now = datetime.now(UTC)
    row = request(1, requested_at=now, times_out_at=now + timedelta(minutes=20))
    used = cell_content.time_used(row, now + timedelta(seconds=used_s))
    assert cell_content.age_tone(used) == tone
    ended = request(1, state=RequestState.APPROVED, requested_at=now)
    assert cell_content.time_used(ended, now) is None


def test_a_list_is_measured_once_and_no_more_while_its_times_go_on(run, ctx, store, monkeypatch):
    put(store, *(request(n, 10_000 + n, RequestState.TIMED_OUT) for n in range(60)))
    measured = []
    measure = InboxTable.measure

    def counted(table):
        measured.append(table.requests.generation)
        measure(table)

    monkeypatch.setattr(InboxTable, "measure", counted)

    async def story():
        async with opened(ctx) as page:
            page.presenter.show_filter("all")
            await settled(page)
            measured.clear()
            page.presenter.sort_by(request_rows.USER)
            await settled(page)
            assert measured == [page.model.generation]
            page.widgets.update_times()
            assert measured == [page.model.generation]

    run(story(), LONG_S)
