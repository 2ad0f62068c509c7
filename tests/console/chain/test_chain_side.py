"""What leads from a broken chain to the requests since the break."""

import json
from datetime import UTC, datetime

from console.chain.chain_side_texts import since_break_target
from console.navigation.request_places import FILTER_TAB_PREFIX
from models.kinds import RequestState
from services.approval_chain import ChainLink, ChainReport, LinkKind, LinkState
from services.approval_chain.links import RequestsOfPolicy
from services.requests.inbox.filters import Filter

AT = datetime(2026, 11, 28, 10, 42, tzinfo=UTC)


def report_of(broken, requests):
    links = tuple(
        ChainLink(kind, "Unsigned installers", LinkState.BROKEN if kind is broken else LinkState.OK)
        for kind in LinkKind
    )
    return ChainReport("Unsigned installers", links, requests=requests)


def filter_of(target):
    held = json.loads(target.tab.removeprefix(FILTER_TAB_PREFIX))
    return held["name"], Filter.from_json(held["filter"])


def test_requests_without_an_answer_are_listed_since_the_first_of_them():
    seen = RequestsOfPolicy(recent=3, last_at=AT, failed=2, failed_since=AT)
    name, shown = filter_of(since_break_target(report_of(LinkKind.SERVER, seen)))
    assert name == "Unsigned installers, without an answer"
    assert (shown.policy, shown.raised_since) == ("Unsigned installers", AT)
    assert shown.states == {RequestState.FAILED, RequestState.TIMED_OUT, RequestState.INVALID}


def test_a_break_before_servicenow_lists_the_requests_of_the_policy():
    _name, shown = filter_of(since_break_target(report_of(LinkKind.ACTION, RequestsOfPolicy(last_at=AT))))
    assert shown == Filter(policy="Unsigned installers")
    assert since_break_target(report_of(LinkKind.ACTION, RequestsOfPolicy())) is None
    assert since_break_target(report_of(None, RequestsOfPolicy(last_at=AT))) is None
