"""Details, buttons and commands are always for the rows that are selected: whatever is filtered, sorted or changed."""

from datetime import UTC, datetime

import pytest
from PyQt6.QtCore import QItemSelectionModel, QPoint, Qt
from PyQt6.QtGui import QContextMenuEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QPushButton

from console.inbox.action_availability import ACTION_NAMES, MAX_SELECTED
from console.runtime.page_targets import Target
from console.widgets.placeholders import ErrorState
from models.kinds import RequestState
from services.store.errors import read_error
from tests.console.inbox.support import (
    LONG_S,
    change,
    numbers,
    opened,
    put,
    request,
    selected_rows,
    settled,
    until,
)

FLAGS = QItemSelectionModel.SelectionFlag


def selected(page):
    return [row.number for row in selected_rows(page)]


def active(page):
    """Return the commands for requests that can run now, as buttons, menus, shortcuts and the palette see them."""
    offered = page.enabled() & {*ACTION_NAMES, "copy_answer", "open_in_servicenow"}
    pane = page.visible_pane
    if pane is not None:
        pressable = {name for name, button in pane.action_buttons.items() if button.isEnabled()}
        assert pressable == offered & set(ACTION_NAMES)
    return offered


def named_by(page, act="remind"):
    """Return the requests that the dialog of an act names, and close it."""
    assert page.run(act)
    dialog = page.action_controller.dialog
    found = [row.number for row in dialog.included_rows]
    dialog.reject()
    return found


def choose(page, number, flags=FLAGS.ClearAndSelect):
    place = numbers(page).index(number)
    index = page.model.index(place, 0)
    page.table.selectionModel().setCurrentIndex(index, flags | FLAGS.Rows)


@pytest.mark.parametrize(
    "narrow",
    [
        lambda page: page.bar.field.setText("user3"),
        lambda page: page.presenter.show_filter("mismatch"),
        lambda page: (page.bar.policy.choose("Network tools"), page.bar.changed.emit()),
        lambda page: page.open_tab("filter:about-to-time-out"),
    ],
    ids=["search", "filter", "policy", "target"],
)
def test_details_close_when_the_list_no_longer_has_the_request(run, ctx, store, narrow):
    put(
        store,
        request(1),
        request(2),
        request(3, policy_name="Network tools", mismatch="late", times_out_at=None),
    )

    async def story():
        async with opened(ctx) as page:
            choose(page, "RITM0000001")
            await until(lambda: page.pane.answer)
            assert {"approve", "copy_answer"} <= active(page)
            narrow(page)
            await until(lambda: "RITM0000001" not in numbers(page))
            await settled(page)
            assert page.visible_pane is None
            assert active(page) == set()
            assert selected(page) == []

    run(story(), LONG_S)


@pytest.mark.parametrize("column", [1, 3, 9])
def test_details_stay_with_their_row_in_any_order(run, ctx, store, column):
    put(store, *(request(n, 1000 + 7 * n % 11) for n in range(20)))

    async def story():
        async with opened(ctx) as page:
            choose(page, "RITM0000004")
            await until(lambda: page.pane.answer)
            page.presenter.sort_by(column)
            await settled(page)
            assert selected(page) == [page.pane.number.text()] == ["RITM0000004"]
            assert named_by(page) == ["RITM0000004"]

    run(story(), LONG_S)


def test_a_request_that_left_the_list_offers_nothing_but_the_way_to_it(run, ctx, store):
    rows = [request(n, 1000 + n) for n in range(3)]
    put(store, *rows)

    async def story():
        async with opened(ctx) as page:
            choose(page, "RITM0000001")
            await until(lambda: page.pane.answer)
            ended = {
                "state": RequestState.APPROVED,
                "servicenow_state": "approved",
                "ended_at": datetime.now(UTC),
            }
            change(store, rows[1], **ended)
            await until(lambda: page.selection.shown_left_list)
            await settled(page)
            assert page.pane.number.text() == "RITM0000001"
            assert "no longer in this list" in page.pane.reason.text()
            assert active(page) == set()
            assert not page.pane.copy_button.isEnabled()
            assert not page.pane.open_button.isEnabled()
            assert page.pane.find_link.isVisible()
            QTest.keyClick(page.pane.find_link, Qt.Key.Key_Return)
            await until(lambda: selected(page) == ["RITM0000001"])
            await settled(page)
            assert page.presenter.criteria.key == "all"
            assert "copy_answer" in active(page)
            assert not page.pane.find_link.isVisible()

    run(story(), LONG_S)


