"""Events of the practice Privilege Manager that are posted to a served intake over real sockets."""

import json

import httpx

from models.kinds import Kind
from services.common.secret import Secret
from services.intake.clients import IntakeClients
from services.intake.event_store import IntakeEvents
from services.practice.privilege_manager import built_in_ids as ids
from services.practice.privilege_manager.initial_items import new_policy

FIELDS = {
    "PMApprovalId": "/ApprovalId",
    "PMInitiatorId": "/InitiatorId",
    "PMInitiatorName": "/InitiatorName",
    "PMPolicyId": "/PolicyId",
    "PMPolicyName": "/PolicyName",
    "PMAgentId": "/AgentId",
    "PMAgentName": "/AgentName",
    "PMFilePath": "/FilePath",
    "PMUserReason": "/UserReason",
}
PATH = r"C:\Users\bo\Downloads\vs_setup.exe"


def store_pm_server(workspace, practice, name="Privilege Manager"):
    """Store a Privilege Manager server with its credential."""
    configuration = workspace.configuration
    account, secret = practice.client_id, practice.client_secret
    credential = configuration.save(
        configuration.new(Kind.USER_CREDENTIAL, name=f"{name} API", account=account)
    )
    server = configuration.new(Kind.PRIVILEGE_MANAGER_SERVER, name=name, base_url=practice.base_url)
    server.credential_id = credential.id
    server = configuration.save(server)
    workspace.vault.put(credential.id, credential.name, account, Secret(secret), [server.destination])
    return server


def add_asking_policy(pm, name="Ask"):
    """Add an active policy with an approval action, and bring it to the computers."""
    policy = new_policy(name, "", macos=False, targeted=True)
    policy.members.update(Enabled=True, ApplicationActionIds=[ids.APPROVAL_FORM])
    pm.state.items.add(policy)
    pm.state.update_targets()
    return policy


async def raise_event(pm, policy="Ask", reason="Tools for release 8"):
    """Raise a request on the practice server, which posts its event."""
    return await pm.raise_request(policy=policy, user=r"ACME\bo", file_path=PATH, reason=reason)


def event_client(store, type_id, server_id, name="Webhook"):
    """Store a client that waits for its mapping; returns it and its token."""
    return IntakeClients(store).add_for_events(name, type_id, server_id)


def events_of(store, client):
    return list(IntakeEvents(store).newest(client.id if client else None))


async def post(
    server, content, authorization="", kind="application/json", method="POST", path="/v1/requests"
):
    """Send raw bytes or JSON to the intake."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = {"Content-Type": kind} | ({"Authorization": authorization} if authorization else {})
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
        return await client.request(method, path, content=body, headers=headers)
