"""What ServiceNow and Privilege Manager servers have in common: address, credential, and the route to them."""

import uuid
from abc import abstractmethod

from pydantic import field_validator
from sqlmodel import Field

from models.addresses import Destination, Origin
from models.base import ConfigurationFields, validate_single_line
from models.document_keys import DocumentKey, ValueForm
from models.translation_marks import tr_later

URL_MAX = 2048

ROUTE_KEYS = (
    DocumentKey("production", "production", ValueForm.BOOLEAN),
    DocumentKey("ca_bundle", "ca_bundle", ValueForm.OPTIONAL_TEXT),
    DocumentKey("client_certificate", "client_certificate", ValueForm.OPTIONAL_TEXT),
    DocumentKey("proxy", "proxy", ValueForm.OPTIONAL_TEXT),
    DocumentKey("proxy_credential", "proxy_credential_id", ValueForm.REFERENCE, omitted=None),
)
"""The document keys that follow address and credential."""


class ServerFields(ConfigurationFields):
    """The editable fields of a server. The base URL is stored normalised, with one trailing slash."""

    base_url: str = Field(default="", max_length=URL_MAX)
    credential_id: uuid.UUID | None = Field(default=None, foreign_key="user_credential.id", index=True)
    production: bool = Field(default=False)
    ca_bundle: str | None = Field(default=None, max_length=URL_MAX)
    client_certificate: str | None = Field(default=None, max_length=URL_MAX)
    proxy: str | None = Field(default=None, max_length=URL_MAX)
    proxy_credential_id: uuid.UUID | None = Field(default=None, foreign_key="user_credential.id", index=True)

    @classmethod
    @abstractmethod
    def normalise_address(cls, text: str) -> str:
        """Return the base URL that `text` means; raises ValueError with a sentence."""

    @field_validator("base_url", "ca_bundle", "client_certificate", "proxy")
    @classmethod
    def _validate_single_line(cls, value: str | None) -> str | None:
        return None if value is None else validate_single_line(value)

    @field_validator("base_url")
    @classmethod
    def _validate_base_url(cls, value: str) -> str:
        return cls.normalise_address(value)

    @field_validator("proxy")
    @classmethod
    def _validate_proxy(cls, value: str | None) -> str | None:
        if value and "@" in value:
            raise ValueError(
                tr_later("carries a user name; a proxy's password does not belong in its address")
            )
        return value or None

    @property
    def caption(self) -> str:
        """The base URL without scheme and trailing slash."""
        return self.base_url.split("//", 1)[-1].rstrip("/")

    @property
    def badge(self) -> str:
        """“Production” for a production server."""
        return tr_later("Production") if self.production else ""

    @property
    def origin(self) -> Origin:
        """Scheme, host and port of the base URL: what a password is bound to."""
        return Origin.of(self.base_url)

    @property
    def destination(self) -> Destination:
        """What the password of its credential is bound to: the origin, and the proxy and CA bundle on the way to it.

        Plain http is allowed for this machine only, where proxy and CA bundle are not used. The client certificate is
        not part of it for any secret but its own passphrase: it does not decide who receives the password.
        """
        origin = self.origin
        if origin.scheme == "http":
            return Destination(origin)
        return Destination.by(
            origin, proxy=self.proxy, ca_bundle=self.ca_bundle, client_certificate=self.client_certificate
        )

    @property
    def proxy_destination(self) -> Destination | None:
        """What the password of the proxy's credential is bound to; None without a valid proxy."""
        try:
            if not self.proxy or self.origin.scheme == "http":
                return None
            proxy = Origin.of(self.proxy)
        except ValueError:
            return None
        return Destination.by(proxy, ca_bundle=self.ca_bundle if proxy.scheme == "https" else None)

    def destinations_for(self, credential_id: uuid.UUID) -> list[Destination]:
        """Return what a credential's password is used for on this server: the server, its proxy, or both."""
        found = [self.destination] if self.credential_id == credential_id and self.base_url else []
        proxy = (
            self.proxy_destination if self.proxy_credential_id == credential_id and self.base_url else None
        )
        return [*found, proxy] if proxy is not None else found


SERVER_ROUTING_FIELDS: frozenset[str] = frozenset({"base_url", "credential_id"})
"""The routing fields of every server."""
