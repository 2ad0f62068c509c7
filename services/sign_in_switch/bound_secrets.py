"""The secrets of a credential, bound to a server that it was chosen for."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from models.addresses import Destination
from models.secret_names import SecretName
from models.sign_in import METHODS
from models.user_credential import UserCredential
from services.common.errors import ConsoleError
from services.vault import Vault


@contextmanager
def bound_secrets(vault: Vault, credential: UserCredential, place: Destination) -> Iterator[None]:
    """Bind the secrets of a credential that are bound to nothing to `place`; when the block fails, they are unbound again.

    Secrets that are bound to other destinations stay as they are: they have to be entered again for this one.
    """
    bound: list[SecretName] = []
    try:
        for name in METHODS[credential.method].secrets:
            state = vault.state(credential.id, credential.name, secret_name=name)
            if state.present and not state.destinations:
                vault.bind(credential.id, credential.name, place, secret_name=name)
                bound.append(name)
        yield
    except BaseException:
        for name in bound:
            with suppress(ConsoleError):  # the first error counts; a binding alone sends nothing
                vault.unbind(credential.id, credential.name, place, secret_name=name)
        raise


def bind_secrets(vault: Vault, credential: UserCredential, place: Destination) -> None:
    """Bind the secrets of a credential that are bound to nothing to `place`, where it was chosen for that server; blocks."""
    with bound_secrets(vault, credential, place):
        pass