def test_a_request_that_is_pending_again_comes_back_with_its_buttons(run, ctx, store):
    row = request(1)
    put(store, row, request(2))

    async def story():
        async with opened(ctx) as page:
            choose(page, "RITM0000001")
            await until(lambda: page.pane.answer)
            change(store, row, state=RequestState.TIMED_OUT)
            await until(lambda: page.selection.shown_left_list)
            change(store, row, state=RequestState.PENDING)
            await until(lambda: selected(page) == ["RITM0000001"])
            await settled(page)
            assert named_by(page) == ["RITM0000001"]

    run(story(), LONG_S)


def test_a_row_that_loses_its_selection_is_not_what_is_shown(run, ctx, store):
    put(store, *(request(n, 1000 - n) for n in range(3)))

    async def story():
        async with opened(ctx) as page:
            choose(page, "RITM0000000")
            choose(page, "RITM0000002", FLAGS.Toggle)
            assert page.pane.number.text() == "2 requests selected"
            choose(page, "RITM0000002", FLAGS.Toggle)  # the keyboard stays on it
            await until(lambda: page.pane.answer)
            assert selected(page) == [page.pane.number.text()] == ["RITM0000000"]
            assert named_by(page) == ["RITM0000000"]
            choose(page, "RITM0000000", FLAGS.Toggle)
            await settled(page)
            assert page.visible_pane is None
            assert active(page) == set()

    run(story(), LONG_S)


def test_a_row_that_is_selected_before_it_was_read_is_the_one_acted_on(run, ctx, store):
    put(store, *(request(n, 90_000 - n) for n in range(900)))

    async def story():
        async with opened(ctx) as page:
            choose(page, "RITM0000000")
            await until(lambda: page.pane.answer)
            page.table.selectionModel().setCurrentIndex(
                page.model.index(899, 0), FLAGS.ClearAndSelect | FLAGS.Rows
            )
            if not page.list_controller.selection.rows:
                assert active(page) == set()
                assert page.pane.number.text() == ""
                assert "have ended" not in page.pane.reason.text()
            await until(lambda: page.pane.answer)
            await settled(page)
            assert selected(page) == [page.pane.number.text()] == ["RITM0000899"]
            assert named_by(page) == ["RITM0000899"]

    run(story(), LONG_S)


def test_a_selected_row_far_out_of_sight_keeps_true_buttons_through_a_change(run, ctx, store):
    put(store, *(request(n, 90_000 - n) for n in range(900)))

    async def story():
        async with opened(ctx) as page:
            choose(page, "RITM0000002")
            await until(lambda: page.pane.answer)
            page.table.scrollToBottom()
            await settled(page)
            put(store, request(5000, 5))
            await until(lambda: page.model.rowCount() == 901)
            await settled(page)
            assert page.model.loaded(2) is None
            assert page.pane.number.text() == "RITM0000002"
            assert "approve" in active(page)
            assert named_by(page) == ["RITM0000002"]

    run(story(), LONG_S)


def test_a_request_opened_from_elsewhere_is_the_only_one_acted_on(run, ctx, store):
    far = request(700, 5)
    put(store, *(request(n, 90_000 - n) for n in range(600)), far)

    async def story():
        async with opened(ctx) as page:
            choose(page, "RITM0000001")
            await until(lambda: page.pane.answer)
            page.bar.field.setText("user1")
            page.arrive(Target("requests", tab=str(far.id)))
            assert active(page) == set()
            assert page.selection.rows() == []
            await until(lambda: selected(page) == ["RITM0000700"])
            await settled(page)
            assert page.pane.number.text() == "RITM0000700"
            assert "have ended" not in page.pane.reason.text()
            assert "approve" in active(page)
            assert named_by(page) == ["RITM0000700"]

    run(story(), LONG_S)


def test_a_search_that_waits_for_the_end_of_typing_takes_back_no_opened_request(run, ctx, store):
    """On a busy machine the search came before the request was read, and nothing was selected."""
    far = request(700, 5)
    put(store, *(request(n, 90_000 - n) for n in range(100)), far)

    async def story():
        async with opened(ctx) as page:
            await settled(page)
            page.bar.field.setText("user1")
            page.arrive(Target("requests", tab=str(far.id)))
            page.bar.field.search_now()
            assert page.presenter.selection.target == far.id
            await until(lambda: selected(page) == ["RITM0000700"])

    run(story(), LONG_S)


def test_many_selected_rows_stay_selected_and_are_counted_truly(run, ctx, store):
    rows = [request(n, 90_000 - n) for n in range(300)]
    put(store, *rows)

    async def story():
        async with opened(ctx) as page:
            page.table.selectRow(10)
            page.table.setFocus()
            selection = page.table.selectionModel()
            for place in range(20, 120):
                selection.select(page.model.index(place, 0), FLAGS.Select | FLAGS.Rows)
            before = selected(page)
            assert page.pane.number.text() == "101 requests selected"
            put(store, request(5000, 95_000))
            await until(lambda: page.model.rowCount() == 301)
            await settled(page)
            assert selected(page) == before
            change(store, rows[30], state=RequestState.CANCELLED)
            await until(lambda: page.model.rowCount() == 300)
            await settled(page)
            before.remove("RITM0000030")
            assert selected(page) == before
            assert page.pane.number.text() == "100 requests selected"
            assert sorted(named_by(page)) == sorted(before)

    run(story(), LONG_S)


