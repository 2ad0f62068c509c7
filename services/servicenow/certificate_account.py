"""Which account a client certificate signs in: the instance alone knows the user that it is mapped to."""

from services.common.fault_ids import FaultId
from services.servicenow.encoded_query import SignedInUserQuery
from services.servicenow.faults import make_error
from services.servicenow.http_client import ServiceNowClient


async def require_mapped_account(instance: ServiceNowClient, account: str) -> None:
    """Raise `certificate-other-account` where the certificate signs in another user; nothing where that is not shown."""
    page = await instance.table("sys_user").page(SignedInUserQuery(), fields=("user_name",), limit=2)
    if len(page.rows) != 1 or (page.total or 1) != 1:
        # The instance does not run the query, or hides the record.
        return
    found = page.rows[0]["user_name"]
    if found and found.casefold() != account.casefold():
        seen = f"the call runs as {found}; the User Credential says {account}"
        raise make_error(FaultId.CERTIFICATE_OTHER_ACCOUNT, f"Sign in as {account}", seen)
