"""All that speaks to a ServiceNow instance: connection, table records, scripted services, contract, faults."""

from typing import TYPE_CHECKING

from services.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from services.servicenow.http_client import ServiceNowClient
    from services.transport.connection_settings import ConnectionSettings
    from services.transport.sign_in import SignIn

__all__ = ["ConnectionSettings", "ServiceNowClient", "SignIn"]

__getattr__ = lazy_exports(
    __name__,
    {
        "services.servicenow.http_client": ("ServiceNowClient",),
        "services.transport.sign_in": ("SignIn",),
        "services.transport.connection_settings": ("ConnectionSettings",),
    },
)
