"""Say where an instance does not show which user another User Credential signs in."""

from console.cli import output
from models.user_credential import UserCredential
from services.servicenow import ServiceNowClient


def tell_unproven_user(instance: ServiceNowClient, credential: UserCredential) -> None:
    """Print a warning where it was asked, and not shown, that the calls run as the account of `credential`."""
    if instance.is_user_shown is False:
        tell_unproven_account(credential)


def tell_unproven_account(credential: UserCredential) -> None:
    """Print the warning."""
    output.print_message(
        f"Warning: the instance does not show that “{credential.name}” signs in {credential.account}."
    )
