"""Slow libraries, imported in a thread when they are first needed, so that the window never waits for an import."""

import importlib
from types import ModuleType
from typing import Any

_loaded: dict[str, ModuleType] = {}


async def module(ctx: Any, name: str) -> Any:
    """Return a module by its name; the first time it is imported in the thread of the store."""
    if name not in _loaded:
        _loaded[name] = await ctx.call(importlib.import_module, name)
    return _loaded[name]
