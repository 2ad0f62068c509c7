"""What the list and the plan of policies decide, without a window."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.policies.list_presenter import ListPresenter, ListSnapshot, ListState
from console.policies.plan_presenter import PlanPresenter, Work
from console.policies.policy_rows import (
    ChainVerdict,
    Criteria,
    PolicyColumn,
    PolicyFilter,
    PolicyRow,
    select_rows,
    sort_rows,
)
from console.policies.server_side import LINES, server_lines
from services.policies import (
    PlanField,
    PlanRow,
    PlanWarning,
    PolicyGoal,
    PolicyPlan,
    RowOperation,
    WarningKind,
)

READ_AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
ROWS = (
    PolicyRow("a", "Elevate", "a", active=True, priority=20, platform="windows", actions=("Form",), approval_actions=("Form",), targets=("Windows computers",)),
    PolicyRow("b", "Brew", "b", active=True, priority=40, platform="macos", actions=("Message",), approval_actions=("Message",), targets=("Macs",), chain=ChainVerdict(2, 7, 3)),
    PolicyRow("c", "Tools", "c", active=False, priority=None, platform="windows", actions=(), approval_actions=(), targets=()),
    PolicyRow("d", "New one", object_id=None, platform="windows", actions=(), approval_actions=(), planned=True, planned_actions=1),
    PolicyRow("e", "Odd", "e"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "keys"),
    [
        (PolicyFilter.ALL, "abcde"),
        (PolicyFilter.ASKING, "abd"),
        (PolicyFilter.BROKEN, "b"),
        (PolicyFilter.INACTIVE, "c"),
        (PolicyFilter.UNTARGETED, "c"),
        (PolicyFilter.PLANNED, "d"),
    ],
)
def test_filters(chosen, keys):
    assert "".join(row.key for row in select_rows(ROWS, Criteria(chosen))) == keys


def test_search_and_choices():
    def found(**values):
        return "".join(row.key for row in select_rows(ROWS, Criteria(**values)))

    assert found(words="ELEV") == "a"
    assert found(words="message") == "b"
    assert found(words="macs") == "b"
    assert found(platform="macos") == "b"
    assert found(action="Form") == "a"
    assert found(target="Macs") == "b"
    assert found(target="-") == "c"


def test_what_is_unknown_is_neither_inactive_nor_without_targets():
    odd = ROWS[-1]
    assert odd.text(PolicyColumn.STATUS) == "Unknown"
    assert odd.text(PolicyColumn.ACTION) == "Cannot be read"
    assert odd.shape(PolicyColumn.STATUS) == "off"
    assert not odd.matches(PolicyFilter.INACTIVE)


def test_an_unchecked_or_unknown_chain_is_never_good():
    assert ROWS[0].text(PolicyColumn.CHAIN) == "Not checked"
    assert ROWS[0].shape(PolicyColumn.CHAIN) == "todo"
    assert (ChainVerdict(5, 7).text, ChainVerdict(5, 7).shape) == ("Unknown", "off")
    assert (ChainVerdict(7, 7).text, ChainVerdict(7, 7).shape) == ("7 of 7", "good")
    assert (ChainVerdict(6, 7, 3).text, ChainVerdict(6, 7, 3).shape) == ("Broken at 3", "bad")


@given(st.lists(st.one_of(st.none(), st.integers(0, 99))), st.booleans())
def test_unknown_priorities_come_last_in_both_orders(priorities, descending):
    rows = [PolicyRow(str(n), str(n), str(n), priority=one) for n, one in enumerate(priorities)]
    found = [row.priority for row in sort_rows(rows, descending=descending)]
    known = [one for one in found if one is not None]
    assert known == sorted(known, reverse=descending)
    assert found == known + [None] * (len(found) - len(known))


def test_states_of_the_list():
    presenter = ListPresenter()
    assert presenter.state() is ListState.LOADING
    presenter.has_servers = False
    assert presenter.state() is ListState.NO_SERVER
    presenter.has_servers = True
    presenter.problem = SimpleNamespace()
    assert presenter.state() is ListState.FAILED
    presenter.show_snapshot(ListSnapshot((), READ_AT, complete=True))
    assert presenter.state() is ListState.EMPTY
    presenter.show_snapshot(ListSnapshot(ROWS, READ_AT, complete=True))
    assert presenter.state() is ListState.ROWS
    assert presenter.is_stale
    assert "not up to date" in presenter.foot()
    presenter.problem = None
    presenter.criteria = Criteria(words="nothing like it")
    assert presenter.state() is ListState.NO_MATCH
    assert presenter.foot().startswith("0 of 5 policies, complete")
    presenter.show_snapshot(ListSnapshot(ROWS, READ_AT, complete=False))
    assert "cut off by the server" in presenter.foot()


def test_badges_count_what_is_on_the_server_and_what_is_planned():
    presenter = ListPresenter(snapshot=ListSnapshot(ROWS, READ_AT, complete=True))
    assert [badge.text for badge in presenter.badges()] == ["4 on Privilege Manager", "1 plan, not applied"]


def test_a_chain_is_checked_only_where_a_policy_of_the_server_asks():
    presenter = ListPresenter(snapshot=ListSnapshot(ROWS, READ_AT, complete=True))
    assert [row.key for row in presenter.checkable()] == ["a", "b"]
    presenter.verdicts["a"] = ChainVerdict(7, 7)
    assert presenter.find("a").text(PolicyColumn.CHAIN) == "7 of 7"


def plan(*rows, warnings=()):
    return PolicyPlan("PM", PolicyGoal("Tools"), "Tools", None, tuple(rows), tuple(warnings))


ADD = PlanRow(PlanField.ACTIONS, RowOperation.ADD, "", "Form")
KEEP = PlanRow(PlanField.PRIORITY, RowOperation.KEEP, "50", "50")
BLOCKED = PlanRow(
    PlanField.STATUS, RowOperation.BLOCKED, "inactive", "active", "This server has no such operation."
)
CONFLICT = PlanRow(PlanField.STATUS, RowOperation.CONFLICT, "inactive", "inactive", "Changed since the plan.")


def presenter_with(*rows, **values):
    made = PlanPresenter(ref=SimpleNamespace(object_id=1))
    made.show_plan(plan(*rows, **values), None)
    return made


def test_the_number_on_the_button_is_what_is_written():
    controls = presenter_with(ADD, KEEP, BLOCKED).controls()
    assert (controls.apply_text, controls.apply_reason) == ("Apply 1 change", "")


def test_reasons_why_nothing_can_be_applied():
    assert "plan again" in presenter_with(ADD, CONFLICT).controls().apply_reason
    assert presenter_with(KEEP).controls().apply_reason == "Nothing to change"
    assert presenter_with(BLOCKED).controls().apply_reason == "Everything wanted is blocked"
    edited = presenter_with(ADD)
    edited.unsaved = True
    assert edited.controls().apply_reason.startswith("Save first")
    busy = presenter_with(ADD)
    busy.begin(Work.APPLYING)
    assert (busy.controls().apply_reason, busy.controls().can_plan) == ("Applying", False)


def test_a_blocked_row_says_why():
    [finding] = [one for one in presenter_with(BLOCKED).findings() if one.shape == "blocked"]
    assert (finding.title, finding.text) == ("Blocked: Status", "This server has no such operation.")


def test_many_policies_that_come_first_are_one_finding():
    others = [PlanWarning(WarningKind.OTHER_FIRST, f"“{n}” comes first.") for n in range(5)]
    found = [one for one in presenter_with(ADD, warnings=others).findings() if one.shape == "notice"]
    assert [one.title for one in found] == ["5 policies come first"]
    assert found[0].text == "“0” comes first. “1” comes first. So do 3 more."


def test_the_policy_itself_is_a_row_only_where_it_is_created():
    there = PlanRow(PlanField.POLICY, RowOperation.KEEP, "Tools", "Tools")
    missing = PlanRow(PlanField.POLICY, RowOperation.CREATE, "", "Tools")
    assert [line.field for line in presenter_with(there, KEEP).lines()] == ["Priority"]
    assert [line.word for line in presenter_with(missing, KEEP).lines()] == ["Create", "Keep"]


def test_the_side_panel_says_what_was_read_and_when():
    snapshot = ListSnapshot(ROWS, READ_AT, complete=True)
    assert server_lines(ROWS[0], ListSnapshot()) == []
    assert len(server_lines(ROWS[0], snapshot)) == len(LINES)
    assert server_lines(ROWS[4], snapshot)[3] == ("", "Cannot be read")
    assert server_lines(ROWS[2], snapshot)[3] == ("notice", "None")
    assert server_lines(None, snapshot)[0] == ("todo", "Not there yet")
