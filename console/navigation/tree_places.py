"""What stands where in the tree. A kind of object is one line here."""

from dataclasses import dataclass

from console.navigation.request_places import BUILT_IN_FILTERS, TREE_FILTERS, filter_node_key, filter_target
from console.runtime.targets import Target
from models.kinds import Kind


@dataclass(frozen=True, slots=True)
class FixedNode:
    """A fixed node: its key, text, icon, what stands below, whether it opens expanded, and the kind it lists.

    `new` is the way through the context menu to the command that makes an object here, as the set-up guide has it.
    `page` says that the node has a page of its own, which shows no list of what is below it. `shows` is the target of a
    node that stands for a part of another one's page.
    """

    key: str
    text: str
    icon: str
    children: tuple["FixedNode", ...] = ()
    expanded: bool = False
    kind: Kind | None = None
    new: tuple[str, ...] = ()
    page: bool = False
    target_override: Target | None = None

    @property
    def target(self) -> Target:
        """The page of this node."""
        if self.target_override is not None:
            return self.target_override
        return Target(self.key if self.page else f"folder:{self.key}")


TREE: tuple[FixedNode, ...] = (
    FixedNode("home", "Home", "home", page=True),
    FixedNode(
        "tasks",
        "Tasks",
        "tasks",
        (
            FixedNode(
                "workflow",
                "Workflow",
                "folder",
                (
                    FixedNode(
                        "automation",
                        "Automation",
                        "folder",
                        (
                            FixedNode(
                                "approvals",
                                "Approvals",
                                "folder",
                                (
                                    FixedNode(
                                        "approval_process",
                                        "Approval Processes",
                                        "process",
                                        kind=Kind.APPROVAL_PROCESS,
                                        expanded=True,
                                        new=("New", "Approval Process", "ServiceNow Approval Process"),
                                    ),
                                    FixedNode(
                                        "approval_type",
                                        "Approval Types",
                                        "tag",
                                        kind=Kind.APPROVAL_TYPE,
                                        expanded=True,
                                        new=("New", "Execute Application Approval Request"),
                                    ),
                                ),
                                expanded=True,
                            ),
                        ),
                        expanded=True,
                    ),
                ),
                expanded=True,
            ),
            FixedNode(
                "server_tasks",
                "Server Tasks",
                "folder",
                (
                    FixedNode(
                        "server_tasks_foreign_systems",
                        "Foreign Systems",
                        "folder",
                        (
                            FixedNode(
                                "server_tasks_servicenow",
                                "ServiceNow",
                                "folder",
                                (
                                    FixedNode(
                                        "provisioning",
                                        "Create ServiceNow Approval Request Items",
                                        "tasks",
                                        page=True,
                                    ),
                                ),
                            ),
                        ),
                    ),
                ),
            ),
        ),
        expanded=True,
    ),
    FixedNode(
        "configuration",
        "Configuration",
        "sliders",
        (
            FixedNode(
                "user_credential",
                "User Credentials",
                "key",
                kind=Kind.USER_CREDENTIAL,
                expanded=True,
                new=("New", "User Credential"),
            ),
            FixedNode(
                "foreign_systems",
                "Foreign Systems",
                "globe",
                (
                    FixedNode(
                        "foreign_system",
                        "ServiceNow",
                        "folder",
                        kind=Kind.FOREIGN_SYSTEM,
                        expanded=True,
                        new=("New", "ServiceNow Server"),
                    ),
                ),
                expanded=True,
            ),
            FixedNode("deleted", "Deleted objects", "bin", page=True),
        ),
        expanded=True,
    ),
    FixedNode(
        "requests",
        "Requests",
        "tray",
        tuple(
            FixedNode(filter_node_key(key), name, "funnel", target_override=filter_target(key))
            for key, name in BUILT_IN_FILTERS
            if key in TREE_FILTERS
        ),
        expanded=True,
        page=True,
    ),
)


def find_page_nodes(places: tuple[FixedNode, ...] = TREE) -> tuple[FixedNode, ...]:
    """Return the nodes below the roots that have a page of their own: the tasks, and the deleted objects."""
    return tuple(
        found
        for place in places
        for found in (
            [child for child in place.children if child.page] + list(find_page_nodes(place.children))
        )
    )


def find_kind_node(kind: Kind, places: tuple[FixedNode, ...] = TREE) -> FixedNode:
    """Return the node that lists the objects of a kind."""
    for place in places:
        if place.kind == kind:
            return place
        try:
            return find_kind_node(kind, place.children)
        except KeyError:
            continue
    raise KeyError(kind)
