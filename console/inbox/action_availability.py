"""Why an act cannot be done with the requests that are selected: they have ended, or the account may not."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from console.inbox import cell_content
from console.navigation.request_places import state_label
from console.runtime import lazy_imports
from models.kinds import RequestOrigin, RequestState
from services.common.errors import ConsoleError
from services.language import plural, short_moment, tr
from services.requests.domain.permissions import STATE_BY_DECISION, may_decide

MAX_SELECTED = 500
"""Requests that one act takes at a time."""
ACTION_NAMES = ("approve", "reject", "remind", "cancel_request")


class AccountPermissions:
    """What the accounts of the servers may, as far as it was seen. Learnt when details are read from an instance."""

    def __init__(self, ctx: Any) -> None:
        self._ctx = ctx
        self._seen: dict[uuid.UUID, tuple[str, frozenset[str]]] = {}

    async def learn(self, server_id: uuid.UUID | None) -> None:
        """Ask a server once who its account is and which roles it has; what cannot be seen stays open."""
        if server_id is None or server_id in self._seen:
            return
        await lazy_imports.ready(self._ctx, lazy_imports.servicenow)
        from services.servicenow import account_roles

        workspace = await self._ctx.ready()
        try:
            instance = await workspace.instance(server_id)
            account = await account_roles.signed_in_account(instance)
            self._seen[server_id] = (
                account,
                frozenset(await account_roles.fetch_active_roles(instance, account)),
            )
        except ConsoleError:
            return

    def forget(self) -> None:
        """Ask again: credentials or servers changed."""
        self._seen.clear()

    def denial_reason(self, server_id: uuid.UUID | None, asked: Sequence[Any] | None) -> str:
        """Return why the account may not decide; nothing where it may, or where that is not known.

        `asked` are the persons of the details, None while they are not known.
        """
        seen = self._seen.get(server_id) if server_id is not None else None
        if seen is None or asked is None:
            return ""
        account, roles = seen
        if may_decide(account, roles, [person.user_name for person in asked if person.user_name]):
            return ""
        return tr("{account} is not asked and has no approval_admin: it may not decide.", account=account)


def disabled_reasons(
    rows: Sequence[Any], count: int, rights: AccountPermissions, asked: Sequence[Any] | None
) -> Mapping[str, str]:
    """Return for each act why it cannot be done; an empty text where it can. `count` is how many rows are selected."""
    if not count:
        return dict.fromkeys(ACTION_NAMES, tr("Nothing is selected."))
    if count > MAX_SELECTED:
        return dict.fromkeys(
            ACTION_NAMES,
            tr(
                "Select at most {most} requests at a time; {count} are selected.",
                most=MAX_SELECTED,
                count=count,
            ),
        )
    if not rows:
        return dict.fromkeys(ACTION_NAMES, tr("The selected requests are being read."))
    still_open = [row for row in rows if cell_content.is_open(row)]
    if not still_open:
        return dict.fromkeys(ACTION_NAMES, _ended_text(rows))
    found = dict.fromkeys(ACTION_NAMES, "")
    if all(RequestState(row.state) == RequestState.SUBMITTING and not row.record_id for row in still_open):
        not_there = plural(
            count, "It has not reached ServiceNow yet.", "None of them has reached ServiceNow yet."
        )
        found |= dict.fromkeys((*STATE_BY_DECISION, "remind"), not_there)
    elif len(still_open) == 1 == count:
        found |= dict.fromkeys(STATE_BY_DECISION, rights.denial_reason(still_open[0].server_id, asked))
    return found


def not_listed_reasons(row: Any) -> Mapping[str, str]:
    """Return why nothing is done with a request that is shown and no longer stands in the list; `row` may be unknown."""
    ended = "" if row is None or cell_content.is_open(row) else f"{_ended_text([row])} "
    return dict.fromkeys(ACTION_NAMES, ended + tr("It is no longer in this list."))


def _ended_text(rows: Sequence[Any]) -> str:
    if len(rows) != 1:
        return tr("All of them have ended: nothing can be decided any more.")
    [row] = rows
    state = state_label(row.state)
    if not row.ended_at:
        return tr("{state}: nothing can be decided any more.", state=state)
    at = short_moment(row.ended_at, cell_content.utcnow())
    return tr("{state} {time}: nothing can be decided any more.", state=state, time=at)


def is_raised_by_privilege_manager(row: Any) -> bool:
    """Whether Privilege Manager raised a request itself."""
    return bool(row.origin == RequestOrigin.SERVICENOW)
