"""Secrets that a command reads: one from standard input, or several typed at a terminal; never from its arguments."""

import getpass
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from console.cli.errors import call_error, input_error
from models.secret_names import SECRET_FORMS, SecretName
from models.sign_in import METHODS, SignInMethod
from services.common.errors import InputError
from services.common.fault_ids import FaultId
from services.common.secret import Secret

KEY_MAX = 65_536
"""Characters of a private key in PEM form; one of 16,384 bits has a fifth of it."""
SECRET_OPTIONS: dict[SecretName, str] = {
    SecretName.PASSWORD: "--password-stdin",
    SecretName.CLIENT_SECRET: "--client-secret-stdin",
    SecretName.PRIVATE_KEY: "--private-key-stdin",
    SecretName.PRIVATE_KEY_PASSPHRASE: "--private-key-passphrase-stdin",
    SecretName.CERTIFICATE_PASSPHRASE: "--certificate-passphrase-stdin",
}
"""The option that reads each secret from standard input."""


@dataclass(frozen=True, slots=True)
class SecretChoice:
    """Which secret comes from standard input, as the options of a call say."""

    given: Mapping[SecretName, bool]

    def chosen(self) -> SecretName | None:
        """Return the one secret, or None. Raises InputError for more than one."""
        names = [name for name, is_given in self.given.items() if is_given]
        if len(names) > 1:
            raise call_error(
                "Read a secret",
                f"{' and '.join(SECRET_OPTIONS[one] for one in names)} were given.",
                "Call once for each secret.",
                "Standard input holds one secret.",
            )
        return names[0] if names else None


def read_secret(name: SecretName) -> Secret:
    """Read one secret from standard input: its first line, or all of it for a key. Raises InputError when it is empty."""
    if SECRET_FORMS[name].has_lines:
        value = sys.stdin.read(KEY_MAX + 1).strip()
        if len(value) > KEY_MAX:
            raise call_error(
                f"Read the {SECRET_FORMS[name].label}",
                f"Standard input holds more than {KEY_MAX} characters.",
                "Pipe in the private key alone, in PEM form.",
            )
        value = f"{value}\n" if value else ""
    else:
        value = sys.stdin.readline().rstrip("\r\n")
    if not value:
        raise missing_secret_error((name,))
    return Secret(value)


def ask_secrets(method: SignInMethod) -> dict[SecretName, Secret]:
    """Ask at a terminal for the secrets of `method`; what is left empty, and a key of several lines, is not in the result."""
    form = METHODS[method]
    names = form.required_secrets or form.optional_secrets
    found = {}
    for name in names:
        if SECRET_FORMS[name].has_lines:
            continue
        label = SECRET_FORMS[name].label
        if typed := getpass.getpass(f"{label[0].upper()}{label[1:]}: "):
            found[name] = Secret(typed)
    return found


def missing_secret_error(names: tuple[SecretName, ...]) -> InputError:
    """Return the error of a call that has none of the secrets it could set."""
    labels = " or ".join(SECRET_FORMS[one].label for one in names)
    return input_error(
        f"Read the {labels}",
        "Standard input is empty.",
        "A secret is never taken from the command line, where other users could read it.",
        f"Pipe it in with {' or '.join(SECRET_OPTIONS[one] for one in names)}"
        + (
            ", or type it at a terminal."
            if not any(SECRET_FORMS[one].has_lines for one in names)
            else "; a key in PEM form cannot be typed."
        ),
        FaultId.PASSWORD_MISSING,
    )
