"""The decisions of the Requests page, without Qt: what is shown, when it is read, which actions are available."""

import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from console.inbox.action_availability import ACTION_NAMES, MAX_SELECTED
from console.inbox.empty_list import EmptyKind
from console.inbox.list_criteria import SearchCriteria
from console.inbox.request_rows import COLUMN_BY_SORT_NAME, DUE, POLICY, REASON, RowOutcome
from console.inbox.requests_presenter import Choices
from console.inbox.status_text import snapshot_status
from models.kinds import Kind, RequestState
from services.common.fault_ids import FaultId
from services.requests.inbox.filters import Filter, Sort
from tests.console.inbox.presenter_support import NOW, SAVED, Page, problem, row, snapshot

AGE = COLUMN_BY_SORT_NAME["age"]


@pytest.fixture
def page():
    return Page()


# -- filter, search and order --------------------------------------------------------------------------------------


def test_the_presenters_are_imported_without_qt():
    modules = "requests_presenter, selection_presenter, list_status, row_selection, empty_list, action_plan"
    code = f"import sys; from console.inbox import {modules}; print([m for m in sys.modules if 'PyQt6' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_filter_is_shown_with_its_own_search_values(page):
    page.presenter.show_filter("saved")
    assert page.view.search == SearchCriteria("fin", "Installers", "", "3600")
    assert page.view.last("show_filter") == ("saved", "Finance")
    assert page.view.last("place_changed") == ("saved",)
    assert page.last_filter() == SAVED.filter
    page.view.search = SearchCriteria("other")
    page.presenter.on_search_changed()
    assert page.last_filter() == Filter(text="other")
    page.presenter.show_filter("pending")
    assert page.view.search == SearchCriteria()


def test_an_unknown_filter_leads_to_all_requests(page):
    page.presenter.show_filter("deleted")
    assert page.presenter.criteria.key == "all"


def test_a_deleted_filter_leads_to_the_pending_requests(page):
    page.presenter.show_filter("saved")
    del page.filters.filters_by_key["saved"]
    page.presenter.update_filters()
    assert page.presenter.criteria.key == "pending"


def test_a_filter_that_is_not_known_yet_gets_its_search_values_when_it_is():
    page = Page(known=False)
    page.presenter.show_filter("saved")
    assert page.requests.calls == []
    page.presenter.start()
    page.tasks.run()
    assert page.view.search.text == "fin"
    assert page.last_filter() == SAVED.filter
    assert page.filters.refreshed == 1


def test_an_unusual_time_range_of_a_filter_stays_until_another_one_is_chosen():
    filter_ = Filter(raised_within_s=7)
    assert SearchCriteria.from_filter(filter_).time == ""
    assert SearchCriteria("x").applied_to(filter_).raised_within_s == 7
    assert SearchCriteria(time="3600").applied_to(filter_).raised_within_s == 3600


def test_spaces_around_the_searched_text_do_not_matter(page):
    page.view.search = SearchCriteria("  setup ")
    page.presenter.on_search_changed()
    assert page.last_filter().text == "setup"
    page.view.search = SearchCriteria("   ")
    page.presenter.show_filter("all")
    page.view.search = SearchCriteria("   ")
    assert page.presenter.shows_everything


def test_a_second_click_reverses_the_order_and_each_filter_has_its_own(page):
    page.presenter.sort_by(POLICY)
    assert page.presenter.criteria.sort() == Sort("policy", descending=False)
    page.presenter.sort_by(POLICY)
    assert page.presenter.criteria.sort() == Sort("policy", descending=True)
    page.presenter.show_filter("all")
    assert page.presenter.criteria.sort() == Sort("age")
    page.presenter.sort_by(DUE)
    page.presenter.show_filter("pending")
    assert page.presenter.criteria.sort() == Sort("policy", descending=True)
    reads = len(page.requests.calls)
    page.presenter.sort_by(REASON)
    assert len(page.requests.calls) == reads


def test_the_same_text_is_searched_in_all_requests(page):
    page.view.search = SearchCriteria("setup", policy="Installers")
    page.presenter.search_everywhere()
    assert page.presenter.criteria.key == "all"
    assert page.last_filter() == Filter(text="setup")
    page.presenter.clear_search()
    assert page.last_filter() == Filter()


def test_counts_of_pending_requests_and_mismatches_are_badges(page):
    page.filters.numbers = {"pending": 2, "mismatch": 1}
    page.presenter.update_filters()
    counts, badges = page.view.last("show_counts")
    assert counts["pending"] == "2"
    assert [badge.text for badge in badges] == ["2 pending", "1 mismatch"]


