"""What can be done on the page of policies, besides the plan of one: new ones, chains, endpoints, export."""

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QObject

from console.forms import object_actions as acts
from console.policies import operations
from console.policies.endpoints_dialog import EndpointsDialog
from console.policies.operations import PolicyRef
from console.policies.policy_rows import ChainVerdict, PolicyRow
from console.policies.server_policies import policy_key, policy_news
from console.runtime.activity import FAILED
from console.runtime.page_targets import Target
from console.runtime.task_runner import show_and_wait
from console.widgets.save_dialog import open_save_dialog
from models.kinds import Kind
from services.common.errors import ConsoleError
from services.language import plural, tr, translate

if TYPE_CHECKING:
    from console.policies.policies_page import PoliciesPage

CHECK = "check chains"


class PolicyActs(QObject):
    """The acts of one page."""

    def __init__(self, page: "PoliciesPage") -> None:
        super().__init__(page)
        self._page = page

    def go(self, index: int) -> None:
        """Go to a part of the breadcrumb."""
        target = self._page.breadcrumb[index][1]
        if target is not None:
            self._page.ctx.navigate(target)

    def new(self) -> None:
        """Start a new policy on the page of its own."""
        values = {"server_id": self._page.server.id} if self._page.server is not None else {}
        self._page.tasks.start(acts.new_object(self._page.ctx, Kind.POLICY, **values), group="new")

    def new_server(self) -> None:
        """Start a new Privilege Manager Server."""
        self._page.tasks.start(acts.new_object(self._page.ctx, Kind.PRIVILEGE_MANAGER_SERVER), group="new")

    def open_page(self, key: str) -> None:
        """Open the page of a policy; one that is not managed here is managed first."""
        row = self._page.presenter.find(key)
        if row is None or self._page.server is None:
            return
        if row.object_id is not None:
            self._page.ctx.navigate(Target(str(Kind.POLICY), row.object_id))
        else:
            ref = PolicyRef.of(self._page.server, row)
            self._page.tasks.start(
                operations.manage(self._page.ctx, ref), group="manage", on_result=self._managed
            )

    def _managed(self, ref: PolicyRef) -> None:
        self._page.ctx.navigate(Target(str(Kind.POLICY), ref.object_id))

    def update_endpoints(self) -> None:
        """Open the dialog that updates endpoints."""
        if self._page.server is not None:
            dialog = EndpointsDialog(self._page.ctx, self._page.server, self._page.window())
            self._page.tasks.start(show_and_wait(dialog), group="endpoints")

    def check_chains(self) -> None:
        """Check the chain of every policy that asks for approval."""
        rows = self._page.presenter.checkable()
        if rows and self._page.server is not None and self._page.presenter.checking is None:
            refs = [(row.key, PolicyRef.of(self._page.server, row)) for row in rows]
            self._page.tasks.start(self._check_chains(refs), group=CHECK)

    async def _check_chains(self, refs: list[tuple[str, PolicyRef]]) -> None:
        job = self._page.ctx.activity.begin(tr("Checking all chains"), lambda: self._page.tasks.cancel(CHECK))
        total = len(refs)
        self._page.presenter.checking = (0, total)
        self._page.refresh_view()

        def report(done: int, key: str, verdict: ChainVerdict) -> None:
            self._page.presenter.verdicts[key] = verdict
            row = self._page.presenter.find(key)
            if row is not None and self._page.server is not None:
                place = policy_key(self._page.server.id, row.item_id, row.object_id)
                policy_news(self._page.ctx).judge(place, verdict)
            self._page.presenter.checking = (done, total)
            job.progress(tr("Checking all chains"), done, total)
            self._page.refresh_view()
            if key == self._page.shown_key():
                self._page.plan_controller.presenter.chain = verdict
                self._page.plan_controller.refresh()

        try:
            await operations.check_chains(self._page.ctx, refs, report)
            broken = sum(verdict.broken_at is not None for verdict in self._page.presenter.verdicts.values())
            text = plural(broken, "{count} chain is broken", "{count} chains are broken")
            job.end(text if broken else tr("No chain is broken"))
        except ConsoleError as error:
            job.end(translate(error.problem.cause), FAILED)
            self._page.ctx.show_problem(error.problem)
        finally:
            if not sip.isdeleted(self):
                self._page.presenter.checking = None
                self._page.refresh_view()

    def export(self) -> None:
        """Ask for a file, then write the shown rows into it."""
        name = tr("Application Policies") + ".csv"
        kinds = tr("Comma-separated values (*.csv)")
        open_save_dialog(self._page.window(), tr("Export policies"), name, kinds, self.save_csv)

    def save_csv(self, path: Path) -> None:
        """Write the shown rows to a file."""
        self._page.tasks.start(self._save_csv(self._page.presenter.rows(), path), group="export")

    async def _save_csv(self, rows: list[PolicyRow], path: Path) -> None:
        job = self._page.ctx.activity.begin(tr("Exporting to {file}", file=path.name))
        try:
            await operations.save_csv(self._page.ctx, self._page.presenter.csv_lines(), path)
        except ConsoleError as error:
            job.end(translate(error.problem.cause), FAILED)
            self._page.ctx.show_problem(error.problem)
            return
        job.end(plural(len(rows), "{count} policy", "{count} policies"))
