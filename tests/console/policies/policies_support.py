"""A practice Privilege Manager with 31 policies, and the page that lists them."""

from console.runtime.page_targets import Target
from console.shell.page_registry import create_page
from models.addresses import Origin
from models.kinds import Kind
from models.reference_lists import dump_references
from services.common.secret import Secret
from services.practice.privilege_manager import PracticePrivilegeManager
from services.practice.privilege_manager.initial_items import new_policy
from services.practice.privilege_manager.items import ItemKind
from tests.console.page_support import until

FORM = "Approval Request Form Action"
TOOLS = "Remote support tools"


def add_policy(practice, name, *, macos=False, targeted=True, **members):
    made = new_policy(name, "", macos=macos, targeted=targeted)
    made.members.update(members)
    return practice.state.items.add(made)


def action_id(practice, name=FORM):
    return next(one.id for one in practice.state.items.of_kind(ItemKind.ACTION) if one.name == name)


def fill(practice, count=31):
    """Make `count` policies in all: seven ask for approval, nine are inactive, two have no targets."""
    items = practice.state.items
    for one in list(items.of_kind(ItemKind.POLICY)):
        items.remove(one.id)
    form = action_id(practice)
    asking = (
        "Elevate installers",
        "Unsigned installers",
        "Visual Studio installer",
        "Network tools",
        "Scripts as admin",
    )
    for place, name in enumerate(asking):
        add_policy(practice, name, Enabled=True, Priority=20 + 5 * place, ApplicationActionIds=[form])
    add_policy(
        practice, "Homebrew packages", macos=True, Enabled=True, Priority=42, ApplicationActionIds=[form]
    )
    add_policy(practice, TOOLS, Enabled=False, Priority=50)
    for place in range(7, count):
        add_policy(
            practice,
            f"Baseline {place:02}",
            targeted=place not in (10, 11),
            Enabled=place % 3 != 0,
            Priority=60 + place,
        )


def stored_server(configuration, vault, practice, name="Privilege Manager", **values):
    client = practice.client()
    credential = configuration.save(
        configuration.new(Kind.USER_CREDENTIAL, name=f"{name} client", account=client.client_id)
    )
    vault.put(
        credential.id,
        credential.name,
        client.client_id,
        Secret(client.secret),
        [Origin.of(practice.base_url)],
    )
    return configuration.save(
        configuration.new(
            Kind.PRIVILEGE_MANAGER_SERVER,
            name=name,
            base_url=practice.base_url,
            credential_id=credential.id,
            **values,
        )
    )


def stored_action(configuration, server, name=FORM):
    return configuration.save(configuration.new(Kind.ACTION, name=name, server_id=server.id))


def stored_policy(configuration, server, name, actions=(), **values):
    made = configuration.new(Kind.POLICY, name=name, server_id=server.id, **values)
    made.action_ids = dump_references([one.id for one in actions])
    return configuration.save(made)


def opened(ctx, size=(1000, 760)):
    page = create_page(Target("folder:policy"), ctx)
    page.resize(*size)
    page.show()
    page.load()
    return page


async def settled(page):
    await until(lambda: not page.tasks.busy)


async def read(page, count=31):
    """Wait until the server was read."""
    await until(lambda: len(page.presenter.snapshot.rows) == count and not page.presenter.refreshing)
    await settled(page)


async def selected(page, name):
    """Select a policy by its name and wait for its plan."""
    row = next(row for row in page.presenter.all_rows if row.name == name)
    page.view.table.choose(row.key)
    await until(lambda: page.plan_controller.presenter.plan is not None)
    await settled(page)
    return page.plan_controller.presenter


def options():
    from services.practice.privilege_manager import PracticeOptions

    return PracticeOptions(whole_items=True)


def started():
    server = PracticePrivilegeManager(options(), computers=2).start()
    fill(server)
    return server
