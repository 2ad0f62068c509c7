"""The stages `request_item` and `approval_flow`: the item that requests are made of, and who would be asked."""

from models.approval_process import ApprovalProcess
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId, FaultTrait
from services.common.tasks import gather_or_cancel
from services.connectivity.fault_catalog import fault_result
from services.connectivity.report import StageResult
from services.connectivity.servicenow.stage import SignedInCheck, signed_in_stages
from services.connectivity.servicenow.stages.approvers import ApproverFindings, find_approvers
from services.connectivity.stage import Stage
from services.servicenow.contract import ITEM_NAMES, VARIABLES
from services.servicenow.encoded_query import Operator, equals, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.record_values import is_false, is_true
from services.servicenow.table_api import Row
from services.servicenow.visible_rows import Visibility, probe_visibility
from services.transport.http_channel import GET_ATTEMPTS

STAGE, FLOW_STAGE = "request_item", "approval_flow"
ORDERABLE_CLASS = "sc_cat_item"
ITEM_FIELDS = (
    "name",
    "active",
    "sys_class_name",
    "category",
    "category.title",
    "category.active",
    "category.sc_catalog",
    "category.sc_catalog.active",
    "sc_catalogs",
    "workflow",
    "workflow.name",
    "workflow.active",
    "flow_designer_flow",
)
CANDIDATES_MAX = 20
CATALOGUES_MAX = 50


