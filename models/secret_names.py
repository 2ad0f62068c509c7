"""The secrets of a User Credential. Each is stored in the vault under the credential's id and its name."""

from dataclasses import dataclass
from enum import StrEnum

from models.translation_marks import tr_later


class SecretName(StrEnum):
    """What a secret is. The values are those of documents and of the vault."""

    PASSWORD = "password"  # noqa: S105 -- the name of a secret
    CLIENT_SECRET = "client_secret"  # noqa: S105
    PRIVATE_KEY = "private_key"
    PRIVATE_KEY_PASSPHRASE = "private_key_passphrase"  # noqa: S105
    CERTIFICATE_PASSPHRASE = "certificate_passphrase"  # noqa: S105


@dataclass(frozen=True, slots=True)
class SecretForm:
    """How a secret is called and what it may hold."""

    label: str
    """In the middle of a sentence."""
    has_lines: bool = False
    """Whether it consists of lines, like a key in PEM form."""


SECRET_FORMS: dict[SecretName, SecretForm] = {
    SecretName.PASSWORD: SecretForm(tr_later("password")),
    SecretName.CLIENT_SECRET: SecretForm(tr_later("client secret")),
    SecretName.PRIVATE_KEY: SecretForm(tr_later("private key"), has_lines=True),
    SecretName.PRIVATE_KEY_PASSPHRASE: SecretForm(tr_later("passphrase of the private key")),
    SecretName.CERTIFICATE_PASSPHRASE: SecretForm(tr_later("passphrase of the client certificate")),
}
