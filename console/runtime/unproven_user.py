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
        ctx.notify(
            tr(
                "The instance does not show that “{name}” signs in {account}.",
                name=credential.name,
                account=credential.account,
            )
        )
