"""HTTP connections to servers of every kind: settings, TLS, proxy, sign-in, limits, errors. Knows no product."""

from typing import TYPE_CHECKING

from services.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from services.transport.connection_settings import ConnectionSettings
    from services.transport.sign_in import SignIn

__all__ = ["ConnectionSettings", "SignIn"]

__getattr__ = lazy_exports(
    __name__,
    {
        "services.transport.sign_in": ("SignIn",),
        "services.transport.connection_settings": ("ConnectionSettings",),
    },
)
