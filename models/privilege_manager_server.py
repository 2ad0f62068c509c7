"""Privilege Manager Server: a foreign system whose actions, policies and endpoints the console sets up."""

from typing import ClassVar

from models.addresses import normalise_privilege_manager_url
from models.base import ConfigurationFields, ConfigurationObject
from models.document_keys import (
    DESCRIPTION_KEY,
    NAME_KEY,
    PRIVILEGE_MANAGER_KEY,
    DocumentKey,
    ValueForm,
)
from models.kinds import Kind
from models.server_fields import ROUTE_KEYS, SERVER_ROUTING_FIELDS, ServerFields


class PrivilegeManagerServerFields(ServerFields):
    """The editable fields of a Privilege Manager server. Its credential is an API client: client id and secret."""

    @classmethod
    def normalise_address(cls, text: str) -> str:
        return normalise_privilege_manager_url(text)


class PrivilegeManagerServer(PrivilegeManagerServerFields, ConfigurationObject, table=True):
    """A Privilege Manager server: where it is, and with which API client to sign in."""

    __tablename__ = "privilege_manager_server"
    kind: ClassVar[Kind] = Kind.PRIVILEGE_MANAGER_SERVER
    fields: ClassVar[type[ConfigurationFields]] = PrivilegeManagerServerFields
    document: ClassVar[tuple[DocumentKey, ...]] = (
        NAME_KEY,
        PRIVILEGE_MANAGER_KEY,
        DocumentKey("base_url", "base_url", required=True),
        DocumentKey("credential", "credential_id", ValueForm.REFERENCE),
        DESCRIPTION_KEY,
        *ROUTE_KEYS,
    )
    routing_fields: ClassVar[frozenset[str]] = SERVER_ROUTING_FIELDS
    carries_open_requests: ClassVar[bool] = False
