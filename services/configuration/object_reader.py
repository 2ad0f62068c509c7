"""Reads configuration objects of any kind. A kind is given as its model, which types the result, or as a `Kind`."""

import uuid
from collections.abc import Sequence
from typing import TypeVar, overload

from sqlmodel import Session, col, select

from models.base import NAME_MAX, ConfigurationObject, name_key
from models.kinds import KINDS, Kind
from models.servers import SERVER_MODELS, Server
from models.tables import model_for_kind
from services.store.errors import NotFoundError
from services.store.store import Store

T = TypeVar("T", bound=ConfigurationObject)


class ObjectReader:
    """Reads configuration objects of a store. Every method is synchronous and returns detached objects."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @overload
    def new(self, kind: type[T], **values: object) -> T: ...
    @overload
    def new(self, kind: Kind, **values: object) -> ConfigurationObject: ...
    def new(self, kind: Kind | type[ConfigurationObject], **values: object) -> ConfigurationObject:
        """Return an unsaved object (version 0) with a name that is still free."""
        model = _model(kind)
        wanted = values.get("name") or KINDS[model.kind].new_name
        with self.store.read() as session:
            return model.of_values({**values, "name": find_free_name(session, model, str(wanted))})

    @overload
    def all(self, kind: type[T]) -> list[T]: ...
    @overload
    def all(self, kind: Kind) -> list[ConfigurationObject]: ...
    def all(self, kind: Kind | type[ConfigurationObject]) -> Sequence[ConfigurationObject]:
        """Return every object of a kind, by name."""
        model = _model(kind)
        with self.store.read() as session:
            return list(session.exec(select(model).order_by(col(model.name_key))))

    def servers(self) -> list[Server]:
        """Return every ServiceNow Server and every Privilege Manager Server, each kind by name."""
        return [server for model in SERVER_MODELS for server in self.all(model)]

    @overload
    def get(self, kind: type[T], object_id: uuid.UUID) -> T: ...
    @overload
    def get(self, kind: Kind, object_id: uuid.UUID) -> ConfigurationObject: ...
    def get(self, kind: Kind | type[ConfigurationObject], object_id: uuid.UUID) -> ConfigurationObject:
        """Return an object of a kind, named by its model or its `Kind`; raises NotFoundError."""
        with self.store.read() as session:
            return get_object(session, _model(kind), object_id)

    @overload
    def find_by_name(self, kind: type[T], name: str) -> T | None: ...
    @overload
    def find_by_name(self, kind: Kind, name: str) -> ConfigurationObject | None: ...
    def find_by_name(self, kind: Kind | type[ConfigurationObject], name: str) -> ConfigurationObject | None:
        """Return the object of a kind called `name` (case does not matter), or None."""
        if any("\ud800" <= c <= "\udfff" for c in name):
            return (
                None  # command line arguments that are not text contain lone surrogates, which no name does
            )
        model = _model(kind)
        with self.store.read() as session:
            return session.exec(select(model).where(col(model.name_key) == name_key(name))).first()

    @overload
    def named(self, kind: type[T], name: str) -> T: ...
    @overload
    def named(self, kind: Kind, name: str) -> ConfigurationObject: ...
    def named(self, kind: Kind | type[ConfigurationObject], name: str) -> ConfigurationObject:
        """Return the object of a kind called `name`; raises NotFoundError."""
        model = _model(kind)
        found = self.find_by_name(model, name)
        if found is None:
            known = [item.name for item in self.all(model)]
            raise NotFoundError(f"the {KINDS[model.kind].singular} “{name}”", name, known)
        return found


def get_object(session: Session, model: type[T], object_id: uuid.UUID) -> T:
    """Return an object within a session; raises NotFoundError."""
    item = session.get(model, object_id)
    if item is None:
        raise NotFoundError(f"the {KINDS[model.kind].singular} with id {object_id}")
    return item


def find_free_name(session: Session, model: type[ConfigurationObject], wanted: str) -> str:
    """Return `wanted`, shortened and numbered as far as it takes to be a name no object of the kind has."""
    taken = set(session.exec(select(model.name_key)))
    name, number = _shorten_name(wanted), 1
    while name_key(name) in taken:
        number += 1
        name = _shorten_name(wanted, f" ({number})")
    return name


def _model(kind: Kind | type[T]) -> type[T] | type[ConfigurationObject]:
    return kind if isinstance(kind, type) else model_for_kind(Kind(kind))


def _shorten_name(name: str, suffix: str = "") -> str:
    """Return `name` with `suffix`, shortened so that it is a valid name."""
    while len(name + suffix) > NAME_MAX or len(name_key(name + suffix)) > NAME_MAX:
        name = name[:-1]
    return name.rstrip() + suffix
