"""Who is asked for an approval of a request item: the group, its members, and whether any of them can act.

What a workflow asks is not written where an account without admin may read it. It is seen from the newest requests of
the item; before the first one, from a group that carries the workflow's name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultTrait
from services.common.tasks import gather_or_cancel
from services.servicenow.encoded_query import AnyOfQuery, AnyQuery, Operator, TableQuery, equals, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.record_values import is_false, is_true
from services.servicenow.table_api import Row, Table
from services.servicenow.visible_rows import Visibility, probe_visibility

LOOKBACK_DAYS = 90
REQUESTS_MAX = 200
GRACE_MINUTES = 15
"""A flow may take its time before it asks."""
NEWEST_REQUESTS = 10
"""So many of the newest requests are looked at; approvers that were asked before are history."""
MEMBERS_MAX = 500
NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Approver:
    """A member of a group, or an approver who was asked by name."""

    sys_id: str
    name: str
    active: bool
    locked: bool

    @property
    def able_to_act(self) -> bool:
        """Whether the account can be asked and can answer, as far as the instance tells."""
        return self.active and not self.locked

    @property
    def text(self) -> str:
        """Return the name, and why the person cannot act."""
        if not self.active:
            return f"{self.name} (not active)"
        return f"{self.name} (locked out)" if self.locked else self.name


@dataclass(slots=True)
class ApproverFindings:
    """What was seen of the approvers. `hidden` names what could not be seen."""

    group: str = ""
    group_active: bool = True
    seen_at: str = ""
    people: list[Approver] | None = None
    delegates: dict[str, str] = field(default_factory=dict)
    """The sys_id of a person, and who acts for that person now."""
    hidden: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)
    """What came empty although it is not known whether the account can see such records."""
    partially_hidden: bool = False
    """Whether some of the people are hidden."""
    unasked: Row | None = None
    """The oldest request that waits although nobody was asked."""

    @property
    def able_to_act(self) -> list[Approver]:
        """The people who can act."""
        return [person for person in self.people or () if person.able_to_act]

    @property
    def nobody(self) -> bool:
        """Whether it is certain that nobody can act."""
        if self.group and not self.group_active:
            return True
        return self.people is not None and not self.able_to_act and not self.partially_hidden

    @property
    def text(self) -> str:
        """Return what was seen as one text."""
        parts = []
        if self.group:
            state = "" if self.group_active else ", which is not active"
            parts.append(f"asks the group “{self.group}”{state} ({self.seen_at})")
        elif self.people:
            parts.append(f"asks {_join_names(self.people)} ({self.seen_at})")
        if self.people is not None and self.group:
            parts.append(self._members())
        acting = [person for person in self.people or () if person.sys_id in self.delegates]
        parts += [
            f"{self.delegates[person.sys_id]} acts for {person.name}" for person in acting[:NAMES_SHOWN]
        ]
        return "; ".join([*parts, *self.hidden, *self.unproven])

    def _members(self) -> str:
        people = self.people or []
        if not people:
            return "it has no member"
        count = f"{len(people)} member{'s' if len(people) != 1 else ''}"
        out = [person for person in people if not person.able_to_act]
        if not out:
            return f"{count}, all active"
        return f"{count}, {len(people) - len(out)} of them able to act: {_join_names(out)}"


def _join_names(people: Sequence[Approver]) -> str:
    shown = ", ".join(person.text for person in people[:NAMES_SHOWN])
    return shown + (f" and {len(people) - NAMES_SHOWN} more" if len(people) > NAMES_SHOWN else "")


async def find_approvers(instance: ServiceNowClient, item: str, workflow: str) -> ApproverFindings:
    """Return what can be seen of the approvers of the request item with the sys_id `item`; what is hidden is named.

    Raises ConsoleError for everything that is no access rule; nothing is concluded from a list that was cut off.
    """
    seen, named = ApproverFindings(), ApproverFindings()
    requests, _ = await gather_or_cancel(
        _read_newest_requests(instance, item, seen), _read_group_named_like(instance, workflow, named)
    )
    if requests:
        await _read_asked_group(instance, requests[:NEWEST_REQUESTS], seen, named)
    if not seen.group and seen.people is None and workflow:
        await _find_group_named_like(instance, workflow, seen, named)
    if not seen.group and seen.people is None and not seen.hidden:
        seen.hidden.append("whom it asks cannot be seen before a request was made")
    if seen.people:
        await _read_delegates(instance, seen)
    return seen


async def _read_group_named_like(instance: ServiceNowClient, workflow: str, named: ApproverFindings) -> None:
    """Read the members of the group that carries the workflow's name, beside the requests: that is who is asked mostly."""
    if workflow:
        await _read_members(instance, equals(**{"group.name": workflow}), named)
        named.group = workflow if named.people else ""