# -- the state of the list -----------------------------------------------------------------------------------------


def test_rows_are_shown_with_order_status_and_nothing_stale(page):
    page.read(row())
    assert page.view.last("show_order") == (AGE, True)
    assert page.view.last("show_status")[0].text.startswith("1 request, complete, as of ")
    assert page.view.last("mark_stale") == ("", None)
    assert page.view.names().count("show_rows") == 1
    assert "show_empty" not in page.view.names()


@pytest.mark.parametrize(
    ("key", "search", "values", "kind"),
    [
        ("pending", SearchCriteria(), {"any_stored": False}, EmptyKind.NO_REQUESTS),
        ("pending", SearchCriteria("x"), {"any_stored": False}, EmptyKind.NO_REQUESTS),
        ("pending", SearchCriteria("x"), {}, EmptyKind.NO_MATCHES),
        ("pending", SearchCriteria(), {"as_of": NOW - timedelta(hours=1)}, EmptyKind.UNKNOWN),
        ("pending", SearchCriteria(), {"complete_on_servers": False}, EmptyKind.UNKNOWN),
        ("pending", SearchCriteria(), {}, EmptyKind.EMPTY_FILTER),
        ("all", SearchCriteria("x"), {}, EmptyKind.NO_MATCHES),
    ],
)
def test_an_empty_list_says_why(page, key, search, values, kind):
    page.presenter.show_filter(key)
    page.view.search = search
    page.read(**values)
    [state] = page.view.last("show_empty")
    assert (state.kind, state.key, state.words) == (kind, key, search.words)
    assert state.searched_all is (key == "all")
    assert bool(state.staleness) is (values.keys() <= {"as_of", "complete_on_servers"} and bool(values))
    assert not state.can_rehearse


def test_an_empty_list_offers_a_rehearsal_once_there_is_a_process(page):
    page.presenter.start()
    page.read(any_stored=False)
    page.choices = Choices(["Installers"], [SimpleNamespace(name="Process")])
    page.tasks.run()
    assert page.view.last("show_choices") == (page.choices,)
    assert page.view.last("show_empty")[0].can_rehearse
    assert "rehearse" in page.presenter.available_commands()


def test_servers_that_could_not_be_polled_make_their_rows_stale(page):
    server = uuid.uuid4()
    page.read(row(), unpolled_servers=frozenset({server}), faults=("tcp-refused",))
    reason, servers = page.view.last("mark_stale")
    assert reason.startswith("Last polled at ")
    assert reason.endswith(": tcp refused.")
    assert servers == {server}
    assert page.view.last("show_status")[0].is_notice


def test_rows_of_the_same_list_stay_when_the_store_cannot_be_read(page):
    page.read(row())
    failed = problem()
    page.presenter.show_read_failure(failed)
    assert page.view.last("show_problem_notice") == (failed,)
    assert page.view.last("mark_stale")[0].startswith("Read at ")
    assert page.view.last("show_status")[0].text.startswith("Not read again since ")
    assert "show_failure" not in page.view.names()


def test_rows_of_another_list_go_when_the_store_cannot_be_read(page):
    page.read(row())
    page.select(row())
    page.requests.is_current = False
    page.presenter.show_read_failure(problem())
    assert page.requests.names()[-1] == "drop"
    assert page.view.names().count("show_failure") == 1
    assert not page.details.is_open


def test_a_failure_before_anything_was_read_takes_the_place_of_the_list(page):
    page.presenter.show_read_failure(problem())
    assert "show_failure" in page.view.names()
    assert page.view.last("show_status")[0].text == "Not read again"


# -- polling -------------------------------------------------------------------------------------------------------


class Polling:
    polling, seen_at, why_not = False, None, ""

    def poll_now(self):
        self.polling = True


def test_counts_and_choices_are_read_once_the_rows_are_there(page):
    refreshed_before = []

    async def first_read_ended():
        refreshed_before.append(page.filters.refreshed)

    page.requests.first_read_ended = first_read_ended
    page.presenter.start()
    page.tasks.run()
    assert refreshed_before == [0]
    assert page.filters.refreshed == 1
    assert "show_choices" in page.view.names()


