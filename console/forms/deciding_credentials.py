"""Which User Credentials can decide on a server, and as whom each of them decides. Imports no Qt."""

from typing import TYPE_CHECKING

from models.sign_in import SignInMethod
from models.translation_marks import tr_later
from services.language import tr

if TYPE_CHECKING:
    from models.foreign_system import ForeignSystem
    from models.user_credential import UserCredential

DECIDER_TEXTS: dict[SignInMethod, str] = {
    SignInMethod.BASIC: tr_later("{account} decides, with its own password"),
    SignInMethod.PASSWORD_GRANT: tr_later("{account} decides, with its own password"),
    SignInMethod.JWT_BEARER: tr_later("{account} decides: the user that the subject finds"),
    SignInMethod.CLIENT_CREDENTIALS: tr_later(
        "{account} decides: each token of this client signs in its OAuth Application User"
    ),
    SignInMethod.CERTIFICATE: tr_later(
        "{account} decides: the user that the client certificate is mapped to"
    ),
}


def decider_text(credential: "UserCredential") -> str:
    """Return as whom a User Credential decides, and why."""
    return tr(DECIDER_TEXTS[credential.method], account=credential.account)


def can_decide(credential: "UserCredential", server: "ForeignSystem", own: "UserCredential | None") -> bool:
    """Return whether a User Credential can sign in to `server`, whose own one is `own`.

    The one client certificate of a server signs in the one account that it is mapped to.
    """
    if credential.method is not SignInMethod.CERTIFICATE:
        return True
    if not server.client_certificate:
        return False
    return own is None or own.method is not SignInMethod.CERTIFICATE or own.account == credential.account
