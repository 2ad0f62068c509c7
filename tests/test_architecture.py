"""The rules of the house, read off the syntax of every file: layers, sizes, loops, tasks, docstrings, registries."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import grimp
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


def test_the_destruction_of_an_object_calls_no_closure():
    """A garbage collection clears the variables of closures before it destroys objects: the call would end the process."""
    bad = [
        place(path, node)
        for path in files("console", "tests")
        for name, on, node in calls(path)
        if name == "connect" and on == "destroyed" and not isinstance(node.args[0], ast.Attribute)
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


def import_graph():
    """Return the imports between the modules of the program: name of the importing module -> names of imported ones.

    Imports below `TYPE_CHECKING` are excluded; imports inside functions count.
    """
    graph = grimp.build_graph(*PARTS, exclude_type_checking_imports=True)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def cycles_of(graph):
    """Return the strongly connected components of more than one node (Tarjan's algorithm), each sorted."""
    order, low, stack, found = {}, {}, [], []

    def visit(node):
        order[node] = low[node] = len(order)
        stack.append(node)
        for target in graph[node]:
            if target not in order:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], order[target])
        if low[node] == order[node]:
            component = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(component) > 1:
                found.append(sorted(component))

    for node in graph:
        if node not in order:
            visit(node)
    return found


def test_cycles_of_a_graph_are_found():
    assert cycles_of({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]
    assert cycles_of({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_modules_import_each_other():
    """Not even two files of one package; import-linter's contracts compare packages."""
    assert cycles_of(import_graph()) == []


MOST_METHODS = 25


def test_classes_have_at_most_25_methods():
    """Properties, private methods and overrides count; a class with more holds a second concept."""
    large = [
        f"{place(path, node)} {node.name}: {count} methods"
        for path in files(*PARTS)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        and (count := sum(isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef) for m in node.body))
        > MOST_METHODS
    ]
    assert large == []


ANY_MAX = 30
"""Explicit `Any` in the program."""


def explicit_any():
    """Yield the place of every `Any` of the program and whether its line ends with a comment."""
    for path in files("models", "services", "console"):
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Name) and node.id == "Any":
                yield place(path, node), "  # " in lines[node.lineno - 1]


def test_any_is_rare_and_explained():
    found = list(explicit_any())
    unexplained = [where for where, is_explained in found if not is_explained]
    assert len(found) <= ANY_MAX, found
    assert unexplained == []


FETCHED_BY_STRING = {
    "models/tables.py": 1,  # imports every module of models, so that a new table cannot be forgotten
    "services/common/lazy_exports.py": 1,  # names of packages, typed under TYPE_CHECKING
    "console/objects/__init__.py": 1,  # imports every page, so that a new page cannot be forgotten
    "services/connectivity/stage.py": 1,  # imports every stage, so that a new stage cannot be forgotten
}
"""Files that may import by a name in a string, and how often."""


def test_modules_are_imported_by_statements():
    """An editor follows an import statement; it does not follow a string."""
    found = {}
    for path in files(*PARTS):
        count = sum(
            getattr(node, "id", getattr(node, "attr", getattr(node, "name", "")))
            in ("import_module", "__import__")
            for node in ast.walk(tree(path))
        )
        if count:
            found[path.relative_to(ROOT).as_posix()] = count
    assert {file: n for file, n in found.items() if n > FETCHED_BY_STRING.get(file, 0)} == {}


# Words of an earlier vocabulary and what is said today; `ARCHITECTURE.md` has the glossary.
OLD_IDENTIFIERS = {
    "Follower": "Poller", "following": "polling", "looking": "table refresh", "Look": "poll", "course": "cursor",
    "Course": "Cursor", "ground": "targets", "Ground": "Targets", "keeping": "sync", "Keeping": "Sync",
    "asking": "status queue", "wish": "poll query", "Wish": "PollQuery", "acting": "decisions",
    "Acting": "decisions", "deed": "request action", "Deed": "RequestAction", "deeds": "request actions",
    "turn": "request lock", "turns": "request lock", "refusals": "problems", "life": "lifecycle",
    "marks": "journal", "learning": "apply observation", "ways": "index selection", "listing": "result set",
    "Listing": "ResultSet", "clearing": "cleanup", "Clearing": "Cleanup", "attendant": "window poller",
    "Attendant": "WindowPoller", "claims": "process identity", "replies": "SOAP reply", "kept": "stored",
    "together": "gather_or_cancel", "said": "accessible text", "told": "reported",
    "FALLING_FIRST": "DESCENDING_FIRST", "REMINDED_ONCE_IN": "REMINDER_COOLDOWN", "workers": "tasks",
    "trouble": "error kind", "Trouble": "DatabaseErrorKind", "judgements": "timing advice",
    "same_letters": "fold_text", "rounds": "check all", "leftovers": "unfinished work", "stands": "state",
}  # fmt: skip
STILL_USED = {
    "following": 11, "course": 47, "ground": 125, "asking": 6, "wish": 81, "acting": 3, "deed": 39,
    "turn": 80, "refusals": 7, "life": 42, "marks": 14, "ways": 4, "listing": 9, "kept": 74,
    "claims": 12, "together": 4, "said": 100, "told": 119, "trouble": 13, "rounds": 19, "leftovers": 3,
}  # fmt: skip
"""How often an old identifier may still occur in the program."""


def identifiers(path):
    """Yield every name that a file defines or uses."""
    for node in ast.walk(tree(path)):
        for field in ("id", "attr", "arg", "name"):
            if isinstance(word := getattr(node, field, None), str):
                yield word


def test_old_vocabulary_does_not_return():
    counts = Counter(word for path in files("models", "services", "console") for word in identifiers(path))
    returned = {
        word: f"{counts[word]} x; say: {today}"
        for word, today in OLD_IDENTIFIERS.items()
        if counts[word] > STILL_USED.get(word, 0)
    }
    assert returned == {}
    stems = {path.stem for path in files("models", "services", "console")}
    assert stems.isdisjoint(OLD_IDENTIFIERS)


def names_defined_in(path):
    """Return what `from module import name` can import from a module."""
    found = {
        p.stem if p.suffix == ".py" else p.name for p in path.parent.iterdir() if path.name == "__init__.py"
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
    return found


IMPORT_IN_TEXT = re.compile(r"from ((?:models|services|console|resources|tests)[\w.]*) import ([\w, ]+)")


def test_programs_in_texts_import_what_exists():
    """Tests start programs that are written in strings; no checker sees their imports."""
    missing = []
    for path in own_files():
        for node in ast.walk(tree(path)):
            if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
                continue
            for module, names in IMPORT_IN_TEXT.findall(node.value):
                base = ROOT.joinpath(*module.split("."))
                file = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
                known = names_defined_in(file) if file.is_file() else set()
                wanted = {name.split(" as ")[0].strip() for name in names.split(",")}
                missing += [f"{place(path, node)} {module}.{name}" for name in sorted(wanted - known - {""})]
    assert missing == []
