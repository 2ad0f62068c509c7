"""Finds every table by importing the modules of this package, so that no list names them."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from sqlmodel import SQLModel

import models
from models.base import ConfigurationObject
from models.kinds import Kind


def _import(name: str) -> ModuleType:
    return importlib.import_module(f"models.{name}")


@cache
def all_models() -> tuple[type[SQLModel], ...]:
    """Return every table class, in the order of their table names."""
    for module in pkgutil.iter_modules(models.__path__):
        _import(module.name)
    found = {m.class_.__tablename__: m.class_ for m in SQLModel._sa_registry.mappers}  # noqa: SLF001 -- no public way
    return tuple(found[name] for name in sorted(found))


@cache
def object_models() -> dict[Kind, type[ConfigurationObject]]:
    """Return the table class of each kind, in the order of the kinds; imports no other tables."""
    return {kind: _find_table(kind) for kind in Kind}


def _find_table(kind: Kind) -> type[ConfigurationObject]:
    """Return the table class in the module that is named after `kind`."""
    module = _import(kind.value)
    return next(
        found
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, ConfigurationObject)
        and found.__module__ == module.__name__
        and found.__dict__.get("kind") is kind
    )


def model_for_kind(kind: Kind) -> type[ConfigurationObject]:
    """Return the table class of `kind`."""
    return object_models()[kind]


@cache
def references(model: type[SQLModel]) -> dict[str, str]:
    """Return the columns of a table that refer to another table, each with the name of that table."""
    all_models()  # a key finds its table only when that was imported
    return {
        column.name: key.column.table.name
        for column in SQLModel.metadata.tables[str(model.__tablename__)].columns
        for key in column.foreign_keys
    }


def referenced_kind(model: type[SQLModel], field: str) -> Kind:
    """Return the kind that a reference, or a list of them, refers to; raises KeyError for another field."""
    if issubclass(model, ConfigurationObject) and field in model.reference_lists:
        return model.reference_lists[field]
    return Kind(references(model)[field])
