"""All that speaks to a ServiceNow instance: connection, table records, scripted services, contract, faults."""

from services.servicenow.connection import ConnectionSettings, SignIn
from services.servicenow.instance import Instance

__all__ = ["ConnectionSettings", "Instance", "SignIn"]