def test_refreshing_polls_and_shows_that_until_it_has_ended(page):
    page.polling = Polling()
    page.presenter.read()
    page.read(row())
    page.presenter.refresh()
    assert page.view.last("set_refresh_enabled") == (False,)
    assert page.view.last("show_status")[0].text == "Polling ServiceNow…"
    assert {"reload"} <= set(page.requests.names())
    assert "refetch" in page.loader.names()
    assert "schedule_reload" not in page.requests.names()
    page.polling.polling = False
    page.presenter.status.update()
    assert page.view.last("set_refresh_enabled") == (True,)
    assert page.requests.names()[-1] == "schedule_reload"
    before = len(page.requests.calls)
    page.presenter.status.update()
    assert len(page.requests.calls) == before


def test_refreshing_reads_a_list_that_could_not_be_read(page):
    page.presenter.read()
    page.requests.is_current = False
    page.presenter.refresh()
    assert page.requests.names() == ["show", "show"]


def test_why_the_servers_are_not_polled_is_said_when_it_comes_and_goes(page):
    page.polling = polling = Polling()
    old = {"as_of": datetime.now(UTC) - timedelta(minutes=9)}
    page.read(row(), **old)
    text = "1 request, last polled 9 min ago"
    assert page.view.last("show_status")[0].text == text
    polling.why_not = "nothing listens there"
    page.presenter.status.update()
    assert page.view.last("show_status")[0].text == f"{text}: nothing listens there"
    polling.why_not = ""
    page.presenter.status.update()
    assert page.view.last("show_status")[0].text == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"as_of": None}, "2 requests"),
        ({"as_of": None, "complete_on_servers": False}, "2 requests, ServiceNow has not been polled yet"),
        ({"exact": False, "as_of": None}, "More than 2 requests"),
        ({"complete": False, "as_of": None}, "First 2, narrow the search"),
        (
            {"complete_on_servers": False},
            "2 requests, not complete: an account does not see everything, as of ",
        ),
        (
            {"complete_on_servers": False, "unproven": True},
            "2 requests, whether an account sees all of them is unknown, as of ",
        ),
    ],
)
def test_the_status_says_whether_these_are_all_requests(values, text):
    assert snapshot_status(snapshot(row(1), row(2), **values), NOW).text.startswith(text)


# -- when the list is read again -----------------------------------------------------------------------------------


def test_a_change_is_read_soon_while_the_page_is_visible_and_later_if_it_is_hidden(page):
    page.presenter.on_store_changed({"approval_request"}, visible=True)
    assert page.requests.names() == ["schedule_reload"]
    page.presenter.on_store_changed({"approval_request"}, visible=False)
    page.presenter.on_store_changed({"saved_filter"}, visible=True)
    assert page.requests.names() == ["schedule_reload"]
    page.presenter.on_visible()
    page.presenter.on_visible()
    assert page.requests.names() == ["schedule_reload", "reload"]


@pytest.mark.parametrize("kind", [Kind.APPROVAL_PROCESS, Kind.FOREIGN_SYSTEM, Kind.USER_CREDENTIAL])
def test_a_change_of_the_configuration_reads_choices_and_permissions_again(page, kind):
    page.presenter.on_store_changed({kind.value}, visible=True)
    assert page.loader.names() == ["forget"]
    page.tasks.run()
    assert "show_choices" in page.view.names()


def test_after_an_action_its_results_are_shown_and_the_list_is_read_again(page):
    outcomes = {uuid.UUID(int=1): RowOutcome(ok=True, text="Done")}
    page.presenter.on_action_finished(outcomes)
    assert page.view.last("show_outcomes") == (outcomes,)
    assert page.requests.names() == ["reload"]
    assert page.view.names()[-1] == "commands_changed"


# -- one request ---------------------------------------------------------------------------------------------------


def test_a_request_is_opened_in_the_shown_list_or_else_among_all(page):
    far = row(7)
    page.presenter.open_request(far.id)
    assert page.requests.last("show")[2] == far.id
    assert page.selection.reasons() == dict.fromkeys(ACTION_NAMES, "The request is being opened.")
    page.read(row(1))
    assert page.presenter.criteria.key == "all"
    assert page.view.last("place_changed") == ("all",)
    assert page.requests.last("show")[2] == far.id
    page.read(row(1), far)
    assert page.selection.target is None
    assert [one.id for one in page.selection.rows()] == [far.id]


def test_a_request_that_is_in_no_list_is_not_in_the_store(page):
    page.presenter.show_filter("all")
    page.presenter.open_request(uuid.uuid4())
    page.read(row(1))
    assert page.view.last("show_notice") == ("The request is not in the store any more.",)
    assert not page.details.is_open
    assert page.selection.target is None


