"""Whether an account may make these records: it takes the role admin, and only for the run."""

from services.provisioning.problems import admin_missing
from services.servicenow.instance import Instance
from services.servicenow.roles import ADMIN, account_of, roles_of


async def require_admin(instance: Instance) -> str:
    """Return the account when it has the role admin; raises `provision-admin-missing` before anything is written.

    An administrator can always read who has which role, so that an account that cannot is none.
    """
    account = await account_of(instance)
    roles = await roles_of(instance, account)
    if ADMIN not in roles:
        raise admin_missing(account, f"Its roles: {', '.join(roles) or 'none that it may see'}")
    return account
