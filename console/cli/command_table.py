"""The commands and groups of the program, each with the import that it needs when it is called."""

from console.cli.lazy_group import CommandSource, Found


def _import_items() -> Found:
    from console.cli.check_commands import items

    return items


def _import_check() -> Found:
    from console.cli.check_commands import check

    return check


def _import_chain() -> Found:
    from console.cli.chain_command import chain

    return chain


def _import_expiries() -> Found:
    from console.cli.expiry_command import expiries

    return expiries


def _import_faults() -> Found:
    from console.cli.fault_commands import faults

    return faults


def _import_provision() -> Found:
    from console.cli.provision_command import provision

    return provision


def _import_demo() -> Found:
    from console.cli.demo_command import demo

    return demo


def _import_worker() -> Found:
    from console.cli.worker_command import worker

    return worker


def _import_support_bundle() -> Found:
    from console.cli.support_commands import support_bundle

    return support_bundle


def _import_credential() -> Found:
    from console.cli.credential_commands import app

    return app


def _import_config() -> Found:
    from console.cli.config_commands import app

    return app


def _import_requests() -> Found:
    from console.cli.request_group import app

    return app


def _import_intake() -> Found:
    from console.cli.intake_commands import app

    return app


def _import_deliveries() -> Found:
    from console.cli.delivery_commands import app

    return app


def _import_history() -> Found:
    from console.cli.audit_commands import history_app

    return history_app


def _import_audit() -> Found:
    from console.cli.audit_commands import audit_app

    return audit_app


def _import_practice() -> Found:
    from console.cli.practice_commands import app

    return app


def _import_actions() -> Found:
    from console.cli.action_commands import app

    return app


def _import_policies() -> Found:
    from console.cli.policy_commands import app

    return app


def _import_endpoints() -> Found:
    from console.cli.endpoint_commands import app

    return app


def _import_sign_in() -> Found:
    from console.cli.sign_in_commands import app

    return app


COMMANDS = {
    "items": CommandSource(
        _import_items, "List request items; those with the required variables come first."
    ),
    "check": CommandSource(_import_check, "Check a server in stages; 1 when a stage failed."),
    "chain": CommandSource(
        _import_chain, "Check every link from the policy to the approver; 1 when one is broken."
    ),
    "expiries": CommandSource(
        _import_expiries,
        "List what runs out, the nearest first: secrets, keys, certificates, and the end of basic authentication.",
    ),
    "faults": CommandSource(
        _import_faults,
        "Say what a fault of the check, or of an answer on its way back, means: what people see, cause, owner and remedy.",
    ),
    "provision": CommandSource(
        _import_provision,
        "Make, check or take back what approvals need in ServiceNow; 1 with conflicts, drift or what is not verified.",
    ),
    "demo": CommandSource(
        _import_demo,
        "Walk the set-up guide on practice servers and show the workflow on one screen, in the window or without one.",
    ),
    "worker": CommandSource(
        _import_worker,
        "Raise what was taken in, follow requests, time them out, until it is told to stop (Ctrl+C, SIGTERM or SIGHUP).",
    ),
    "support-bundle": CommandSource(
        _import_support_bundle,
        "Write logs, versions, the configuration, the last check of each server and the answers to a zip file; never a secret.",
    ),
    "credential": CommandSource(_import_credential, "User Credentials and their secrets."),
    "config": CommandSource(_import_config, "The configuration as a YAML document."),
    "requests": CommandSource(_import_requests, "Approval requests."),
    "intake": CommandSource(_import_intake, "Programs that may raise requests."),
    "deliveries": CommandSource(_import_deliveries, "Answers on their way back."),
    "history": CommandSource(_import_history, "What changed, when, by whom: history [KIND NAME] [--json]."),
    "audit": CommandSource(_import_audit, "The audit trail."),
    "practice": CommandSource(_import_practice, "The practice instance and the practice Privilege Manager."),
    "actions": CommandSource(_import_actions, "Approval actions of Privilege Manager."),
    "policies": CommandSource(_import_policies, "Policies of Privilege Manager."),
    "endpoints": CommandSource(_import_endpoints, "Endpoints of Privilege Manager."),
    "sign-in": CommandSource(_import_sign_in, "How ServiceNow servers sign in."),
}
"""What may be called, in the order of the help."""
