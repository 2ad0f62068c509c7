"""The stages of a ServiceNow instance, from its web reply to one call of the status service."""
