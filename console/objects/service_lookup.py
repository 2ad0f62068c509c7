"""Checks the service names typed on a process against the ServiceNow server; results are cached per server."""

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.runtime import lazy_imports
from console.runtime.context import Context
from services.common.closest_match import closest_match
from services.common.errors import ConsoleError, Problem, UnreachableError
from services.language import tr, translate

if TYPE_CHECKING:
    from models.foreign_system import ForeignSystem
    from services.servicenow.http_client import SoapServiceRecord
    from services.workspace import Workspace

SERVICE_ROLES = {"create_service": "create", "status_service": "status", "cancel_service": "cancel"}
"""Fields of a process that name a scripted service, with the role of each."""

CACHE_TTL_S = 60.0


@dataclass(frozen=True, slots=True)
class NameCheckResult:
    """The result for one typed value: `good`, `error` or `unknown`, a sentence, and a suggested correction."""

    state: str
    text: str
    suggestion: str | None = None
    problem: Problem | None = None


@dataclass(slots=True)
class ServiceListSnapshot:
    """The scripted services of one server, when they were read and how long the reply took."""

    server_name: str
    host: str
    rows: "list[SoapServiceRecord]" = field(default_factory=list)
    read_at: float = 0.0
    ms: float = 0.0
    problem: Problem | None = None
    doubt: str = ""
    """Why an empty list does not prove that there are none, as a sentence without a full stop."""

    @property
    def names(self) -> list[str]:
        """Return the names of the active services."""
        return [row.name for row in self.rows if row.active]

    @property
    def fresh(self) -> bool:
        """Whether the reply is recent enough to check names against."""
        return self.problem is None and self.age_s < CACHE_TTL_S

    @property
    def age_s(self) -> float:
        """Return how long ago the server was asked, in seconds."""
        return time.monotonic() - self.read_at


class ServiceNameChecker:
    """Reads the services of servers and checks names against them; one per page, which its cache lives as long as."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._views: dict[uuid.UUID, ServiceListSnapshot] = {}
        self._verdicts: dict[tuple[uuid.UUID, str, str], NameCheckResult] = {}

    def forget(self, server_id: uuid.UUID | None) -> None:
        """Clear the cache of a server, so that it is read again."""
        self._views.pop(server_id, None)  # type: ignore[arg-type]
        self._verdicts = {k: v for k, v in self._verdicts.items() if k[0] != server_id}

    async def view(self, server_id: uuid.UUID) -> ServiceListSnapshot:
        """Return the services of a server; a failure is kept in `problem` and not raised."""
        known = self._views.get(server_id)
        if known is not None and known.fresh:
            return known
        from models.foreign_system import ForeignSystem

        workspace = await self._ctx.ready()
        made = ServiceListSnapshot("", "")
        try:
            server = await self._ctx.call(workspace.configuration.get, ForeignSystem, server_id)
            made.server_name, made.host = server.name, server.base_url.split("//", 1)[-1].rstrip("/")
            # First: where a secret is missing, nothing is sent, and the client need not be imported.
            await self._require_sign_in(workspace, server)
            await self._read_services(workspace, server_id, made)
        except ConsoleError as error:
            made.problem = error.problem
        made.read_at = time.monotonic()
        self._views[server_id] = made
        return made

    async def _require_sign_in(self, workspace: "Workspace", server: "ForeignSystem") -> None:
        """Raise what the first call to a server would raise about its sign-in."""
        await lazy_imports.ready(self._ctx, lazy_imports.sign_in)
        from models.user_credential import UserCredential
        from services.transport.sign_in import resolve_sign_in

        credential = None
        if server.credential_id is not None:
            credential = await self._ctx.call(
                workspace.configuration.get, UserCredential, server.credential_id
            )
        await resolve_sign_in(workspace.sign_in_source_for(server, credential))

    async def _read_services(
        self, workspace: "Workspace", server_id: uuid.UUID, made: ServiceListSnapshot
    ) -> None:
        await lazy_imports.ready(self._ctx, lazy_imports.servicenow)
        from services.servicenow.http_client import SERVICE_TABLE
        from services.servicenow.visible_rows import probe_visibility

        started = time.perf_counter()
        instance = await workspace.instance(server_id)
        made.rows = list(await instance.list_soap_services())
        if not made.rows:
            made.doubt = (await probe_visibility(instance, SERVICE_TABLE)).sentence
        made.ms = (time.perf_counter() - started) * 1000

    def known(self, server_id: uuid.UUID) -> ServiceListSnapshot | None:
        """Return the cached services of a server, or None."""
        return self._views.get(server_id)

    def heard(self, server_id: uuid.UUID, error: ConsoleError) -> None:
        """Record an error of a call: a server that is unreachable no longer counts as reached."""
        view = self._views.get(server_id)
        if view is not None and isinstance(error, UnreachableError):
            view.problem = error.problem

    async def verdict(self, server_id: uuid.UUID, role: str, name: str) -> NameCheckResult:
        """Check one service name: it exists, is active, and matches the contract of its role."""
        view = await self.view(server_id)
        if view.problem is not None:
            return NameCheckResult(
                "unknown", tr("Not checked: {cause}", cause=view.problem.cause), problem=view.problem
            )
        known = self._verdicts.get((server_id, role, name))
        if known is None:
            known = await self._judge(server_id, view, role, name)
            if known.problem is None:
                self._verdicts[server_id, role, name] = known
        return known

    async def _judge(
        self, server_id: uuid.UUID, view: ServiceListSnapshot, role: str, name: str
    ) -> NameCheckResult:
        await lazy_imports.ready(self._ctx, lazy_imports.servicenow)
        from services.servicenow import contract

        row = next((r for r in view.rows if r.name == name), None)
        if row is None and view.doubt:
            unseen = tr("Not seen on {server}", server=view.server_name)
            return NameCheckResult("unknown", f"{unseen}. {view.doubt}")
        if row is None:
            near = closest_match(name, view.names)
            missing = tr("Not on {server}", server=view.server_name)
            return NameCheckResult(
                "error", ". ".join((missing, tr("Did you mean"))) if near else missing, near
            )
        if not row.active:
            return NameCheckResult("error", tr("Found on {server}, but not active", server=view.server_name))
        workspace = await self._ctx.ready()
        try:
            instance = await workspace.instance(server_id)
            found = contract.compare_service(
                contract.ServiceRole(role), await instance.service(name).describe()
            )
        except ConsoleError as error:
            self.heard(server_id, error)
            return NameCheckResult(
                "unknown", tr("Found, active. {cause}", cause=error.problem.cause), problem=error.problem
            )
        return NameCheckResult("good" if found.ok else "error", translate(found.text))

    async def propose_names(self, server_id: uuid.UUID) -> dict[str, str]:
        """Return service names found on a server, by field; empty when it cannot be read or has none."""
        await lazy_imports.ready(self._ctx, lazy_imports.servicenow)
        from services.servicenow import contract

        view = await self.view(server_id)
        found = contract.propose_service_names(view.names)
        named = {
            "create_service": found.create,
            "status_service": found.status,
            "cancel_service": found.cancel,
        }
        return {field_name: name for field_name, name in named.items() if name}
