"""Errors of the switch."""

from services.common.errors import Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.language import tr_message


def no_credential(server: str) -> RefusedError:
    """Return the error for a server without a credential."""
    return _refused(
        server,
        evidence=tr_message("“{server}” has no User Credential.", server=server),
        cause=tr_message("A switch goes from one User Credential to another."),
        remedy=tr_message("Choose the User Credential on the page of the server."),
    )


def same_credential(server: str, credential: str) -> RefusedError:
    """Return the error for a switch that changes nothing."""
    return _refused(
        server,
        evidence=tr_message(
            "“{server}” signs in with “{credential}” already.", server=server, credential=credential
        ),
        cause=tr_message("The switch was made before, or this is the wrong User Credential."),
        remedy=tr_message("Choose another User Credential."),
    )


def certificate_missing(server: str) -> RefusedError:
    """Return the error for a server that has no client certificate to sign in with."""
    return _refused(
        server,
        evidence=tr_message("“{server}” has no client certificate; nothing was changed.", server=server),
        cause=tr_message(
            "The certificate and its key are entered on the server, not on the User Credential."
        ),
        remedy=tr_message(
            "Enter the file of the client certificate on “{server}”, then switch.", server=server
        ),
    )


def changed_since(server: str) -> RefusedError:
    """Return the error for an undo after somebody chose another credential."""
    return _refused(
        server,
        tried=tr_message("Undo the switch of “{server}”", server=server),
        evidence=tr_message(
            "“{server}” signs in with another User Credential than the switch chose.", server=server
        ),
        cause=tr_message("Its User Credential was changed after the switch."),
        remedy=tr_message("Choose the User Credential on the page of the server."),
    )


def password_in_use(credential: str, users: str) -> RefusedError:
    """Return the error for removing a password that is still needed."""
    return _refused(
        credential,
        tried=tr_message("Remove the password of “{credential}”", credential=credential),
        evidence=tr_message("It is still used for {users}.", users=users),
        cause=tr_message("Another server, a proxy or a webhook signs in with this User Credential."),
        remedy=tr_message("Move those first, then remove the password."),
    )


def no_switch(server: str) -> RefusedError:
    """Return the error where no switch is in effect."""
    return RefusedError(
        Problem(
            tried=tr_message("Undo the switch of “{server}”", server=server),
            evidence=tr_message("No switch of “{server}” is in effect.", server=server),
            cause=tr_message("It was never switched, or the switch was undone."),
            owner=Owner.CONSOLE,
            remedy=tr_message("Choose the User Credential on the page of the server."),
            fault=FaultId.SIGN_IN_SWITCH_NOT_FOUND,
        )
    )


def _refused(name: str, *, evidence: str, cause: str, remedy: str, tried: str = "") -> RefusedError:
    return RefusedError(
        Problem(
            tried=tried or tr_message("Switch the sign-in of “{server}”", server=name),
            evidence=evidence,
            cause=cause,
            owner=Owner.CONSOLE,
            remedy=remedy,
            fault=FaultId.SIGN_IN_SWITCH_REFUSED,
        )
    )
