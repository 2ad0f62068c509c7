"""A coroutine of the window imports a slow service package only after a group has imported it in a thread."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FAST = ("services.common", "services.language")
"""Packages that are imported before the first paint."""
WITHOUT_WINDOW = ("cli", "demo")
"""Packages of console whose coroutines may take the time of an import."""


@cache
def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def file_of(module):
    path = ROOT.joinpath(*module.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


@cache
def lazy_exports_of(package):
    """Return the module of each name that a package imports only when the name is used."""
    for node in parse(file_of(package)).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__getattr__":
            modules = ast.literal_eval(node.value.args[1])
            return {name: module for module, names in modules.items() for name in names}
    return {}


def imported_modules(nodes):
    """Yield the modules of services that import statements name."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if file_of(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and file_of(node.module):
            yield node.module
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name for name in names if file_of(name))
            lazily = lazy_exports_of(node.module)
            yield from (lazily[alias.name] for alias in node.names if alias.name in lazily)


@cache
def modules_loaded_by(module):
    """Return a module and everything that it imports when it is imported."""
    loaded, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        if name not in loaded and name.startswith("services"):
            loaded.add(name)
            waiting += imported_modules(parse(file_of(name)).body)
            waiting += [parent] if (parent := name.rpartition(".")[0]) else []
    return loaded


def groups():
    """Return the modules that each group of `lazy_imports` loads."""
    return {
        function.name: set().union(*map(modules_loaded_by, imported_modules(function.body)))
        for function in parse(ROOT / "console/runtime/lazy_imports.py").body
        if isinstance(function, ast.FunctionDef)
    }


WORKSPACE = "workspace"
GROUPS = {**groups(), WORKSPACE: modules_loaded_by("services.workspace")}


def awaited_groups(function):
    """Yield the line and the group of every `await lazy_imports.ready(ctx, lazy_imports.<group>)`.

    An open workspace, which `await ctx.ready()` returns, has imported its modules too.
    """
    for node in ast.walk(function):
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            call = node.value
            called = ast.unparse(call.func)
            if called == "lazy_imports.ready" and isinstance(call.args[1], ast.Attribute):
                yield node.lineno, call.args[1].attr
            elif called.endswith("ctx.ready"):
                yield node.lineno, WORKSPACE


def imports_without_group(tree):
    """Yield line and module of each slow import in a coroutine that no awaited group has loaded before."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        awaited = list(awaited_groups(function))
        for node in ast.walk(function):
            for module in imported_modules([node]):
                known = set().union(*(GROUPS[group] for line, group in awaited if line < node.lineno))
                if module.startswith("services.") and not module.startswith(FAST) and module not in known:
                    yield node.lineno, module


def test_coroutines_import_slow_packages_in_a_thread_first():
    missing = [
        f"{path.relative_to(ROOT)}:{line} imports {module} without a group that loads it"
        for path in sorted((ROOT / "console").rglob("*.py"))
        if path.relative_to(ROOT).parts[1] not in WITHOUT_WINDOW
        for line, module in imports_without_group(parse(path))
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("from services.connectivity import check_history", True),
        ("await lazy_imports.ready(ctx, lazy_imports.vault)\n    from services.connectivity import check_history", True),
        ("await lazy_imports.ready(ctx, lazy_imports.connectivity)\n    from services.connectivity import check_history", False),
        ("await lazy_imports.ready(ctx, lazy_imports.check_history)\n    from services.connectivity import run_check", True),
        ("await lazy_imports.ready(ctx, lazy_imports.connectivity)\n    from services.connectivity import run_check", False),
        ("await self.ctx.ready()\n    from services.store.errors import NotFoundError", False),
        ("from services.common.errors import ConsoleError", False),
    ],
)  # fmt: skip
def test_an_import_without_its_group_is_found(body, found):
    assert bool(list(imports_without_group(ast.parse(f"async def f(ctx):\n    {body}")))) is found


def test_each_group_loads_something():
    assert [name for name, modules in GROUPS.items() if not modules] == []