async def _read_rows(
    table: Table, query: AnyQuery, fields: Sequence[str], limit: int, what: str, seen: ApproverFindings
) -> list[Row] | None:
    """Return rows, or None where they are hidden; then `seen` says so."""
    try:
        page = await table.page(query, fields=fields, limit=limit, tries=2)
    except ConsoleError as error:
        if FaultTrait.ROWS_HIDDEN not in error.problem.fault.traits:
            raise
        seen.hidden.append(f"{what} cannot be seen: {error.problem.evidence}")
        return None
    if not page.rows and page.total:
        seen.hidden.append(f"{what} cannot be seen: access rules hide {page.total} records")
        return None
    if not page.rows and page.total is None:
        # Hidden rows are told apart from none by the count alone.
        seen.hidden.append(f"{what} cannot be seen: the list comes empty, and without a count")
        return None
    if page.total is not None and len(page.rows) < min(page.total, limit):
        seen.partially_hidden = True
        seen.hidden.append(f"{page.total - len(page.rows)} of {page.total} records of {what} are hidden")
    return page.rows


async def _is_none_proven(instance: ServiceNowClient, table: str, what: str, seen: ApproverFindings) -> bool:
    """Return whether an empty list of `table` means that there is none; else `seen` says what is unknown."""
    visible = await probe_visibility(instance, table)
    if visible.state is not Visibility.SEEN:
        seen.unproven.append(f"{what} cannot be judged: {visible.evidence}")
    return visible.state is Visibility.SEEN


async def _read_newest_requests(instance: ServiceNowClient, item: str, seen: ApproverFindings) -> list[Row]:
    """Return the requests of the last months, the newest first, and note one of them that nobody was asked about."""
    now = datetime.now(UTC)
    since, before = (
        f"{now - back:%Y-%m-%d %H:%M:%S}"
        for back in (timedelta(days=LOOKBACK_DAYS), timedelta(minutes=GRACE_MINUTES))
    )
    of_item = where("cat_item", Operator.IS, item)
    waits = of_item.where("active", Operator.IS, "true").where("approval", Operator.IS, "not requested")
    query = AnyOfQuery((of_item.where("sys_created_on", Operator.AT_LEAST, since), waits))
    fields = ("number", "sys_created_on", "active", "approval")
    table = instance.table("sc_req_item")
    rows = await _read_rows(table, query, fields, REQUESTS_MAX, "requests of the item", seen)
    if rows is not None and not rows:
        await _is_none_proven(instance, "sc_req_item", "requests of the item", seen)
    found = sorted(rows or (), key=lambda row: row["sys_created_on"], reverse=True)
    waiting = [row for row in found if not is_false(row["active"]) and row["approval"] == "not requested"]
    late = [row for row in waiting if row["sys_created_on"] < before]
    seen.unasked = late[-1] if late else None
    return found


async def _read_asked_group(
    instance: ServiceNowClient, requests: list[Row], seen: ApproverFindings, named: ApproverFindings
) -> None:
    """Find out whom the newest request asked that asked anybody."""
    ids = [row["sys_id"] for row in requests]
    asked = await _read_rows(
        instance.table("sysapproval_group"),
        where("parent", Operator.IN, *ids),
        ("parent", "assignment_group", "assignment_group.name", "assignment_group.active"),
        REQUESTS_MAX,
        "groups that were asked",
        seen,
    )
    for request in requests:
        for row in asked or ():
            if row["parent"] == request["sys_id"] and row["assignment_group"]:
                seen.group = row["assignment_group.name"] or row["assignment_group"]
                seen.seen_at = f"as {request['number']} did"
                if named.group == seen.group:
                    _copy_members(named, seen)
                else:
                    await _read_members(instance, where("group", Operator.IS, row["assignment_group"]), seen)
                seen.group_active = seen.group_active and not is_false(row["assignment_group.active"])
                return
    if asked is not None:
        await _read_asked_users(instance, requests, seen)


