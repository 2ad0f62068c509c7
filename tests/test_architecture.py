"""The rules of the house, read off the syntax of every file: layers, sizes, loops, tasks, docstrings, registries."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("models", "services", "console", "resources")
LONGEST_MODULE, LONGEST_FUNCTION = 600, 60
FORBIDDEN = {
    "models": {"console", "services", "PyQt6", "qasync", "zeep", "httpx", "keyring", "tests"},
    "services": {"console", "PyQt6", "qasync", "tests"},
    "console": {"tests"},
    "resources": {"models", "services", "console", "PyQt6", "tests"},
}
NESTED_LOOPS = {"exec", "exec_"}
STATIC_GETTERS = {
    "QMessageBox": {"question", "information", "warning", "critical", "about", "aboutQt"},
    "QFileDialog": {
        "getOpenFileName", "getOpenFileNames", "getSaveFileName", "getExistingDirectory",
        "getOpenFileUrl", "getOpenFileUrls", "getSaveFileUrl", "getExistingDirectoryUrl",
    },
    "QInputDialog": {"getText", "getMultiLineText", "getInt", "getDouble", "getItem"},
    "QColorDialog": {"getColor"},
    "QFontDialog": {"getFont"},
}  # fmt: skip
TASKS = {"create_task", "ensure_future", "run_coroutine_threadsafe", "asyncSlot", "asyncClose"}


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def files(*parts):
    return sorted(p for part in parts for p in (ROOT / part).rglob("*.py"))


def own_files():
    return [*files(*PARTS, "tests"), ROOT / "dev.py"]


def place(path, node):
    return f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"


def calls(path):
    """Give every call of a file: the name called, the name of what it is called on, the node."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute):
                on = called.value
                yield called.attr, on.id if isinstance(on, ast.Name) else getattr(on, "attr", ""), node
            elif isinstance(called, ast.Name):
                yield called.id, "", node