def test_a_request_is_opened_once_the_filters_are_known():
    page = Page(known=False)
    page.presenter.open_request(uuid.UUID(int=7))
    page.presenter.open_request(uuid.UUID(int=8))
    assert len(page.tasks.waiting) == 1
    page.tasks.run()
    assert page.requests.last("show")[2] == uuid.UUID(int=8)


def test_a_failure_of_the_details_is_shown_in_their_place(page):
    page.select(row())
    page.presenter.show_details_failure(problem())
    assert page.details.last("show_failure")[0] == "RITM1"
    assert "show_failure" not in page.view.names()
    page.loader.details = object()
    page.requests.row_count = 1
    page.presenter.show_details_failure(problem())
    assert "show_problem_notice" in page.view.names()


def test_a_request_that_was_deleted_closes_the_details(page):
    page.select(row())
    page.presenter.show_details_failure(problem(FaultId.OBJECT_MISSING))
    assert not page.details.is_open
    assert "not in the store" in page.view.last("show_notice")[0]


# -- the selection -------------------------------------------------------------------------------------------------


def test_the_details_follow_the_selection(page):
    one, two = row(1), row(2, RequestState.APPROVED, ended_at=NOW)
    page.select(one)
    assert (page.details.is_open, page.loader.request_id) == (True, one.id)
    page.select(one, two)
    assert page.details.last("show_selection_count") == ("2 requests selected", "1 open, 1 ended")
    assert page.loader.request_id is None
    page.select()
    assert not page.details.is_open


def test_closed_details_stay_closed_until_other_rows_are_selected(page):
    one = row(1)
    page.select(one)
    page.selection.close()
    page.read(one)
    assert not page.details.is_open
    assert [found.id for found in page.selection.rows()] == [one.id]
    page.selection.focus_details()
    assert page.details.is_open
    page.selection.close()
    page.select(row(2))
    assert page.details.is_open


def test_the_answer_and_the_record_are_offered_for_the_one_request_that_is_shown(page):
    page.select(row())
    assert not {"copy_answer", "open_in_servicenow"} & page.presenter.available_commands()
    page.details.answer, page.details.link = "Your request waits", "https://acme.example/1"
    assert {"copy_answer", "open_in_servicenow", *ACTION_NAMES} <= page.presenter.available_commands()
    page.requests.selection.clear()
    page.requests.selection.ids = (uuid.UUID(int=1),)
    assert page.selection.shown_left_list
    assert page.presenter.available_commands() == {"refresh", "find", "export", "save_filter"}
    assert set(page.selection.reasons().values()) == {"It is no longer in this list."}


@pytest.mark.parametrize(
    ("rows", "count", "reason"),
    [
        ([], 0, "Nothing is selected."),
        ([], 2, "The selected requests are being read."),
        ([], MAX_SELECTED + 1, "Select at most 500 requests at a time; 501 are selected."),
        ([row(1, RequestState.FAILED)], 1, "Failed: nothing can be decided any more."),
        (
            [row(1, RequestState.FAILED), row(2, RequestState.APPROVED)],
            2,
            "All of them have ended: nothing can be decided any more.",
        ),
    ],
)
def test_actions_say_why_they_are_disabled(page, rows, count, reason):
    page.requests.selection.rows, page.requests.selection.count = tuple(rows), count
    assert page.selection.reasons() == dict.fromkeys(ACTION_NAMES, reason)


def test_a_request_that_has_not_reached_servicenow_can_only_be_cancelled(page):
    page.select(row(1, RequestState.SUBMITTING, record_id=""))
    reasons = page.selection.reasons()
    assert [name for name in ACTION_NAMES if not reasons[name]] == ["cancel_request"]


def test_an_account_that_may_not_decide_leaves_that_to_another_one(page):
    page.loader.permissions.denial_reason = lambda *_: "It may not decide."
    one, two = row(1), row(2)
    page.select(one)
    assert not any(page.selection.reasons().values())
    assert page.selection.denial_reason([one]) == "It may not decide."
    assert page.selection.denial_reason([one, two]) == ""


def test_approvers_are_known_only_for_the_request_whose_instance_was_asked(page):
    one, two = row(1), row(2)
    page.select(one)
    assert page.selection.known_approvers([one]) == {}
    page.loader.approvers = ("Alex",)
    assert page.selection.known_approvers([one, two]) == {one.id: ("Alex",)}
