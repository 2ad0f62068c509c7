"""State and texts of the set-up wizard, without widgets."""

from enum import Enum, IntEnum

from console.setup.missing_plan import MissingPlan
from console.setup.wizard_privilege_manager_presenter import PrivilegeManagerPresenter
from services.language import tr


class Step(IntEnum):
    """The steps of the wizard in their order."""

    SIGN_IN = 0
    FOUND = 1
    DONE = 2
    PRIVILEGE_MANAGER = 3


class Activity(Enum):
    """What the wizard is doing."""

    IDLE = "idle"
    READING = "reading"
    """Reading the instance."""
    WRITING = "writing"
    """Writing records on the instance."""
    CANCELLING = "cancelling"
    """Waiting for writing to stop."""
    CREATING = "creating"
    """Creating the objects in the store, which cannot be cancelled."""


class PrimaryAction(Enum):
    """What the primary button does."""

    CONNECT = "connect"
    PROVISION = "provision"
    CREATE = "create"
    FINISH = "finish"
    CONTINUE = "continue"
    """Go on with the Privilege Manager server that was named."""
    PRIVILEGE_MANAGER = "privilege-manager"
    """What the step of Privilege Manager needs next."""


class WizardPresenter:
    """Step, activity and what is known of the instance; decides texts and the next action."""

    def __init__(self) -> None:
        self.step = Step.SIGN_IN
        self.activity = Activity.IDLE
        self.missing: MissingPlan | None = None
        """What the instance lacks, None when it lacks nothing or has not been read."""
        self.applied = False
        """Whether a run on this address reached its end."""
        self.with_privilege_manager = False
        """Whether a Privilege Manager server was named."""
        self.privilege_manager: PrivilegeManagerPresenter | None = None
        """The state of its step, once that began."""
        self.outdated = False
        """Whether records were created since the instance was read."""

    @property
    def idle(self) -> bool:
        """Whether nothing is in progress."""
        return self.activity is Activity.IDLE

    @property
    def can_cancel(self) -> bool:
        """Whether the Cancel button is enabled."""
        return self.activity not in (Activity.CREATING, Activity.CANCELLING)

    @property
    def title(self) -> str:
        """The title of the step."""
        titles = {
            Step.SIGN_IN: tr("Sign in to ServiceNow"),
            Step.FOUND: tr("What was found"),
            Step.DONE: tr("Approvals are set up"),
            Step.PRIVILEGE_MANAGER: tr("Action and policy"),
        }
        return titles[self.step]

    def lead_text(self) -> str:
        """Return what was changed so far, and what will be."""
        if self.step is Step.SIGN_IN:
            return tr(
                "With the account Privilege Manager will use. Its roles: web_service_admin and approval_admin."
            )
        if self.step is Step.PRIVILEGE_MANAGER and self.privilege_manager is not None:
            return self.privilege_manager.lead_text()
        if self.step is Step.DONE:
            return tr(
                "All objects are saved. Requests are raised through them once an action uses the Approval Type."
            )
        if self.activity in (Activity.WRITING, Activity.CANCELLING):
            return tr("Records are being written in ServiceNow.")
        if self.activity is Activity.CREATING:
            return tr("These objects are being created here.")
        if self.outdated:
            return tr("Records were created in ServiceNow. The instance has not been read since.")
        if self.missing is not None and self.applied:
            return tr("Records were created in ServiceNow. What is still missing is marked.")
        if self.missing is not None:
            sentences = (self.missing.written.text, tr("What is missing can be created now."))
            return " ".join(sentences).strip()
        if self.applied:
            return tr("The missing records were created in ServiceNow. These objects will be created here.")
        return tr("Nothing is changed on the instance. These objects will be created here.")

    def primary_text(self) -> str:
        """Return the text of the primary button."""
        if self.step is Step.SIGN_IN:
            return tr("Connect")
        if self.step is Step.PRIVILEGE_MANAGER and self.privilege_manager is not None:
            return self.privilege_manager.primary_text()
        if self.step is Step.DONE:
            return tr("Continue with Privilege Manager") if self.with_privilege_manager else tr("Finish")
        if self.outdated:
            return tr("Read the instance again")
        return self.missing.run_text if self.missing is not None else tr("Create and check")

    @property
    def primary_action(self) -> PrimaryAction:
        """What the primary button does."""
        if self.step is Step.PRIVILEGE_MANAGER:
            return PrimaryAction.PRIVILEGE_MANAGER
        if self.step is Step.DONE:
            return PrimaryAction.CONTINUE if self.with_privilege_manager else PrimaryAction.FINISH
        if self.step is Step.SIGN_IN or self.outdated:
            return PrimaryAction.CONNECT
        return PrimaryAction.PROVISION if self.missing is not None else PrimaryAction.CREATE
