"""The inbox over a real store: filters, search, order, and the states in place of the list."""

import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QPushButton

from console.inbox import request_rows
from console.inbox.list_controller import RequestListController
from console.inbox.request_rows import SORTABLE
from console.navigation.request_places import BUILT_IN_FILTERS, filter_target
from console.widgets.placeholders import EmptyState, ErrorState
from models.kinds import Kind, RequestState
from services.requests.inbox.filters import PREDEFINED_FILTERS
from services.requests.inbox.filters import SORTABLE_COLUMNS as SORTS
from services.store.errors import read_error
from tests.console.inbox.support import LONG_S, change, looked, numbers, opened, put, request, settled, until


def test_the_filters_that_stand_ready_are_those_of_the_inbox():
    assert [(one.key, one.name) for one in PREDEFINED_FILTERS] == list(BUILT_IN_FILTERS)
    assert set(SORTABLE.values()) == set(SORTS)


def test_the_page_is_there_before_its_dialogs_are_imported():
    code = "import sys, console.inbox.requests_page; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"console.inbox.decision_dialog", "console.forms.reference_picker"} & set(done.stdout.split())


def test_pending_requests_stand_oldest_first_with_their_counts(run, ctx, store):
    put(
        store,
        request(1, 60),
        request(2, 1000, mismatch="order-approved"),
        request(3, 5000, RequestState.APPROVED),
        request(4, 1300, state=RequestState.TIMED_OUT, ended_at=datetime.now(UTC)),
    )
    looked(store, datetime.now(UTC))

    async def story():
        async with opened(ctx) as page:
            assert numbers(page) == ["RITM0000002", "RITM0000001"]
            assert page.widgets.foot.text.text().startswith("2 requests, complete, as of ")
            assert page.widgets.foot.seen.text() == "2 of 2 in view"
            counts = {key: page.chips.chip(key).count for key, _ in BUILT_IN_FILTERS}
            assert counts == {
                "pending": "2", "about-to-time-out": "1", "mismatch": "1", "timed-out-today": "1",
                "waits-for-me": "0", "answer-not-delivered": "0", "all": "4",
            }  # fmt: skip
            page.chips.chip("all").click()
            await settled(page)
            assert len(numbers(page)) == 4
            assert page.chips.chip("all").isChecked()
            assert not page.chips.chip("pending").isChecked()

    run(story(), LONG_S)


def test_cells_say_in_words_what_they_show_by_shape_and_colour(run, ctx, store):
    put(store, request(1, 19 * 60 + 1, mismatch="order-approved"), request(2, 30, record_id="", waits_for=""))

    async def story():
        async with opened(ctx) as page:
            model = page.model
            said = [
                model.index(0, column).data(Qt.ItemDataRole.AccessibleTextRole)
                for column in range(model.columnCount())
            ]
            assert said[request_rows.STATE] == "State: Pending, mismatch: order approved"
            assert said[request_rows.AGE].startswith("Age: 19 minutes ")
            assert said[request_rows.AGE].endswith("95 % of its time")
            assert said[request_rows.FILE] == r"File: C:\Downloads\setup1.exe"
            assert said[request_rows.DUE].startswith("Times out: in ")
            assert model.index(0, request_rows.FILE).data() == "setup1.exe"
            assert model.index(1, request_rows.APPROVERS).data() == "Not yet"
            assert model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole) == "Pending\nmismatch: order approved"

    run(story(), LONG_S)


def test_the_search_and_the_choices_narrow_down_and_are_cleared(run, ctx, store):
    put(store, request(1, policy_name="Network tools"), request(2), request(3, 90_000))

    async def story():
        async with opened(ctx) as page:
            QTest.keyClicks(page.bar.field, "user2")
            await until(lambda: numbers(page) == ["RITM0000002"])
            QTest.keyClick(page.bar.field, Qt.Key.Key_Escape)
            await until(lambda: len(numbers(page)) == 3)
            page.bar.policy._picked("Network tools")
            await until(lambda: numbers(page) == ["RITM0000001"])
            page.bar.policy._picked("")
            page.bar.time._picked("86400")
            await until(lambda: len(numbers(page)) == 2)
            page.bar.field.setText("no such thing")
            await until(lambda: page.findChildren(EmptyState))
            await settled(page)
            page.presenter.show_filter("all")
            await settled(page)
            assert len(numbers(page)) == 3
            assert page.bar.field.text() == page.bar.time.key == ""

    run(story(), LONG_S)


