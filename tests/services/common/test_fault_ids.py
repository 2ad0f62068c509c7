"""Fault identifiers: one enum for the whole program, and what the program concludes from each."""

import ast
from pathlib import Path

import pytest

from services.common.errors import ReplyError, UnreachableError
from services.common.fault_ids import Execution, FaultId, FaultTrait
from services.connectivity.complete_catalog import all_faults
from services.privilege_manager.faults import FAULTS as PRIVILEGE_MANAGER_FAULTS
from services.requests.decisions.action_run import may_have_been_applied
from services.servicenow.faults import FAULTS, make_error
from services.transport.faults import RateLimitedError

ROOT = Path(__file__).parents[3]
DEFINITION = ROOT / "services" / "common" / "fault_ids.py"
OTHER_NAMESPACES = ("services/practice/", "services/intake/app.py", "services/requests/domain/states.py")
"""Names of simulated faults, problem types of the intake's answers, and names of rules: some are spelled alike."""
FAULT_ARGUMENTS = {
    "Problem": 5,
    "make_error": 0,
    "make_problem": 0,
    "fault_result": 1,
    "unreachable_error": 1,
    "refused_error": 1,
    "stage_problem": 1,
}
"""Functions that take a fault identifier, and at which position."""


HYPHENATED = {one.value for one in FaultId if "-" in one}


def product_files():
    for package in ("models", "services", "console"):
        for path in (ROOT / package).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if path != DEFINITION and not name.startswith(OTHER_NAMESPACES):
                yield name, ast.parse(path.read_text(encoding="utf-8"))


def literals_as_faults(tree):
    """Return the lines on which a text is given where a fault identifier belongs."""
    for node in ast.walk(tree):
        values = []
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            values += [one.value for one in node.keywords if one.arg in ("fault", "fault_id", "missing")]
            values += node.args[FAULT_ARGUMENTS[name] :][:1] if name in FAULT_ARGUMENTS else []
        elif isinstance(node, ast.Compare) and getattr(node.left, "attr", "") == "fault":
            values += node.comparators
        elif isinstance(node, ast.Constant) and node.value in HYPHENATED:
            values.append(node)
        for value in values:
            choices = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
            texts = [one for choice in choices for one in getattr(choice, "elts", [choice])]
            yield from (one.lineno for one in texts if isinstance(getattr(one, "value", None), str))


def test_every_fault_identifier_is_a_member_of_the_enum():
    found = {name: sorted(set(literals_as_faults(tree))) for name, tree in product_files()}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_every_member_is_used():
    used = {
        node.attr
        for _, tree in product_files()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "FaultId"
    }
    assert set(FaultId.__members__) - used == set()


def test_names_follow_from_identifiers():
    assert {one.name: one.name.lower().replace("_", "-") for one in FaultId} == {
        one.name: one.value for one in FaultId
    }


def test_an_identifier_reads_back_and_an_unknown_one_is_none():
    assert FaultId.parse("rate-limited") is FaultId.RATE_LIMITED
    assert FaultId.parse("made-up") is None
    assert FaultId.parse("") is None


def test_the_help_page_has_a_heading_for_every_fault_of_the_catalog():
    page = (ROOT / "resources" / "help" / "fault-catalogue.md").read_text(encoding="utf-8")
    headings = [line.removeprefix("#### ") for line in page.splitlines() if line.startswith("#### ")]
    assert sorted(headings) == sorted(fault.id.value for fault in all_faults())


CALL_FAULTS = [(table, fault) for table in (FAULTS, PRIVILEGE_MANAGER_FAULTS) for fault in table]


@pytest.mark.parametrize("fault", [table[fault] for table, fault in CALL_FAULTS], ids=lambda one: one.id)
def test_what_could_not_be_reached_pauses_calls(fault):
    if issubclass(fault.error, UnreachableError | RateLimitedError):
        assert FaultTrait.PAUSES_CALLS in fault.id.traits


def test_who_is_denied_access_is_signed_in_and_may_miss_rows():
    for fault in FaultId:
        if FaultTrait.ACCESS_DENIED in fault.traits:
            assert FaultTrait.ROWS_HIDDEN in fault.traits
        if FaultTrait.ROWS_HIDDEN in fault.traits or FaultTrait.TABLE_UNREADABLE in fault.traits:
            assert FaultTrait.SIGNED_IN in fault.traits
        if FaultTrait.SIGNED_IN in fault.traits:
            assert fault.execution is not Execution.NOT_EXECUTED


@pytest.mark.parametrize(("table", "fault"), CALL_FAULTS, ids=[fault for _, fault in CALL_FAULTS])
def test_a_change_may_have_been_applied_unless_its_call_was_certainly_not_executed(table, fault):
    error = table.error(fault, "Change a record")
    expected = isinstance(error, UnreachableError | ReplyError)
    expected = expected and fault.execution is not Execution.NOT_EXECUTED
    assert may_have_been_applied(error) == expected


def test_a_call_that_no_service_takes_was_not_executed():
    """The request is checked against the description before anything is sent."""
    for fault in (FaultId.SERVICE_CONTRACT, FaultId.SERVICE_INPUT_TYPE, FaultId.SERVICE_DESCRIPTION_INVALID):
        assert not may_have_been_applied(make_error(fault, "Cancel a request"))