class RequestItemCheck:
    """The item of one process on one instance; what was read serves both stages."""

    def __init__(self, instance: ServiceNowClient, process: ApprovalProcess) -> None:
        self._instance = instance
        self._process = process
        self.row: Row | None = None

    async def look(self) -> str | StageResult:
        """Say whether the item is there, can be ordered, and carries every variable of the contract."""
        wanted = self._process.request_item_id
        if wanted:
            self.row, variables = await gather_or_cancel(self._read_item(wanted), self._variables(wanted))
        if self.row is None:
            twin, carried = await self._find_by_contract()
            if twin is None:
                named = f"Nothing with the sys_id {wanted} can be seen" if wanted else self._unresolved()
                return await self._unseen(named, bool(wanted and variables) or bool(carried))
            if wanted:
                return self._gone(wanted, twin)
            self.row, variables = twin, carried
        return await self._judge(self.row, variables)

    def _unresolved(self) -> str:
        name = self._process.request_item_name
        nothing = "o item carries the variables of the contract"
        return f"The Request Item “{name}” is not resolved yet: n{nothing}" if name else f"N{nothing}"

    async def _unseen(self, seen: str, carries_variables: bool) -> StageResult:  # noqa: FBT001
        """Return the result for an item that was not found: missing only where nothing speaks for a hidden one.

        A stored sys_id speaks for it, and so do variables: they are the same in every domain, and no user criteria hide
        them. Neither proves it: an item that was deleted may leave both.
        """
        wanted = self._process.request_item_id
        visible = await probe_visibility(self._instance, "sc_cat_item", [wanted] if wanted else ())
        text = f"{seen}; {visible.evidence}"
        if visible.state is Visibility.HIDDEN:
            return fault_result(STAGE, FaultId.REQUEST_ITEM_HIDDEN, text)
        if carries_variables:
            left = "variables of an item are seen that is not: it is hidden, or it was deleted and left them"
            return fault_result(STAGE, FaultId.REQUEST_ITEM_UNSEEN, f"{text}; {left}")
        if wanted or visible.state is Visibility.UNKNOWN:
            return fault_result(STAGE, FaultId.REQUEST_ITEM_UNSEEN, text)
        variables = await probe_visibility(self._instance, "item_option_new")
        known = variables.state is Visibility.SEEN
        fault = FaultId.REQUEST_ITEM_MISSING if known else FaultId.REQUEST_ITEM_UNSEEN
        return fault_result(STAGE, fault, f"{text}; {variables.evidence}")

    @staticmethod
    def _gone(wanted: str, twin: Row) -> StageResult:
        return fault_result(
            STAGE,
            FaultId.REQUEST_ITEM_STALE,
            f"Nothing with the sys_id {wanted} can be seen; “{twin['name']}” carries the contract",
            remedy=f"Choose “{twin['name']}” ({twin['sys_id']}) on the Approval Process.",
            suggested_item_id=twin["sys_id"],
        )

    async def _judge(self, row: Row, variables: frozenset[str]) -> str | StageResult:
        named = f"“{row['name']}” ({row['sys_id']})"
        if row["sys_class_name"] not in ("", ORDERABLE_CLASS):
            return fault_result(
                STAGE, FaultId.REQUEST_ITEM_NOT_ORDERABLE, f"{named} is a {row['sys_class_name']}"
            )
        if is_false(row["active"]):
            return fault_result(STAGE, FaultId.REQUEST_ITEM_INACTIVE, f"{named} has Active off")
        if is_false(row["category.active"]):
            seen = f"{named} stands in {row['category.title']}, which has Active off"
            return fault_result(STAGE, FaultId.REQUEST_ITEM_CATEGORY_INACTIVE, seen)
        if not await self._is_in_active_catalog(row):
            return fault_result(
                STAGE, FaultId.REQUEST_ITEM_CATALOGUE_INACTIVE, f"{named} stands in no active catalogue"
            )
        missing = [name for name in VARIABLES if name not in variables]
        if missing:
            seen = f"{named} lacks {', '.join(missing[:4])}{' …' if len(missing) > 4 else ''}"
            return fault_result(STAGE, FaultId.REQUEST_ITEM_VARIABLES, seen)
        how = "as chosen" if self._process.request_item_id else "found by its contract, none is chosen"
        category = f", in {row['category.title']}" if row["category.title"] else ""
        return f"{named}{category}, {len(VARIABLES)} variables, {how}"

    async def _read_item(self, sys_id: str) -> Row | None:
        return await self._instance.table("sc_cat_item").get(sys_id, ITEM_FIELDS)

    async def _variables(self, sys_id: str) -> frozenset[str]:
        query = where("cat_item", Operator.IS, sys_id).where("active", Operator.IS, "true")
        query = query.where("name", Operator.IN, *VARIABLES)
        table = self._instance.table("item_option_new")
        return frozenset([row["name"] async for row in table.rows(query, fields=("name",))])

    async def _find_by_contract(self) -> tuple[Row | None, frozenset[str]]:
        """Return the best active item among those that carry the contract, or nearly, and its variables.

        Variables without an item are those of items that this account does not see.
        """
        carried = await self._carried()
        ids = [item for item, names in carried.items() if VARIABLES[0] in names][:CANDIDATES_MAX]
        if not ids:
            return None, frozenset()
        query = where("sys_id", Operator.IN, *ids)
        items = self._instance.table("sc_cat_item")
        rows = [row async for row in items.rows(query, fields=ITEM_FIELDS)]
        if not rows:
            return None, frozenset(carried[ids[0]])
        name = self._process.request_item_name

        def rank(row: Row) -> tuple[bool, bool, int, bool]:
            held = len(carried.get(row["sys_id"], ()))
            return (
                is_false(row["active"]),
                bool(name) and row["name"] != name,
                -held,
                row["name"] not in ITEM_NAMES,
            )

        best = min(rows, key=rank)
        return best, frozenset(carried.get(best["sys_id"], ()))

    async def _carried(self) -> dict[str, set[str]]:
        """Return which variables of the contract each item has, by its sys_id."""
        table = self._instance.table("item_option_new")
        query = where("name", Operator.IN, *VARIABLES).where("active", Operator.IS, "true")
        fields = ("name", "cat_item")
        page = await table.page(
            query, fields=fields, limit=CANDIDATES_MAX * len(VARIABLES), tries=GET_ATTEMPTS
        )
        rows = page.rows
        if page.more:
            # Too many items for one look: those with the first variable, and everything that they have.
            holders = equals(name=VARIABLES[0], active="true")
            found = table.rows(holders, fields=("cat_item",), limit=CANDIDATES_MAX)
            ids = [row["cat_item"] async for row in found if row["cat_item"]]
            of_these = query.where("cat_item", Operator.IN, *dict.fromkeys(ids))
            rows = [row async for row in table.rows(of_these, fields=fields)] if ids else []
        carried: dict[str, set[str]] = {}
        for row in rows:
            if row["cat_item"]:
                carried.setdefault(row["cat_item"], set()).add(row["name"])
        return carried

    async def _is_in_active_catalog(self, row: Row) -> bool:
        """Return whether an item stands in an active catalogue; where that is hidden, it is believed."""
        ids = [part.strip() for part in row["sc_catalogs"].split(",") if part.strip()][:CATALOGUES_MAX]
        if not ids or (row["category.sc_catalog"] in ids and is_true(row["category.sc_catalog.active"])):
            return True
        query = where("sys_id", Operator.IN, *ids)
        table = self._instance.table("sc_catalog")
        active = [r["active"] async for r in table.rows(query, fields=("active",))]
        return not active or not all(map(is_false, active))


