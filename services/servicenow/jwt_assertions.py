"""Assertions of the JWT bearer grant: signed statements that a ServiceNow instance exchanges for an access token."""

import secrets
import time
from typing import TYPE_CHECKING

from models.secret_names import SecretName
from models.sign_in import SignInMethod
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.servicenow.faults import make_error
from services.transport.sign_in import TokenSignIn

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

LIFETIME_S = 60
"""Between `iat` and `exp`, as in ServiceNow's own sample."""
BACKDATED_S = 5
"""`iat` lies this far in the past: the newer form of a client tolerates no clock that is ahead."""


def check_private_key(key: Secret, passphrase: Secret | None, algorithm: str, tried: str) -> bool:
    """Return whether `key` is encrypted and `passphrase` is None, so that only its form could be checked; blocks.

    Raises `oauth-private-key-unusable` for a key that cannot be read, has another passphrase or does not fit `algorithm`.
    """
    secrets_found = {SecretName.PRIVATE_KEY: key}
    if passphrase is not None:
        secrets_found[SecretName.PRIVATE_KEY_PASSPHRASE] = passphrase
    elif _is_encrypted(key):
        return True
    sign_in = TokenSignIn("", SignInMethod.JWT_BEARER, "", algorithm=algorithm, secrets=secrets_found)
    make_assertion(sign_in, tried=tried)
    return False


def _is_encrypted(key: Secret) -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        load_pem_private_key(key.reveal().encode(), None)
    except TypeError:
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return False


def make_assertion(sign_in: TokenSignIn, *, clock_offset_s: float = 0.0, tried: str) -> str:
    """Return a signed assertion; blocks while it signs. `clock_offset_s`: how far the instance's clock is ahead of ours.

    Raises `oauth-private-key-unusable` for a key that cannot be read, has another passphrase or does not fit the algorithm.
    """
    import jwt

    key = _load_key(sign_in, tried)
    issued = int(time.time() + clock_offset_s) - BACKDATED_S
    members = {
        "iss": sign_in.client_id,
        "aud": sign_in.client_id,
        "sub": sign_in.subject,
        "iat": issued,
        "exp": issued + LIFETIME_S,
        "jti": secrets.token_urlsafe(24),
    }
    try:
        return jwt.encode(members, key, algorithm=sign_in.algorithm, headers={"kid": sign_in.key_id})  # type: ignore[arg-type]
    except (jwt.PyJWTError, TypeError, ValueError, NotImplementedError):
        # Texts of the library may quote the key.
        raise make_error(
            FaultId.OAUTH_PRIVATE_KEY_UNUSABLE,
            tried,
            f"{_described(key)} cannot sign with {sign_in.algorithm}; nothing was sent",
        ) from None


def _load_key(sign_in: TokenSignIn, tried: str) -> "PrivateKeyTypes":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    passphrase = sign_in.secrets.get(SecretName.PRIVATE_KEY_PASSPHRASE)
    try:
        return load_pem_private_key(
            sign_in.secrets[SecretName.PRIVATE_KEY].reveal().encode(),
            passphrase.reveal().encode() if passphrase else None,
        )
    except TypeError:
        reason = (
            "the key is encrypted, and no passphrase is stored"
            if not passphrase
            else "a passphrase is stored, but the key is not encrypted"
        )
    except (ValueError, UnsupportedAlgorithm):
        reason = "it is no private key in PEM form" + (
            ", or the passphrase is another one" if passphrase else ""
        )
    raise make_error(FaultId.OAUTH_PRIVATE_KEY_UNUSABLE, tried, f"{reason}; nothing was sent")


def _described(key: "PrivateKeyTypes") -> str:
    """Return what kind of key it is, with its curve, which each ES algorithm asks for another of."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    match key:
        case RSAPrivateKey():
            return "an RSA key"
        case EllipticCurvePrivateKey():
            return f"an EC key on the curve {key.curve.name}"
        case _:
            return f"a key of the kind {type(key).__name__.removesuffix('PrivateKey')}"
