"""The story of the demo: every click of the guide's core, and what had to be observed at each."""

import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.demo.input_driver import EventLoopMonitor, NotObservedError, WindowDriver
from console.design import theme
from console.navigation.request_places import request_target
from console.runtime.page_targets import HOME, PROVISIONING, Target
from models.kinds import Kind, RequestState
from services.common.errors import ConsoleError

if TYPE_CHECKING:
    from services.practice import PracticeInstance

CREDENTIAL_LABEL, SERVER_LABEL = "ServiceNow", "ServiceNow Server"
PROCESS_LABEL, TYPE_LABEL = "ServiceNow Approval Process", "ServiceNow Execute Application Request Type"
ITEM_NAME = "Execute Application Request"
MIN_TICKS = 18
"""Steps that need nothing more once everything of the demo was done here and on the instance."""
ACCOUNT, APPROVER = "privman.integration", "app.approver"


class DemoScript:
    """Goes through the guide in the real window and prints what was seen."""

    def __init__(
        self,
        window: Any,  # Any: the steps read attributes of whichever page the window shows
        practice: "PracticeInstance",
        out: Path | None,
        printer: Callable[[str], None],
    ) -> None:
        self.window = window
        self.practice = practice
        self.hand = WindowDriver(window)
        self.watch = EventLoopMonitor(window)
        self.ids: dict[str, uuid.UUID] = {}
        self._out = out
        self._print = printer
        self._pictures = 0
        self._steps = 0

    async def run(self) -> bool:
        """Run every step; returns whether all was observed."""
        steps: tuple[tuple[str, Callable[[], Awaitable[str]]], ...] = (
            ("Open the guide", self.guide),
            ("Create the User Credential", self.credential),
            ("Create the Foreign System", self.server),
            ("Check the connection", self.check),
            ("Create the ServiceNow Approval Process from the tree", self.process),
            ("Choose ServiceNow Server and Request Item, save", self.bind),
            ("Create the Execute Application Approval Request from the tree", self.approval_type),
            ("Raise a request and see it pending", self.pending),
            ("Approve it as the approver", self.approve),
            ("See it approved", self.approved),
            ("See the guide again", self.guide_again),
        )
        self.watch.pause()
        await self._pages_while_empty()
        self.watch.resume()
        for title, step in steps:
            self._steps += 1
            self.watch.doing = title
            started = time.perf_counter()
            try:
                seen = await step()
            except (NotObservedError, ConsoleError) as error:
                said = error.problem.as_text() if isinstance(error, ConsoleError) else error
                self._print(f"{self._steps:2} FAILED  {title}: {said}")
                await self.picture("failed")
                return False
            self._print(
                f"{self._steps:2} ok      {title}: {seen} ({(time.perf_counter() - started) * 1000:.0f} ms)"
            )
        self.watch.stop()
        await self._other_pictures()
        self._print(f"clicks {self.hand.clicks}, fields {self.hand.fields}")
        self._print(f"longest step of the UI thread: {self.watch.longest:.0f} ms ({self.watch.longest_step})")
        return True

    # -- steps -------------------------------------------------------------

    async def guide(self) -> str:
        """Show the guide and see that its next step is the credential."""
        await self.hand.until("the guide", lambda: self.window.page is not None and self.window.page.phases)
        await self.picture("home")
        return str(self.window.page.title)

    async def credential(self) -> str:
        """Make the credential through the tree's menu and type the password into the vault."""
        await self.hand.menu("user_credential", "New", "User Credential")
        page = await self.hand.page(Kind.USER_CREDENTIAL)
        account = self.practice.accounts[ACCOUNT]
        await self.hand.fill("name", CREDENTIAL_LABEL)
        await self.hand.fill("account", account.user)
        password = page.form.field("password").editor
        await self.hand.click(password.edit_button)
        await self.hand.type(password.line, account.password)
        await self.hand.press("Save")
        stored = await self.hand.saved()
        workspace = self.window.ctx.workspace
        await self.hand.until(
            "the password is in the vault", lambda: workspace.vault.state(stored.id, stored.name).present
        )
        self.ids["credential"] = stored.id
        await self.picture("user-credential")
        return f"{stored.name} for {stored.account}, id {stored.id}, password in the vault"

    async def server(self) -> str:
        """Make the server; saving binds the password to its address."""
        await self.hand.menu("foreign_system", "New", "ServiceNow Server")
        await self.hand.page(Kind.FOREIGN_SYSTEM)
        await self.hand.fill("name", SERVER_LABEL)
        await self.hand.fill("base_url", self.practice.base_url)
        await self.hand.pick("credential_id", CREDENTIAL_LABEL)
        await self.hand.press("Save")
        stored = await self.hand.saved()
        vault = self.window.ctx.workspace.vault
        state = await self.hand.until(
            "the password is bound to the server",
            lambda: next(iter(vault.state(self.ids["credential"], CREDENTIAL_LABEL).origins), None),
        )
        self.ids["server"] = stored.id
        await self.picture("foreign-system")
        return f"{stored.base_url}, id {stored.id}, password bound to {state}"

    async def check(self) -> str:
        """Run the staged check on the server's page."""
        page = self.window.page
        await self.hand.press("Check connection")
        report = await self.hand.until("the check has ended", lambda: page.check.presenter.report)
        if report.verdict == "failed":
            raise NotObservedError(f"the check says {report.verdict}: {[s.evidence for s in report.stages]}")
        await self.picture("check")
        good = sum(s.state == "ok" for s in report.stages)
        return f"{report.verdict}, {good} stages good, {report.ms:.0f} ms"

    async def process(self) -> str:
        """Make the process through exactly the guide's menu."""
        await self.hand.menu("approval_process", "New", "Approval Process", "ServiceNow Approval Process")
        page = await self.hand.page(Kind.APPROVAL_PROCESS)
        await self.hand.fill("name", PROCESS_LABEL)
        return f"a draft called {page.session.values['name']}"

    async def bind(self) -> str:
        """Choose server and item; the services are proposed, checked, and saved."""
        await self.hand.pick("server_id", SERVER_LABEL)
        await self.hand.pick("request_item_id", ITEM_NAME)
        page = self.window.page
        names = ("create_service", "status_service", "cancel_service")
        await self.hand.until(
            "three services found on the instance",
            lambda: all("Found, active" in page.form.field(n).frame.text for n in names),
        )
        await self.hand.press("Save")
        stored = await self.hand.saved()
        self.ids["process"] = stored.id
        await self.picture("approval-process")
        services = ", ".join(getattr(stored, n) for n in names)
        return f"item {stored.request_item_id}, services {services}, id {stored.id}"

    async def approval_type(self) -> str:
        """Make the type through exactly the guide's menu and bind it."""
        await self.hand.menu("approval_type", "New", "Execute Application Approval Request")
        await self.hand.page(Kind.APPROVAL_TYPE)
        await self.hand.fill("name", TYPE_LABEL)
        await self.hand.pick("process_id", PROCESS_LABEL)
        await self.hand.press("Save")
        stored = await self.hand.saved()
        if stored.process_id != self.ids["process"]:
            raise NotObservedError("the Process Handler is not the process")
        self.ids["type"] = stored.id
        await self.picture("approval-type")
        return f"Process Handler {PROCESS_LABEL}, id {stored.id}"

    async def pending(self) -> str:
        """Raise a request as an endpoint would, and see it on the requests page."""
        from services.requests.lifecycle.lifecycle import RequestLifecycle

        workspace = await self.window.ctx.ready()
        call = self.window.ctx.call
        process = await call(workspace.configuration.get, Kind.APPROVAL_PROCESS, self.ids["process"])
        approval_type = await call(workspace.configuration.get, Kind.APPROVAL_TYPE, self.ids["type"])
        instance = await workspace.instance(self.ids["server"])
        self.life = RequestLifecycle(workspace.store, instance, process)
        fields = {
            "PMInitiatorName": "b.okafor",
            "PMPolicyName": "Visual Studio installer",
            "PMAgentName": "LT-40213",
            "PMFilePath": r"C:\Users\b.okafor\Downloads\vs_setup.exe",
            "PMUserReason": "Tools for release 8, “R&D” <build>",
        }
        self.request = await self.life.submit(approval_type, fields)
        await self.life.refresh_item(self.request)
        await self.life.follow(self.request)
        if self.request.state != RequestState.PENDING:
            raise NotObservedError(f"the request is {self.request.state}, not pending")
        await self._requests_page("Pending", "requests-pending")
        return f"{self.request.number}, PMRequestId {self.request.external_id}, {self.request.state}"

    async def approve(self) -> str:
        """Sign in as the approver and approve through the Table API, as My Approvals would."""
        from services.common.secret import Secret
        from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn

        record = await self.life.refresh_item(self.request)
        if record is None or not record.open_approvals:
            raise NotObservedError("nobody is asked to approve the request")
        approval = record.open_approvals[0]
        account = self.practice.accounts[APPROVER]
        settings = ConnectionSettings(SERVER_LABEL, self.practice.base_url)
        async with ServiceNowClient(settings, SignIn(account.user, Secret(account.password))) as instance:
            row = await instance.table("sysapproval_approver").update(
                approval.sys_id, {"state": "approved", "comments": "Approved in the demo"}
            )
        if row["state"] != "approved":
            raise NotObservedError(f"the approval is {row['state']}")
        return f"approval {approval.sys_id} by {approval.user_name}: {row['state']}"

    async def approved(self) -> str:
        """Ask the status service again, and see the answer on the requests page."""
        await self.life.follow(self.request)
        await self.life.refresh_item(self.request)
        if self.request.state != RequestState.APPROVED:
            raise NotObservedError(f"the request is {self.request.state}, not approved")
        await self._requests_page("Approved", "requests-approved")
        return f"{self.request.number}: {self.request.state}, comment “{self.request.comment}”"

    async def guide_again(self) -> str:
        """See that the guide's ticks follow what was done."""
        self.window.show_target(Target(HOME))
        # The page first shows what the store says, and then what the instance says: only both are the guide's state.
        page = self.window.page
        await self.hand.until(
            "the guide has asked store and instance", lambda: page.isVisible() and page.settled
        )
        done = await self.hand.until("the guide has more ticks", self._ticks)
        await self.picture("home-done")
        return f"{done} of 25 steps done"

    def _ticks(self) -> int:
        done = sum(phase.done for phase in self.window.page.phases)
        return done if done >= MIN_TICKS else 0

    # -- pictures ----------------------------------------------------------

    async def _requests_page(self, word: str, picture: str) -> None:
        self.window.show_target(request_target(self.request.id))
        page = self.window.page
        await self.hand.until(
            f"the request shown as {word}",
            lambda: any(page.model.index(r, 0).data() == word for r in range(page.model.rowCount())),
        )
        await self.hand.until(
            "what to tell the caller, as ServiceNow says it now",
            lambda: (
                page.pane.answer
                and page.details_loader.approvers is not None
                and not page.details_loader.tasks.busy
            ),
        )
        await self.picture(picture)

    async def _pages_while_empty(self) -> None:
        if self._out is None:
            return
        for folder in ("approval_process", "approval_type", "user_credential", "foreign_system"):
            self.window.show_target(Target(f"folder:{folder}"))
            await self.hand.until(
                "the empty page", lambda: self.window.page.states.currentWidget() is not None
            )
            await _settle()
            await self.picture(f"empty-{folder.replace('_', '-')}")
        self.window.show_target(Target(HOME))

    async def _other_pictures(self) -> None:
        if self._out is None:
            return
        await self.hand.open(Kind.APPROVAL_PROCESS, self.ids["process"])
        await self.hand.page(Kind.APPROVAL_PROCESS)
        await self._task_picture()
        self.window.open_palette()
        self.window.palette_box.field.setText("appr")
        await self.picture("palette")
        self.window.palette_box.hide()
        self.window.ctx.commands.run("faults")
        await self.hand.until("the fault catalog", lambda: self.window.page.fault)
        await self.picture("fault-catalogue")
        theme.of().apply("dark")
        for name, kind, key in (
            ("approval-process", Kind.APPROVAL_PROCESS, "process"),
            ("foreign-system", Kind.FOREIGN_SYSTEM, "server"),
            ("approval-type", Kind.APPROVAL_TYPE, "type"),
        ):
            await self.hand.open(kind, self.ids[key])
            await self.hand.page(kind)
            await _settle()
            await self.picture(f"{name}-dark")
        self.window.show_target(Target(HOME))
        await _settle()
        await self.picture("home-dark")
        theme.of().apply("light")

    async def _task_picture(self) -> None:
        self.window.show_target(Target(PROVISIONING, tab=str(self.ids["server"])))
        page = self.window.page
        await self.hand.until("the plan of the items", lambda: page.presenter.planned)
        page.plan_tab.tree.select("service:cancel")
        await self.picture("provisioning")

    async def picture(self, name: str) -> None:
        """Save a picture of the window, numbered in the order they are made."""
        if self._out is None:
            return
        await _settle()
        # Taking a picture is the demo's own work, not the window's.
        self.watch.pause()
        self._pictures += 1
        file = self._out / f"{self._pictures:02}-{name}.png"
        if not self.window.grab().save(str(file)):
            raise NotObservedError(f"the picture {file} could not be written")
        self.watch.resume()


async def _settle() -> None:
    import asyncio

    await asyncio.sleep(0.35)
