"""Says where an instance does not show which user another User Credential signs in."""

from typing import TYPE_CHECKING

from services.language import tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.user_credential import UserCredential
    from services.servicenow import ServiceNowClient


def notify_unproven_user(ctx: "Context", instance: "ServiceNowClient", credential: "UserCredential") -> None:
    """Say where it was asked, and not shown, that the calls run as the account of `credential`."""
    if instance.is_user_shown is False:
        ctx.notify(unproven_user_text(credential))


def unproven_user_text(credential: "UserCredential") -> str:
    """Return the warning for a credential whose calls are not shown to run as its account."""
    return tr(
        "Warning: the instance does not show that “{credential}” signs in {account}.",
        credential=credential.name,
        account=credential.account,
    )
