"""The kinds of configuration objects, in the vendor's words, and the states of requests and tasks.

Imports nothing slow: the window draws its tree from `KINDS` before the models are imported. What an object consists of
(fields, references, document keys) is defined by its model in the module of this package that is named after the kind.
"""

from dataclasses import dataclass
from enum import StrEnum

from models.translation_marks import tr_later


class Kind(StrEnum):
    """A kind of object that is named, versioned and edited on a page of its own.

    The value is the name of its table and of its modules in `models` and `console.objects`. An object refers only to
    objects of kinds before its own.
    """

    USER_CREDENTIAL = "user_credential"
    FOREIGN_SYSTEM = "foreign_system"
    PRIVILEGE_MANAGER_SERVER = "privilege_manager_server"
    APPROVAL_PROCESS = "approval_process"
    APPROVAL_TYPE = "approval_type"
    ACTION = "action"
    POLICY = "policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeLocation:
    """The node of the navigation tree that lists the objects of a kind."""

    folder: str
    """Key of the folder that contains the node, see `console.navigation.tree_definition`."""
    text: str
    icon: str
    new_menu: tuple[str, ...]
    """Texts of the context menu below “New”: submenus, then the entry that creates an object."""
    position: int = 0
    """Nodes of a folder are ordered by it, then by the order of the kinds."""
    expanded: bool = True
    """Whether the node is open at first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentReference:
    """The reference that objects of a kind need first, which also orders the kinds into a chain."""

    kind: Kind
    field: str
    missing: str
    """A sentence for an empty list, shown when no object of the other kind exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindDefinition:
    """Names, texts, icon, tree location and document section of a kind."""

    kind: Kind
    singular: str
    plural: str
    new_name: str
    """Name of a new object, and text of the command that creates one."""
    explanation: str
    """What belongs in a list of this kind, shown while the list is empty."""
    icon: str
    tree: TreeLocation
    document_section: str
    parent: ParentReference | None = None
    guide: str = ""
    """The kind of the page that guides through connecting or changing an object, and its command, see `console.runtime.page_targets`; empty for none."""
    has_password: bool = False
    """Whether the vault holds a password for each object; it is removed with the object."""
    rerouted_consequence: str = ""
    """What happens to open requests when a field is changed that decides where requests go."""
    deleted_consequence: str = ""
    """What happens to open requests when an object is deleted."""

    @property
    def table(self) -> str:
        """The name of the table of its objects."""
        return self.kind.value


_DEFINITIONS = (
    KindDefinition(
        kind=Kind.USER_CREDENTIAL,
        singular=tr_later("User Credential"),
        plural=tr_later("User Credentials"),
        new_name=tr_later("New User Credential"),
        explanation=tr_later(
            "A User Credential is the account that signs in to ServiceNow. Its password is kept in the vault, never in the store."
        ),
        icon="key",
        tree=TreeLocation(
            folder="configuration",
            text=tr_later("User Credentials"),
            icon="key",
            new_menu=(tr_later("User Credential"),),
        ),
        document_section="credentials",
        has_password=True,
        rerouted_consequence="What is open is asked about by another account, which may not see it.",
        deleted_consequence="What is open can be asked about no more.",
    ),
    KindDefinition(
        kind=Kind.FOREIGN_SYSTEM,
        singular=tr_later("ServiceNow Server"),
        plural=tr_later("ServiceNow Servers"),
        new_name=tr_later("New ServiceNow Server"),
        explanation=tr_later(
            "A ServiceNow Server is an instance: its address and who signs in. Approval Processes run on it."
        ),
        icon="server",
        guide="move_off",
        tree=TreeLocation(
            folder="foreign_systems",
            text=tr_later("ServiceNow"),
            icon="folder",
            new_menu=(tr_later("ServiceNow Server"),),
        ),
        document_section="foreign_systems",
        parent=ParentReference(
            kind=Kind.USER_CREDENTIAL,
            field="credential_id",
            missing=tr_later("It needs a User Credential first."),
        ),
        rerouted_consequence="What is open is asked about elsewhere or by another account, where it may be unknown.",
        deleted_consequence="What is open is followed no more; in ServiceNow it stays open.",
    ),
    KindDefinition(
        kind=Kind.PRIVILEGE_MANAGER_SERVER,
        singular=tr_later("Privilege Manager Server"),
        plural=tr_later("Privilege Manager Servers"),
        new_name=tr_later("New Privilege Manager Server"),
        explanation=tr_later(
            "A Privilege Manager Server is where actions and policies are: its address and the API client that signs in."
        ),
        icon="server",
        guide="connect",
        tree=TreeLocation(
            folder="foreign_systems",
            text=tr_later("Privilege Manager"),
            icon="folder",
            new_menu=(tr_later("Privilege Manager Server"),),
        ),
        document_section="foreign_systems",
        parent=ParentReference(
            kind=Kind.USER_CREDENTIAL,
            field="credential_id",
            missing=tr_later("It needs a User Credential first."),
        ),
    ),
    KindDefinition(
        kind=Kind.APPROVAL_PROCESS,
        singular=tr_later("Approval Process"),
        plural=tr_later("Approval Processes"),
        new_name=tr_later("New ServiceNow Approval Process"),
        explanation=tr_later(
            "An Approval Process says which server, Request Item and services answer a request, and how often they are asked."
        ),
        icon="process",
        tree=TreeLocation(
            folder="approvals",
            text=tr_later("Approval Processes"),
            icon="process",
            new_menu=(tr_later("Approval Process"), tr_later("ServiceNow Approval Process")),
        ),
        document_section="approval_processes",
        parent=ParentReference(
            kind=Kind.FOREIGN_SYSTEM,
            field="server_id",
            missing=tr_later("It needs a ServiceNow Server first."),
        ),
        rerouted_consequence="What is open was raised the old way and is asked about the new way, where it may be unknown.",
        deleted_consequence="What is open ends here as failed; in ServiceNow it stays open.",
    ),
    KindDefinition(
        kind=Kind.APPROVAL_TYPE,
        singular=tr_later("Approval Type"),
        plural=tr_later("Approval Types"),
        new_name=tr_later("New Execute Application Approval Request"),
        explanation=tr_later(
            "An Approval Type says which Approval Process answers a request, and whether an answer counts for one policy or one file. Actions refer to it."
        ),
        icon="tag",
        tree=TreeLocation(
            folder="approvals",
            text=tr_later("Approval Types"),
            icon="tag",
            new_menu=(tr_later("Execute Application Approval Request"),),
        ),
        document_section="approval_types",
        parent=ParentReference(
            kind=Kind.APPROVAL_PROCESS,
            field="process_id",
            missing=tr_later("It needs an Approval Process first."),
        ),
        rerouted_consequence="What is open stays with the process it was raised through; new requests take the new way.",
        deleted_consequence="What is open goes on through its process, without a type.",
    ),
    KindDefinition(
        kind=Kind.ACTION,
        singular=tr_later("Action"),
        plural=tr_later("Actions"),
        new_name=tr_later("New Action"),
        explanation=tr_later(
            "An Action is the window that asks for approval on an endpoint. It is a copy of an action of Privilege Manager, with an Approval Type and texts of its own."
        ),
        icon="action",
        tree=TreeLocation(
            folder="policies",
            text=tr_later("Actions"),
            icon="folder",
            new_menu=(tr_later("Action"),),
            position=1,
            expanded=False,
        ),
        document_section="actions",
        parent=ParentReference(
            kind=Kind.APPROVAL_TYPE,
            field="type_id",
            missing=tr_later("It needs an Approval Type first."),
        ),
    ),
    KindDefinition(
        kind=Kind.POLICY,
        singular=tr_later("Policy"),
        plural=tr_later("Policies"),
        new_name=tr_later("New Policy"),
        explanation=tr_later(
            "A Policy says which applications on which computers ask for approval, and by which Action."
        ),
        icon="shield",
        tree=TreeLocation(
            folder="policies",
            text=tr_later("Application Policies"),
            icon="folder",
            new_menu=(tr_later("Policy"),),
            expanded=False,
        ),
        document_section="policies",
        parent=ParentReference(
            kind=Kind.PRIVILEGE_MANAGER_SERVER,
            field="server_id",
            missing=tr_later("It needs a Privilege Manager Server first."),
        ),
    ),
)

