"""Errors of the switch."""

from dataclasses import replace

from services.common.errors import Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.language import tr_message
from services.sign_in_probe import SignInProbe


def switch_text(server: str) -> str:
    """Return what was tried."""
    return tr_message("Switch the sign-in of “{server}”", server=server)


def undo_text(server: str) -> str:
    """Return what was tried."""
    return tr_message("Undo the switch of “{server}”", server=server)


def no_credential(server: str) -> RefusedError:
    """Return the error for a server without a credential."""
    return _refused(
        server,
        evidence=tr_message("“{server}” has no User Credential.", server=server),
        cause=tr_message("A switch goes from one User Credential to another."),
        remedy=_choose_again(),
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


def not_probed(server: str, credential: str) -> RefusedError:
    """Return the error for a switch to a sign-in that was not probed as it is now."""
    return _refused(
        server,
        evidence=tr_message(
            "No probe of “{credential}” on “{server}” within 24 hours; nothing was changed.",
            credential=credential,
            server=server,
        ),
        cause=tr_message("It was not probed since it, its secrets or the server were changed."),
        remedy=tr_message("Probe the sign-in, then switch."),
    )


def probe_not_good(server: str, credential: str, probe: SignInProbe) -> RefusedError:
    """Return the error for a switch to a sign-in that does not work for everything, as far as its probe shows."""
    found = probe.findings[0] if probe.findings else None
    if found is None or found.problem is None:
        return _refused(
            server,
            evidence=tr_message(
                "The probe of “{credential}” could not look at everything; nothing was changed.",
                credential=credential,
            ),
            cause=tr_message("No Approval Process with a status service uses this server."),
            remedy=tr_message("Create the Approval Process of this server, then probe again."),
        )
    return RefusedError(
        replace(found.problem, tried=switch_text(server), fault=FaultId.SIGN_IN_SWITCH_REFUSED)
    )


def certificate_missing(server: str, tried: str) -> RefusedError:
    """Return the error for a server that has no client certificate to sign in with."""
    return _refused(
        server,
        tried=tried,
        evidence=tr_message("“{server}” has no client certificate; nothing was changed.", server=server),
        cause=tr_message(
            "The certificate and its key are entered on the server, not on the User Credential."
        ),
        remedy=tr_message(
            "Enter the file of the client certificate on “{server}”, then try again.", server=server
        ),
    )


def certificate_without_tls(server: str, address: str, tried: str) -> RefusedError:
    """Return the error for a server that is never shown a client certificate."""
    return _refused(
        server,
        tried=tried,
        evidence=tr_message("The base URL is {address}; nothing was changed.", address=address),
        cause=tr_message(
            "A client certificate is part of TLS: it needs an address that begins with https://."
        ),
        remedy=tr_message("Correct the base URL of “{server}”, then try again.", server=server),
    )


def certificate_in_the_way(server: str) -> str:
    """Return the remedy where a client certificate that the sign-in does not need would end every connection."""
    return tr_message(
        "Remove the client certificate from “{server}” or replace it, then try again.", server=server
    )


def changed_since(server: str) -> RefusedError:
    """Return the error for an undo after somebody chose another credential."""
    return _refused(
        server,
        tried=undo_text(server),
        evidence=tr_message(
            "“{server}” signs in with another User Credential than the switch chose.", server=server
        ),
        cause=tr_message("Its User Credential was changed after the switch."),
        remedy=_choose_again(),
    )


def address_changed(server: str, then: str, now: str) -> RefusedError:
    """Return the error for an undo after the server got another address."""
    return _refused(
        server,
        tried=undo_text(server),
        evidence=tr_message("The base URL was {then} at the switch, and is {now}.", then=then, now=now),
        cause=tr_message(
            "The server was given another address after the switch; the former sign-in was not used there."
        ),
        remedy=_choose_again(),
    )


def former_deleted(server: str, credential: str) -> RefusedError:
    """Return the error for an undo after the former credential was deleted."""
    return _refused(
        server,
        tried=undo_text(server),
        evidence=tr_message("The User Credential “{credential}” does not exist.", credential=credential),
        cause=tr_message("It was deleted after the switch."),
        remedy=tr_message(
            "Create a User Credential with the former account, then choose it on the page of the server."
        ),
    )


def former_changed(server: str, credential: str, fields: str) -> RefusedError:
    """Return the error for an undo after the former credential was made to sign in otherwise; `fields` names what differs."""
    return _refused(
        server,
        tried=undo_text(server),
        evidence=tr_message(
            "“{credential}” was changed after the switch: {fields}.", credential=credential, fields=fields
        ),
        cause=tr_message("The server would sign in otherwise than before the switch."),
        remedy=tr_message(
            "Probe “{credential}”, then choose it on the page of the server, or change it back.",
            credential=credential,
        ),
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
            tried=undo_text(server),
            evidence=tr_message("No switch of “{server}” is in effect.", server=server),
            cause=tr_message("It was never switched, or the switch was undone."),
            owner=Owner.CONSOLE,
            remedy=_choose_again(),
            fault=FaultId.SIGN_IN_SWITCH_NOT_FOUND,
        )
    )


def _choose_again() -> str:
    return tr_message("Choose the User Credential on the page of the server.")


def _refused(name: str, *, evidence: str, cause: str, remedy: str, tried: str = "") -> RefusedError:
    return RefusedError(
        Problem(
            tried=tried or switch_text(name),
            evidence=evidence,
            cause=cause,
            owner=Owner.CONSOLE,
            remedy=remedy,
            fault=FaultId.SIGN_IN_SWITCH_REFUSED,
        )
    )