def test_down_leads_from_the_search_to_the_rows_and_ctrl_f_back(run, ctx, store):
    put(store, request(1), request(2))

    async def story():
        async with opened(ctx) as page:
            page.run("find")
            assert page.bar.field.hasFocus()
            QTest.keyClick(page.bar.field, Qt.Key.Key_Down)
            assert page.table.hasFocus()
            assert page.table.selected_count() == 1
            await until(lambda: page.pane.isVisible() and page.pane.answer)

    run(story(), LONG_S)


@pytest.mark.parametrize("column", list(SORTABLE))
def test_a_click_on_a_head_sorts_and_a_second_one_the_other_way(run, ctx, store, column):
    put(
        store,
        request(1, 60, policy_name="A", initiator_name="a", agent_name="a", file_path="a"),
        request(2, 120, policy_name="B", initiator_name="b", agent_name="b", file_path="b"),
        request(3, 180, RequestState.APPROVED, policy_name="C", initiator_name="c", agent_name="c", file_path="c"),
    )  # fmt: skip

    async def story():
        async with opened(ctx) as page:
            page.presenter.show_filter("all")
            await settled(page)
            head = page.table.horizontalHeader()
            orders = []
            for _ in range(2):
                where = head.sectionViewportPosition(column) + 12
                QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(where, 10))
                await settled(page)
                orders.append(numbers(page))
                assert page.model.sorted_by[0] == column
            assert orders[0] == orders[1][::-1]
            name = page.model.headerData(
                column, Qt.Orientation.Horizontal, Qt.ItemDataRole.AccessibleTextRole
            )
            assert "sorted" in name

    run(story(), LONG_S)


def test_free_texts_do_not_sort(run, ctx, store):
    put(store, request(1), request(2))

    async def story():
        async with opened(ctx) as page:
            before = page.model.sorted_by
            page.presenter.sort_by(request_rows.REASON)
            page.presenter.sort_by(request_rows.APPROVERS)
            assert page.model.sorted_by == before

    run(story(), LONG_S)


# -- in place of the list -------------------------------------------------------------------------------------


def words(page):
    [state] = page.findChildren(EmptyState)
    return [
        label.text() for label in state.findChildren(object) if hasattr(label, "setWordWrap") and label.text()
    ]


def test_a_store_without_requests_says_what_they_are_and_offers_one(run, ctx, store, configuration):
    async def story():
        async with opened(ctx) as page:
            assert "No requests yet" in words(page)
            assert page.widgets.foot.text.text() == "No requests"
            assert not page.widgets.rehearse_button.isEnabled()
            await ctx.call(_process, configuration)
            await until(page.widgets.rehearse_button.isEnabled)
            await until(lambda: any(b.text() == "Rehearse a request" for b in _buttons(page)))
            put(store, request(1))
            await until(lambda: numbers(page) == ["RITM0000001"])
            assert page.widgets.states.currentWidget() is page.table

    run(story(), LONG_S)


def _process(configuration):
    server = configuration.save(configuration.new(Kind.FOREIGN_SYSTEM, base_url="https://acme.example/"))
    return configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))


def _buttons(page):
    return [b for state in page.findChildren(EmptyState) for b in state.findChildren(QPushButton)]


def test_an_empty_filter_and_an_empty_search_lead_on(run, ctx, store):
    put(store, request(1, 5000, RequestState.APPROVED))

    async def story():
        async with opened(ctx) as page:
            assert "Nothing is pending" in words(page)
            [button] = _buttons(page)
            button.click()
            await until(lambda: numbers(page) == ["RITM0000001"])
            page.presenter.show_filter("pending")
            await settled(page)
            page.bar.field.setText("user1")
            await until(lambda: "No request matches “user1”" in words(page))
            [button] = _buttons(page)
            assert button.text() == "Search in all requests"
            button.click()
            await until(lambda: numbers(page) == ["RITM0000001"])
            assert page.presenter.criteria.key == "all"
            page.bar.field.setText("nobody")
            await until(lambda: page.findChildren(EmptyState))
            await settled(page)
            [button] = _buttons(page)
            assert button.text() == "Clear the search"
            button.click()
            await until(lambda: numbers(page) == ["RITM0000001"])

    run(story(), LONG_S)


