"""What stands where in the tree. A kind of object is one line here."""

from dataclasses import dataclass

from console.inbox.places import IN_TREE, READY, node_key, target_of
from console.targets import Target
from models.kinds import Kind


@dataclass(frozen=True, slots=True)
class Place:
    """A fixed node: its key, text, icon, what stands below, whether it opens expanded, and the kind it lists.

    `new` is the way through the context menu to the command that makes an object here, as the set-up guide has it.
    `page` says that the node has a page of its own, which shows no list of what is below it. `shows` is the target of a
    node that stands for a part of another one's page.
    """

    key: str
    text: str
    icon: str
    children: tuple["Place", ...] = ()
    expanded: bool = False
    kind: Kind | None = None
    new: tuple[str, ...] = ()
    page: bool = False
    shows: Target | None = None

    @property
    def target(self) -> Target:
        """The page of this node."""
        if self.shows is not None:
            return self.shows
        return Target(self.key if self.page else f"folder:{self.key}")


TREE: tuple[Place, ...] = (
    Place("home", "Home", "home", page=True),
    Place(
        "tasks",
        "Tasks",
        "tasks",
        (
            Place(
                "workflow",
                "Workflow",
                "folder",
                (
                    Place(
                        "automation",
                        "Automation",
                        "folder",
                        (
                            Place(
                                "approvals",
                                "Approvals",
                                "folder",
                                (
                                    Place(
                                        "approval_process",
                                        "Approval Processes",
                                        "process",
                                        kind=Kind.APPROVAL_PROCESS,
                                        expanded=True,
                                        new=("New", "Approval Process", "ServiceNow Approval Process"),
                                    ),
                                    Place(
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
            Place(
                "server_tasks",
                "Server Tasks",
                "folder",
                (
                    Place(
                        "server_tasks_foreign_systems",
                        "Foreign Systems",
                        "folder",
                        (
                            Place(
                                "server_tasks_servicenow",
                                "ServiceNow",
                                "folder",
                                (
                                    Place(
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
    Place(
        "configuration",
        "Configuration",
        "sliders",
        (
            Place(
                "user_credential",
                "User Credentials",
                "key",
                kind=Kind.USER_CREDENTIAL,
                expanded=True,
                new=("New", "User Credential"),
            ),
            Place(
                "foreign_systems",
                "Foreign Systems",
                "globe",
                (
                    Place(
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
            Place("deleted", "Deleted objects", "bin", page=True),
        ),
        expanded=True,
    ),
    Place(
        "requests",
        "Requests",
        "tray",
        tuple(
            Place(node_key(key), name, "funnel", shows=target_of(key))
            for key, name in READY
            if key in IN_TREE
        ),
        expanded=True,
        page=True,
    ),
)


def pages(places: tuple[Place, ...] = TREE) -> tuple[Place, ...]:
    """Return the nodes below the roots that have a page of their own: the tasks, and the deleted objects."""
    return tuple(
        found
        for place in places
        for found in ([child for child in place.children if child.page] + list(pages(place.children)))
    )


def place_of_kind(kind: Kind, places: tuple[Place, ...] = TREE) -> Place:
    """Return the node that lists the objects of a kind."""
    for place in places:
        if place.kind == kind:
            return place
        try:
            return place_of_kind(kind, place.children)
        except KeyError:
            continue
    raise KeyError(kind)
