"""What the inbox says while nobody knows how requests stand now: what is known stays, grey and with its time."""

from datetime import UTC, datetime, timedelta

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QPushButton

from console.inbox import request_rows
from console.inbox.empty_states import MAY_BE_MORE
from console.widgets.labels import Label
from console.widgets.placeholders import EmptyState, ErrorState
from models.kinds import Kind, RequestState
from services.configuration import Configuration
from services.requests.polling.poll_state import clear_pause, store_pause
from services.store.errors import read_error
from tests.console.inbox.support import LONG_S, looked, numbers, opened, put, request, settled, until


def failed(store, fault="tcp-refused"):
    """Write down that the one server of the store could not be polled, as whoever follows it does."""
    server = Configuration(store).all(Kind.FOREIGN_SYSTEM)[0].id
    with store.write() as work:
        until_ = datetime.now(UTC) + timedelta(minutes=5)
        store_pause(work.session, server, until_, fault, 1)


def answered(store):
    """Write down that it was polled successfully after that."""
    server = Configuration(store).all(Kind.FOREIGN_SYSTEM)[0].id
    with store.write() as work:
        clear_pause(work.session, server)
    looked(store, datetime.now(UTC))


async def renewed(page):
    page.list_controller.reload()
    await settled(page)


def words(page):
    [state] = [one for one in page.findChildren(EmptyState) if one.isVisible()]
    return " ".join(label.text() for label in state.findChildren(Label))


def grey(page, row=0):
    return page.model.stale_reason_of(page.model.loaded(row))


@pytest.mark.parametrize(
    "key",
    [
        "pending",
        "about-to-time-out",
        "mismatch",
        "timed-out-today",
        "waits-for-me",
        "answer-not-delivered",
        "all",
    ],
)
def test_an_empty_list_is_called_complete_only_after_every_server_was_polled(run, ctx, store, key):
    ended = request(1, 90_000, RequestState.APPROVED)
    looked(store, datetime.now(UTC) - timedelta(seconds=20))
    if key != "all":
        put(store, ended)

    async def story():
        async with opened(ctx) as page:
            page.presenter.show_filter(key)
            await settled(page)
            said = words(page)
            assert MAY_BE_MORE not in said
            # Without any request ever seen, it is unknown whether the account may see them.
            assert ("known" in said) == (key == "all")
            assert ", complete, as of" in page.widgets.foot.text.text()
            failed(store)
            await renewed(page)
            said = words(page)
            assert "known" in said
            assert "Last polled at " in said
            assert "tcp refused" in said
            assert "complete" not in page.widgets.foot.text.text()
            assert "last polled" in page.widgets.foot.text.text()
            answered(store)
            await renewed(page)
            assert ("known" in words(page)) == (key == "all")

    run(story(), LONG_S)


def test_a_server_that_was_never_polled_makes_no_list_complete(run, ctx, store, configuration):
    looked(store, datetime.now(UTC))
    server = configuration.save(configuration.new(Kind.FOREIGN_SYSTEM, base_url="http://127.0.0.1:10/"))
    process = configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id)
    configuration.save(process)
    put(store, request(1, 90_000, RequestState.APPROVED))

    async def story():
        async with opened(ctx) as page:
            assert words(page).startswith("No pending request is known")
            # A filter that another server has nothing to do with is complete.
            first = configuration.all(Kind.APPROVAL_PROCESS)[0]
            page.bar.process.choose(str(first.id))
            page.bar.changed.emit()
            await settled(page)
            assert "complete" in page.widgets.foot.text.text()
            assert "polled" not in words(page)

    run(story(), LONG_S)


def test_a_search_that_finds_nothing_says_since_when_nothing_new_is_known(run, ctx, store):
    put(store, request(1))
    looked(store, datetime.now(UTC) - timedelta(minutes=20))

    async def story():
        async with opened(ctx) as page:
            page.bar.field.setText("nobody")
            await until(lambda: numbers(page) == [])
            await settled(page)
            assert "Last polled at " in words(page)

    run(story(), LONG_S)