KINDS: dict[Kind, KindDefinition] = {definition.kind: definition for definition in _DEFINITIONS}
"""Every kind, in the order of `Kind`."""


def kind_chain(kind: Kind) -> list[KindDefinition]:
    """Return the definitions from the first kind that `kind` needs to the last kind that needs it.

    Where several kinds need the same one, the chain goes on with the first of them.
    """
    chain = [KINDS[kind]]
    while (parent := chain[0].parent) is not None:
        chain.insert(0, KINDS[parent.kind])
    while (child := _first_child(chain[-1].kind)) is not None:
        chain.append(child)
    return chain


def _first_child(kind: Kind) -> KindDefinition | None:
    return next((one for one in _DEFINITIONS if one.parent is not None and one.parent.kind is kind), None)


class RequestState(StrEnum):
    """The state of an approval request, as the console counts it."""

    SUBMITTING = "submitting"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    INVALID = "invalid"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether no other state can follow."""
        return self not in OPEN_STATES


OPEN_STATES = frozenset({RequestState.SUBMITTING, RequestState.PENDING})
"""The states of open requests."""
UNANSWERED_STATES = frozenset({RequestState.FAILED, RequestState.TIMED_OUT, RequestState.INVALID})
"""The states of requests that ended without an answer."""


class RequestOrigin(StrEnum):
    """Who raised an approval request."""

    CONSOLE = "console"
    """This console: a rehearsal, or a request received by the intake of the worker."""
    SERVICENOW = "servicenow"
    """Privilege Manager itself; the console reads it from the requested item on the instance."""


class RequestEventKind(StrEnum):
    """The kind of an event in a request's timeline."""

    RAISED = "raised"
    SENT = "sent"
    CREATED = "created"
    FOUND = "found"
    ASKED = "asked"
    SEEN = "seen"
    DECIDED = "decided"
    REMINDED = "reminded"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    FAILED = "failed"
    PROBLEM = "problem"
    ANSWERED = "answered"
    """The next step failed and is tried again."""


class RequestOperation(StrEnum):
    """The change of a record in ServiceNow that a line of a timeline belongs to."""

    NONE = ""
    CREATE = "create"
    """Create was about to be called."""
    CANCEL = "cancel"
    """Cancel was about to be called, or the record was cancelled from a console."""
    DECIDE = "decide"
    """An approval was decided from a console."""
    REMIND = "remind"
    """A comment was written for the approvers."""


class RequestErrorKind(StrEnum):
    """Why an open request shows an error."""

    NONE = ""
    STATUS_UNREADABLE = "status_unreadable"
    """Its status service gave no usable answer; the next usable answer clears the error."""
    STEP_FAILED = "step_failed"
    """It could not be sent or timed out; the next step clears the error."""


class TaskState(StrEnum):
    """The state of a run of a task."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