def test_a_store_that_cannot_be_read_is_said_with_retry_and_what_was_read_stays(run, ctx, store, monkeypatch):
    put(store, request(1))

    async def story():
        async with opened(ctx) as page:
            broken = {"now": True}
            inbox = await page.list_controller.inbox()
            count = inbox.count

            def failing(*given, **named):
                if broken["now"]:
                    raise read_error(OSError("disk gone"))
                return count(*given, **named)

            monkeypatch.setattr(inbox, "count", failing)
            page.list_controller.reload()
            await until(lambda: page.widgets.notice.text)
            assert numbers(page) == ["RITM0000001"]
            broken["now"] = False
            page.widgets.notice.action.click()
            await settled(page)
            assert page.widgets.notice.text == ""
            broken["now"] = True
            page.model.show_rows(0, {})
            page.list_controller.show(*page.presenter.shown_list())
            await until(lambda: page.findChildren(ErrorState))
            broken["now"] = False
            [state] = page.findChildren(ErrorState)
            next(b for b in state.findChildren(QPushButton) if b.text() == "Retry").click()
            await until(lambda: numbers(page) == ["RITM0000001"])

    run(story(), LONG_S)


def test_the_foot_says_what_the_list_is_a_picture_of(run, ctx, store):
    put(store, request(1))

    async def story():
        async with opened(ctx) as page:

            async def foot():
                page.list_controller.reload()
                await settled(page)
                return page.widgets.foot.text.text()

            assert await foot() == "1 request"
            looked(store, datetime.now(UTC) - timedelta(minutes=14, seconds=5))
            assert await foot() == "1 request, last polled 14 min ago"
            stands = {"why_not": "the password was refused", "polling": False, "seen_at": None}
            ctx.polling = type("Following", (), stands)()
            assert await foot() == "1 request, last polled 14 min ago: the password was refused"
            assert page.widgets.foot._shape.isVisible()
            looked(store, datetime.now(UTC), complete=False)
            assert (await foot()).startswith(
                "1 request, not complete: an account does not see everything, as of "
            )
            looked(store, datetime.now(UTC))
            assert (await foot()).startswith("1 request, complete, as of ")
            assert not page.widgets.foot._shape.isVisible()
            ctx.polling = None

    run(story(), LONG_S)


# -- ways here -------------------------------------------------------------------------------------------------


def test_a_target_leads_to_a_filter_or_to_a_request_wherever_it_stands(run, ctx, store):
    ended = request(7, 90_000, RequestState.REJECTED)
    put(store, *(request(number, 60 + number) for number in range(1, 6)), ended)

    async def story():
        async with opened(ctx, filter_target("mismatch")) as page:
            assert page.presenter.criteria.key == "mismatch"
            placed = []
            page.placed.connect(placed.append)
            page.open_tab(str(ended.id))
            await until(lambda: page.pane.number.text() == "RITM0000007")
            await until(lambda: page.table.selected_count() == 1)
            assert page.presenter.criteria.key == "all"
            assert placed[-1] == filter_target("all")
            assert page.table.current_row().number == "RITM0000007"
            page.open_tab(str(uuid.uuid4()))
            await until(lambda: page.widgets.notice.text)
            assert "not in the store" in page.widgets.notice.text
            page.presenter.read()
            await until(lambda: not page.tasks.busy)
            assert not page.pane.isVisible(), "whichever of list and details was read first"

    run(story(), LONG_S)


def test_a_change_is_seen_by_itself(run, ctx, store):
    row = request(1)
    put(store, row)

    async def story():
        async with opened(ctx) as page:
            put(store, request(2, 10))
            await until(lambda: len(numbers(page)) == 2)
            change(store, row, state=RequestState.APPROVED, ended_at=datetime.now(UTC))
            await until(lambda: numbers(page) == ["RITM0000002"])
            await until(lambda: page.chips.chip("pending").count == "1")
            assert isinstance(page.list_controller, RequestListController)

    run(story(), LONG_S)
