"""Whether an account may make these records: it takes the role admin, and only for the run."""

from services.provisioning.problems import admin_missing_error
from services.servicenow.account_roles import ADMIN_ROLE, fetch_active_roles, signed_in_account
from services.servicenow.http_client import ServiceNowClient


async def require_admin(instance: ServiceNowClient) -> str:
    """Return the account when it has the role admin; raises `provision-admin-missing` before anything is written.

    An administrator can always read who has which role, so that an account that cannot is none.
    """
    account = await signed_in_account(instance)
    roles = await fetch_active_roles(instance, account)
    if ADMIN_ROLE not in roles:
        raise admin_missing_error(account, f"Its roles: {', '.join(roles) or 'none that it may see'}")
    return account
