"""Vaults of every kind, over a keyring of the tests' own and a cheap key derivation."""

import threading
import uuid

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from models.addresses import Origin
from services.common.secret import Secret
from services.vault import VaultKind
from services.vault import file_vault as file_module
from services.vault.environment_vault import EnvVault
from services.vault.file_vault import FileVault
from services.vault.keyring_vault import SystemVault
from services.vault.session_vault import SessionVault

HOME = Origin.of("https://acme.service-now.com/")
OTHER = Origin.of("https://acmedev.service-now.com/")
NAME = "ServiceNow"


class MemoryKeyring(KeyringBackend):
    """A keyring with the library's real interface, that can be told to misbehave."""

    priority = 5

    def __init__(self):
        super().__init__()
        self.entries = {}
        self.error = None
        self.hangs = None
        self.asked = threading.Event()
        self.forgets = False

    def _asked(self):
        self.asked.set()
        if self.hangs is not None:
            self.hangs.wait()
        if self.error is not None:
            raise self.error

    def get_password(self, service, username):
        self._asked()
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self._asked()
        if not self.forgets:
            self.entries[service, username] = password

    def delete_password(self, service, username):
        self._asked()
        try:
            del self.entries[service, username]
        except KeyError:
            raise PasswordDeleteError("not there") from None


@pytest.fixture(autouse=True)
def cheap_keys(monkeypatch):
    monkeypatch.setattr(file_module, "SCRYPT_N", 2**10)


@pytest.fixture
def use_keyring():
    """Let the library use a backend for the length of a test."""
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


@pytest.fixture
def ring(use_keyring):
    made = MemoryKeyring()
    use_keyring(made)
    yield made
    if made.hangs is not None:
        made.hangs.set()


@pytest.fixture
def hanging(ring):
    """A keyring that does not answer until the test ends."""
    ring.hangs = threading.Event()
    return ring


@pytest.fixture
def credential():
    return uuid.uuid4()


def make_vault(kind, folder):
    """Make a vault; called again for the same folder, it is the vault of another program."""
    match kind:
        case VaultKind.SYSTEM:
            return SystemVault()
        case VaultKind.FILE:
            return FileVault(folder / "vault.bin", Secret("correct horse battery staple"))
        case VaultKind.ENV:
            return EnvVault({"APPROVAL_CONSOLE_SECRET_SERVICENOW": "hunter2!"}, folder / "bindings.json")
        case _:
            return SessionVault()


@pytest.fixture(params=[VaultKind.SYSTEM, VaultKind.FILE, VaultKind.SESSION])
def vault(request, tmp_path, ring):
    """Every vault that can keep a password."""
    return make_vault(request.param, tmp_path)
