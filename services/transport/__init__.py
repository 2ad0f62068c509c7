"""HTTP connections to servers of every kind: settings, TLS, proxy, sign-in, limits, errors. Knows no product."""

from typing import TYPE_CHECKING

from services.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from services.transport.authentication import SignIn
    from services.transport.connection_settings import ConnectionSettings

__all__ = ["ConnectionSettings", "SignIn"]

__getattr__ = lazy_exports(
    __name__,
    {
        "services.transport.authentication": ("SignIn",),
        "services.transport.connection_settings": ("ConnectionSettings",),
    },
)
