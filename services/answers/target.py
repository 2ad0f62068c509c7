"""Where the answers of an intake client go, as people enter it and as the client's row keeps it."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from models.addresses import Origin
from models.delivery import URL_MAX, AnswerKind
from services.answers.webhook import parse_webhook_url
from services.common.errors import InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.connectivity.answer_faults import DELIVERY_FAULTS
from services.store.row_values import RowDict

NOWHERE = "none"
PREFIX_PRIVILEGE_MANAGER, PREFIX_WEBHOOK = "privilege-manager:", "webhook:"
PROXY_SCHEMES = ("http", "https")
DURATION_MAX_S = 366 * 86400
_DURATION = re.compile(r"(\d{1,6}) ?([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class AnswerTarget:
    """Where answers go: nowhere, to a Privilege Manager server, or to a webhook."""

    kind: AnswerKind = AnswerKind.NONE
    url: str = ""
    server_id: uuid.UUID | None = None
    proxy: str = ""
    """The proxy on the way to a webhook; empty for the direct way."""
    proxy_credential_id: uuid.UUID | None = None
    """The User Credential that signs in to the proxy."""
    duration_s: int = 0
    """How long an approval lasts on the endpoint; 0 for one time."""

    def columns(self) -> RowDict:
        """Return the columns of an intake client."""
        return {
            "answer_kind": self.kind,
            "answer_url": self.url,
            "answer_server_id": self.server_id,
            "answer_proxy": self.proxy,
            "answer_proxy_credential_id": self.proxy_credential_id,
            "answer_duration_s": self.duration_s,
        }

    def as_text(self, server_name: str = "") -> str:
        """Return the target as people enter it."""
        match self.kind:
            case AnswerKind.WEBHOOK:
                return f"{PREFIX_WEBHOOK}{self.url}"
            case AnswerKind.PRIVILEGE_MANAGER:
                return f"{PREFIX_PRIVILEGE_MANAGER}{server_name}"
            case AnswerKind.NONE:
                return NOWHERE


def parse_answer(text: str, find_server: Callable[[str], uuid.UUID], duration: str = "") -> AnswerTarget:
    """Read `privilege-manager:SERVER`, `webhook:URL` or `none`; `find_server` returns the id of a server by its name.

    Raises InputError, and what `find_server` raises.
    """
    seconds = parse_duration(duration) if duration else 0
    if text.startswith(PREFIX_PRIVILEGE_MANAGER):
        server_id = find_server(text.removeprefix(PREFIX_PRIVILEGE_MANAGER).strip())
        return AnswerTarget(AnswerKind.PRIVILEGE_MANAGER, server_id=server_id, duration_s=seconds)
    if text.startswith(PREFIX_WEBHOOK):
        if seconds:
            raise _invalid("A webhook gets the decision; only Privilege Manager takes a duration.")
        return AnswerTarget(AnswerKind.WEBHOOK, url=parse_webhook_url(text.removeprefix(PREFIX_WEBHOOK)))
    if text == NOWHERE and not seconds:
        return AnswerTarget()
    raise _invalid(f"“{text}” is neither {PREFIX_PRIVILEGE_MANAGER}SERVER nor {PREFIX_WEBHOOK}URL.")


def through_proxy(target: AnswerTarget, proxy: str, credential_id: uuid.UUID | None = None) -> AnswerTarget:
    """Return a webhook that is reached through a proxy. Raises InputError for another target, and an address that is none."""
    proxy = proxy.strip()
    if not proxy and credential_id is None:
        return target
    if target.kind is not AnswerKind.WEBHOOK:
        raise _invalid(
            "Only a webhook has a proxy of its own; that of Privilege Manager stands on its server."
        )
    try:
        valid = "@" not in proxy and len(proxy) <= URL_MAX and Origin.of(proxy).scheme in PROXY_SCHEMES
    except ValueError:
        valid = False
    if not valid:
        raise DELIVERY_FAULTS.error(FaultId.DELIVERY_PROXY_INVALID, "Read the proxy of the webhook", proxy)
    return replace(target, proxy=proxy, proxy_credential_id=credential_id)


def parse_duration(text: str) -> int:
    """Return the seconds of a duration such as 30m, 1h or 2d. Raises InputError."""
    found = _DURATION.fullmatch(text.strip().lower())
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= DURATION_MAX_S:
        raise DELIVERY_FAULTS.error(
            FaultId.DELIVERY_DURATION_INVALID, "Read the duration of an approval", text
        )
    return seconds


def _invalid(evidence: str) -> InputError:
    return InputError(
        Problem(
            tried="Read where the answers go",
            evidence=evidence,
            cause="The value of --answer is not understood.",
            owner=Owner.CONSOLE,
            remedy=f"Write {PREFIX_PRIVILEGE_MANAGER}SERVER with the name of a server, or {PREFIX_WEBHOOK}https://….",
            fault=FaultId.CALL_INVALID,
        )
    )
