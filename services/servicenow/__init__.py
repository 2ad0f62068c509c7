"""All that speaks to a ServiceNow instance: connection, table records, scripted services, contract, faults."""

from services.servicenow.authentication import SignIn
from services.servicenow.connection_settings import ConnectionSettings
from services.servicenow.http_client import ServiceNowClient

__all__ = ["ConnectionSettings", "ServiceNowClient", "SignIn"]
