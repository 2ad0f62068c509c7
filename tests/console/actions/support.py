"""A console, a practice Privilege Manager and an action between them, for stories about the page of an action."""

from dataclasses import dataclass

from models.kinds import Kind
from services.common.secret import Secret
from services.practice.privilege_manager.built_in_ids import APPROVAL_FORM_LOCALIZED
from tests.console.page_support import until

GUID = "9c41d7e0-52b8-4f6a-8e13-7b0a64c2d915"


@dataclass
class Scene:
    """The stored objects of a story."""

    server: object
    approval_type: object
    action: object


def make_scene(workspace, practice, *, name="ServiceNow Approval Request Form Action", guid=GUID, texts="{}"):
    """Store a server, an Approval Type and an action."""
    configuration = workspace.configuration
    credential = configuration.save(
        configuration.new(Kind.USER_CREDENTIAL, name="PM API Client", account=practice.client_id)
    )
    server = configuration.save(
        configuration.new(
            Kind.PRIVILEGE_MANAGER_SERVER,
            name="Privilege Manager",
            base_url=practice.base_url,
            credential_id=credential.id,
        )
    )
    workspace.vault.put(
        credential.id,
        credential.name,
        credential.account,
        Secret(practice.client_secret),
        [server.destination],
    )
    kind = configuration.save(
        configuration.new(Kind.APPROVAL_TYPE, name="ServiceNow Execute Application Request Type")
    )
    action = configuration.save(
        configuration.new(
            Kind.ACTION,
            name=name,
            server_id=server.id,
            type_id=kind.id,
            approval_type_guid=guid,
            texts=texts,
        )
    )
    return Scene(server, kind, action)


def save_export(practice, folder, name="Approval Request Form Action.zip"):
    """Write the export of the built-in action into a file, and return its path."""
    path = folder / name
    path.write_bytes(practice.export_item(APPROVAL_FORM_LOCALIZED))
    return str(path)


async def settled(page):
    """Wait until nothing is read or written any more."""
    await until(lambda: page.session.ready)
    await until(lambda: not (page.session.saving or page.session._timer.isActive() or page.tasks.busy))
