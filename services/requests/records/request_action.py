"""Who decided or cancelled a request, on whose behalf, and with which account, as one sentence."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from services.requests.domain.permissions import is_same_user
from services.requests.records.requested_item import Approval


class Approver(Protocol):
    """An approver of a request."""

    @property
    def user_name(self) -> str:
        """The user name of the approver."""

    @property
    def is_for_order(self) -> bool:
        """Whether the approval is for the order, not for the item."""


ApproverT = TypeVar("ApproverT", bound=Approver)


@dataclass(frozen=True, slots=True)
class RequestAction:
    """What was done with an item, and by whom.

    `person` is the user of a console, empty if the action was not made at a console. `account` is the account that was
    signed in to ServiceNow. `approver` is the person whose approval it was, and `own` says that it is the account's own.
    """

    word: str
    """approved, rejected or cancelled."""
    number: str
    account: str = ""
    person: str = ""
    approver: str = ""
    own: bool = False

    @property
    def sentence(self) -> str:
        """Return who did what, without a full stop."""
        return f"{self.number} {self.word} {self.actor_phrase}".rstrip()

    @property
    def actor_phrase(self) -> str:
        """Return who did it, on whose behalf, and with which account, as a part of a sentence."""
        doer = self.person or self.account
        if self.own or not self.approver:
            return self._own_approval_phrase(doer)
        behalf = f"by {doer} on behalf of {self.approver}" if doer else f"on behalf of {self.approver}"
        return f"{behalf}, with the account {self.account}" if self.person and self.account else behalf

    def _own_approval_phrase(self, doer: str) -> str:
        if self.approver and self.person and self.account:
            return f"by {self.person}, with the account {self.account} of {self.approver}"
        if self.approver:
            return f"by {self.approver}"
        if self.person and self.account:
            return f"by {self.person}, with the account {self.account}"
        return f"by {doer}" if doer else ""

    def as_dict(self) -> dict[str, str | None]:
        """Return the parts for JSON."""
        return {
            "done_by": self.person or None,
            "on_behalf_of": self.approver if self.approver and not self.own else None,
            "account": self.account or None,
        }


def action_from_approval(number: str, decided: Approval, person: str = "") -> RequestAction:
    """Return the action that an approval records; `person` is the user of the console if it was made at one."""
    account = decided.changed_by
    own = not account or is_same_user(account, decided.user_name)
    return RequestAction(decided.state, number, account, person, decided.display_name, own=own)


def action_event_id(request_id: uuid.UUID, approval: str) -> uuid.UUID:
    """Return the id of the timeline event of a decision made at a console; `approval` is the sys_id of the approval."""
    return uuid.uuid5(request_id, f"deed:{approval}")


def approval_to_decide(waiting: Sequence[ApproverT], account: str) -> ApproverT | None:
    """Return the approval that an account decides: its own if there is one, else the first open one.

    Orders are approved before their items, so approvals of the order come first.
    """
    in_turn = sorted(waiting, key=lambda one: not one.is_for_order)
    own = (one for one in in_turn if is_same_user(one.user_name, account))
    return next(own, in_turn[0] if in_turn else None)
