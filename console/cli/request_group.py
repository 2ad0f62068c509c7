"""`requests`: the group of the commands about approval requests."""

from console.cli.lazy_group import CommandSource, Found, lazy_group, new_app


def _import_list() -> Found:
    from console.cli.request_list_command import list_

    return list_


def _import_rehearse() -> Found:
    from console.cli.request_commands import rehearse

    return rehearse


def _import_show() -> Found:
    from console.cli.decision_commands import show

    return show


def _import_approve() -> Found:
    from console.cli.decision_commands import approve

    return approve


def _import_reject() -> Found:
    from console.cli.decision_commands import reject

    return reject


def _import_cancel() -> Found:
    from console.cli.decision_commands import cancel

    return cancel


def _import_remind() -> Found:
    from console.cli.decision_commands import remind

    return remind


COMMANDS = {
    "list": CommandSource(_import_list, "List requests, newest first."),
    "rehearse": CommandSource(
        _import_rehearse,
        "Raise a request, follow it to its end and clean it up; 1 when a leg was not as expected.",
    ),
    "show": CommandSource(
        _import_show,
        "Show all about a request: timeline, both systems' states, who can act, what to tell the caller.",
    ),
    "approve": CommandSource(_import_approve, "Approve requests that are still open; 1 where one was not."),
    "reject": CommandSource(_import_reject, "Reject requests that are still open; 1 where one was not."),
    "cancel": CommandSource(_import_cancel, "Cancel requests that are still open; 1 where one was not."),
    "remind": CommandSource(
        _import_remind,
        "Write to those who are asked about requests that are still open; within 15 minutes once only.",
    ),
}
"""What may be called, in the order of the help."""

app = new_app(cls=lazy_group(COMMANDS), help="Approval requests.", no_args_is_help=True)
