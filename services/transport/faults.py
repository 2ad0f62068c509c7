"""Tables of what can go wrong with calls to a server: id, cause, owner, remedy; and the faults of the way there.

Each product has its own table (`FaultTable`) with words that fit it; `transport_faults` is the part that all share.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from models.translation_marks import tr_later
from services.common.errors import (
    Candidate,
    ConsoleError,
    Owner,
    Problem,
    RefusedError,
    ReplyError,
    UnreachableError,
)
from services.common.fault_ids import FaultId
from services.common.redaction import evidence_excerpt


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of failure with its words, and the family of error it is raised as."""

    id: FaultId
    cause: str
    owner: Owner
    remedy: str
    error: type[ConsoleError]
    candidates: tuple[Candidate, ...] = ()
    """Its possible causes, the likeliest first, where the server does not say which one it is."""


class RateLimitedError(RefusedError):
    """The server asks to wait; `retry_after` says how many seconds."""

    retryable = True

    def __init__(self, problem: Problem, retry_after: float) -> None:
        super().__init__(problem)
        self.retry_after = retry_after


class FaultTable(dict[FaultId, Fault]):
    """The faults of calls to one kind of server. The modules of this package take one for the words of their errors."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__((fault.id, fault) for fault in faults)

    def problem(
        self,
        fault_id: FaultId,
        tried: str,
        evidence: str = "",
        *,
        cause: str = "",
        remedy: str = "",
        candidates: tuple[Candidate, ...] = (),
    ) -> Problem:
        """Return the parts of `fault_id`; `cause`, `remedy` and `candidates` replace the general ones where more is known."""
        fault = self[fault_id]
        return Problem(
            tried=tried,
            evidence=evidence_excerpt(evidence),
            cause=cause or fault.cause,
            owner=fault.owner,
            remedy=remedy or fault.remedy,
            fault=fault_id,
            candidates=candidates or fault.candidates,
        )

    def error(
        self,
        fault_id: FaultId,
        tried: str,
        evidence: str = "",
        *,
        cause: str = "",
        remedy: str = "",
        candidates: tuple[Candidate, ...] = (),
        retry_after: float = 0,
    ) -> ConsoleError:
        """Return the error to raise for `fault_id`."""
        problem = self.problem(fault_id, tried, evidence, cause=cause, remedy=remedy, candidates=candidates)
        family = self[fault_id].error
        if family is RateLimitedError:
            return RateLimitedError(problem, retry_after)
        return family(problem)


_F = Fault
_NET, _ME = Owner.NETWORK, Owner.CONSOLE
PRODUCT_FAULTS = (
    FaultId.URL_INVALID,
    FaultId.TIMEOUT,
    FaultId.REDIRECT_ELSEWHERE,
    FaultId.REPLY_DAMAGED,
    FaultId.INPUT_UNSENDABLE,
)
"""Faults of calls that each product's table words for itself, beside `transport_faults`."""


