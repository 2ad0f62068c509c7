"""Which user a token or client certificate signs in: the instance alone knows whom it stands for."""

from collections.abc import Sequence

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId, FaultTrait
from services.servicenow.encoded_query import SignedInUserQuery, equals
from services.servicenow.faults import make_error
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.table_api import Row
from services.transport.sign_in import CertificateSignIn, ServerSignIn, TokenSignIn, resolve_sign_in


async def read_signed_in_user(instance: ServiceNowClient) -> str:
    """Return the User ID that the calls run as; empty where the instance does not show it. Raises ConsoleError."""
    row = await _read_signed_in_record(instance, ("user_name",))
    return "" if row is None else row["user_name"]


async def _read_signed_in_record(instance: ServiceNowClient, fields: Sequence[str]) -> Row | None:
    page = await instance.table("sys_user").page(SignedInUserQuery(), fields=fields, limit=2)
    if len(page.rows) != 1 or (page.total or 1) != 1:
        # The instance does not run the query, or hides the record.
        return None
    return page.rows[0]


async def require_signed_in_user(instance: ServiceNowClient, account: str) -> bool:
    """Return whether the instance shows that the calls run as `account`; True for a password, which names its user itself.

    Raises `oauth-other-account` or `certificate-other-account` where another user is shown.
    """
    sign_in = await resolve_sign_in(instance.sign_in)
    if not isinstance(sign_in, TokenSignIn | CertificateSignIn):
        return True
    return await _find_signed_in_record(instance, sign_in, account, ("user_name",)) is not None


async def read_own_record(
    instance: ServiceNowClient, account: str, fields: Sequence[str]
) -> tuple[Row | None, bool]:
    """Return the user record of `account`, None where it is hidden, and what `require_signed_in_user` returns.

    `fields` has `user_name`. One call where the instance shows who is signed in. Raises as `require_signed_in_user` does.
    """
    sign_in = await resolve_sign_in(instance.sign_in)
    is_named = True
    if isinstance(sign_in, TokenSignIn | CertificateSignIn):
        row = await _find_signed_in_record(instance, sign_in, account, fields)
        if row is not None:
            return row, True
        is_named = False
    return await instance.table("sys_user").first(equals(user_name=account), fields), is_named


async def _find_signed_in_record(
    instance: ServiceNowClient,
    sign_in: TokenSignIn | CertificateSignIn,
    account: str,
    fields: Sequence[str],
) -> Row | None:
    try:
        row = await _read_signed_in_record(instance, fields)
    except ConsoleError as error:
        if FaultTrait.SIGNED_IN not in error.problem.fault.traits:
            raise
        row = None
    found = "" if row is None else row["user_name"]
    if found and not is_same_user(found, account):
        raise other_user_error(sign_in, f"Sign in as {account}", account, found)
    instance.is_user_shown = bool(found)
    return row if found else None


def is_same_user(found: str, account: str) -> bool:
    """Return whether two User IDs name the same user; the instance does not tell case apart."""
    return found.casefold() == account.casefold()


def other_user_error(sign_in: ServerSignIn, tried: str, account: str, found: str) -> ConsoleError:
    """Return the error for calls that run as `found` instead of `account`."""
    is_token = isinstance(sign_in, TokenSignIn)
    fault = FaultId.OAUTH_OTHER_ACCOUNT if is_token else FaultId.CERTIFICATE_OTHER_ACCOUNT
    return make_error(fault, tried, f"the call runs as {found}; the User Credential says {account}")