async def _read_asked_users(instance: ServiceNowClient, requests: list[Row], seen: ApproverFindings) -> None:
    rows = await _read_rows(
        instance.table("sysapproval_approver"),
        where("sysapproval", Operator.IN, *(row["sys_id"] for row in requests)),
        ("sysapproval", "approver", "approver.name", "approver.active", "approver.locked_out"),
        REQUESTS_MAX,
        "approvers that were asked",
        seen,
    )
    for request in requests:
        found = [row for row in rows or () if row["sysapproval"] == request["sys_id"] and row["approver"]]
        if found:
            seen.people = [_parse_approver(row, "approver") for row in found]
            seen.seen_at = f"as {request['number']} did"
            return


def _copy_members(named: ApproverFindings, seen: ApproverFindings) -> None:
    seen.people, seen.group_active, seen.partially_hidden = (
        named.people,
        named.group_active,
        named.partially_hidden,
    )
    seen.hidden += named.hidden
    seen.unproven += named.unproven


async def _find_group_named_like(
    instance: ServiceNowClient, workflow: str, seen: ApproverFindings, named: ApproverFindings
) -> None:
    """Look for a group that carries the workflow's name; where there is none, it says nothing."""
    _copy_members(named, seen)
    seen.seen_at = "it is called like the workflow"
    if named.group:
        seen.group = workflow
        return
    was_read, seen.people = seen.people is not None, None
    rows = await _read_rows(
        instance.table("sys_user_group"), equals(name=workflow), ("name", "active"), 2, "groups", seen
    )
    exact = [row for row in rows or () if row["name"] == workflow]
    if len(exact) == 1:
        seen.group, seen.group_active = exact[0]["name"], not is_false(exact[0]["active"])
        seen.people = [] if was_read else None


async def _read_members(instance: ServiceNowClient, query: TableQuery, seen: ApproverFindings) -> None:
    fields = (
        "user", "user.name", "user.user_name", "user.active", "user.locked_out", "group.name", "group.active",
    )  # fmt: skip
    table = instance.table("sys_user_grmember")
    rows = await _read_rows(table, query, fields, MEMBERS_MAX, "members of the group", seen)
    if not rows and rows is not None:
        known = await _is_none_proven(instance, "sys_user_grmember", "members of the group", seen)
        rows = rows if known else None
    if rows is not None:
        # A membership without a user is left behind when the user is deleted.
        seen.people = [_parse_approver(row, "user") for row in rows if row["user"]]
        seen.group_active = not any(is_false(row["group.active"]) for row in rows)


def _parse_approver(row: Row, path: str) -> Approver:
    name = row[f"{path}.name"] or row.get(f"{path}.user_name", "") or row[path]
    active, locked = not is_false(row[f"{path}.active"]), is_true(row[f"{path}.locked_out"])
    return Approver(row[path], name, active, locked)


async def _read_delegates(instance: ServiceNowClient, seen: ApproverFindings) -> None:
    """Find out who acts for whom now."""
    people = [person.sys_id for person in seen.able_to_act][:REQUESTS_MAX]
    if not people:
        return
    rows = await _read_rows(
        instance.table("sys_user_delegate"),
        where("user", Operator.IN, *people).where("approvals", Operator.IS, "true"),
        ("user", "starts", "ends", "delegate.name", "delegate.active"),
        REQUESTS_MAX,
        "delegates",
        seen,
    )
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    for row in rows or ():
        begun = not row["starts"] or row["starts"] <= now
        over = bool(row["ends"]) and row["ends"] < now
        if begun and not over and not is_false(row["delegate.active"]) and row["delegate.name"]:
            seen.delegates[row["user"]] = row["delegate.name"]