def transport_faults(administrator: Owner) -> tuple[Fault, ...]:
    """Return the faults of the way to a server; `administrator` is who can change the server itself."""
    return (
    _F(FaultId.DNS_UNKNOWN_HOST, tr_later("No name server knows this host."), _NET,
       tr_later("Compare the host name with the address in a browser; ask the network team if it is right."), UnreachableError),
    _F(FaultId.TCP_REFUSED, tr_later("Nothing listens at this address and port."), _NET,
       tr_later("Check host and port of the base URL, and whether a firewall refuses the connection."), UnreachableError),
    _F(FaultId.TCP_TIMEOUT, tr_later("The host does not answer."), _NET,
       tr_later("Check whether this machine may reach the host, directly or through a proxy."), UnreachableError),
    _F(FaultId.TLS_CERTIFICATE_EXPIRED, tr_later("The certificate of the server has expired."), administrator,
       tr_later("Renew the certificate; with a proxy in between, ask the network team."), UnreachableError),
    _F(FaultId.TLS_WRONG_HOST, tr_later("The certificate was made for another host."), administrator,
       tr_later("Use the host name that the certificate carries, or have it renewed for this one."), UnreachableError),
    _F(FaultId.TLS_UNTRUSTED, tr_later("The certificate's issuer is not trusted by this machine."), _NET,
       tr_later("Have the issuing CA added to the system's trust store, or set its bundle on the Foreign System."),
       UnreachableError),
    _F(FaultId.TLS_FAILED, tr_later("No encrypted connection could be agreed upon."), _NET,
       tr_later("Check that the server speaks TLS 1.2 or newer on this port."), UnreachableError),
    _F(FaultId.PROXY_FAILED, tr_later("The proxy refused or dropped the connection."), _NET,
       tr_later("Check the proxy of the Foreign System."), UnreachableError),
    _F(FaultId.PROXY_SIGN_IN, tr_later("The proxy asks for a sign-in of its own."), _NET,
       tr_later("Choose the User Credential of the proxy on the Foreign System, or have this machine let through without one."),
       RefusedError),
    _F(FaultId.PROXY_SIGN_IN_REFUSED, tr_later("The proxy does not take the account and password of its User Credential."), _NET,
       tr_later("Enter the password of the proxy's User Credential again, or ask the network team about the account."),
       RefusedError),
    _F(FaultId.PROXY_SIGN_IN_UNSUPPORTED, tr_later("The proxy offers no way to sign in that this console supports: only Basic is."), _NET,
       tr_later("Have this machine let through without a sign-in, or Basic offered to it; or run a local proxy that signs in "
       "with Negotiate or NTLM, such as px or cntlm, and enter that as the proxy of the Foreign System."),
       RefusedError),
    _F(FaultId.CONNECTION_LOST, tr_later("The connection ended in the middle of the answer."), _NET,
       tr_later("Try again; if it repeats, look for a device that cuts connections."), UnreachableError),
    _F(FaultId.ANSWER_TOO_LARGE, tr_later("The answer is larger than anything expected here."), administrator,
       tr_later("Check what answers at this address."), ReplyError),
    *client_certificate_faults(administrator),
    )  # fmt: skip


def client_certificate_faults(administrator: Owner) -> tuple[Fault, ...]:
    """Return the faults of the client certificate for a server: of its file, found before anything is sent, and of the handshake."""
    return (
    _F(FaultId.CERTIFICATE_FILE_UNREADABLE, tr_later("The file of the client certificate cannot be read; nothing was sent."), _ME,
       tr_later("Name a file in PEM form (certificate and private key) or PKCS#12 (.p12, .pfx) on the Foreign System, which this "
       "console may read."), RefusedError),
    _F(FaultId.CERTIFICATE_PASSPHRASE_MISSING, tr_later("The file of the client certificate is encrypted, and no passphrase is stored; nothing was sent."),
       _ME, tr_later("Enter the passphrase of the client certificate on the User Credential of the Foreign System."), RefusedError),
    _F(FaultId.CERTIFICATE_PASSPHRASE_WRONG, tr_later("The stored passphrase does not open the file of the client certificate; nothing was sent."), _ME,
       tr_later("Enter the passphrase of the client certificate again. If it is right, the file is damaged: export it again."),
       RefusedError),
    _F(FaultId.CERTIFICATE_KEY_MISSING, tr_later("The file has a certificate without its private key; nothing was sent."), _ME,
       tr_later("Export the certificate together with its private key, as PKCS#12 or as PEM with both in one file."), RefusedError),
    _F(FaultId.CERTIFICATE_KEY_MISMATCH, tr_later("The private key belongs to another certificate; nothing was sent."), _ME,
       tr_later("Put the certificate and the private key that was made for it into one file."), RefusedError),
    _F(FaultId.CERTIFICATE_EXPIRED, tr_later("The client certificate has expired; nothing was sent."), _ME,
       tr_later("Have the certificate renewed, name the new file on the Foreign System, and have it mapped to the user in ServiceNow."),
       RefusedError),
    _F(FaultId.CERTIFICATE_NOT_YET_VALID, tr_later("The client certificate is not valid yet; nothing was sent."), _ME,
       tr_later("Compare the clock of this machine; else wait for the day on which the certificate becomes valid."), RefusedError),
    _F(FaultId.CERTIFICATE_REQUIRED, tr_later("The server ends connections without a client certificate."), _ME,
       tr_later("Name the client certificate on the Foreign System; or let the server take connections without one."), UnreachableError),
    _F(FaultId.CERTIFICATE_REJECTED, tr_later("The server ended the TLS handshake because of the client certificate."), administrator,
       tr_later("Have the CA of the certificate trusted where TLS ends: at the server, or at the gateway in front of it."), UnreachableError),
    )  # fmt: skip
