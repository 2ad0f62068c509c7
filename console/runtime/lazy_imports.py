"""Imports slow service packages in the thread of the store, so that the window never waits for an import.

Each function below is a group: it holds the import statements of what its users need. `ready` runs a group once, in the
thread of the store. A plain import statement after it is instant, typed, and can be followed by every editor:

    await lazy_imports.ready(ctx, lazy_imports.connectivity)
    from services.connectivity import run_check
"""

# ruff: noqa: F401 - importing is the effect of a group

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.runtime.context import Context

Group = Callable[[], None]
_imported: set[Group] = set()


async def ready(ctx: "Context", group: Group) -> None:
    """Import a group in the thread of the store, unless that was done before; raises what the import raises."""
    if group not in _imported:
        await ctx.call_importing(group)
        _imported.add(group)


def servicenow() -> None:
    """Import the client of ServiceNow instances."""
    import services.servicenow
    import services.servicenow.account_roles
    import services.servicenow.contract
    import services.servicenow.request_item_search
    import services.transport.call_imports


def vault() -> None:
    """Import the vaults."""
    import services.vault
    import services.vault.session_vault


def secrets() -> None:
    """Import what tells which secrets a credential has."""
    import services.credential_secrets


def sign_in() -> None:
    """Import what reads the sign-in of a credential, without the client that uses it."""
    import services.credential_sign_in
    import services.transport.sign_in


def audit() -> None:
    """Import the verification of the audit trail."""
    import services.audit.audit_signing


def statistics() -> None:
    """Import figures about past requests and checks."""
    import services.statistics.request_statistics
    import services.statistics.timing_advice


def check_history() -> None:
    """Import what reads past checks."""
    import services.connectivity.check_history


def connectivity() -> None:
    """Import the staged check, its history and the fault catalog."""
    import services.connectivity
    import services.connectivity.check_history
    import services.connectivity.fault_catalog_texts
    import services.connectivity.runner
    import services.transport.call_imports


def expiries() -> None:
    """Import the expiry calendar."""
    import services.expiries.calendar
    import services.expiries.facts


def sign_in_probe() -> None:
    """Import the probe of a sign-in."""
    import services.credential_secrets
    import services.credential_sign_in
    import services.sign_in_probe
    import services.sign_in_switch.probe_records
    import services.transport.call_imports


def approval_chain() -> None:
    """Import the check of approval chains."""
    import services.approval_chain.check
    import services.transport.call_imports


def provisioning() -> None:
    """Import the task Create ServiceNow Approval Request Items."""
    import services.provisioning
    import services.provisioning.account_rights
    import services.provisioning.current_records
    import services.provisioning.plan_changes
    import services.provisioning.run_receipts
    import services.transport.call_imports


def inbox() -> None:
    """Import what lists and counts requests."""
    import services.requests.inbox.filters
    import services.requests.inbox.freshness
    import services.requests.inbox.inbox
    import services.requests.inbox.saved_filters


def requests() -> None:
    """Import what shows, decides and rehearses requests."""
    import services.requests.decisions.decide
    import services.requests.details.loader
    import services.requests.rehearsal.rehearsal
    import services.transport.call_imports


def polling_status() -> None:
    """Import what tells whether this window has to poll: a window that has no server imports no more."""
    import services.requests.polling.polled_servers
    import services.requests.worker.window_poller


def polling() -> None:
    """Import what polls requests: a window that nobody touches imports no more."""
    import services.requests.polling.poller
    import services.requests.worker.worker


def unfinished_work() -> None:
    """Import what tells whether rehearsals or cancellations were broken off."""
    import services.requests.rehearsal.unfinished_work


def cleanup() -> None:
    """Import what cleans up rehearsals that were broken off."""
    import services.requests.rehearsal.cleanup


def export() -> None:
    """Import what writes tables to files."""
    import services.requests.inbox.export


def awaited_copies() -> None:
    """Import what tells which copies of actions are awaited."""
    import services.actions.awaited_copies


def actions() -> None:
    """Import copies of approval actions, and the client of the servers that they go to."""
    import services.actions.progress
    import services.actions.server_actions
    import services.privilege_manager
    import services.transport.call_imports


def endpoint() -> None:
    """Import what raises and follows the requests of an approval window."""
    import services.actions.progress
    import services.actions.window_requests
    import services.transport.call_imports


def setup() -> None:
    """Import the guide."""
    import services.setup.checklist
    import services.setup.guide_source
    import services.statistics.server_statistics


def discovery() -> None:
    """Import what finds out what an instance has, and sets up what is missing."""
    import services.setup.discovery
    import services.transport.call_imports


def privilege_manager_setup() -> None:
    """Import the set-up of the Privilege Manager side."""
    import services.actions.progress
    import services.privilege_manager
    import services.setup.privilege_manager_setup
    import services.setup.privilege_manager_undo
    import services.transport.call_imports


def transfer() -> None:
    """Import configuration documents."""
    import services.transfer
    import services.transfer.apply_online


def policies() -> None:
    """Import the policies of Privilege Manager servers, and what checks their chains."""
    import services.approval_chain.check
    import services.approval_chain.route
    import services.approval_chain.server_facts
    import services.approval_chain.stored_requests
    import services.policies
    import services.policies.endpoints
    import services.policies.runs
    import services.policies.server_state
    import services.transport.call_imports


def connect() -> None:
    """Import received events, their mapping, and the answers of Privilege Manager."""
    import services.answers.delivery_list
    import services.answers.outbox
    import services.intake.answer_setup
    import services.intake.clients
    import services.intake.event_mapping
    import services.transport.call_imports


def switch_records() -> None:
    """Import what is kept of switches to another sign-in."""
    import services.sign_in_switch.switch_records


def move_off() -> None:
    """Import the switch of a server to another sign-in, the probe and the rehearsal."""
    import services.servicenow.basic_auth_restriction
    import services.sign_in_probe
    import services.sign_in_switch.comparison
    import services.sign_in_switch.probe_records
    import services.sign_in_switch.rehearsal_records
    import services.sign_in_switch.switch
    import services.transport.call_imports
