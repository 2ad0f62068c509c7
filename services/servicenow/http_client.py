"""The client for one ServiceNow instance: its tables and its scripted SOAP services."""

from dataclasses import dataclass

from models.addresses import record_url
from services.servicenow.encoded_query import Operator, where
from services.servicenow.http_session import HttpSession
from services.servicenow.record_values import is_true
from services.servicenow.soap_call import SoapService
from services.servicenow.table_api import Table
from services.transport.connection_settings import ConnectionSettings
from services.transport.http_channel import OpenConnections
from services.transport.sign_in import ServerSignInSource

SERVICE_TABLE = "sys_web_service"


@dataclass(frozen=True, slots=True)
class SoapServiceRecord:
    """A scripted SOAP service as its record describes it."""

    name: str
    active: bool
    sys_id: str
    function_name: str
    short_description: str


class ServiceNowClient(HttpSession):
    """One instance as one account: tables and scripted services on top of its HTTP calls."""

    def __init__(
        self,
        settings: ConnectionSettings,
        sign_in: ServerSignInSource,
        connections: OpenConnections | None = None,
    ) -> None:
        super().__init__(settings, sign_in, connections)
        self._services: dict[str, SoapService] = {}
        self.is_user_shown: bool | None = None
        """Whether the instance showed that a token or certificate signs in its account; None where it was not asked."""

    def table(self, name: str) -> Table:
        """Return the records of a table."""
        return Table(self, name)

    def service(self, name: str) -> SoapService:
        """Return a scripted SOAP service; its description is read once and cached."""
        if name not in self._services:
            self._services[name] = SoapService(self, name)
        return self._services[name]

    async def list_soap_services(self, like: str = "") -> list[SoapServiceRecord]:
        """Return the scripted SOAP services whose names contain `like`."""
        query = where("name", Operator.LIKE, like) if like else None
        fields = ("name", "active", "function_name", "short_description")
        return [
            SoapServiceRecord(
                row["name"],
                is_true(row["active"]),
                row["sys_id"],
                row["function_name"],
                row["short_description"],
            )
            async for row in self.table(SERVICE_TABLE).rows(query, fields=fields)
        ]

    def link(self, table: str, sys_id: str) -> str:
        """Return the address under which a person opens a record."""
        return record_url(self.settings.base_url, table, sys_id)

    def clear_service_cache(self) -> None:
        """Read every service's description again when it is next used."""
        self._services.clear()
