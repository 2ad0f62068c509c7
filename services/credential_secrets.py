"""The secrets of one User Credential together: which the vault holds, for which destinations, and binding them as one.

A method of signing in uses several secrets. They are bound and judged together, so that none is left behind for
another address.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from models.addresses import Destination, Origin
from models.secret_names import SECRET_FORMS, SecretName
from models.sign_in import METHODS, MethodForm, SignInMethod
from services.common.json_types import JsonObject
from services.common.secret import Secret
from services.vault import Vault
from services.vault.base import SecretState, SecretTarget

if TYPE_CHECKING:
    from models.user_credential import UserCredential


class SigningIn(Protocol):
    """What is needed of a User Credential to look for its secrets."""

    @property
    def id(self) -> uuid.UUID:
        """Its id."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def method(self) -> SignInMethod:
        """How it signs in."""


@dataclass(frozen=True, slots=True)
class CredentialSecrets:
    """Which secrets of a credential the vault holds, and for which destinations; never a secret."""

    method: SignInMethod
    states: Mapping[SecretName, SecretState]
    """Of every secret that was looked at; those that the method uses are among them."""

    @property
    def form(self) -> MethodForm:
        """What the method needs."""
        return METHODS[self.method]

    @property
    def used(self) -> tuple[SecretName, ...]:
        """The secrets that are set and that the method uses."""
        return tuple(one for one in self.form.secrets if self.states[one].present)

    @property
    def missing(self) -> tuple[SecretName, ...]:
        """The secrets that the method requires and that are not set."""
        return tuple(one for one in self.form.required_secrets if not self.states[one].present)

    @property
    def unused(self) -> tuple[SecretName, ...]:
        """The secrets that are set and that the method does not use."""
        return tuple(
            one for one, state in self.states.items() if state.present and one not in self.form.secrets
        )

    @property
    def complete(self) -> bool:
        """Whether every secret that the method requires is set."""
        return not self.missing

    @property
    def destinations(self) -> list[Destination]:
        """Where any of the used secrets may be sent."""
        return list(dict.fromkeys(d for one in self.used for d in self.states[one].destinations))

    @property
    def origins(self) -> list[Origin]:
        """The origins of the destinations."""
        return list(dict.fromkeys(one.origin for one in self.destinations))

    def covers(self, place: SecretTarget) -> bool:
        """Whether the credential can sign in at `place`: all that its method requires is set, and bound to it."""
        return self.complete and not self.to_enter_again(place)

    def to_enter_again(self, place: SecretTarget) -> tuple[SecretName, ...]:
        """Return the used secrets that are not bound to `place`."""
        return tuple(one for one in self.used if not self.states[one].covers(place))

    @property
    def version_token(self) -> str:
        """Changes whenever one of the used secrets is entered; empty if unknown. Not derived from a secret."""
        tokens = [self.states[one].version_token for one in self.used]
        if not tokens or not all(tokens):
            return ""
        if self.used == (SecretName.PASSWORD,):
            return tokens[0]
        text = " ".join(f"{name}={token}" for name, token in zip(self.used, tokens, strict=True))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def as_dict(self) -> JsonObject:
        """Return method and secrets for JSON: for each secret whether it is set, used, and for which origins."""
        return {
            "sign_in": self.method.value,
            "complete": self.complete,
            "secrets": [
                {
                    "name": name.value,
                    "set": state.present,
                    "use": "required"
                    if name in self.form.required_secrets
                    else "optional"
                    if name in self.form.secrets
                    else "unused",
                    "for": [str(origin) for origin in state.origins],
                }
                for name, state in self.states.items()
                if state.present or name in self.form.secrets
            ],
        }


def secret_labels(names: Sequence[SecretName]) -> str:
    """Return what secrets are called, for the middle of a sentence."""
    return ", ".join(SECRET_FORMS[one].label for one in names)


def read_credential_secrets(
    vault: Vault, credential: SigningIn, *, only_used: bool = False
) -> CredentialSecrets:
    """Return the secrets of a credential, with `only_used` those that its method uses; blocks. Raises VaultError."""
    names = METHODS[credential.method].secrets if only_used else tuple(SecretName)
    return CredentialSecrets(
        credential.method,
        {one: vault.state(credential.id, credential.name, secret_name=one) for one in names},
    )


def bind_secrets(
    vault: Vault, credential: "UserCredential", place: SecretTarget, *, confirm_new_route: bool = False
) -> tuple[SecretName, ...]:
    """Bind all secrets of the credential's method that are not bound yet, as `Vault.bind` does; return which were.

    When one of them cannot be bound, none is. Raises SecretMissingError for a required secret, SecretNotForHostError.
    """
    bound: list[SecretName] = []
    try:
        for one in _secrets_to_bind(vault, credential, place):
            vault.bind(
                credential.id, credential.name, place, confirm_new_route=confirm_new_route, secret_name=one
            )
            bound.append(one)
    except BaseException:
        unbind_secrets(vault, credential, place, bound)
        raise
    return tuple(bound)


def _secrets_to_bind(
    vault: Vault, credential: "UserCredential", place: SecretTarget
) -> tuple[SecretName, ...]:
    found = read_credential_secrets(vault, credential, only_used=True)
    # Those that are missing first: the vault says how such a secret is entered.
    return (*found.missing, *found.to_enter_again(place))


def unbind_secrets(
    vault: Vault, credential: "UserCredential", place: SecretTarget, names: Sequence[SecretName]
) -> None:
    """Take a binding back, for example when saving the server failed; the secrets stay."""
    for one in names:
        vault.unbind(credential.id, credential.name, place, secret_name=one)


@contextmanager
def binding_secrets(vault: Vault, credential: "UserCredential", place: SecretTarget) -> Iterator[None]:
    """Bind the secrets of a credential to `place`; when the block fails, the bindings are as before. Raises as `bind_secrets`."""
    bound = bind_secrets(vault, credential, place)
    try:
        yield
    except BaseException:
        unbind_secrets(vault, credential, place, bound)
        raise


@contextmanager
def putting_secrets(
    vault: Vault,
    credential: "UserCredential",
    entered: Mapping[SecretName, Secret],
    places: Sequence[SecretTarget],
    *,
    tried: str,
) -> Iterator[None]:
    """Store several secrets as `Vault.putting` does for one; when the block fails, the vault is as before."""
    with ExitStack() as stack:
        for name, secret in entered.items():
            stack.enter_context(
                vault.putting(
                    credential.id,
                    credential.name,
                    credential.account,
                    secret,
                    places,
                    tried=tried,
                    secret_name=name,
                )
            )
        yield


def find_stale_secrets(
    vault: Vault, credential: "UserCredential", entered: Sequence[SecretName], places: Sequence[SecretTarget]
) -> tuple[SecretName, ...]:
    """Return the used secrets other than `entered` that are bound, but not to all of `places`: to be entered again."""
    found = read_credential_secrets(vault, credential, only_used=True)
    return tuple(
        one
        for one in found.used
        if one not in entered
        and found.states[one].destinations
        and not all(found.states[one].covers(place) for place in places)
    )
