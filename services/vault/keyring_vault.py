"""The operating system's keyring, through the library keyring; the only module that imports it.

The backend is checked before every use: the library silently falls back to backends that store nothing or store plain
text, and its chained backend passes a password on to the next one.
"""

import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.vault.base import (
    PROBE_TIMEOUT_S,
    EntryKey,
    Vault,
    VaultEntry,
    VaultError,
    VaultKind,
    VaultState,
)
from services.vault.entry_format import parse_entry, serialize_entry
from services.vault.keyring_parts import (
    EntryIncompleteError,
    EntryTooLongError,
    read_entry,
    remove_entry,
    write_entry,
)

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE_PREFIX = "approval-console"
CALL_TIMEOUT_S = 120.0
"""Enough for the user to unlock the keyring."""
WRITES_MAX = 4
"""How often an entry is written that another program writes as well."""
WRITE_PAUSE_S = (0.02, 0.1)
LABEL = "the keyring of this system"

T = TypeVar("T")


class UnsuitableKeyringError(Exception):
    """The keyring must not be used; the text is a sentence with the reason."""


class SystemVault(Vault):
    """Stores secrets in the keyring of the operating system.

    Some keyrings store one entry per service name, so the service name contains the id of the entry.
    """

    kind = VaultKind.SYSTEM

    def __init__(self) -> None:
        self._condition = threading.Condition()
        """Notified when a keyring call has ended, and when the vault is closed."""
        self._closed = False

    def probe(self, timeout: float = PROBE_TIMEOUT_S) -> VaultState:
        """Read a nonexistent entry: the backend may be locked, missing or unresponsive."""

        def read_backend_name() -> str:
            backend = select_backend()
            backend.get_password(f"{SERVICE_PREFIX}/probe", "probe")
            return str(getattr(backend, "name", type(backend).__name__))

        try:
            return VaultState(usable=True, label=self._run_with_timeout(timeout, read_backend_name))
        except TimeoutError:
            reason = "The keyring did not answer in time."
        except UnsuitableKeyringError as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 -- backends raise what their system libraries raise
            reason = f"The keyring refused: {type(error).__name__}."
        return VaultState(usable=False, label=LABEL, reason=reason)

    def _load(self, key: EntryKey) -> VaultEntry | None:
        service, user = _place(key)
        text = self._call("Read", key, lambda: read_entry(select_backend(), service, user))
        if text is None:
            return None
        try:
            return parse_entry(text)
        except ValueError as error:
            raise _keyring_error("Read", key, str(error)) from None

    def _store(self, key: EntryKey, entry: VaultEntry) -> None:
        (service, user), text = _place(key), serialize_entry(entry)

        def write_and_compare() -> bool:
            backend = select_backend()
            for left in reversed(range(WRITES_MAX)):
                write_entry(backend, service, user, text)
                if _is_written(backend, service, user, text):
                    return True
                if left:
                    # Another program has written at the same time: its parts and these are mixed until one writes again.
                    time.sleep(random.uniform(*WRITE_PAUSE_S))  # noqa: S311 -- a pause
            return False

        if not self._call("Keep", key, write_and_compare):
            raise _keyring_error("Keep", key, "the keyring took it and gives something else back")

    def _remove(self, key: EntryKey) -> bool:
        service, user = _place(key)
        return self._call("Remove", key, lambda: remove_entry(select_backend(), service, user))

    def close(self) -> None:
        """End calls that still wait for the keyring, because the program ends."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _call(self, verb: str, key: EntryKey, work: Callable[[], T]) -> T:
        try:
            return self._run_with_timeout(CALL_TIMEOUT_S, work)
        except TimeoutError:
            raise _keyring_error(verb, key, "the keyring did not answer") from None
        except (UnsuitableKeyringError, EntryTooLongError, EntryIncompleteError) as error:
            raise _keyring_error(verb, key, str(error)) from None
        except Exception as error:  # noqa: BLE001 -- backends raise what their system libraries raise
            # The text of such an error can contain the stored text.
            raise _keyring_error(verb, key, f"the keyring answered {type(error).__name__}") from None

    def _run_with_timeout(self, seconds: float, work: Callable[[], T]) -> T:
        """Run `work` in a new thread; raise TimeoutError after `seconds`, because a keyring may wait for the user."""
        done: list[T] = []
        failed: list[BaseException] = []

        def body() -> None:
            try:
                done.append(work())
            except BaseException as error:  # noqa: BLE001 -- handed to the caller below
                failed.append(error)
            with self._condition:
                self._condition.notify_all()

        # A daemon thread, so that the program can end while a keyring hangs.
        threading.Thread(target=body, name="keyring", daemon=True).start()
        with self._condition:
            self._condition.wait_for(lambda: done or failed or self._closed, seconds)
        if failed:
            raise failed[0]
        if not done:
            raise TimeoutError
        return done[0]


def select_backend() -> "KeyringBackend":
    """Return the backend to use; raises UnsuitableKeyringError if it stores nothing or stores plain text."""
    import keyring
    from keyring.backends.chainer import ChainerBackend

    found = keyring.get_keyring()
    candidates = list(found.backends) if isinstance(found, ChainerBackend) else [found]
    reasons = [_unsuitable_reason(backend) for backend in candidates]
    for backend, reason in zip(candidates, reasons, strict=True):
        if not reason:
            return backend
    raise UnsuitableKeyringError(reasons[0] if reasons else NO_KEYRING)


NO_KEYRING = "This system has no keyring that can be used."


def _unsuitable_reason(backend: "KeyringBackend") -> str:
    """Return why a backend must not be used, or an empty text."""
    for kind in type(backend).__mro__:
        if kind.__module__ in ("keyring.backends.null", "keyring.backends.fail"):
            return NO_KEYRING
        readable = "plain" in kind.__name__.lower() or "unencrypted" in kind.__name__.lower()
        foreign = kind.__module__.startswith("keyrings.alt.") and "encrypted" not in kind.__name__.lower()
        if readable or (foreign and kind is type(backend)):
            return f"The keyring {type(backend).__name__} keeps passwords readable."
    if float(getattr(backend, "priority", 1)) <= 0:
        return NO_KEYRING
    return ""


def _is_written(backend: "KeyringBackend", service: str, user: str, text: str) -> bool:
    try:
        return read_entry(backend, service, user) == text
    except EntryIncompleteError:
        return False


def _place(key: EntryKey) -> tuple[str, str]:
    """Return the service and the user under which an entry is stored."""
    return f"{SERVICE_PREFIX}/{key.entry_id}", str(key.entry_id)


def _keyring_error(verb: str, key: EntryKey, evidence: str) -> VaultError:
    return VaultError(
        Problem(
            tried=f"{verb} {key.described}",
            evidence=evidence,
            cause="The keyring of this system is locked, missing or refuses.",
            owner=Owner.CONSOLE,
            remedy="Unlock the keyring and try again, or choose another vault with --vault session or --vault file.",
            fault=FaultId.VAULT_UNUSABLE,
        )
    )
