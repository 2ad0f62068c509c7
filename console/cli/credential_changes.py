"""What `credential set` changes: the fields of a User Credential and its secrets, stored together or not at all."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from console.cli.errors import call_error
from console.cli.secret_input import SECRET_OPTIONS, missing_secret_error
from models.addresses import Destination
from models.secret_names import SECRET_FORMS, SecretName
from models.sign_in import METHODS, REST_ONLY_METHODS, REST_ONLY_TEXT, SignInMethod
from models.user_credential import UserCredential
from services.common.errors import ConsoleError, InputError, InvalidError
from services.common.secret import Secret
from services.configuration.validation import normalize_fields
from services.credential_secrets import (
    find_stale_secrets,
    putting_secrets,
    read_credential_secrets,
    secret_labels,
)
from services.servicenow.jwt_assertions import check_private_key
from services.vault import Vault
from services.workspace import Workspace

OPTIONS = {
    "client_id": "--client-id",
    "scope": "--scope",
    "key_id": "--key-id",
    "subject": "--subject",
    "algorithm": "--algorithm",
}
"""The fields that only some methods use, with their options."""


@dataclass(frozen=True, slots=True)
class CredentialChange:
    """What one call sets. Fields that are not given keep their values."""

    name: str
    fields: Mapping[str, str]
    """Given fields by name, the account among them."""
    secrets: Mapping[SecretName, Secret] = field(default_factory=dict, repr=False)
    confirmed: int = 0

    @property
    def has_options(self) -> bool:
        """Whether a field besides the account is given."""
        return bool(self.fields.keys() - {"account"})


def apply_change(workspace: Workspace, change: CredentialChange) -> list[str]:
    """Store fields and secrets; blocks. Returns what to tell.

    Raises InputError, InvalidError, RequestsOpenError and VaultError; nothing is changed then.
    """
    configuration, vault = workspace.configuration, workspace.vault
    credential = configuration.find_by_name(UserCredential, change.name)
    if credential is None:
        credential = configuration.new(UserCredential, name=change.name)
    before = {name: getattr(credential, name) for name in UserCredential.fields.model_fields}
    for name, value in change.fields.items():
        setattr(credential, name, value)
    method = _method_of(credential)
    _refuse_unused(change, method)
    for name in OPTIONS.keys() - METHODS[method].fields:
        setattr(credential, name, None if name == "scope" else "")
    if wrong := configuration.check(credential):
        raise InvalidError(wrong)
    normalize_fields(credential)
    refused = configuration.open_requests_error(credential)
    if refused is not None and refused.open.count > change.confirmed:
        raise refused
    _require_secret(vault, credential, change)
    notes = _check_key(vault, credential, change)
    places = workspace.destinations_for(credential.id)
    is_new = credential.version == 0
    changed = any(getattr(credential, name) != value for name, value in before.items())
    # The secrets first: where one is refused, no credential is made, and none is left with another's secrets.
    with _putting(vault, credential, change, is_passphrase_kept=notes.is_passphrase_kept, places=places):
        if is_new:
            configuration.save(credential)
        elif changed:
            configuration.save(credential, "Sign-in changed on the command line", confirmed=change.confirmed)
    return [
        *_what_was_done(change, places, changed=changed),
        *notes.lines,
        *_what_is_left(workspace, credential, change),
    ]


def _method_of(credential: UserCredential) -> SignInMethod:
    try:
        return credential.method
    except ValueError:
        tried, remedy = f"Set the sign-in of “{credential.name}”", f"Use one of {', '.join(SignInMethod)}."
        if credential.sign_in in REST_ONLY_METHODS:
            seen = f"“{credential.sign_in}” {REST_ONLY_TEXT}."
            raise call_error(tried, seen, remedy, "Nothing was stored or sent.") from None
        raise call_error(tried, f"“{credential.sign_in}” is no method.", remedy) from None


def _refuse_unused(change: CredentialChange, method: SignInMethod) -> None:
    """Refuse what the method does not use, before anything of it is stored."""
    form = METHODS[method]
    given = [OPTIONS[one] for one in OPTIONS if change.fields.get(one) and one not in form.fields]
    given += [SECRET_OPTIONS[one] for one in change.secrets if one not in form.secrets]
    if not given:
        return
    usable = [OPTIONS[one] for one in OPTIONS if one in form.fields]
    usable += [SECRET_OPTIONS[one] for one in form.secrets]
    raise call_error(
        f"Set the sign-in of “{change.name}”",
        f"{' and '.join(given)} cannot be used with --sign-in {method}.",
        f"Leave {'it' if len(given) == 1 else 'them'} out, or choose another method with --sign-in; this one takes "
        f"{', '.join(usable)}.",
        f"The sign-in method “{form.label}” does not use {'it' if len(given) == 1 else 'them'}.",
    )


def _require_secret(vault: Vault, credential: UserCredential, change: CredentialChange) -> None:
    """Refuse a call that sets nothing: no secret, and no field besides the account."""
    form = METHODS[credential.method]
    if change.secrets or not form.required_secrets or (change.has_options and not vault.can_store_secrets):
        return
    if change.has_options and read_credential_secrets(vault, credential, only_used=True).complete:
        return
    raise missing_secret_error(form.required_secrets)


# -- the private key -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _KeyNotes:
    """What the check of a private key found."""

    is_passphrase_kept: bool = True
    """Whether the passphrase in the vault may belong to the key."""
    lines: tuple[str, ...] = ()


def _check_key(vault: Vault, credential: UserCredential, change: CredentialChange) -> _KeyNotes:
    """Refuse a key that cannot be read or does not fit the algorithm, as far as key and passphrase are known here."""
    if credential.method is not SignInMethod.JWT_BEARER:
        return _KeyNotes()
    entered = change.secrets.get(SecretName.PRIVATE_KEY)
    if entered is None:
        key = _stored(vault, credential, SecretName.PRIVATE_KEY)
        new_passphrase = change.secrets.get(SecretName.PRIVATE_KEY_PASSPHRASE)
        if key is not None and (new_passphrase is not None or "algorithm" in change.fields):
            passphrase = new_passphrase or _stored(vault, credential, SecretName.PRIVATE_KEY_PASSPHRASE)
            _raise_if_unusable(credential, key, passphrase)
        return _KeyNotes()
    is_set = vault.state(
        credential.id, credential.name, secret_name=SecretName.PRIVATE_KEY_PASSPHRASE
    ).present
    if not _raise_if_unusable(credential, entered, None):
        removed = "The key is not encrypted; the passphrase that was stored is removed."
        return _KeyNotes(is_passphrase_kept=False, lines=(removed,) if is_set else ())
    known = _stored(vault, credential, SecretName.PRIVATE_KEY_PASSPHRASE)
    if known is None:
        return _KeyNotes(lines=() if is_set else (_passphrase_wanted(),))
    try:
        _raise_if_unusable(credential, entered, known)
    except InputError:
        removed = "The passphrase that was stored does not open it, and is removed."
        return _KeyNotes(is_passphrase_kept=False, lines=(removed, _passphrase_wanted()))
    return _KeyNotes()


def _passphrase_wanted() -> str:
    return f"The key is encrypted: enter its passphrase with {SECRET_OPTIONS[SecretName.PRIVATE_KEY_PASSPHRASE]}."


def _raise_if_unusable(credential: UserCredential, key: Secret, passphrase: Secret | None) -> bool:
    """Return whether only the form of the key could be checked. Raises InputError."""
    tried = f"Check the {SECRET_FORMS[SecretName.PRIVATE_KEY].label}"
    try:
        return check_private_key(key, passphrase, credential.algorithm, tried)
    except ConsoleError as error:
        raise InputError(error.problem) from None


def _stored(vault: Vault, credential: UserCredential, name: SecretName) -> Secret | None:
    """Return a secret that is bound to some server; None where it is not set, or for no server yet."""
    state = vault.state(credential.id, credential.name, secret_name=name)
    if not state.present or not state.destinations:
        return None
    return vault.get(credential.id, credential.name, state.destinations[0], secret_name=name)


# -- storing -------------------------------------------------------------------


@contextmanager
def _putting(
    vault: Vault,
    credential: UserCredential,
    change: CredentialChange,
    *,
    is_passphrase_kept: bool,
    places: Sequence[Destination],
) -> Iterator[None]:
    """Store the secrets, and remove a passphrase of another key; when the block fails, the vault is as before."""
    tried = f"Set the sign-in of “{credential.name}”"
    with ExitStack() as stack:
        stack.enter_context(putting_secrets(vault, credential, change.secrets, places, tried=tried))
        if not is_passphrase_kept:
            old = SecretName.PRIVATE_KEY_PASSPHRASE
            stack.enter_context(
                vault.forgetting(credential.id, credential.name, tried=tried, secret_name=old)
            )
        yield


def _what_was_done(
    change: CredentialChange, places: Sequence[Destination], *, changed: bool
) -> Iterator[str]:
    origins = ", ".join(str(one) for one in dict.fromkeys(place.origin for place in places))
    for name in change.secrets:
        yield (
            f"The {SECRET_FORMS[name].label} of “{change.name}” is kept, for "
            f"{origins or 'the first server that uses it'}."
        )
    if not change.secrets:
        yield f"“{change.name}” is {'changed' if changed else 'as it was'}."


def _what_is_left(
    workspace: Workspace, credential: UserCredential, change: CredentialChange
) -> Iterator[str]:
    """Say which secrets are missing, which belong to another address, and which are no longer used."""
    found = read_credential_secrets(workspace.vault, credential)
    if found.missing:
        options = ", ".join(SECRET_OPTIONS[one] for one in found.missing)
        yield f"Still missing: {secret_labels(found.missing)} ({options})."
    places = workspace.destinations_for(credential.id)
    if stale := find_stale_secrets(workspace.vault, credential, tuple(change.secrets), places):
        yield f"Entered for another address, proxy or CA bundle, enter again: {secret_labels(stale)}."
    if found.unused:
        names = " ".join(f"--secret {one}" for one in found.unused)
        yield (
            f"Not used by this sign-in, kept in the vault: {secret_labels(found.unused)}. Remove with "
            f"credential forget “{credential.name}” {names}."
        )
