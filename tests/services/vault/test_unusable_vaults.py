"""Vaults that cannot be used, and input that cannot be stored: every case is reported with cause and remedy."""

import json
import os
import struct

import pytest
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring

from models.addresses import Destination
from models.secret_names import SecretName
from services.common.secret import Secret
from services.vault import SecretMissingError, SecretNotForHostError, VaultError, VaultKind, keyring_vault
from services.vault import file_vault as file_module
from services.vault.entry_format import parse_entry
from services.vault.environment_vault import AUDIT_VARIABLE, EnvVault
from services.vault.file_vault import FORMAT, HEADER_BYTES, NONCE_BYTES, FileVault, KeyDerivation
from services.vault.keyring_vault import SystemVault
from tests.services.vault.conftest import HOME, NAME, OTHER, MemoryKeyring, make_vault

VARIABLE = "APPROVAL_CONSOLE_SECRET_SERVICENOW"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"a": 1, "s": 2, "o": 3}', '{"a": "", "s": "", "o": ["no URL"]}']
)
def test_an_entry_that_cannot_be_parsed_is_not_quoted(text):
    with pytest.raises(ValueError, match="the entry is not one of Approval Console"):
        parse_entry(text)


def test_a_secret_state_covers_its_destinations(vault, credential):
    vault.put(credential, NAME, "account", Secret("one"), [HOME])
    state = vault.state(credential, NAME)
    assert state.covers(HOME)
    assert state.covers(Destination(HOME))
    assert not state.covers(OTHER)


def test_the_audit_key_is_created_once(vault, credential):
    if not vault.can_store_audit_key:
        assert vault.no_audit_key_reason
        return
    assert vault.audit_key(credential) is None
    key = vault.get_or_create_audit_key(credential).reveal()
    assert vault.get_or_create_audit_key(credential).reveal() == key
    assert vault.remove_audit_key(credential)
    assert vault.audit_key(credential) is None


class TestEnvironment:
    @pytest.fixture
    def bindings(self, tmp_path):
        return tmp_path / "bindings.json"

    def test_it_stores_no_password(self, bindings, credential):
        vault = EnvVault({}, bindings)
        assert vault.probe().usable
        with pytest.raises(VaultError) as caught:
            vault.put(credential, NAME, "account", Secret("one"), [HOME])
        assert VARIABLE in caught.value.problem.remedy

    def test_a_missing_variable_is_named(self, bindings, credential):
        vault = EnvVault({}, bindings)
        for call in (vault.get, vault.bind):
            with pytest.raises(SecretMissingError) as caught:
                call(credential, NAME, HOME)
            assert f"Set {VARIABLE}" in caught.value.problem.remedy

    def test_another_address_needs_a_second_variable(self, bindings, credential):
        EnvVault({VARIABLE: "one"}, bindings).bind(credential, NAME, HOME)
        vault = EnvVault({VARIABLE: "one"}, bindings)
        assert vault.get(credential, NAME, HOME).reveal() == "one"
        with pytest.raises(SecretNotForHostError) as caught:
            vault.get(credential, NAME, OTHER)
        assert f"{VARIABLE}_FOR={OTHER}" in caught.value.problem.remedy
        confirmed = EnvVault({VARIABLE: "one", f"{VARIABLE}_FOR": str(OTHER)}, bindings)
        assert confirmed.get(credential, NAME, OTHER).reveal() == "one"

    def test_a_second_variable_without_an_address_is_an_error(self, bindings, credential):
        vault = EnvVault({VARIABLE: "one", f"{VARIABLE}_FOR": "acme"}, bindings)
        with pytest.raises(VaultError) as caught:
            vault.get(credential, NAME, HOME)
        assert f"Read {VARIABLE}_FOR" in caught.value.problem.tried

    def test_a_password_that_is_not_utf8_is_an_error(self, bindings, credential):
        with pytest.raises(VaultError) as caught:
            EnvVault({VARIABLE: "one\udcff"}, bindings).state(credential, NAME)
        assert "UTF-8" in caught.value.problem.evidence

    def test_bindings_are_forgotten(self, bindings, credential):
        vault = EnvVault({VARIABLE: "one"}, bindings)
        assert not vault.forget(credential, NAME)
        vault.bind(credential, NAME, HOME)
        assert vault.forget(credential, NAME)
        assert vault.state(credential, NAME).destinations == []

    @pytest.mark.parametrize("content", ["no JSON", "[]", '{"no id": {}}', '{"%s": {"salt": "zz"}}'])
    def test_bindings_that_cannot_be_read_are_not_ignored(self, bindings, credential, content):
        bindings.write_text(content.replace("%s", str(credential)), encoding="utf-8")
        with pytest.raises(VaultError) as caught:
            EnvVault({VARIABLE: "one"}, bindings).get(credential, NAME, HOME)
        assert "bound to" in caught.value.problem.tried

    def test_bindings_that_cannot_be_written_are_reported(self, tmp_path, credential):
        (tmp_path / "file").touch()
        vault = EnvVault({VARIABLE: "one"}, tmp_path / "bindings.json")
        vault._bindings.with_name(".bindings.json.lock").mkdir()
        with pytest.raises(VaultError) as caught:
            vault.bind(credential, NAME, HOME)
        assert "folder may be written" in caught.value.problem.remedy

    def test_the_audit_key_comes_from_a_variable(self, bindings, credential):
        assert EnvVault({}, bindings).audit_key(credential) is None
        assert EnvVault({AUDIT_VARIABLE: "AB" * 32}, bindings).audit_key(credential).reveal() == "ab" * 32
        with pytest.raises(VaultError) as caught:
            EnvVault({AUDIT_VARIABLE: "short"}, bindings).audit_key(credential)
        assert AUDIT_VARIABLE in caught.value.problem.tried


