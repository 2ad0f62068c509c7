"""Finds every table by looking through this package, so that a new kind needs no list elsewhere."""

import importlib
import pkgutil
from functools import cache

from sqlmodel import SQLModel

import models
from models.base import ConfigurationObject
from models.kinds import Kind


@cache
def all_models() -> tuple[type[SQLModel], ...]:
    """Return every table class, in the order of their table names."""
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"models.{module.name}")
    found = {m.class_.__tablename__: m.class_ for m in SQLModel._sa_registry.mappers}  # noqa: SLF001 -- no public way
    return tuple(found[name] for name in sorted(found))


@cache
def model_for_kind(kind: Kind) -> type[ConfigurationObject]:
    """Return the table class of `kind`."""
    for model in all_models():
        if issubclass(model, ConfigurationObject) and model.kind == kind:
            return model
    raise KeyError(kind)


@cache
def model_for_table(table: str) -> type[SQLModel]:
    """Return the class of the table called `table`; raises KeyError."""
    return {str(m.__tablename__): m for m in all_models()}[table]
