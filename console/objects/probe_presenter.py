"""What the probe of a credential's page shows, without widgets: five rows, the caption, the badge and the finding."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from console.forms import vault_access
from console.runtime import lazy_imports
from models.translation_marks import tr_later
from services.common.errors import Candidate, ConsoleError, Problem
from services.language import plural, time_of_day, tr, translate, translate_message

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.foreign_system import ForeignSystem
    from services.sign_in_probe import RowResult, SignInProbe

ROW_KEYS = ("token", "rest", "wsdl", "soap", "not_guest")
ROW_LABELS = (tr_later("Token"), tr_later("REST"), tr_later("WSDL"), tr_later("SOAP"), tr_later("Not guest"))
SHAPES = {"ok": "good", "failed": "bad", "cannot_be_distinguished": "off", "skipped": "off"}
UNCLEAR_TEXT = tr_later("Cannot be distinguished from here")


@dataclass(frozen=True, slots=True)
class ProbeLine:
    """One row as shown: the shape of its state, what was seen, and the milliseconds."""

    key: str
    label: str
    shape: str = "todo"
    seen: str = ""
    ms: float | None = None


@dataclass(frozen=True, slots=True)
class ProbeFinding:
    """A row with a problem, as a finding card shows it."""

    stage: str
    state: str
    evidence: str
    fault: str | None
    cause: str
    owner: str
    remedy: str
    ms: float
    problem: Problem = field(repr=False)
    skip_reason: str | None = None
    needed_stage: str = ""

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The possible causes, the likeliest first."""
        return self.problem.candidates


@dataclass(frozen=True, slots=True)
class ProbeRecord:
    """A probe with the version of the credential that it is about."""

    probe: "SignInProbe"
    server_id: uuid.UUID
    version: int


_records: "WeakKeyDictionary[Context, dict[uuid.UUID, ProbeRecord]]" = WeakKeyDictionary()


def records_of(ctx: "Context") -> dict[uuid.UUID, ProbeRecord]:
    """Return the last probes of this window by credential; they are in memory only."""
    return _records.setdefault(ctx, {})


class ProbePresenter:
    """Probes one credential on one server. `changed` is called when anything that is shown has changed."""

    def __init__(self, ctx: "Context", credential_id: uuid.UUID, changed: Callable[[], None]) -> None:
        self._ctx = ctx
        self._credential_id = credential_id
        self._changed = changed
        self.servers: Sequence[ForeignSystem] = ()
        """The ServiceNow servers that use the credential; all of them where nothing uses it."""
        self.server_id: uuid.UUID | None = None
        self.version = 0
        """The version of the credential as it is stored."""
        self.running = False
        self.problem: Problem | None = None
        """Why the last probe could not begin."""
        self._rows: dict[str, RowResult] = {}

    # -- what is shown -----------------------------------------------------------------------------------------

    @property
    def record(self) -> ProbeRecord | None:
        """The last probe, if it is about the credential as it is now, and about the chosen server."""
        found = records_of(self._ctx).get(self._credential_id)
        if found is None or found.version != self.version or found.server_id != self.server_id:
            return None
        return found

    @property
    def can_run(self) -> bool:
        """Whether a probe can begin."""
        return not self.running and self.server_id is not None and self.version > 0

    @property
    def lines(self) -> list[ProbeLine]:
        """The five rows."""
        record = self.record
        rows = (
            self._rows
            if self.running
            else {}
            if record is None
            else {row.row.value: row for row in record.probe.rows}
        )
        lines = [_line(key, label, rows.get(key)) for key, label in zip(ROW_KEYS, ROW_LABELS, strict=True)]
        if self.running:
            place = len(self._rows)
            if place < len(lines):
                lines[place] = ProbeLine(lines[place].key, lines[place].label, "running")
        return lines

    @property
    def caption(self) -> str:
        """The line beside the heading: where and when, and how much it took."""
        if self.running:
            return tr("Probing {server}", server=self._server_name)
        record = self.record
        if record is None:
            if not self.servers:
                return tr("Needs a ServiceNow Server")
            return tr("Not probed yet on {server}", server=self._server_name)
        probe = record.probe
        calls = plural(probe.calls, "{count} call", "{count} calls")
        return tr(
            "On {server} at {time}, {calls} in {seconds} s",
            server=probe.server,
            time=time_of_day(probe.at),
            calls=calls,
            seconds=f"{probe.ms / 1000:.1f}",
        )

    @property
    def badge(self) -> tuple[str, str, str | None] | None:
        """The badge of the page's title: text, tone, icon; None before the first probe."""
        record = self.record
        if record is None or self.running:
            return None
        if record.probe.is_good:
            return tr("Signed in"), "good", "good"
        if record.probe.is_failed:
            return tr("Probe failed"), "bad", "bad"
        return tr("Not proven"), "off", "off"

    @property
    def findings(self) -> list[ProbeFinding]:
        """The rows with a problem, failed ones first; the reason why a probe could not begin comes alone."""
        if self.running:
            return []
        if self.problem is not None:
            return [_finding("", "failed", self.problem, 0.0)]
        record = self.record
        found = [] if record is None else record.probe.findings
        return [
            _finding(
                row.row.value, "failed" if row.state.value == "failed" else "skipped", row.problem, row.ms
            )
            for row in found
            if row.problem is not None
        ]

    @property
    def report(self) -> str:
        """The last report as text; empty without one."""
        record = self.record
        return "" if record is None else record.probe.as_text()

    @property
    def _server_name(self) -> str:
        return next((one.name for one in self.servers if one.id == self.server_id), "")

    # -- what it does ------------------------------------------------------------------------------------------

    async def refresh(self) -> None:
        """Read the credential's version and the servers it can be probed on."""
        from models.foreign_system import ForeignSystem
        from models.user_credential import UserCredential

        workspace = await self._ctx.ready()
        every = await self._ctx.call(workspace.configuration.all, ForeignSystem)
        using = [one for one in every if one.credential_id == self._credential_id]
        if not using and await vault_access.find_servers_using(self._ctx, self._credential_id):
            # It is for a proxy or for Privilege Manager, and goes to no other host.
            every = []
        self.servers = sorted(using or every, key=lambda one: one.name.casefold())
        if self.server_id not in [one.id for one in self.servers]:
            self.server_id = self.servers[0].id if self.servers else None
        try:
            stored = await self._ctx.call(workspace.configuration.get, UserCredential, self._credential_id)
            self.version = stored.version
        except ConsoleError:
            self.version = 0  # a new one, or deleted meanwhile
        self._changed()

    def choose_server(self, server_id: uuid.UUID) -> None:
        """Choose the server that is probed next."""
        self.server_id, self.problem = server_id, None
        self._changed()

    def forget(self) -> None:
        """Forget the last probe: a secret has changed."""
        records_of(self._ctx).pop(self._credential_id, None)
        self.problem = None
        self._changed()

    async def run(self) -> "SignInProbe | None":
        """Probe the stored credential; returns None where its secrets cannot be read."""
        server = next((one for one in self.servers if one.id == self.server_id), None)
        if server is None or not self.can_run:
            return None
        self.running, self.problem, self._rows = True, None, {}
        self._changed()
        try:
            return await self._run(server)
        except ConsoleError as error:
            self.problem = error.problem
            return None
        finally:
            self.running = False
            self._changed()

    async def _run(self, server: "ForeignSystem") -> "SignInProbe":
        await lazy_imports.ready(self._ctx, lazy_imports.sign_in_probe)
        from models.user_credential import UserCredential
        from services.sign_in_probe import find_probed_services, probe_sign_in
        from services.sign_in_switch.probe_records import keep_probe

        workspace = await self._ctx.ready()
        credential: UserCredential = await self._ctx.call(
            workspace.configuration.get, UserCredential, self._credential_id
        )
        if server.credential_id == credential.id:
            await vault_access.bind_new_secrets(self._ctx, credential, server.destination)
        # With the passphrase of this credential: the server may still sign in with another one.
        settings, sign_in = await workspace.signing_in_as(server, credential)
        services = await self._ctx.call(find_probed_services, workspace.configuration, server.id)
        probe = await probe_sign_in(settings, sign_in, services, report=self._note)
        await self._ctx.call(keep_probe, workspace, server, credential, probe)
        self.version = credential.version
        records_of(self._ctx)[credential.id] = ProbeRecord(probe, server.id, credential.version)
        return probe

    def _note(self, row: "RowResult") -> None:
        self._rows[row.row.value] = row
        self._changed()


def _line(key: str, label: str, row: "RowResult | None") -> ProbeLine:
    if row is None:
        return ProbeLine(key, tr(label))
    seen = translate_message(row.evidence)
    if row.problem is not None and row.state.value == "failed":
        seen = translate(row.problem.cause)
    elif row.state.value == "cannot_be_distinguished" and not seen:
        seen = tr(UNCLEAR_TEXT)
    ms = row.ms if row.calls else None
    return ProbeLine(key, tr(label), SHAPES[row.state.value], seen, ms)


def _finding(row: str, state: str, problem: Problem, ms: float) -> ProbeFinding:
    return ProbeFinding(
        row,
        state,
        problem.evidence,
        problem.fault.value,
        problem.cause,
        problem.owner.value,
        problem.remedy,
        ms,
        problem,
    )