def test_what_is_known_stays_grey_and_with_its_time_until_it_was_polled_again(run, ctx, store):
    looked(store, datetime.now(UTC) - timedelta(seconds=70))
    server = Configuration(store).all(Kind.FOREIGN_SYSTEM)[0].id
    put(store, request(1, server_id=server), request(2, 30))

    async def story():
        async with opened(ctx) as page:
            assert grey(page) == ""
            failed(store)
            await renewed(page)
            assert numbers(page) == ["RITM0000001", "RITM0000002"]
            assert grey(page).startswith("Last polled at ")
            assert grey(page, 1) == ""  # of another server
            assert page.widgets.foot.text.text() == "2 requests, last polled 1 min ago: tcp refused"
            index = page.model.index(0, request_rows.STATE)
            assert "Last polled at" in index.data(Qt.ItemDataRole.AccessibleTextRole)
            assert "Last polled at" in index.data(Qt.ItemDataRole.ToolTipRole)
            answered(store)
            await renewed(page)
            assert grey(page) == ""

    run(story(), LONG_S)


def test_a_store_that_cannot_be_read_leaves_no_list_that_looks_like_now(run, ctx, store, monkeypatch):
    looked(store, datetime.now(UTC))
    put(store, request(1), request(2, 90_000, RequestState.APPROVED))

    async def story():
        async with opened(ctx) as page:
            inbox = await page.list_controller.inbox()

            def failing(*_given, **_named):
                raise read_error(OSError("disk gone"))

            with monkeypatch.context() as patched:
                patched.setattr(inbox, "count", failing)
                page.list_controller.reload()
                await until(lambda: page.widgets.notice.text)
                assert numbers(page) == ["RITM0000001"]
                assert page.widgets.foot.text.text().startswith("Not read again since ")
                assert grey(page).startswith("Read at ")
            page.presenter.show_filter("mismatch")
            await settled(page)
            assert words(page).startswith("Both systems agree")
            with monkeypatch.context() as patched:
                patched.setattr(inbox, "count", failing)
                page.list_controller.reload()
                await until(lambda: page.findChildren(ErrorState))
                assert not [one for one in page.findChildren(EmptyState) if one.isVisible()]
                assert "complete" not in page.widgets.foot.text.text()

    run(story(), LONG_S)


class Following:
    """Stands for what asks the instances."""

    why_not, seen_at, polling = "", None, False

    def __init__(self):
        self.asked = 0

    def poll_now(self):
        self.asked += 1
        self.polling = True


def test_refresh_polls_at_once_and_shows_that_it_does(run, ctx, store):
    looked(store, datetime.now(UTC))
    put(store, request(1))

    async def story():
        async with opened(ctx) as page:
            ctx.polling = following = Following()
            page.run("refresh")
            assert following.asked == 1
            assert page.widgets.foot.text.text() == "Polling ServiceNow…"
            assert not page.widgets.refresh_button.isEnabled()
            await settled(page)
            put(store, request(2))
            following.polling = False
            page._tick_timer.timeout.emit()
            await until(lambda: numbers(page) == ["RITM0000001", "RITM0000002"])
            assert page.widgets.refresh_button.isEnabled()
            assert page.widgets.foot.text.text().startswith("2 requests, complete")
            ctx.polling = None

    run(story(), LONG_S)


def test_a_list_without_rows_offers_to_poll_now(run, ctx, store):
    looked(store, datetime.now(UTC) - timedelta(hours=3))
    put(store, request(2, 90_000, RequestState.APPROVED))

    async def story():
        async with opened(ctx) as page:
            ctx.polling = following = Following()
            [button] = [b for b in page.widgets.states.findChildren(QPushButton) if b.isVisible()]
            assert button.text() == "Poll ServiceNow now"
            button.click()
            assert following.asked == 1
            await settled(page)
            ctx.polling = None

    run(story(), LONG_S)
