"""HTTP connections to servers of every kind: settings, TLS, proxy, sign-in, limits, errors. Knows no product."""

import importlib.util
import sys
from typing import TYPE_CHECKING

from services.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from services.transport.connection_settings import ConnectionSettings
    from services.transport.sign_in import SignIn

# httpcore tries to import sniffio before each use of a lock. Where it is not installed, as it need not be, Python would
# search the disk for it several times for each call.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment] # None is how Python marks what cannot be imported

__all__ = ["ConnectionSettings", "SignIn"]

__getattr__ = lazy_exports(
    __name__,
    {
        "services.transport.sign_in": ("SignIn",),
        "services.transport.connection_settings": ("ConnectionSettings",),
    },
)
