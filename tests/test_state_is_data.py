"""Programs decide on data: columns and enums, not on texts for people and not on JSON that is searched as text."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT_ATTRIBUTES = {"cause", "detail", "error", "evidence", "remedy", "sentence", "title", "tried"}
"""Attributes that hold texts for people."""
TEXT_METHODS = {"endswith", "find", "index", "partition", "removeprefix", "rpartition", "startswith"}
SQL_TEXT_METHODS = {"contains", "ilike", "like"}
PATTERN_METHODS = {"fullmatch", "match", "search"}

ALLOWED = {
    (
        "services/connectivity/stored_results.py",
        "_with_fields_from_texts",
    ): "reads checks stored without these fields",
    (
        "services/connectivity/stored_results.py",
        "parse_calls_per_hour",
    ): "reads checks stored without this field",
    ("console/cli/decision_commands.py", "_print_details"): "prints the same sentence once",
    ("services/requests/worker/window_poller.py", "_same"): "shows the same problem once",
    (
        "services/store/audit_trail.py",
        "_entry_problem",
    ): "compares stored digests; the detail is written by one codec",
    ("services/store/timeline_hash_chain.py", "parse"): "reads the detail that the same codec writes",
    ("services/store/timeline_facts.py", "_parse_decided"): "derives the facts of lines before revision 0007",
    ("services/store/timeline_facts.py", "_parse_sent"): "derives the facts of lines before revision 0007",
    (
        "services/store/timeline_facts.py",
        "_text_after_separator",
    ): "derives the facts of lines before revision 0007",
}
"""Functions that read or compare texts, each with the reason."""


def is_text(node):
    """Whether an expression is a text for people: an attribute or a variable by its name, perhaps inside a call."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in TEXT_ATTRIBUTES and not (
                isinstance(node, ast.Name) and name in {"error", "title", "tried"}
            )
        case ast.Call(func=ast.Attribute(value=value, attr="lower" | "strip" | "casefold")):
            return is_text(value)
        case ast.Call(func=ast.Name(id="str"), args=[value]):
            return is_text(value)
        case ast.JoinedStr(values=values):
            return any(isinstance(one, ast.FormattedValue) and is_text(one.value) for one in values)
    return False


def decides_on_text(node):
    """Whether an expression decides on a text."""
    match node:
        case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in TEXT_METHODS:
            return is_text(value)
        case ast.Call(func=ast.Attribute(attr=name), args=[value, *_]) if name in PATTERN_METHODS:
            return is_text(value)
        case ast.Call(func=ast.Attribute(attr=name), args=[value, *_]) if name in SQL_TEXT_METHODS:
            text = ast.unparse(value)
            return '": ' in text or text.rstrip("'\"").endswith("%") or is_text(node.func.value)
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [left, *others]
            if any(isinstance(one, ast.Constant) and one.value in ("", None) for one in sides):
                return False  # whether there is a text at all
            compared = any(isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in ops)
            return compared and any(is_text(one) for one in sides)
    return False


def functions_that_decide_on_text(path):
    """Yield the names of functions of a module that decide on a text, with the line."""

    def visit(node, function):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name
        if decides_on_text(node):
            yield function, node.lineno
        for child in ast.iter_child_nodes(node):
            yield from visit(child, function)

    yield from visit(ast.parse(path.read_text(encoding="utf-8")), "")


def found():
    """Return every place where a function decides on a text, by module and function."""
    places = {}
    for package in ("models", "services", "console"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith("services/store/migrations/"):
                continue  # migrations translate texts of older versions, once
            for function, line in functions_that_decide_on_text(path):
                places.setdefault((name, function), []).append(line)
    return places


def test_no_function_decides_on_a_text_for_people():
    unexpected = {place: lines for place, lines in found().items() if place not in ALLOWED}
    assert unexpected == {}


def test_every_exception_is_still_needed_and_has_a_reason():
    assert ALLOWED.keys() - found().keys() == set()
    assert all(ALLOWED.values())


def test_the_known_patterns_are_found():
    patterns = (
        'line.detail.startswith("Cancel: ")',
        "event.detail == CREATE_DETAIL",
        '"rejected" in f"{line.title} {line.detail}"',
        "row.error.startswith(PREFIX)",
        "RATE_LIMIT.match(stage.evidence)",
        'col(TaskRun.report).contains(f\'"mark": "{mark}"\')',
        'table.c.name.like("call:%")',
    )
    for pattern in patterns:
        expression = ast.parse(pattern, mode="eval").body
        assert any(decides_on_text(node) for node in ast.walk(expression)), pattern
    for harmless in (
        'row.error != ""',
        "problem.fault == FaultId.TIMEOUT",
        "line.outcome is RequestState.REJECTED",
    ):
        expression = ast.parse(harmless, mode="eval").body
        assert not any(decides_on_text(node) for node in ast.walk(expression)), harmless
