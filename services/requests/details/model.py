"""The data of one request's full view: its timeline, the states in both systems, who can act, the answer for the caller."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from models.approval_request import ApprovalRequest
from models.delivery import Delivery
from models.kinds import RequestEventKind, RequestOperation, RequestState
from services.answers.delivery_list import delivery_as_dict
from services.common.errors import Problem
from services.common.json_types import UncheckedJson
from services.common.redaction import redact, redact_user_text
from services.requests.domain.states import ResponsibleParty
from services.servicenow.journal_text import journal_to_text


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry of a timeline. `there` marks entries that come from the record in ServiceNow."""

    at: datetime
    kind: RequestEventKind
    title: str
    detail: str = ""
    actor: str = ""
    there: bool = False
    due: bool = False
    """Whether it lies in the future."""
    event: uuid.UUID | None = None
    """The id of the stored line that it shows."""
    operation: RequestOperation = RequestOperation.NONE
    outcome: RequestState | None = None
    """The state that it reports."""
    comment: str = ""
    """The comment that is part of `detail`."""
    comment_cut: bool = False
    """Whether the end of the comment may be missing."""


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """Where a request stands in one system: the state in words, more about it, and when that was learnt."""

    system: str
    state: str
    detail: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EligibleApprover:
    """Somebody who can act. `absent` says why not, where the instance says so; else nothing is known of it."""

    name: str
    user_name: str = ""
    via: str = ""
    """The group that the person is asked through."""
    absent: str = ""
    is_for_order: bool = False


@dataclass(frozen=True, slots=True)
class RequestDetails:
    """Everything about one request. `complete` says that the instance was asked and hid nothing that is known of."""

    row: ApprovalRequest
    timeline: tuple[TimelineEntry, ...]
    here: SystemStatus
    there: SystemStatus
    mismatch: str = ""
    """Id of the way in which the systems disagree, or nothing."""
    sentence: str = ""
    """The judgement of both states in a sentence."""
    must_act: ResponsibleParty = ResponsibleParty.NOBODY
    why_stuck: str = ""
    who_can_act: tuple[EligibleApprover, ...] = ()
    link: str = ""
    answer_for_caller: str = ""
    deliveries: tuple[Delivery, ...] = ()
    """The answers on their way to the program that asked."""
    complete: bool = False
    unseen: tuple[str, ...] = ()
    """What could not be seen, each a sentence."""
    problem: Problem | None = None
    """Why the instance could not be asked, or not for all of it."""

    def as_dict(self) -> UncheckedJson:
        """Return the details for JSON. What people wrote is redacted, as in every other file that leaves the console."""
        row = self.row
        return {
            "id": str(row.id),
            "approval_id": row.approval_id,
            "request_id": row.external_id,
            "number": row.number,
            "order": row.order_number,
            "origin": row.origin,
            "state": row.state,
            "servicenow_state": row.servicenow_state,
            "mismatch": self.mismatch or None,
            "judgement": self.sentence,
            "must_act": self.must_act.value,
            "why_stuck": self.why_stuck,
            "initiator": row.initiator_name or row.initiator_id,
            "agent": row.agent_name or row.agent_id,
            "policy": row.policy_name,
            "file_path": redact(row.file_path),
            "reason": redact_user_text(row.reason),
            "comment": redact_user_text(journal_to_text(row.comment)),
            "error": redact(row.error),
            "process": row.process_name,
            "rehearsal": row.rehearsal,
            "requested_at": _format_timestamp(row.requested_at),
            "times_out_at": _format_timestamp(row.times_out_at),
            "ended_at": _format_timestamp(row.ended_at),
            "observed_at": _format_timestamp(row.observed_at),
            "who_can_act": [
                {"name": p.name, "user_name": p.user_name, "via": p.via or None, "absent": p.absent or None}
                for p in self.who_can_act
            ],
            "timeline": [
                {
                    "at": _format_timestamp(line.at),
                    "kind": line.kind.value,
                    "title": line.title,
                    "detail": redact_user_text(line.detail),
                    "actor": line.actor,
                    "system": "servicenow" if line.there else "console",
                    "due": line.due,
                }
                for line in self.timeline
            ],
            "deliveries": [delivery_as_dict(one) for one in self.deliveries],
            "answer_for_caller": redact_user_text(self.answer_for_caller),
            "url": self.link or None,
            "complete": self.complete,
            "unseen": list(self.unseen),
            "problem": self.problem.as_dict() if self.problem else None,
        }


def _format_timestamp(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at is not None else None
