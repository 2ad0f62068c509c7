"""Foreign System: a ServiceNow instance that Privilege Manager talks to."""

import uuid
from typing import ClassVar

from pydantic import field_validator
from sqlmodel import Field

from models.addresses import Destination, Origin, normalise_base_url
from models.base import ConfigurationFields, ConfigurationObject, validate_single_line
from models.kinds import Kind
from models.translation_marks import tr_later

URL_MAX = 2048
POLL_INTERVAL_DEFAULT_S = 30
POLL_INTERVAL_MAX_S = 3600


class ForeignSystemFields(ConfigurationFields):
    """What is entered for a ServiceNow server. The base URL is stored normalised, with one trailing slash."""

    base_url: str = Field(default="", max_length=URL_MAX)
    credential_id: uuid.UUID | None = Field(default=None, foreign_key="user_credential.id", index=True)
    production: bool = Field(default=False)
    ca_bundle: str | None = Field(default=None, max_length=URL_MAX)
    client_certificate: str | None = Field(default=None, max_length=URL_MAX)
    proxy: str | None = Field(default=None, max_length=URL_MAX)
    proxy_credential_id: uuid.UUID | None = Field(default=None, foreign_key="user_credential.id", index=True)
    minimum_interval_s: int = Field(default=POLL_INTERVAL_DEFAULT_S, ge=1, le=POLL_INTERVAL_MAX_S)
    """Seconds between two rounds of questions about open requests, whatever its processes ask for."""

    @field_validator("base_url", "ca_bundle", "client_certificate", "proxy")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        return None if value is None else validate_single_line(value)

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return normalise_base_url(value)

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: str | None) -> str | None:
        if value and "@" in value:
            raise ValueError(
                tr_later("carries a user name; a proxy's password does not belong in its address")
            )
        return value or None


class ForeignSystem(ForeignSystemFields, ConfigurationObject, table=True):
    """A ServiceNow instance: where it is, and with which credential to sign in."""

    __tablename__ = "foreign_system"
    kind: ClassVar[Kind] = Kind.FOREIGN_SYSTEM
    fields: ClassVar[type[ConfigurationFields]] = ForeignSystemFields

    @property
    def origin(self) -> Origin:
        """Scheme, host and port of the base URL: what a secret is bound to."""
        return Origin.of(self.base_url)

    @property
    def destination(self) -> Destination:
        """What the password of its credential is bound to: the origin, by the proxy and the CA bundle that are set.

        Plain http is for this machine alone: neither counts there. Whom a client certificate names gets no password.
        """
        origin = self.origin
        if origin.scheme == "http":
            return Destination(origin)
        return Destination.by(origin, proxy=self.proxy, ca_bundle=self.ca_bundle)

    @property
    def proxy_destination(self) -> Destination | None:
        """What the password of the proxy's credential is bound to; None where no proxy is used, or none can be read."""
        try:
            if not self.proxy or self.origin.scheme == "http":
                return None
            proxy = Origin.of(self.proxy)
        except ValueError:
            return None
        return Destination.by(proxy, ca_bundle=self.ca_bundle if proxy.scheme == "https" else None)

    def destinations_for(self, credential_id: uuid.UUID) -> list[Destination]:
        """Return what a credential's password is for on this server: the instance, its proxy, or both."""
        found = [self.destination] if self.credential_id == credential_id and self.base_url else []
        proxy = (
            self.proxy_destination if self.proxy_credential_id == credential_id and self.base_url else None
        )
        return [*found, proxy] if proxy is not None else found
