"""Foreign System: a ServiceNow instance that Privilege Manager connects to."""

from typing import ClassVar

from sqlmodel import Field

from models.addresses import normalise_base_url
from models.base import ConfigurationFields, ConfigurationObject
from models.document_keys import DESCRIPTION_KEY, NAME_KEY, SERVICENOW_KEY, DocumentKey, ValueForm
from models.kinds import Kind
from models.server_fields import ROUTE_KEYS, SERVER_ROUTING_FIELDS, ServerFields

POLL_INTERVAL_DEFAULT_S = 30
POLL_INTERVAL_MAX_S = 3600


class ForeignSystemFields(ServerFields):
    """The editable fields of a ServiceNow server."""

    minimum_interval_s: int = Field(default=POLL_INTERVAL_DEFAULT_S, ge=1, le=POLL_INTERVAL_MAX_S)
    """Minimum seconds between two polls of open requests; overrides shorter intervals of its processes."""

    @classmethod
    def normalise_address(cls, text: str) -> str:
        return normalise_base_url(text)


class ForeignSystem(ForeignSystemFields, ConfigurationObject, table=True):
    """A ServiceNow instance: where it is, and with which credential to sign in."""

    __tablename__ = "foreign_system"
    kind: ClassVar[Kind] = Kind.FOREIGN_SYSTEM
    fields: ClassVar[type[ConfigurationFields]] = ForeignSystemFields
    document: ClassVar[tuple[DocumentKey, ...]] = (
        NAME_KEY,
        SERVICENOW_KEY,
        DocumentKey("base_url", "base_url", required=True),
        DocumentKey("credential", "credential_id", ValueForm.REFERENCE),
        DESCRIPTION_KEY,
        *ROUTE_KEYS,
        DocumentKey(
            "minimum_interval", "minimum_interval_s", ValueForm.DURATION, omitted=POLL_INTERVAL_DEFAULT_S
        ),
    )
    routing_fields: ClassVar[frozenset[str]] = SERVER_ROUTING_FIELDS
