"""How an account signs in to a server, as values; apart from what makes headers of them, which loads the HTTP client."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from models.secret_names import SecretName
from models.sign_in import SignInMethod
from services.common.secret import Secret


@dataclass(frozen=True, slots=True)
class SignIn:
    """An account and its password."""

    account: str
    secret: Secret = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenSignIn:
    """An account whose access token is fetched from the server's token endpoint with other secrets."""

    account: str
    method: SignInMethod
    """One of `TOKEN_METHODS`."""
    client_id: str
    scope: str | None = None
    key_id: str = ""
    subject: str = ""
    algorithm: str = ""
    secrets: Mapping[SecretName, Secret] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class CertificateSignIn:
    """An account that the server recognises by the client certificate of the connection; nothing else is sent."""

    account: str


ServerSignIn = SignIn | TokenSignIn | CertificateSignIn
"""How an account signs in to a server."""
SignInType = TypeVar("SignInType", bound=ServerSignIn)
SignInSource = SignIn | Callable[[], Awaitable[SignIn]] | None
"""How to sign in with a password: with a known sign-in, one that is requested when needed (from a vault, in a thread), or not."""
ServerSignInSource = ServerSignIn | Callable[[], Awaitable[ServerSignIn]] | None
"""As `SignInSource`, with every method."""


async def resolve_sign_in(
    source: SignInType | Callable[[], Awaitable[SignInType]] | None,
) -> SignInType | None:
    """Return the sign-in of `source`, or None. Raises what the request for it raises."""
    return await source() if callable(source) else source