class TestEncryptedFile:
    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "vault.bin"

    @pytest.fixture
    def stored(self, path, credential):
        vault = make_vault(VaultKind.FILE, path.parent)
        vault.put(credential, NAME, "account", Secret("one"), [HOME])
        return vault

    def reason(self, path, passphrase="correct horse battery staple"):
        state = FileVault(path, Secret(passphrase)).probe()
        assert not state.usable
        return state.reason

    def test_a_missing_passphrase_is_reported_before_anything_else(self, path):
        assert "No passphrase" in FileVault(path, None).probe().reason
        assert "UTF-8" in self.reason(path, "one\udcff")

    def test_a_wrong_passphrase_or_a_changed_file_is_reported(self, path, stored):
        assert stored.probe().usable
        assert "passphrase is wrong" in self.reason(path, "wrong")
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert "passphrase is wrong" in self.reason(path)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"something else",
            FORMAT,
            FORMAT + struct.pack(">IHH", 3, 8, 1) + b"s" * 16 + b"n" * NONCE_BYTES,
            FORMAT + struct.pack(">IHH", 2**30, 8, 1) + b"s" * 16 + b"n" * NONCE_BYTES,
        ],
        ids=["empty", "other", "cut", "odd cost", "too costly"],
    )
    def test_a_file_that_is_no_vault_is_reported(self, path, content):
        path.write_bytes(content)
        assert "no vault of this console, or damaged" in self.reason(path)

    def test_a_file_that_cannot_be_read_is_reported(self, path):
        path.mkdir()
        assert "cannot be read" in self.reason(path)

    def test_a_file_that_cannot_be_written_is_reported(self, path, credential):
        path.with_name(".vault.bin.lock").mkdir()
        with pytest.raises(VaultError) as caught:
            make_vault(VaultKind.FILE, path.parent).put(credential, NAME, "account", Secret("one"), [HOME])
        assert "cannot be written" in caught.value.problem.cause

    def test_an_entry_that_cannot_be_parsed_is_reported(self, stored, credential):
        with stored._edit_entries() as entries:
            entries[str(credential)] = "no entry"
        with pytest.raises(VaultError) as caught:
            stored.get(credential, NAME, HOME)
        assert "An entry cannot be read" in caught.value.problem.cause

    def test_a_costlier_derivation_is_used_with_the_next_change(self, path, stored, credential, monkeypatch):
        monkeypatch.setattr(file_module, "SCRYPT_N", 2**11)
        before = KeyDerivation.parse(path.read_bytes())
        stored.put(credential, NAME, "account", Secret("two"), [HOME])
        after = KeyDerivation.parse(path.read_bytes())
        assert (before.n, after.n) == (2**10, 2**11)
        assert before.salt != after.salt
        assert stored.get(credential, NAME, HOME).reveal() == "two"
        assert len(path.read_bytes()) > HEADER_BYTES

    def test_the_file_and_its_folder_are_private(self, path, stored):
        if os.name == "posix":
            assert path.stat().st_mode & 0o777 == 0o600
        assert json.dumps("one").encode() not in path.read_bytes()

    def test_another_program_that_holds_the_lock_is_reported(self, path, stored, credential, monkeypatch):
        from services.common import file_lock

        monkeypatch.setattr(file_lock, "LOCK_TIMEOUT_S", 0.1)
        with file_lock.file_lock(path), pytest.raises(VaultError) as caught:
            stored.put(credential, NAME, "account", Secret("two"), [HOME])
        assert "locked" in caught.value.problem.cause


