"""Which roles an account has, as far as the instance lets it see.

Source: the table `sys_user_has_role` has a row for every role, contained ones included; access rules may hide it, and
then it comes empty or refused, which is not the same as having none.
"""

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultTrait
from services.servicenow.encoded_query import equals
from services.servicenow.http_client import ServiceNowClient

ADMIN_ROLE = "admin"
REQUIRED_ROLES = ("web_service_admin", "approval_admin")
"""What the vendor asks for."""
SOAP_ROLES = ("soap", "soap_script")
"""Either is needed to call scripted services where strict security is on; the vendor does not say so."""


async def signed_in_account(instance: ServiceNowClient) -> str:
    """Return the account that an instance is signed in to."""
    signing = instance.sign_in
    sign_in = await signing() if callable(signing) else signing
    return sign_in.account if sign_in else ""


async def fetch_active_roles(instance: ServiceNowClient, account: str) -> tuple[str, ...]:
    """Return the active roles of `account`, sorted; empty when there are none or they are hidden from this account.

    Raises ConsoleError for whatever is no access rule.
    """
    query = equals(**{"user.user_name": account, "state": "active"})
    table = instance.table("sys_user_has_role")
    try:
        found = {row["role.name"] async for row in table.rows(query, fields=("role.name",))}
    except ConsoleError as error:
        if FaultTrait.ACCESS_DENIED not in error.problem.fault.traits:
            raise
        return ()
    return tuple(sorted(found - {""}))
