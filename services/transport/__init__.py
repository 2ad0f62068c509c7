"""HTTP connections to servers of every kind: settings, TLS, proxy, sign-in, limits, errors. Knows no product."""

from services.transport.authentication import SignIn
from services.transport.connection_settings import ConnectionSettings

__all__ = ["ConnectionSettings", "SignIn"]