class PlaintextKeyring(MemoryKeyring):
    """Its name says that it stores plain text."""


class TestKeyring:
    def test_a_keyring_that_raises_is_reported_without_its_text(self, ring, credential):
        ring.error = RuntimeError("the secret was hunter2!")
        assert "RuntimeError" in SystemVault().probe().reason
        with pytest.raises(VaultError) as caught:
            SystemVault().put(credential, NAME, "account", Secret("hunter2!"), [HOME])
        assert "RuntimeError" in caught.value.problem.evidence
        assert "hunter2" not in caught.value.problem.as_text()

    def test_a_keyring_that_does_not_answer_is_reported(self, hanging, credential, monkeypatch):
        assert "did not answer in time" in SystemVault().probe(timeout=0.05).reason
        monkeypatch.setattr(keyring_vault, "CALL_TIMEOUT_S", 0.05)
        with pytest.raises(VaultError) as caught:
            SystemVault().get(credential, NAME, HOME)
        assert "did not answer" in caught.value.problem.evidence

    def test_a_keyring_that_stores_nothing_is_reported(self, ring, credential, monkeypatch):
        ring.forgets = True
        monkeypatch.setattr(keyring_vault, "WRITE_PAUSE_S", (0, 0))
        with pytest.raises(VaultError) as caught:
            SystemVault().put(credential, NAME, "account", Secret("one"), [HOME])
        assert "something else back" in caught.value.problem.evidence

    def test_a_password_that_is_too_long_is_reported(self, ring, credential):
        with pytest.raises(VaultError) as caught:
            SystemVault().put(credential, NAME, "account", Secret("x" * 20_480), [HOME])
        assert "20,480 characters" in caught.value.problem.evidence

    @pytest.mark.parametrize("at", range(1, 7))
    def test_a_secret_that_two_programs_write_at_once_can_be_read(self, ring, credential, at):
        """Their parts were mixed, and the secret was lost though one of the programs had reported success."""
        vault = SystemVault()
        vault.put(credential, NAME, "account", Secret("o" * 2400), [HOME])
        write, written = ring.set_password, []

        def interrupted(service, user, text):
            written.append(service)
            if len(written) == at:
                SystemVault().put(credential, NAME, "account", Secret("t" * 2400), [HOME])
            write(service, user, text)

        ring.set_password = interrupted
        vault.put(credential, NAME, "account", Secret("n" * 2400), [HOME])
        assert vault.get(credential, NAME, HOME).reveal() == "n" * 2400

    @pytest.mark.parametrize("key", ["k" * 3300, "\U0001f511" * 1300], ids=["ascii", "four bytes"])
    def test_a_long_secret_is_stored_in_parts_that_every_keyring_takes(self, ring, credential, key):
        vault = SystemVault()
        for text in (key, key[::-1] + "x"):
            vault.put(credential, NAME, "account", Secret(text), [HOME])
            assert vault.get(credential, NAME, HOME).reveal() == text
            assert max(len(part.encode("utf-16-le")) for part in ring.entries.values()) <= 2560
        count = len(ring.entries)
        vault.put(credential, NAME, "account", Secret(key), [HOME])
        assert len(ring.entries) in (count, count - 1)
        vault.put(credential, NAME, "account", Secret("short"), [HOME])
        assert len(ring.entries) == 1

    @pytest.mark.parametrize("ended", [False, True], ids=["the process died", "the write failed"])
    def test_parts_of_a_broken_write_do_not_stay(self, ring, credential, monkeypatch, ended):
        vault = SystemVault()
        vault.put(credential, NAME, "account", Secret("k" * 3300), [HOME])
        count = len(ring.entries)
        store, left = ring.set_password, [3]

        def refuse(*values):
            left[0] -= 1
            if left[0] < 0:
                ring.error = None if ended else OSError("gone")
                raise OSError("full")
            store(*values)

        monkeypatch.setattr(ring, "set_password", refuse)
        with pytest.raises(VaultError):
            vault.put(credential, NAME, "account", Secret("n" * 3300), [HOME])
        monkeypatch.setattr(ring, "set_password", store)
        ring.error = None
        assert len(ring.entries) == (count if ended else count + 3)
        assert vault.get(credential, NAME, HOME).reveal() == "k" * 3300
        assert vault.forget(credential, NAME)
        assert ring.entries == {}

    def test_a_secret_that_cannot_be_removed_does_not_keep_the_others(self, ring, credential, monkeypatch):
        vault = SystemVault()
        for one in (SecretName.PASSWORD, SecretName.CLIENT_SECRET):
            vault.put(credential, NAME, "account", Secret("a secret"), [HOME], secret_name=one)
        delete = ring.delete_password

        def refuse(service, user):
            if str(credential) == user:
                raise OSError("locked")
            delete(service, user)

        monkeypatch.setattr(ring, "delete_password", refuse)
        with pytest.raises(VaultError):
            vault.forget(credential, NAME)
        assert list(ring.entries) == [(f"approval-console/{credential}", str(credential))]

    def test_an_entry_without_one_of_its_parts_is_reported_and_can_be_removed(self, ring, credential):
        vault = SystemVault()
        vault.put(credential, NAME, "account", Secret("k" * 3300), [HOME])
        del ring.entries[next(place for place in ring.entries if place[0].endswith("/1"))]
        with pytest.raises(VaultError) as caught:
            vault.get(credential, NAME, HOME)
        assert "part of the entry" in caught.value.problem.evidence
        assert vault.forget(credential, NAME)
        assert ring.entries == {}

    def test_an_entry_that_cannot_be_parsed_is_reported_and_can_be_removed(self, ring, credential):
        ring.entries[f"approval-console/{credential}", str(credential)] = "no entry"
        with pytest.raises(VaultError) as caught:
            SystemVault().get(credential, NAME, HOME)
        assert "not one of Approval Console" in caught.value.problem.evidence
        assert SystemVault().forget(credential, NAME)

    @pytest.mark.parametrize(
        ("backend", "reason"),
        [
            (NullKeyring, "no keyring"),
            (FailKeyring, "no keyring"),
            (PlaintextKeyring, "keeps passwords readable"),
        ],
    )
    def test_a_backend_that_must_not_be_used_is_refused(self, use_keyring, credential, backend, reason):
        use_keyring(backend())
        assert reason in SystemVault().probe().reason
        with pytest.raises(VaultError) as caught:
            SystemVault().get(credential, NAME, HOME)
        assert reason in caught.value.problem.evidence

    def test_a_backend_of_no_priority_is_refused(self, use_keyring):
        class Unavailable(MemoryKeyring):
            priority = 0

        use_keyring(Unavailable())
        assert "no keyring" in SystemVault().probe().reason

    def test_a_chain_is_searched_for_a_backend_that_can_be_used(self, use_keyring):
        class Chain(ChainerBackend):
            backends = (PlaintextKeyring(), MemoryKeyring())

        class Empty(ChainerBackend):
            backends = ()

        use_keyring(Chain())
        assert SystemVault().probe().label == MemoryKeyring().name
        use_keyring(Empty())
        assert "no keyring" in SystemVault().probe().reason