def test_more_rows_than_one_act_takes_are_not_acted_on_in_part(run, ctx, store):
    put(store, *(request(n, 90_000 - n) for n in range(MAX_SELECTED + 100)))

    async def story():
        async with opened(ctx) as page:
            page.table.setFocus()
            page.table.selectAll()
            assert page.pane.number.text() == f"{MAX_SELECTED + 100} requests selected"
            assert active(page) == set()
            put(store, request(5000, 5))
            await until(lambda: page.model.rowCount() == MAX_SELECTED + 101)
            await settled(page)
            assert page.list_controller.selection.count == len(selected(page)) <= 1
            assert [row.number for row in page.selection.rows()] == selected(page)

    run(story(), LONG_S)


def test_the_last_of_several_selected_requests_is_shown_by_itself(run, ctx, store):
    rows = [request(n, 1000 - n) for n in range(3)]
    put(store, *rows)

    async def story():
        async with opened(ctx) as page:
            choose(page, "RITM0000000")
            choose(page, "RITM0000001", FLAGS.Select)
            change(store, rows[0], state=RequestState.CANCELLED)
            await until(lambda: selected(page) == ["RITM0000001"])
            await until(lambda: page.pane.answer)
            assert page.pane.number.text() == "RITM0000001"
            assert named_by(page) == ["RITM0000001"]

    run(story(), LONG_S)


def test_a_row_selected_while_the_list_is_read_anew_stays_selected(run, ctx, store):
    put(store, *(request(n, 1000 - n) for n in range(5)))

    async def story():
        async with opened(ctx) as page:
            choose(page, "RITM0000001")
            await until(lambda: page.pane.answer)
            page.list_controller.reload()
            choose(page, "RITM0000003")
            await settled(page)
            assert selected(page) == [page.pane.number.text()] == ["RITM0000003"]

    run(story(), LONG_S)


def test_details_close_where_another_list_cannot_be_read(run, ctx, store, monkeypatch):
    put(store, request(1))

    async def story():
        async with opened(ctx) as page:
            choose(page, "RITM0000001")
            await until(lambda: page.pane.answer)
            inbox = await page.list_controller.inbox()

            def failing(*_given, **_named):
                raise read_error(OSError("disk gone"))

            with monkeypatch.context() as patched:
                patched.setattr(inbox, "count", failing)
                page.presenter.show_filter("mismatch")
                await until(lambda: page.findChildren(ErrorState))
            assert page.visible_pane is None
            assert active(page) == set()
            [state] = page.findChildren(ErrorState)
            next(b for b in state.findChildren(QPushButton) if b.text() == "Retry").click()
            await until(lambda: numbers(page) == [])
            await settled(page)

    run(story(), LONG_S)


def test_the_menu_of_a_row_is_for_that_row(run, ctx, store):
    put(store, *(request(n, 1000 - n) for n in range(3)))

    async def story():
        async with opened(ctx) as page:
            page.table.menu_requested.disconnect()
            choose(page, "RITM0000000")
            viewport = page.table.viewport()
            where = page.table.visualRect(page.model.index(2, 3)).center()
            event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, viewport.mapToGlobal(where))
            QApplication.sendEvent(viewport, event)
            assert selected(page) == ["RITM0000002"]
            page.table.selectionModel().setCurrentIndex(page.model.index(1, 0), FLAGS.NoUpdate)
            event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint())
            QApplication.sendEvent(page.table, event)
            assert selected(page) == ["RITM0000001"]
            await settled(page)

    run(story(), LONG_S)


def test_details_that_were_closed_stay_closed_through_a_change(run, ctx, store):
    put(store, *(request(n, 1000 - n) for n in range(3)))

    async def story():
        async with opened(ctx) as page:
            choose(page, "RITM0000001")
            await until(lambda: page.pane.answer)
            page.table.setFocus()
            QTest.keyClick(page.table, Qt.Key.Key_Escape)
            assert page.visible_pane is None
            put(store, request(50, 5000))
            await until(lambda: page.model.rowCount() == 4)
            await settled(page)
            assert page.visible_pane is None
            assert selected(page) == ["RITM0000001"]
            assert named_by(page) == ["RITM0000001"]

    run(story(), LONG_S)
