"""Says what applying a goal to a policy would change, row by row. A plan writes nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from models.base import utcnow
from models.translation_marks import tr_later
from services.common.errors import OpenRequests
from services.common.json_types import JsonLike
from services.language import plural_message, tr_message, translate, translate_message
from services.policies.plan_warnings import LIST_INCOMPLETE, PlanWarning, find_warnings
from services.policies.policy_goal import PolicyGoal, WantedAction, WantedFilter
from services.policies.server_state import (
    PolicySnapshot,
    ServerState,
    is_read_only,
)
from services.privilege_manager import Operation
from services.privilege_manager.api_items import FilterRole, PolicyItem, read_id
from services.privilege_manager.client import PolicyFilter

ACTIVE, INACTIVE = "active", "inactive"


class PlanField(StrEnum):
    """What a row is about."""

    POLICY = "policy"
    ACTIONS = "actions"
    CHILD_ACTIONS = "child_actions"
    STATUS = "status"
    PRIORITY = "priority"
    TARGETS = "targets"
    FILTER = "filter"
    """A filter that is added or removed."""
    CONDITIONS = "conditions"

    @property
    def label(self) -> str:
        """Its name on screen, to be translated."""
        return _FIELD_LABELS[self]


_FIELD_LABELS = {
    PlanField.POLICY: tr_later("Policy"),
    PlanField.ACTIONS: tr_later("Actions"),
    PlanField.CHILD_ACTIONS: tr_later("Child actions"),
    PlanField.STATUS: tr_later("Status"),
    PlanField.PRIORITY: tr_later("Priority"),
    PlanField.TARGETS: tr_later("Targets"),
    PlanField.FILTER: tr_later("Condition"),
    PlanField.CONDITIONS: tr_later("Conditions"),
}


class RowOperation(StrEnum):
    """What happens to a row."""

    CREATE = "create"
    ADD = "add"
    REMOVE = "remove"
    UPDATE = "update"
    KEEP = "keep"
    CONFLICT = "conflict"
    """It cannot be told what is meant, or it changed since the plan."""
    BLOCKED = "blocked"
    """The server cannot do it, or something has to be there first."""

    @property
    def label(self) -> str:
        """Its name on screen, to be translated."""
        return _OPERATION_LABELS[self]


_OPERATION_LABELS = {
    RowOperation.CREATE: tr_later("Create"),
    RowOperation.ADD: tr_later("Add"),
    RowOperation.REMOVE: tr_later("Remove"),
    RowOperation.UPDATE: tr_later("Update"),
    RowOperation.KEEP: tr_later("Keep"),
    RowOperation.CONFLICT: tr_later("Conflict"),
    RowOperation.BLOCKED: tr_later("Blocked"),
}
WRITES = frozenset({RowOperation.CREATE, RowOperation.ADD, RowOperation.REMOVE, RowOperation.UPDATE})
PROBLEMS = frozenset({RowOperation.CONFLICT, RowOperation.BLOCKED})
_NEEDED = {
    RowOperation.CREATE: Operation.CREATE_POLICY,
    RowOperation.ADD: Operation.ADD_ACTIONS,
    RowOperation.REMOVE: Operation.REMOVE_ACTIONS,
    RowOperation.UPDATE: Operation.SET_ACTIVE,
}
_NEEDED_FOR_FILTERS = {
    RowOperation.ADD: Operation.ADD_FILTERS,
    RowOperation.REMOVE: Operation.REMOVE_FILTERS,
}
_LISTED = (PlanField.ACTIONS, PlanField.FILTER)
"""Fields with a row for each entry: one that is not there is nothing."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A row of the plan: what is on Privilege Manager, and after Apply. None cannot be read; an empty text is nothing."""

    field: PlanField
    operation: RowOperation
    before: str | None
    after: str | None
    why: str = ""
    """A sentence for what is not kept or written, to be translated."""
    item_id: str = ""
    """GUID of the action, filter or policy that it is about."""
    role: int = 0
    """What a filter is for: a value of FilterRole."""

    @property
    def key(self) -> tuple[PlanField, str, int]:
        """What the row is about."""
        return self.field, self.item_id, self.role

    @property
    def before_text(self) -> str:
        """What is on Privilege Manager, in the user's language."""
        return value_text(self.field, self.before)

    @property
    def after_text(self) -> str:
        """What is there after Apply, in the user's language."""
        return value_text(self.field, self.after)

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the row for JSON; null is what cannot be read."""
        return {
            "field": self.field.value,
            "operation": self.operation.value,
            "id": self.item_id or None,
            "from": self.before,
            "to": self.after,
            "why": self.why,
        }


def value_text(plan_field: PlanField, value: str | None) -> str:
    """Return a value of a row in the user's language; names stay as they are."""
    if value is None:
        return translate(tr_later("Cannot be read"))
    if not value:
        return translate(tr_later("None"))
    if plan_field is PlanField.STATUS:
        return translate(tr_later("Active") if value == ACTIVE else tr_later("Inactive"))
    if plan_field is PlanField.FILTER:
        return translate_message(value)
    return translate(value) if plan_field in (PlanField.TARGETS, PlanField.CONDITIONS) else value


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """What applying a goal would do, as of `read_at`."""

    server: str
    goal: PolicyGoal
    policy_name: str
    before: PolicySnapshot | None
    """The policy as it was read; None: it is not there."""
    rows: tuple[PlanRow, ...]
    warnings: tuple[PlanWarning, ...] = ()
    open_requests: OpenRequests | None = None
    """Open requests of the policy, where the plan takes something from them."""
    read_at: datetime = field(default_factory=utcnow)

    @property
    def policy_id(self) -> str:
        """GUID of the policy; empty while it is not there."""
        return self.before.item_id if self.before is not None else ""

    @property
    def changes(self) -> tuple[PlanRow, ...]:
        """The rows that Apply writes."""
        return tuple(row for row in self.rows if row.operation in WRITES)

    @property
    def problems(self) -> tuple[PlanRow, ...]:
        """The rows that Apply leaves alone although they are wanted."""
        return tuple(row for row in self.rows if row.operation in PROBLEMS)

    @property
    def calls(self) -> int:
        """How many calls Apply makes before it reads back: one that reads again, and those that write."""
        return 1 + len({(row.operation, row.field) for row in self.changes}) if self.changes else 0

    @property
    def weakens(self) -> bool:
        """Whether open requests lose what they hang on: an action is removed, or the policy is made inactive."""
        return any(
            (row.operation is RowOperation.REMOVE and row.field is PlanField.ACTIONS)
            or (row.operation is RowOperation.UPDATE and row.after == INACTIVE)
            for row in self.rows
        )

    @property
    def summary(self) -> dict[str, int]:
        """How many rows there are of each operation."""
        counted = Counter(row.operation for row in self.rows)
        return {one.value: counted[one] for one in RowOperation}

    def ids(self, operation: RowOperation) -> tuple[str, ...]:
        """Return the actions that an operation is for."""
        found = (
            row.item_id for row in self.rows if row.operation is operation and row.field is PlanField.ACTIONS
        )
        return tuple(dict.fromkeys(found))

    def filters(self, operation: RowOperation) -> tuple[PolicyFilter, ...]:
        """Return the filters that an operation is for."""
        return tuple(
            PolicyFilter(row.item_id, FilterRole(row.role))
            for row in self.rows
            if row.operation is operation and row.field is PlanField.FILTER
        )

    @property
    def new_status(self) -> bool | None:
        """Whether the policy is switched on (True) or off (False); None: neither."""
        for row in self.rows:
            if row.field is PlanField.STATUS and row.operation is RowOperation.UPDATE:
                return row.after == ACTIVE
        return None

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the plan for JSON."""
        return {
            "server": self.server,
            "policy": {"name": self.policy_name, "id": self.policy_id or None},
            "changes": [row.as_dict() for row in self.rows],
            "summary": self.summary,
            "calls": self.calls,
            "warnings": [one.as_dict() for one in self.warnings],
            "open_requests": self.open_requests.count if self.open_requests is not None else 0,
            "read_at": self.read_at.isoformat(),
        }


def make_plan(goal: PolicyGoal, state: ServerState, server: str) -> PolicyPlan:
    """Return the plan for a goal and what was read."""
    return _Planner(goal, state, server).plan()


def mark_changes_since(plan: PolicyPlan, now: PolicyPlan) -> PolicyPlan:
    """Return the newer plan, with a conflict in each row whose value on the server is another than in `plan`."""
    before = {row.key: row.before for row in plan.rows}
    rows: list[PlanRow] = []
    for row in now.rows:
        was = before.pop(row.key, "" if row.field in _LISTED else row.before)
        other = row.field is PlanField.POLICY and plan.policy_id != now.policy_id
        rows.append(_changed(row, was) if was != row.before or other else row)
    for (name, item_id, role), was in before.items():
        if name in _LISTED and was:
            gone = PlanRow(name, RowOperation.CONFLICT, "", "", item_id=item_id, role=role)
            rows.append(_changed(gone, was))
    return replace(now, rows=tuple(rows))


def _changed(row: PlanRow, was: str | None) -> PlanRow:
    why = tr_message("Changed since the plan: it was {before}.", before=value_text(row.field, was))
    return _conflict(row, why)


class _Planner:
    """Makes one plan."""

    def __init__(self, goal: PolicyGoal, state: ServerState, server: str) -> None:
        self._goal = goal
        self._state = state
        self._server = server
        found = state.find_policies(goal.policy, goal.item_id)
        self._found = found
        self._policy: PolicyItem | None = found[0] if len(found) == 1 else None

    def plan(self) -> PolicyPlan:
        rows = [self._policy_row()]
        rows += self._action_rows()
        rows += [self._child_row(), self._status_row()]
        rows += self._shown_rows()
        rows = [self._check_operation(row) for row in rows]
        rows = self._wait_for_actions(rows)
        if rows[0].operation in PROBLEMS:
            rows = [rows[0], *(_block(row, rows[0].why) for row in rows[1:])]
        policy, goal = self._policy, self._goal
        made = PolicyPlan(
            self._server,
            goal,
            (policy.name if policy is not None else None) or goal.policy,
            PolicySnapshot.of(policy) if policy is not None else None,
            tuple(rows),
        )
        after = [row for row in rows if row.field is PlanField.ACTIONS and row.after]
        status = next(row.after for row in rows if row.field is PlanField.STATUS)
        found = find_warnings(
            goal,
            self._state,
            policy,
            action_ids=[row.item_id for row in after if row.operation not in PROBLEMS],
            active=None if status is None else status == ACTIVE,
        )
        return replace(made, warnings=found)

    # -- rows --------------------------------------------------------------

    def _policy_row(self) -> PlanRow:
        goal, policies = self._goal, self._state.policies
        if self._policy is not None:
            name = self._policy.name
            row = PlanRow(PlanField.POLICY, RowOperation.KEEP, name, name, item_id=self._policy.item_id)
            if is_read_only(self._policy) and goal.wants_change:
                return _block(
                    row, tr_message("Privilege Manager does not let this policy be changed."), force=True
                )
            return row
        if len(self._found) > 1:
            ids = ", ".join(one.item_id for one in self._found)
            why = tr_message("Several policies have this name; choose one by its id: {ids}.", ids=ids)
            return PlanRow(PlanField.POLICY, RowOperation.CONFLICT, goal.policy, None, why)
        if policies is None:
            reason = self._state.api.find_reason(Operation.LIST_POLICIES)
            return PlanRow(PlanField.POLICY, RowOperation.BLOCKED, None, None, reason)
        creates = goal.create is not None and read_id(goal.policy) is None
        if not policies.complete and creates:
            why = tr_message(
                "The list of policies is incomplete, so a policy of this name may be there already."
            )
            return PlanRow(PlanField.POLICY, RowOperation.BLOCKED, None, goal.policy, why)
        if not policies.complete and not self._state.missing:
            return PlanRow(PlanField.POLICY, RowOperation.BLOCKED, None, None, tr_message(LIST_INCOMPLETE))
        if not creates:
            why = tr_message("There is no such policy on the server.")
            return PlanRow(PlanField.POLICY, RowOperation.CONFLICT, "", None, why)
        return PlanRow(PlanField.POLICY, RowOperation.CREATE, "", goal.policy)

    def _action_rows(self) -> list[PlanRow]:
        goal, present = self._goal, self._present_ids()
        if present is None:
            wanted = bool(goal.add_actions or goal.remove_actions)
            row = PlanRow(PlanField.ACTIONS, RowOperation.KEEP, None, None)
            why = tr_message("The server does not tell which actions the policy has.")
            return [_block(row, why, force=True) if wanted else row]
        removed = {one for want in goal.remove_actions for one in self._find_removable(want, present)}
        rows = [
            PlanRow(
                PlanField.ACTIONS,
                RowOperation.REMOVE if one in removed else RowOperation.KEEP,
                self._state.action_name(one),
                "" if one in removed else self._state.action_name(one),
                item_id=one,
            )
            for one in present
        ]
        for want in goal.add_actions:
            row = self._added_row(want)
            if row.item_id not in present or row.operation in PROBLEMS:
                rows.append(row)
            elif row.item_id in removed:
                why = tr_message("It is to be added and to be removed.")
                rows = [_conflict(one, why) if one.item_id == row.item_id else one for one in rows]
        rows += self._unknown_removals(present)
        return rows or [PlanRow(PlanField.ACTIONS, RowOperation.KEEP, "", "")]

    def _present_ids(self) -> tuple[str, ...] | None:
        return () if self._policy is None else self._policy.action_ids

    def _find_removable(self, want: WantedAction, present: Sequence[str]) -> list[str]:
        """Return the id of the action in the policy that is meant; nothing where there is none, or several."""
        found = [one.item_id for one in self._state.find_actions(want.name, want.item_id)]
        direct = [one for one in (read_id(want.item_id), read_id(want.name)) if one]
        inside = [one for one in dict.fromkeys([*found, *direct]) if one in present]
        return inside if len(inside) == 1 else []

    def _unknown_removals(self, present: Sequence[str]) -> list[PlanRow]:
        """Return rows for actions that the caller named and that are not in the policy, or several of a name are."""
        if self._goal.object_id is not None:
            return []
        rows = []
        for want in self._goal.remove_actions:
            if self._find_removable(want, present):
                continue
            inside = [
                one for one in self._state.find_actions(want.name, want.item_id) if one.item_id in present
            ]
            if len(inside) > 1:
                ids = ", ".join(one.item_id for one in inside)
                why = tr_message("Several actions have this name; choose one by its id: {ids}.", ids=ids)
                rows.append(PlanRow(PlanField.ACTIONS, RowOperation.CONFLICT, want.key, want.key, why))
            else:
                why = tr_message("It is not in the policy.")
                rows.append(PlanRow(PlanField.ACTIONS, RowOperation.KEEP, "", "", f"{want.key}: {why}"))
        return rows

    def _added_row(self, want: WantedAction) -> PlanRow:
        state = self._state
        found = state.find_actions(want.name, want.item_id)
        if len(found) == 1:
            name = found[0].name or found[0].item_id
            return PlanRow(PlanField.ACTIONS, RowOperation.ADD, "", name, item_id=found[0].item_id)
        if len(found) > 1:
            ids = ", ".join(one.item_id for one in found)
            why = tr_message("Several actions have this name; choose one by its id: {ids}.", ids=ids)
            return PlanRow(PlanField.ACTIONS, RowOperation.CONFLICT, "", want.key, why)
        reason: str
        if state.actions is None:
            reason = state.api.find_reason(Operation.LIST_ACTIONS)
        elif not state.actions.complete:
            reason = tr_message("It is not in the list of actions, which is incomplete.")
        else:
            reason = tr_message("This action is not on the server yet: import its copy first.")
        return PlanRow(PlanField.ACTIONS, RowOperation.BLOCKED, "", want.key, reason)

    def _child_row(self) -> PlanRow:
        ids = () if self._policy is None else self._policy.child_action_ids
        text = None if ids is None else ", ".join(self._state.action_name(one) for one in ids)
        return PlanRow(PlanField.CHILD_ACTIONS, RowOperation.KEEP, text, text)

    def _status_row(self) -> PlanRow:
        wanted = self._goal.active
        if self._policy is None:
            # The API reference: a new policy is inactive.
            after = ACTIVE if wanted else INACTIVE
            operation = RowOperation.UPDATE if wanted else RowOperation.KEEP
            return PlanRow(PlanField.STATUS, operation, "", after)
        now = self._policy.active
        before = None if now is None else ACTIVE if now else INACTIVE
        if wanted is None or wanted == now:
            return PlanRow(PlanField.STATUS, RowOperation.KEEP, before, before)
        row = PlanRow(PlanField.STATUS, RowOperation.UPDATE, before, ACTIVE if wanted else INACTIVE)
        if now is None:
            why = tr_message("The server does not tell whether the policy is active.")
            return _block(row, why, force=True)
        return row

    def _shown_rows(self) -> list[PlanRow]:
        policy = self._policy
        if policy is None:
            unknown = (PlanField.PRIORITY, PlanField.TARGETS, PlanField.CONDITIONS)
            return [PlanRow(one, RowOperation.KEEP, "", None) for one in unknown]
        changes = self._filter_rows(policy)
        values = (
            (PlanField.PRIORITY, None if policy.priority is None else str(policy.priority)),
            (PlanField.TARGETS, self._targets(policy)),
            (PlanField.CONDITIONS, condition_text(policy)),
        )
        rows = [PlanRow(name, RowOperation.KEEP, value, value) for name, value in values]
        # Their number is not kept where one of them changes.
        return [*rows[:-1], *changes] if changes else rows

    def _filter_rows(self, policy: PolicyItem) -> list[PlanRow]:
        """Return a row for each filter that is to be added or removed."""
        goal = self._goal
        wanted = [(one, RowOperation.ADD) for one in goal.add_filters]
        wanted += [(one, RowOperation.REMOVE) for one in goal.remove_filters]
        return [self._filter_row(policy, one, operation) for one, operation in wanted]

    def _filter_row(self, policy: PolicyItem, want: WantedFilter, operation: RowOperation) -> PlanRow:
        present = policy.filter_ids.get(want.role)
        name = _filter_text(want.role, self._state.filter_name(want.item_id))
        if present is None:
            why = tr_message("The server does not tell which filters the policy has.")
            row = PlanRow(PlanField.FILTER, operation, None, None, why, want.item_id, int(want.role))
            return _block(row, why, force=True)
        before = name if want.item_id in present else ""
        after = name if operation is RowOperation.ADD else ""
        if before == after:
            operation = RowOperation.KEEP
        return PlanRow(PlanField.FILTER, operation, before, after, "", want.item_id, int(want.role))

    def _targets(self, policy: PolicyItem) -> str | None:
        if policy.target_ids is None:
            return None
        return ", ".join(self._state.filter_name(one) for one in policy.target_ids)

    # -- what stands in the way ----------------------------------------------

    def _check_operation(self, row: PlanRow) -> PlanRow:
        known = _NEEDED_FOR_FILTERS if row.field is PlanField.FILTER else _NEEDED
        needed = known.get(row.operation)
        reason = self._state.api.find_reason(needed) if needed is not None else ""
        return _block(row, reason) if reason else row

    @staticmethod
    def _wait_for_actions(rows: list[PlanRow]) -> list[PlanRow]:
        """Leave a policy inactive while an action that it is to have cannot be added."""
        if not any(row.field is PlanField.ACTIONS and row.operation in PROBLEMS for row in rows):
            return rows
        why = tr_message("The policy is not made active before it has its actions.")
        return [
            _block(row, why)
            if row.field is PlanField.STATUS and row.operation is RowOperation.UPDATE and row.after == ACTIVE
            else row
            for row in rows
        ]


def condition_text(policy: PolicyItem) -> str | None:
    """Return the filters of a policy, counted by what they are for; None where the server does not tell."""
    parts: list[str] = []
    for role in FilterRole:
        ids = policy.filter_ids.get(role)
        if ids is None:
            return None
        if ids:
            parts.append(_condition(role, len(ids)))
    return ", ".join(parts)


def _filter_text(role: FilterRole, name: str) -> str:
    """Return what a filter is for, and its name, to be translated."""
    match role:
        case FilterRole.APPLICATION_TARGET:
            return tr_message("Application target: {name}", name=name)
        case FilterRole.INCLUSION:
            return tr_message("Inclusion: {name}", name=name)
        case FilterRole.EXCLUSION:
            return tr_message("Exclusion: {name}", name=name)
    assert_never(role)


def _block(row: PlanRow, why: str, *, force: bool = False) -> PlanRow:
    """Return the row blocked where it would be written."""
    if row.operation not in WRITES and not force:
        return row
    return replace(row, operation=RowOperation.BLOCKED, why=why)


def _conflict(row: PlanRow, why: str) -> PlanRow:
    return replace(row, operation=RowOperation.CONFLICT, after=row.before, why=why)


def _condition(role: FilterRole, count: int) -> str:
    match role:
        case FilterRole.APPLICATION_TARGET:
            return plural_message(count, "{count} application target", "{count} application targets")
        case FilterRole.INCLUSION:
            return plural_message(count, "{count} inclusion", "{count} inclusions")
        case FilterRole.EXCLUSION:
            return plural_message(count, "{count} exclusion", "{count} exclusions")
    assert_never(role)
