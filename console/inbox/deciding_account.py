"""On whose behalf a decision is made and with which account, as it is said before anything is done."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.kinds import Kind
from services.language import AND, join_names, tr


def accounts_by_server(configuration: Any) -> dict[uuid.UUID, str]:
    """Return the accounts that the servers are signed in to with, by the ids of the servers; blocks, for a thread."""
    credentials = {one.id: one.account for one in configuration.all(Kind.USER_CREDENTIAL)}
    servers = configuration.all(Kind.FOREIGN_SYSTEM)
    return {one.id: credentials.get(one.credential_id, "") for one in servers}


@dataclass(frozen=True, slots=True)
class DecisionAttribution:
    """What is known before a decision: who sits here, the accounts of the servers, and who is asked as an instance says."""

    person: str = ""
    accounts: Mapping[uuid.UUID, str] = field(default_factory=dict)
    people: Mapping[uuid.UUID, Sequence[Any]] = field(default_factory=dict)
    """By the id of a request; only of those whose instance was asked."""

    def names(self, row: Any) -> list[str]:
        """Return on whose behalf a request is decided, several where it is one of them; none where nobody is known.

        Where an account is asked itself, it decides for itself; of several others it is the one who is asked first.
        """
        from services.requests.records.request_action import approval_to_decide

        people = self.people.get(row.id)
        if people is None:
            return list(row.waits_for)
        one = approval_to_decide(people, self.accounts.get(row.server_id, ""))
        return [] if one is None else [one.name]

    def of(self, row: Any) -> str:
        """Return on whose behalf a request is decided, as a part of a sentence."""
        names = self.names(row)
        if not names:
            return tr("on behalf of whoever is asked")
        return tr("on behalf of {names}", names=join_names(names))

    def told(self, done: str, rows: Sequence[Any]) -> str:
        """Return in a sentence who will have decided these requests, on whose behalf, and with which account."""
        if not rows or not self.person:
            return ""
        accounts = list(dict.fromkeys(self.accounts.get(row.server_id, "") for row in rows))
        texts = list(dict.fromkeys(self.of(row) for row in rows))
        whose = texts[0] if len(texts) == 1 else tr("on behalf of those named below")
        said: dict[str, str] = {"done": tr(done), "person": self.person, "whose": whose}
        if not all(accounts):
            return tr("Recorded as {done} by {person} {whose}.", **said)
        return tr(
            "Recorded as {done} by {person} {whose}, with the account {accounts}.",
            accounts=join_names(accounts, AND),
            **said,
        )
