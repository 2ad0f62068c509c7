"""Lets a package offer names of its modules without importing these before the names are used.

`import services.servicenow.faults` runs `services/servicenow/__init__.py` first. A package that imported all its public
names there would make every user of one small module pay for all modules, and what these import. The names stand under
TYPE_CHECKING as import statements, for editors and type checkers; the table maps each to its module.
"""

import importlib
from collections.abc import Callable, Mapping


def lazy_exports(package: str, modules: Mapping[str, tuple[str, ...]]) -> Callable[[str], object]:
    """Return the `__getattr__` of a package: it imports the module of a name and raises AttributeError for others.

    `modules` has the names by the full name of their module.
    """
    module_of = {name: module for module, names in modules.items() for name in names}

    def find(name: str) -> object:
        module = module_of.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(module), name)

    return find