async def check_approval_flow(instance: ServiceNowClient, row: Row) -> str | StageResult:
    """Say what asks the approvers, and whether any of them can act: else requests wait until they time out."""
    return (await look_at_approval_flow(instance, row))[0]


async def look_at_approval_flow(
    instance: ServiceNowClient, row: Row
) -> tuple[str | StageResult, ApproverFindings]:
    """Return what `check_approval_flow` says, and what was seen of the approvers; nothing where nobody is ever asked."""
    named = f"“{row['name']}”"
    workflow = row["workflow.name"] or row["workflow"]
    if row["flow_designer_flow"]:
        seen, workflow = f"{named} has a flow", ""
    elif not workflow:
        seen = f"{named} has neither workflow nor flow attached"
        return fault_result(FLOW_STAGE, FaultId.APPROVAL_FLOW_MISSING, seen), ApproverFindings()
    elif is_false(row["workflow.active"]):
        seen = f"The workflow “{workflow}” has Active off"
        return fault_result(FLOW_STAGE, FaultId.APPROVAL_FLOW_INACTIVE, seen), ApproverFindings()
    else:
        seen = f"The workflow “{workflow}” is attached"
    approvers = await find_approvers(instance, row["sys_id"], workflow)
    if approvers.text:
        seen = f"{seen}; {approvers.text}"
    return _judge_approvers(approvers, seen), approvers


def _judge_approvers(approvers: ApproverFindings, seen: str) -> str | StageResult:
    if approvers.nobody and approvers.able_to_act:
        cause = "The group that is to approve is not active."
        remedy = f"Make the group “{approvers.group}” active, or let the workflow ask another group."
        return fault_result(FLOW_STAGE, FaultId.APPROVERS_MISSING, seen, cause=cause, remedy=remedy)
    if approvers.nobody:
        whom = f"the group “{approvers.group}”" if approvers.group else "the approvers that are named"
        state = "" if approvers.group_active else ", make it active"
        remedy = f"Add a member to {whom} who is active and not locked out{state}, or let the workflow ask another group."
        return fault_result(FLOW_STAGE, FaultId.APPROVERS_MISSING, seen, remedy=remedy)
    if approvers.unasked is not None:
        number, since = approvers.unasked["number"], approvers.unasked["sys_created_on"]
        return fault_result(
            FLOW_STAGE,
            FaultId.APPROVAL_NOT_REQUESTED,
            f"{seen}; {number} waits since {since} UTC and nobody was asked",
        )
    return seen if approvers.hidden or approvers.unproven else f"{seen}; no request waits unasked"


@signed_in_stages(priority=1)
def create_item_stages(check: SignedInCheck) -> list[Stage]:
    """Return the stages of the request item and of its approval flow, which is looked at whenever the item is known."""
    if check.process is None:
        return []
    item = RequestItemCheck(check.instance, check.process)

    async def check_item() -> str | StageResult:
        try:
            return await item.look()
        except ConsoleError as error:
            if FaultTrait.SIGNED_IN not in error.problem.fault.traits:
                raise
            check.note_unreadable(error.problem)
            return StageResult.skipped(STAGE, f"the catalogue cannot be read: {error.problem.evidence}")

    async def check_flow() -> str | StageResult:
        assert item.row is not None  # noqa: S101 -- `is_possible` is checked before
        try:
            return await check_approval_flow(check.instance, item.row)
        except ConsoleError as error:
            if error.problem.fault is not FaultId.TRANSACTION_CANCELLED:
                raise
            check.note_unreadable(error.problem)
            return StageResult.skipped(FLOW_STAGE, f"whom it asks cannot be read: {error.problem.evidence}")

    return [
        Stage(STAGE, check_item),
        Stage(
            FLOW_STAGE, check_flow, needs=STAGE, needs_success=False, is_possible=lambda: item.row is not None
        ),
    ]