def imports(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module, node


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_only_what_its_layer_may(part):
    bad = [
        f"{place(path, node)} imports {name}"
        for path in files(part)
        for name, node in imports(path)
        if name.partition(".")[0] in FORBIDDEN[part]
    ]
    assert bad == []


def test_the_window_has_one_event_loop():
    bad = [
        f"{place(path, node)} {on}.{name}()"
        for path in files("console")
        for name, on, node in calls(path)
        # A database session has a method of the same name.
        if (name in NESTED_LOOPS and on != "session")
        or name == "processEvents"
        or name in STATIC_GETTERS.get(on, ())
        or on == "QEventLoop"
        or (name == "sleep" and on == "time")
    ]
    assert bad == []


def test_one_place_of_the_window_starts_tasks():
    found = {
        path.relative_to(ROOT).as_posix()
        for path in files("console")
        for name, _, _ in calls(path)
        if name in TASKS
    }
    assert found == {"console/runtime/task_runner.py"}


def test_the_window_starts_no_threads_of_qt():
    bad = [
        f"{place(path, node)} {word}"
        for path in files("console")
        for node in ast.walk(tree(path))
        if (word := getattr(node, "id", "")) in ("QThread", "QThreadPool", "QRunnable")
    ]
    assert bad == []


def test_modules_and_functions_stay_short():
    long = []
    for path in own_files():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_MODULE:
            long.append(f"{path.relative_to(ROOT)}: {lines} lines")
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = node.end_lineno - node.lineno + 1
                if length > LONGEST_FUNCTION and "migrations" not in path.parts:
                    long.append(f"{place(path, node)} {node.name}: {length} lines")
    assert long == []


def public_classes_and_functions(path):
    """Yield every public class, function and method of a module with the class that contains it, or None."""
    waiting = [(None, tree(path))]
    while waiting:
        owner, node = waiting.pop()
        for child in node.body:
            is_definition = isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            if not is_definition or child.name.startswith("_"):
                continue
            yield owner, child
            if isinstance(child, ast.ClassDef):
                waiting.append((child, child))


@cache
def classes_by_name():
    """Return the definitions of all classes of the program, by name."""
    found = {}
    for path in files(*PARTS):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(node)
    return found


def base_names(class_node):
    for base in class_node.bases:
        inner = base.value if isinstance(base, ast.Subscript) else base
        yield inner.attr if isinstance(inner, ast.Attribute) else getattr(inner, "id", "")


def inherits(class_node, method):
    """Whether a base class of the program defines the method."""
    return any(
        any(getattr(member, "name", "") == method for member in base.body) or inherits(base, method)
        for name in base_names(class_node)
        if name != class_node.name
        for base in classes_by_name().get(name, ())
    )


def needs_docstring(owner, node):
    """Overloads, overrides and properties of one statement need no docstring."""
    decorators = {getattr(d, "id", getattr(d, "attr", "")) for d in getattr(node, "decorator_list", ())}
    if decorators & {"overload", "override", "setter"}:
        return False
    if owner is None or isinstance(node, ast.ClassDef):
        return True
    if decorators & {"property", "cached_property"} and len(node.body) == 1:
        return False
    return (
        node.name not in OVERRIDES_OF_LIBRARIES
        and node.name == node.name.lower()
        and not inherits(owner, node.name)
    )


OVERRIDES_OF_LIBRARIES = {"emit", "event", "format", "parent", "paint", "data", "index", "flags"}
"""Overridden methods of Qt and `logging` that are not recognizable by their spelling (`sizeHint`)."""


def test_public_classes_and_functions_have_docstrings():
    silent = [str(p.relative_to(ROOT)) for p in files(*PARTS) if not ast.get_docstring(tree(p))]
    for path in files(*PARTS):
        if "migrations" in path.parts:
            continue
        silent += [
            f"{place(path, node)} {node.name}"
            for owner, node in public_classes_and_functions(path)
            if needs_docstring(owner, node) and not ast.get_docstring(node)
        ]
    assert silent == []


def test_tests_say_what_they_are_about():
    tests = [p for p in files("tests") if p.name.startswith("test_")]
    assert [str(p.relative_to(ROOT)) for p in tests if not ast.get_docstring(tree(p))] == []
    idle = [
        f"{place(path, node)} {node.name}"
        for path in tests
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(
            getattr(part, "attr", "") in ("skip", "skipif", "xfail")
            for decorator in node.decorator_list
            for part in ast.walk(decorator)
        )
    ]
    assert idle == []


CLOCKS = {"perf_counter", "perf_counter_ns", "process_time", "process_time_ns", "thread_time"}


def test_no_test_judges_by_the_clock():
    """A machine may be busy: what is fast is measured by the benchmarks, and a test counts or looks at the order."""
    bad = [
        f"{place(path, node)} {on}.{name}()"
        for path in files("tests")
        if path.name.startswith("test_")  # what they share may measure for the benchmarks
        for name, on, node in calls(path)
        if name in CLOCKS
    ]
    assert bad == []


# Written in pieces, because this file is searched as well.
PLACES_OF_ONE_MACHINE = re.compile("|".join(("/ro" + "ot/", "/ho" + "me/[a-z]", "/wo" + "rk/")))
SECRETS = re.compile(
    "|".join(
        (
            "BEGIN [A-Z ]*PRIV" + "ATE KEY",
            "gh" + "p_[A-Za-z0-9]{20}",
            "AK" + "IA[A-Z0-9]{16}",
            "xo" + "x[bp]-",
        )
    )
)
REGISTRIES = re.compile(
    "|".join(("files.python" + "hosted", "pypi" + r"\.org", "--index" + "-url", "--extra" + "-index"))
)
MADE = {".git", ".venv", ".cache", "build", "dist", "__pycache__", "node_modules"}


def texts():
    """Give every text of the repository with its path."""
    for path in sorted(ROOT.rglob("*")):
        inside = path.relative_to(ROOT).parts
        if MADE.intersection(inside) or any(p.endswith(("_cache", ".egg-info")) for p in inside):
            continue
        if path.is_file() and not {".hypothesis"}.intersection(inside):
            content = path.read_bytes()
            if b"\0" not in content:
                yield path.relative_to(ROOT).as_posix(), content.decode("utf-8")


@pytest.mark.parametrize(
    "pattern", [PLACES_OF_ONE_MACHINE, SECRETS, REGISTRIES], ids=["machine", "secret", "registry"]
)
def test_no_file_holds_what_belongs_to_one_machine(pattern):
    found = [
        f"{name}:{number} {line.strip()[:80]}"
        for name, content in texts()
        if pattern.search(content)
        for number, line in enumerate(content.splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []
