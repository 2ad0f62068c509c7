"""One sign-in attempt, and what accepts it: the token endpoint, the Table API, descriptions and the status service.

The sign-in is an argument, so that one can be probed that no server uses yet. A refusal at the token endpoint or the Table
API ends the probe: nothing is sent a second time that may lock an account. Nothing is changed on the instance.
"""

import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime

import httpx

from models.sign_in import METHODS, SignInMethod
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId, FaultTrait
from services.common.tasks import gather_or_cancel
from services.language import plural_message, tr_message
from services.servicenow.contract import STATUS_INPUT, STATUS_OUTPUT, ApprovalStatus
from services.servicenow.encoded_query import equals
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.signed_in_user import is_same_user, other_user_error, read_signed_in_user
from services.sign_in_probe import findings
from services.sign_in_probe.probed_services import ProbedServices
from services.sign_in_probe.result import PROBE_ROWS, ProbeRow, RowResult, RowState, SignInProbe
from services.transport.connection_settings import ConnectionSettings
from services.transport.http_channel import started_call_paths
from services.transport.sign_in import (
    CertificateSignIn,
    ServerSignIn,
    ServerSignInSource,
    TokenSignIn,
    resolve_sign_in,
)

RowCallback = Callable[[RowResult], None]
LOGGED_IN_HEADER = "x-is-logged-in"
_ACCEPTED_ELSEWHERE = (
    FaultId.OAUTH_CLIENT_SCOPED,
    FaultId.ACCESS_POLICY_REFUSED,
    FaultId.OAUTH_OTHER_ACCOUNT,
    FaultId.CERTIFICATE_OTHER_ACCOUNT,
)
"""What does not end a probe: refusals of the Table API alone, as SOAP has rules of its own, and another user."""
_REFUSALS = (FaultId.AUTHENTICATION_REFUSED, FaultId.BASIC_AUTH_NOT_OFFERED, FaultId.OAUTH_TOKEN_REJECTED)


def _ignore_row(result: RowResult) -> None:
    del result


async def probe_sign_in(
    settings: ConnectionSettings,
    sign_in: ServerSignInSource,
    services: ProbedServices,
    *,
    report: RowCallback = _ignore_row,
) -> SignInProbe:
    """Probe `sign_in` on the instance of `settings`; `report` is called with each row when it ends.

    Raises what `sign_in` raises, such as VaultError: without its secrets nothing can be probed. Everything else is a row.
    """
    given = await resolve_sign_in(sign_in)
    if given is None:
        raise ValueError("a probe needs a sign-in")
    started = time.perf_counter()
    async with AsyncExitStack() as stack:
        run = _ProbeRun(settings, given, services, report)
        await stack.enter_async_context(run.instance)
        await stack.enter_async_context(run.anonymous)
        await run.run()
    rows = tuple(run.results[row] for row in PROBE_ROWS)
    took = (time.perf_counter() - started) * 1000
    return SignInProbe(settings.name, given.account, run.method, rows, datetime.now(UTC), took)


def method_of(sign_in: ServerSignIn) -> SignInMethod:
    """Return the method of a sign-in."""
    if isinstance(sign_in, TokenSignIn):
        return sign_in.method
    return SignInMethod.CERTIFICATE if isinstance(sign_in, CertificateSignIn) else SignInMethod.BASIC


class _ProbeRun:
    """One probe: its two sessions, and the rows that have ended."""

    def __init__(
        self,
        settings: ConnectionSettings,
        sign_in: ServerSignIn,
        services: ProbedServices,
        report: RowCallback,
    ) -> None:
        self._sign_in = sign_in
        self._services = services
        self._report = report
        self.method = method_of(sign_in)
        self.instance = ServiceNowClient(settings, sign_in)
        # The client certificate is a sign-in as well.
        self.anonymous = ServiceNowClient(replace(settings, client_certificate=None), None)
        self.results: dict[ProbeRow, RowResult] = {}
        self._rest_accepts = False
        self._soap_header = ""
        """What the reply of the status service says of the session: true, false or nothing."""

    async def run(self) -> None:
        """Run the rows in their order, and skip those that a refusal makes needless."""
        steps: dict[ProbeRow, Callable[[], Awaitable[RowResult]]] = {
            ProbeRow.TOKEN: self._token,
            ProbeRow.REST: self._rest,
            ProbeRow.WSDL: self._wsdl,
            ProbeRow.SOAP: self._soap,
            ProbeRow.NOT_GUEST: self._not_guest,
        }
        is_refused = False
        for row, step in steps.items():
            if is_refused:
                self._done(_skipped(row, tr_message("Not called after the refusal")))
                continue
            await self._run_row(row, step)
            is_refused = row in (ProbeRow.TOKEN, ProbeRow.REST) and self._ends_probe(self.results[row])

    async def _run_row(self, row: ProbeRow, step: Callable[[], Awaitable[RowResult]]) -> None:
        calls: list[str] = []
        noted = started_call_paths.set(calls)
        started = time.perf_counter()
        try:
            result = await step()
        except ConsoleError as error:
            result = _failed(row, error.problem)
        finally:
            started_call_paths.reset(noted)
        self._done(replace(result, ms=(time.perf_counter() - started) * 1000, calls=len(calls)))

    def _done(self, result: RowResult) -> None:
        self.results[result.row] = result
        self._report(result)

    @staticmethod
    def _ends_probe(result: RowResult) -> bool:
        return (
            result.state is RowState.FAILED
            and result.problem is not None
            and result.problem.fault not in _ACCEPTED_ELSEWHERE
        )

    # -- the rows ----------------------------------------------------------

    async def _token(self) -> RowResult:
        token = await self.instance.fetch_access_token(f"Fetch an access token for {self._sign_in.account}")
        if token is None:
            return _skipped(ProbeRow.TOKEN, _no_token_text(self.method))
        grant, minutes = METHODS[self.method].label, round(token.lifetime_s / 60)
        if token.scope:
            text = "Bearer by {grant}, valid for {minutes} min, scope {scope}"
            return _ok(
                ProbeRow.TOKEN, tr_message(text, grant=_grant(grant), minutes=minutes, scope=token.scope)
            )
        return _ok(
            ProbeRow.TOKEN,
            tr_message(
                "Bearer by {grant}, valid for {minutes} min, no scope named",
                grant=_grant(grant),
                minutes=minutes,
            ),
        )

    async def _rest(self) -> RowResult:
        account, tried = self._sign_in.account, f"Read the user record of {self._sign_in.account}"
        try:
            found = await self._find_user()
        except ConsoleError as error:
            if FaultTrait.SIGNED_IN not in error.problem.fault.traits:
                raise
            return _unclear(
                ProbeRow.REST,
                tr_message("Accepted; user records cannot be read"),
                findings.account_hidden_problem(tried, error.problem.evidence),
            )
        if self._header() == "false":
            return _failed(ProbeRow.REST, self._guest_problem(tried))
        self._rest_accepts = True
        if not found:
            return _unclear(
                ProbeRow.REST,
                tr_message("Accepted; which user it runs as is not shown"),
                findings.account_hidden_problem(tried, "HTTP 200 without the record of one user"),
            )
        if not is_same_user(found, account):
            return _failed(ProbeRow.REST, other_user_error(self._sign_in, tried, account, found).problem)
        return _ok(ProbeRow.REST, tr_message("Table API accepts it as {account}", account=account))

    async def _find_user(self) -> str:
        """Return the user that the calls run as, empty where it is not shown; a password names its user itself."""
        if self.method is not SignInMethod.BASIC:
            return await read_signed_in_user(self.instance)
        account = self._sign_in.account
        row = await self.instance.table("sys_user").first(equals(user_name=account), ("user_name",))
        return "" if row is None else account

    async def _wsdl(self) -> RowResult:
        names = self._services.names
        if not names:
            return _skipped(ProbeRow.WSDL, tr_message("No Approval Process uses this server"))
        told: list[tuple[Problem | None, str]] = list(
            await gather_or_cancel(*(self._describe(name) for name in names))
        )
        problems = [problem for problem, _ in told if problem is not None]
        good = len(names) - len(problems)
        if problems:
            seen = plural_message(
                len(names), "{good} of {count} service accepts it", "{good} of {count} services accept it",
                good=good,
            )  # fmt: skip
            return RowResult(ProbeRow.WSDL, RowState.FAILED, seen, problem=problems[0])
        if all(header == "true" for _, header in told) or not await self._is_described_to_anybody():
            return _ok(
                ProbeRow.WSDL,
                plural_message(
                    len(names), "Accepted for {count} service", "Accepted for all {count} services"
                ),
            )
        return _unclear(
            ProbeRow.WSDL,
            tr_message("Cannot be distinguished from here: given to anybody"),
            findings.guest_unknown_problem(
                f"Read the description of the service {names[0]}",
                "The description is also given without a sign-in",
            ),
        )

    async def _describe(self, name: str) -> tuple[Problem | None, str]:
        try:
            await self.instance.service(name).describe()
        except ConsoleError as error:
            return self._soap_problem(error.problem), ""
        if self._header() == "false":
            return self._guest_problem(f"Read the description of the service {name}"), "false"
        return None, self._header()

    async def _is_described_to_anybody(self) -> bool:
        try:
            await self.anonymous.service(self._services.names[0]).describe()
        except ConsoleError:
            return False
        return True

    async def _soap(self) -> RowResult:
        name = self._services.status
        if not name:
            return _skipped(ProbeRow.SOAP, tr_message("No Approval Process uses this server"))
        service, tried = self.instance.service(name), f"Call the service {name}"
        try:
            await service.describe()
        except ConsoleError:
            return _skipped(ProbeRow.SOAP, tr_message("Not called: its description cannot be read"))
        try:
            answer = await service.call({STATUS_INPUT: uuid.uuid4().hex}, (STATUS_OUTPUT,))
        except ConsoleError as error:
            # A call that is refused has run as nobody, the guest user included.
            self._soap_header = "" if self._is_refused() else self._header()
            return _failed(ProbeRow.SOAP, self._soap_problem(error.problem))
        self._soap_header = self._header()
        if self._soap_header == "false":
            return _failed(ProbeRow.SOAP, self._guest_problem(tried))
        word = answer[STATUS_OUTPUT].strip()
        if word != ApprovalStatus.INVALID:
            return _failed(ProbeRow.SOAP, findings.answer_unexpected_problem(tried, word))
        return _ok(ProbeRow.SOAP, tr_message("Status service answers an unknown ID with invalid"))

    async def _not_guest(self) -> RowResult:
        row, soap = ProbeRow.NOT_GUEST, self.results[ProbeRow.SOAP]
        tried = f"Compare the answers to {self._sign_in.account} with those to a guest"
        if self._soap_header == "false":
            return _failed(row, self._guest_problem(tried, "X-Is-Logged-In: false on SOAP"))
        if soap.state is not RowState.OK:
            if self.results[ProbeRow.REST].state is RowState.OK:
                account = self._sign_in.account
                return _ok(
                    row,
                    tr_message("Table API accepts it as {account}; SOAP cannot be compared", account=account),
                )
            return _unclear(
                row,
                tr_message("Cannot be distinguished from here"),
                findings.account_hidden_problem(tried, "Neither its user nor an answer to SOAP is shown"),
            )
        return await self._compare_with_guest(tried)

    async def _compare_with_guest(self, tried: str) -> RowResult:
        """Call the status service without a sign-in: another answer proves that the account's calls are not a guest's."""
        row = ProbeRow.NOT_GUEST
        service = await self.instance.service(self._services.status).through(self.anonymous)
        try:
            await service.call({STATUS_INPUT: uuid.uuid4().hex}, (STATUS_OUTPUT,))
        except ConsoleError as error:
            if (
                error.problem.fault not in _REFUSALS
                and FaultTrait.SIGNED_IN not in error.problem.fault.traits
            ):
                return _unclear(
                    row,
                    tr_message("Cannot be distinguished from here"),
                    findings.guest_unknown_problem(tried, error.problem.evidence),
                )
            return _ok(row, tr_message("SOAP refuses a call without sign-in"))
        guest_header = self.anonymous.last_response_headers.get(LOGGED_IN_HEADER, "")
        if self._soap_header == "true" and guest_header == "false":
            return _ok(row, tr_message("SOAP tells its calls from those of a guest"))
        return _unclear(
            row,
            tr_message("Cannot be distinguished from here: a guest gets the same answer"),
            findings.guest_unknown_problem(tried, "A call without a sign-in gets the same answer"),
        )

    # -- helpers -----------------------------------------------------------

    def _header(self) -> str:
        return str(self.instance.last_response_headers.get(LOGGED_IN_HEADER, ""))

    def _is_refused(self) -> bool:
        return self.instance.last_response_status == httpx.codes.UNAUTHORIZED

    def _guest_problem(self, tried: str, seen: str = "X-Is-Logged-In: false") -> Problem:
        return findings.guest_problem(tried, seen, self.method)

    def _soap_problem(self, problem: Problem) -> Problem:
        """Return a problem in words that hold after the Table API accepted the same sign-in."""
        if self._rest_accepts and problem.fault in _REFUSALS and self._is_refused():
            return findings.soap_refused_problem(problem, self.method)
        return problem


def _grant(label: str) -> str:
    """Return the name of a grant without that of the protocol, which all of them share."""
    return label.removeprefix("OAuth 2.0 ")


def _no_token_text(method: SignInMethod) -> str:
    if method is SignInMethod.CERTIFICATE:
        return tr_message("Not needed: the certificate is in the connection")
    return tr_message("Not needed: each call has user name and password")


def _ok(row: ProbeRow, evidence: str) -> RowResult:
    return RowResult(row, RowState.OK, evidence)


def _skipped(row: ProbeRow, evidence: str) -> RowResult:
    return RowResult(row, RowState.SKIPPED, evidence)


def _failed(row: ProbeRow, problem: Problem) -> RowResult:
    return RowResult(row, RowState.FAILED, problem.evidence, problem=problem)


def _unclear(row: ProbeRow, evidence: str, problem: Problem) -> RowResult:
    return RowResult(row, RowState.CANNOT_BE_DISTINGUISHED, evidence, problem=problem)
