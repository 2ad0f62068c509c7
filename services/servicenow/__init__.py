"""All that speaks to a ServiceNow instance: connection, table records, scripted services, contract, faults."""

from services.servicenow.http_client import ServiceNowClient
from services.transport.authentication import SignIn
from services.transport.connection_settings import ConnectionSettings

__all__ = ["ConnectionSettings", "ServiceNowClient", "SignIn"]
