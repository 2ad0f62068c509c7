"""Steps 1 to 15 of the demo: the account, the items in ServiceNow, Approval Process and Approval Type, by mouse and keyboard."""

from typing import TYPE_CHECKING

from console.demo.input_driver import NotObservedError
from console.demo.stage import DemoStage, DemoStep
from console.provisioning.provisioning_page import ProvisioningPage
from console.provisioning.run_dialog import RunDialog
from console.runtime.page_targets import HOME, PROVISIONING, Target
from console.setup.home import HomePage
from models.kinds import Kind
from services.language import translate

if TYPE_CHECKING:
    from services.connectivity import CheckReport

CREDENTIAL_LABEL, SERVER_LABEL = "ServiceNow", "ServiceNow Server"
PROCESS_LABEL, TYPE_LABEL = "ServiceNow Approval Process", "ServiceNow Execute Application Request Type"
ITEM_NAME = "Execute Application Request"
ACCOUNT, APPROVER, ADMINISTRATOR = "privman.integration", "app.approver", "admin"
SERVICE_FIELDS = ("create_service", "status_service", "cancel_service")
ACCOUNT_STAGES = ("authentication", "account")
"""The stages of a check that judge an account before its services are there; step 14 sees its rights."""


class ServiceNowSteps:
    """Does what the guide asks for on the ServiceNow side, on an instance without request items."""

    def __init__(self, stage: DemoStage) -> None:
        self._stage = stage
        self._hand = stage.hand

    def steps(self) -> tuple[DemoStep, ...]:
        """Return the steps in the order in which they are done."""
        return (
            DemoStep(1, "Choose the account", self.account),
            DemoStep(2, "Open the Setup page", self.setup_page),
            DemoStep(3, "Install the connector", self.connector),
            DemoStep(4, "Go to User Credentials", self.credentials_folder),
            DemoStep(5, "User Credential", self.credential),
            DemoStep(6, "ServiceNow Server", self.server),
            DemoStep(7, "Create the request items", self.create_items),
            DemoStep(8, "Verify the three services", self.verify_services),
            DemoStep(9, "Open the console", self.console),
            DemoStep(10, "New Approval Process", self.process),
            DemoStep(11, "Open it", self.open_process),
            DemoStep(12, "Choose the server", self.choose_server),
            DemoStep(13, "Choose the Request Item", self.choose_item),
            DemoStep(14, "Name the three services", self.services),
            DemoStep(15, "Approval Type", self.approval_type),
        )

    # -- prepare -------------------------------------------------------------

    async def account(self) -> str:
        """Show the guide, and see that the instance takes the account with its roles."""
        from services.common.secret import Secret
        from services.connectivity import run_check
        from services.servicenow import ConnectionSettings, SignIn

        home = self._stage.shown(HomePage)
        await self._hand.until("the guide", lambda: home.phases)
        await self._stage.picture("home")
        chosen = self._stage.practice.accounts[ACCOUNT]
        settings = ConnectionSettings(SERVER_LABEL, self._stage.practice.base_url)
        report = await run_check(settings, SignIn(chosen.user, Secret(chosen.password)))
        seen = {one.stage: one for one in report.stages if one.stage in ACCOUNT_STAGES}
        wrong = [f"{one.stage}: {one.evidence}" for one in seen.values() if one.state != "ok"]
        if wrong or len(seen) != len(ACCOUNT_STAGES):
            raise NotObservedError("; ".join(wrong) or "the account was not checked")
        return "; ".join(one.evidence for one in seen.values())

    async def setup_page(self) -> str:
        """See that the guide replaces the page."""
        return self._needless(2)

    async def connector(self) -> str:
        """See that no plug-in is needed."""
        return self._needless(3)

    async def credentials_folder(self) -> str:
        """Show the folder, which is empty."""
        self._stage.window.show_target(Target(f"folder:{Kind.USER_CREDENTIAL.value}"))
        await self._stage.picture("empty-user-credential")
        self._stage.window.show_target(Target(HOME))
        return self._needless(4)

    def _needless(self, number: int) -> str:
        """Return what Home says of a step that this console replaces."""
        home = self._stage.shown(HomePage)
        step = next(step for phase in home.phases for step in phase.steps if step.number == number)
        if step.state != "needless":
            raise NotObservedError(f"step {number} is {step.state}")
        return translate(step.fact)

    # -- credential and server -----------------------------------------------

    async def credential(self) -> str:
        """Make the credential through the tree's menu and type the password into the vault."""
        await self._hand.menu("user_credential", "New", "User Credential")
        page = await self._hand.page(Kind.USER_CREDENTIAL)
        account = self._stage.practice.accounts[ACCOUNT]
        await self._hand.fill("name", CREDENTIAL_LABEL)
        await self._hand.fill("account", account.user)
        password = page.form.field("password").editor
        await self._hand.click(password.edit_button)
        await self._hand.type(password.line, account.password)
        await self._hand.press("Save")
        stored = await self._hand.saved()
        workspace = await self._stage.ctx.ready()
        await self._hand.until(
            "the password is in the vault", lambda: workspace.vault.state(stored.id, stored.name).present
        )
        self._stage.ids["credential"] = stored.id
        await self._stage.picture("user-credential")
        return f"{stored.name} for {stored.account}, id {stored.id}, password in the vault"

    async def server(self) -> str:
        """Make the server; saving binds the password to its address. Then check the connection."""
        await self._hand.menu("foreign_system", "New", "ServiceNow Server")
        await self._hand.page(Kind.FOREIGN_SYSTEM)
        await self._hand.fill("name", SERVER_LABEL)
        await self._hand.fill("base_url", self._stage.practice.base_url)
        await self._hand.pick("credential_id", CREDENTIAL_LABEL)
        await self._hand.press("Save")
        stored = await self._hand.saved()
        workspace = await self._stage.ctx.ready()
        credential = self._stage.ids["credential"]
        bound = await self._hand.until(
            "the password is bound to the server",
            lambda: next(iter(workspace.vault.state(credential, CREDENTIAL_LABEL).origins), None),
        )
        self._stage.ids["server"] = stored.id
        await self._stage.picture("foreign-system")
        report = await self._check()
        await self._stage.picture("check")
        good = sum(s.state == "ok" for s in report.stages)
        return f"{stored.base_url}, id {stored.id}, password bound to {bound}; check: {report.verdict}, {good} stages good"

    async def _check(self) -> "CheckReport":
        """Press Check connection on the shown page, and return the report of a check that did not fail."""
        page = await self._hand.page(self._hand.object_page.kind)
        await self._hand.press("Check connection")
        report: CheckReport = await self._hand.until(
            "the check has ended", lambda: page.check.presenter.report
        )
        if report.verdict == "failed":
            raise NotObservedError(f"the check says {report.verdict}: {[s.evidence for s in report.stages]}")
        return report

    # -- items in ServiceNow -------------------------------------------------

    async def create_items(self) -> str:
        """Plan what the instance lacks and create it; an administrator signs in for the run."""
        self._stage.window.show_target(Target(PROVISIONING, tab=str(self._stage.ids["server"])))
        page = self._stage.shown(ProvisioningPage)
        await self._hand.until("the plan of the items", lambda: page.presenter.planned)
        await self._stage.picture("provisioning")
        await self._hand.click(page.apply_button)
        dialog = await self._hand.dialog("the dialog of the run", RunDialog)
        fields = dialog.sign_in
        if fields is not None:
            administrator = self._stage.practice.accounts[ADMINISTRATOR]
            await self._hand.type(fields.account, administrator.user)
            await self._hand.type(fields.password, administrator.password)
        await self._hand.click(dialog.go)
        result = await self._hand.until("the run has ended", lambda: page.presenter.result, 60.0)
        receipt = await self._hand.until("the receipt of the run", lambda: page.presenter.last_run)
        await self._stage.picture("provisioned")
        if result.value != "verified":
            raise NotObservedError(f"the run ended {result.value}: {receipt.run.outcome}")
        return f"{receipt.run.outcome}, run {receipt.id}"

    async def verify_services(self) -> str:
        """See in the guide, which asks the instance, that the three services are there."""
        from services.servicenow.contract import propose_service_names

        workspace = await self._stage.ctx.ready()
        instance = await workspace.instance(self._stage.ids["server"])
        active = [row.name for row in await instance.list_soap_services() if row.active]
        proposal = propose_service_names(active)
        names = (proposal.create, proposal.status, proposal.cancel)
        if not all(names):
            raise NotObservedError(f"services on the instance: {', '.join(active) or 'none'}")
        return ", ".join(str(name) for name in names)

    # -- Approval Process and Approval Type ------------------------------------

    async def console(self) -> str:
        """See that the tree has the folder of Approval Processes."""
        self._stage.window.show_target(Target(HOME))
        return self._needless(9)

    async def process(self) -> str:
        """Make the process through exactly the guide's menu."""
        await self._hand.menu("approval_process", "New", "Approval Process", "ServiceNow Approval Process")
        page = await self._hand.page(Kind.APPROVAL_PROCESS)
        await self._hand.fill("name", PROCESS_LABEL)
        return f"a draft called {page.session.values['name']}"

    async def open_process(self) -> str:
        """See its page."""
        await self._hand.page(Kind.APPROVAL_PROCESS)
        return f"its page is open: {self._hand.object_page.title}"

    async def choose_server(self) -> str:
        """Choose the server."""
        await self._hand.pick("server_id", SERVER_LABEL)
        values = self._hand.object_page.session.values
        if values["server_id"] != self._stage.ids["server"]:
            raise NotObservedError("the server is not chosen")
        return SERVER_LABEL

    async def choose_item(self) -> str:
        """Choose the item that step 7 made."""
        await self._hand.pick("request_item_id", ITEM_NAME)
        return f"{ITEM_NAME}, {self._hand.object_page.session.values['request_item_id']}"

    async def services(self) -> str:
        """The services are proposed and checked; save."""
        form = self._hand.object_page.form
        await self._hand.until(
            "three services found on the instance",
            lambda: all("Found, active" in form.field(name).frame.text for name in SERVICE_FIELDS),
        )
        await self._hand.press("Save")
        stored = await self._hand.saved()
        self._stage.ids["process"] = stored.id
        await self._stage.picture("approval-process")
        report = await self._check()
        called = next(one for one in report.stages if one.stage == "status_call")
        services = ", ".join(getattr(stored, name) for name in SERVICE_FIELDS)
        return f"{services}, saved with id {stored.id}; status call: {called.evidence}"

    async def approval_type(self) -> str:
        """Make the type through exactly the guide's menu and bind it."""
        await self._hand.menu("approval_type", "New", "Execute Application Approval Request")
        await self._hand.page(Kind.APPROVAL_TYPE)
        await self._hand.fill("name", TYPE_LABEL)
        await self._hand.pick("process_id", PROCESS_LABEL)
        await self._hand.press("Save")
        stored = await self._hand.saved()
        if stored.process_id != self._stage.ids["process"]:
            raise NotObservedError("the Process Handler is not the process")
        self._stage.ids["type"] = stored.id
        await self._stage.picture("approval-type")
        return f"Process Handler {PROCESS_LABEL}, id {stored.id}"
