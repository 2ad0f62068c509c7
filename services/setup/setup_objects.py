"""What the guide needs to know of configuration objects: plain values, the same however the store was read."""

import uuid
from dataclasses import dataclass
from typing import Protocol, TypeVar

from models.sign_in import SignInMethod


class NamedObject(Protocol):
    """What every object of the guide has."""

    @property
    def id(self) -> uuid.UUID:
        """Its id."""

    @property
    def name(self) -> str:
        """Its name."""


@dataclass(frozen=True, slots=True)
class GuideCredential:
    """A User Credential."""

    id: uuid.UUID
    name: str
    version: int
    sign_in: str
    """A value of `SignInMethod`."""

    @property
    def method(self) -> SignInMethod:
        """How it signs in."""
        return SignInMethod(self.sign_in)


@dataclass(frozen=True, slots=True)
class GuideServer:
    """A ServiceNow Server."""

    id: uuid.UUID
    name: str
    version: int
    base_url: str
    credential_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class GuideProcess:
    """An Approval Process."""

    id: uuid.UUID
    name: str
    version: int
    server_id: uuid.UUID | None
    request_item_id: str | None
    request_item_name: str


@dataclass(frozen=True, slots=True)
class GuideType:
    """An Approval Type."""

    id: uuid.UUID
    name: str
    process_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class GuideManager:
    """A Privilege Manager Server."""

    id: uuid.UUID
    name: str
    version: int
    base_url: str
    production: bool


@dataclass(frozen=True, slots=True)
class GuideAction:
    """An action."""

    id: uuid.UUID
    name: str
    server_id: uuid.UUID | None
    type_id: uuid.UUID | None
    approval_type_guid: str


@dataclass(frozen=True, slots=True)
class GuidePolicy:
    """A policy."""

    id: uuid.UUID
    name: str
    server_id: uuid.UUID | None
    item_id: str
    action_ids: str
    """References, see `models.reference_lists`."""


GuideObject = TypeVar(
    "GuideObject",
    GuideCredential,
    GuideServer,
    GuideProcess,
    GuideType,
    GuideManager,
    GuideAction,
    GuidePolicy,
)
