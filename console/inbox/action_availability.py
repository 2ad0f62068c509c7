"""Why an action cannot be done with the selected requests. Imports no Qt."""

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from console.inbox.request_rows import is_open, utcnow
from console.navigation.request_places import state_label
from console.runtime import lazy_imports
from models.kinds import RequestState
from services.common.errors import ConsoleError
from services.language import plural, short_moment, tr
from services.requests.domain.permissions import STATE_BY_DECISION, may_decide

if TYPE_CHECKING:
    from console.runtime.context import Context
    from services.requests.details.model import EligibleApprover
    from services.requests.inbox.inbox import RequestRow

MAX_SELECTED = 500
"""Requests that one action takes at a time."""
ACTION_NAMES = ("approve", "reject", "remind", "cancel_request")


class AccountPermissions:
    """The account and the roles that this console signs in to each server with, read when details are fetched from it."""

    def __init__(self, ctx: "Context") -> None:
        self._ctx = ctx
        self._roles_by_server: dict[uuid.UUID, tuple[str, frozenset[str]]] = {}

    async def load_roles(self, server_id: uuid.UUID | None) -> None:
        """Read account and roles of a server once. If this fails, the permissions stay unknown."""
        if server_id is None or server_id in self._roles_by_server:
            return
        await lazy_imports.ready(self._ctx, lazy_imports.servicenow)
        from services.servicenow import account_roles

        workspace = await self._ctx.ready()
        try:
            instance = await workspace.instance(server_id)
            account = await account_roles.signed_in_account(instance)
            roles = await account_roles.fetch_active_roles(instance, account)
        except ConsoleError:
            return
        self._roles_by_server[server_id] = (account, frozenset(roles))

    def forget(self) -> None:
        """Drop what was read, after a change of credentials or servers."""
        self._roles_by_server.clear()

    def denial_reason(
        self, server_id: uuid.UUID | None, approvers: "Sequence[EligibleApprover] | None"
    ) -> str:
        """Return why the account may not decide; an empty text if it may, or if that is not known.

        `approvers` are the people asked for the request, None if they are not known.
        """
        known = self._roles_by_server.get(server_id) if server_id is not None else None
        if known is None or approvers is None:
            return ""
        account, roles = known
        if may_decide(account, roles, [one.user_name for one in approvers if one.user_name]):
            return ""
        return tr("{account} is not asked and has no approval_admin: it may not decide.", account=account)


def same_reason(reason: str) -> dict[str, str]:
    """Return one reason for every action."""
    return dict.fromkeys(ACTION_NAMES, reason)


def disabled_reasons(rows: "Sequence[RequestRow]", count: int) -> Mapping[str, str]:
    """Return for each action why it cannot be done, an empty text if it can. `count` rows are selected.

    Whether the account of a server may decide is not among the reasons: another account can be chosen.
    """
    if not count:
        return same_reason(tr("Nothing is selected."))
    if count > MAX_SELECTED:
        return same_reason(
            tr(
                "Select at most {most} requests at a time; {count} are selected.",
                most=MAX_SELECTED,
                count=count,
            )
        )
    if not rows:
        return same_reason(tr("The selected requests are being read."))
    still_open = [row for row in rows if is_open(row)]
    if not still_open:
        return same_reason(_ended_text(rows))
    found = same_reason("")
    if all(RequestState(row.state) == RequestState.SUBMITTING and not row.record_id for row in still_open):
        not_there = plural(
            count, "It has not reached ServiceNow yet.", "None of them has reached ServiceNow yet."
        )
        found |= dict.fromkeys((*STATE_BY_DECISION, "remind"), not_there)
    return found


def not_listed_reasons(row: "RequestRow | None") -> Mapping[str, str]:
    """Return why nothing can be done with the shown request, which is no longer in the list; None if it is unknown."""
    ended = "" if row is None or is_open(row) else f"{_ended_text([row])} "
    return same_reason(ended + tr("It is no longer in this list."))


def _ended_text(rows: "Sequence[RequestRow]") -> str:
    if len(rows) != 1:
        return tr("All of them have ended: nothing can be decided any more.")
    [row] = rows
    state = state_label(row.state)
    if not row.ended_at:
        return tr("{state}: nothing can be decided any more.", state=state)
    at = short_moment(row.ended_at, utcnow())
    return tr("{state} {time}: nothing can be decided any more.", state=state, time=at)
