"""Which user a token or client certificate signs in: the instance alone knows whom it stands for."""

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId, FaultTrait
from services.servicenow.encoded_query import SignedInUserQuery
from services.servicenow.faults import make_error
from services.servicenow.http_client import ServiceNowClient
from services.transport.authentication import CertificateSignIn, ServerSignIn, TokenSignIn, resolve_sign_in


async def read_signed_in_user(instance: ServiceNowClient) -> str:
    """Return the User ID that the calls run as; empty where the instance does not show it. Raises ConsoleError."""
    page = await instance.table("sys_user").page(SignedInUserQuery(), fields=("user_name",), limit=2)
    if len(page.rows) != 1 or (page.total or 1) != 1:
        # The instance does not run the query, or hides the record.
        return ""
    return page.rows[0]["user_name"]


async def require_signed_in_user(instance: ServiceNowClient, account: str) -> bool:
    """Return whether the instance shows that the calls run as `account`; True for a password, which names its user itself.

    Raises `oauth-other-account` or `certificate-other-account` where another user is shown.
    """
    sign_in = await resolve_sign_in(instance.sign_in)
    if not isinstance(sign_in, TokenSignIn | CertificateSignIn):
        return True
    try:
        found = await read_signed_in_user(instance)
    except ConsoleError as error:
        if FaultTrait.SIGNED_IN not in error.problem.fault.traits:
            raise
        found = ""
    if found and not is_same_user(found, account):
        raise other_user_error(sign_in, f"Sign in as {account}", account, found)
    instance.is_user_shown = bool(found)
    return bool(found)


def is_same_user(found: str, account: str) -> bool:
    """Return whether two User IDs name the same user; the instance does not tell case apart."""
    return found.casefold() == account.casefold()


def other_user_error(sign_in: ServerSignIn, tried: str, account: str, found: str) -> ConsoleError:
    """Return the error for calls that run as `found` instead of `account`."""
    is_token = isinstance(sign_in, TokenSignIn)
    fault = FaultId.OAUTH_OTHER_ACCOUNT if is_token else FaultId.CERTIFICATE_OTHER_ACCOUNT
    return make_error(fault, tried, f"the call runs as {found}; the User Credential says {account}")
