"""What the work on requests needs of the workspace."""

import uuid
from typing import Protocol

from services.servicenow.http_client import ServiceNowClient
from services.store import Store


class InstanceProvider(Protocol):
    """Where requests are stored, and how their instances are reached."""

    store: Store

    async def instance(self, server_id: uuid.UUID) -> ServiceNowClient:
        """Return the client of a ServiceNow server."""
        ...
