"""On whose behalf a decision will be made, and with which account. Imports no Qt."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.language import AND, join_names, tr

if TYPE_CHECKING:
    from services.configuration import Configuration
    from services.requests.details.model import EligibleApprover
    from services.requests.inbox.inbox import RequestRow


def accounts_by_server(configuration: "Configuration") -> dict[uuid.UUID, str]:
    """Return the account of each server by its id, an empty text if it has none. Blocks; for a thread."""
    from models.foreign_system import ForeignSystem
    from models.user_credential import UserCredential

    accounts = {one.id: one.account for one in configuration.all(UserCredential)}
    servers = configuration.all(ForeignSystem)
    return {one.id: accounts.get(one.credential_id, "") if one.credential_id else "" for one in servers}


@dataclass(frozen=True, slots=True)
class DecisionAttribution:
    """What is known before a decision: the user of the console, the accounts of the servers, and the approvers."""

    person: str = ""
    accounts: Mapping[uuid.UUID, str] = field(default_factory=dict)
    approvers: "Mapping[uuid.UUID, Sequence[EligibleApprover]]" = field(default_factory=dict)
    """By the id of the request; only of those whose instance was asked."""
    decider: str = ""
    """The account that decides in place of those of the servers."""

    def decider_names(self, row: "RequestRow") -> list[str]:
        """Return on whose behalf a request is decided: one of these names; none if nobody is known.

        An account that is asked itself decides for itself, otherwise for the approver that is asked first.
        """
        from services.requests.records.request_action import approval_to_decide

        approvers = self.approvers.get(row.id)
        if approvers is None:
            return list(row.waits_for)
        one = approval_to_decide(approvers, self._account(row))
        return [] if one is None else [one.name]

    def _account(self, row: "RequestRow") -> str:
        if self.decider:
            return self.decider
        return self.accounts.get(row.server_id, "") if row.server_id is not None else ""

    def phrase(self, row: "RequestRow") -> str:
        """Return on whose behalf a request is decided, as a part of a sentence."""
        names = self.decider_names(row)
        if not names:
            return tr("on behalf of whoever is asked")
        return tr("on behalf of {names}", names=join_names(names))

    def sentence(self, done: str, rows: "Sequence[RequestRow]") -> str:
        """Return in a sentence who will have decided these requests, on whose behalf, and with which account."""
        if not rows or not self.person:
            return ""
        accounts = list(dict.fromkeys(self._account(row) for row in rows))
        texts = list(dict.fromkeys(self.phrase(row) for row in rows))
        whose = texts[0] if len(texts) == 1 else tr("on behalf of those named below")
        values: dict[str, str] = {"done": tr(done), "person": self.person, "whose": whose}
        if not all(accounts):
            return tr("Recorded as {done} by {person} {whose}.", **values)
        return tr(
            "Recorded as {done} by {person} {whose}, with the account {accounts}.",
            accounts=join_names(accounts, AND),
            **values,
        )
