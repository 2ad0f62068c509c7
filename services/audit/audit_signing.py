"""Signs the head of the audit trail of a store with a key from the vault, and verifies a store against its signature."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from models.audit_entry import AuditEntry
from models.base import utcnow
from models.store_meta import StoreMeta
from services.common.errors import ConsoleError, Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.common.json_types import JsonLike
from services.common.secret import Secret
from services.store import Store
from services.store.audit_anchor import Anchor, AuditKey, key_fingerprint
from services.store.audit_trail import load_head
from services.vault import Vault

_META_KEY_PREFIX = "audit_signed:"
"""Key prefix of the rows in StoreMeta that contain the last signature of each audit key."""
log = logging.getLogger(__name__)
RENEWED_OPERATION = "audit-signed-anew"


@dataclass(frozen=True, slots=True)
class Signature:
    """The last signature of a store, or why there is none."""

    anchor: Anchor | None
    """The head that was signed last with the key of the vault."""
    why_not: str = ""
    """Why there is no signature, as a sentence."""
    problem: str = ""
    """What is wrong with the signature, as part of a sentence."""

    def as_dict(self) -> dict[str, JsonLike] | None:
        """Return the signature as a part of a JSON document."""
        if self.anchor is None:
            return None
        values = self.anchor.as_dict()
        return {name: values[name] for name in ("entries", "at", "fingerprint")}


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The result of `audit verify`."""

    ok: bool
    entries: int
    problem: str
    signature: Signature
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the report as a JSON document."""
        return {
            "ok": self.ok,
            "entries": self.entries,
            "problem": self.problem or None,
            "signature": self.signature.as_dict(),
            "not_signed": self.signature.why_not or None,
            "remarks": list(self.remarks),
        }


def read_signature(store: Store, vault: Vault) -> Signature:
    """Return the last signature of this store that was made with the key of the vault."""
    try:
        key = _load_key(store.id, vault)
    except ConsoleError as error:
        return Signature(None, f"The vault cannot be asked for the key: {error.problem.cause}")
    if key is None:
        return Signature(None, f"{vault.no_audit_key_reason}{_other_key_hint(store)}")
    with store.read() as session:
        found = _stored_signature(session, store.id, key)
    if found is None:
        return _missing_signature(vault, store.id, key)
    return found


def sign_audit_trail(store: Store, vault: Vault, *, renew: bool = False) -> Anchor:
    """Sign the current head and return it; unsigned if the vault has no key and cannot store one.

    The signature is also written to the store. A head that does not continue the last signed head is refused unless
    `renew`, which is recorded. Raises RefusedError, VaultError, StoreError.
    """
    key = _load_key(store.id, vault)
    first = key is None
    if first and vault.can_store_audit_key:
        key = AuditKey(vault.get_or_create_audit_key(store.id))
    if key is None:
        with store.read() as session:
            return _current_head(session, store.id)
    try:
        return _sign_with_key(store, vault, key, first=first, renew=renew)
    except BaseException:
        if first:  # a key without a signature would look like a removed signature
            with suppress(ConsoleError):
                vault.remove_audit_key(store.id)
        raise


def _sign_with_key(store: Store, vault: Vault, key: AuditKey, *, first: bool, renew: bool) -> Anchor:
    with store.write("Sign the audit trail") as work:
        found = None if first else _stored_signature(work.session, store.id, key)
        if found is None and not first:
            found = _missing_signature(vault, store.id, key)
        problem = found.problem if found is not None else ""
        if problem and not renew:
            raise _chain_mismatch_error(problem)
        if problem:
            work.event(RENEWED_OPERATION, detail=problem)
            work.session.flush()
        anchor = _current_head(work.session, store.id).signed(key)
        value = f"{anchor.entries}:{anchor.hash}:{anchor.at.timestamp():.6f}:{anchor.signature}"
        work.session.merge(StoreMeta(key=_META_KEY_PREFIX + key.fingerprint, value=value))
    return anchor


def sign_if_changed(store: Store, vault: Vault) -> None:
    """Sign the audit trail if entries were added and the vault can store a key; errors are logged."""
    if not (store.has_unsigned_changes and vault.can_store_audit_key):
        return
    # Cleared first, so that entries added meanwhile are signed next time.
    store.has_unsigned_changes = False
    try:
        sign_audit_trail(store, vault)
    except ConsoleError as error:
        store.has_unsigned_changes = True
        log.info("the audit trail is not signed: %s", error.problem.as_text())


def verify_audit_trail(store: Store, vault: Vault, anchor: Anchor | None = None) -> AuditReport:
    """Verify the chain of the audit trail, the signature of the store, and an anchor that was stored elsewhere."""
    signature = read_signature(store, vault)
    problem = signature.problem
    known: dict[int, str] = {}
    if signature.anchor is not None and not problem:
        known[signature.anchor.entries] = signature.anchor.hash
    remarks: list[str] = []
    if anchor is not None:
        anchor_problem = _anchor_problem(store, signature, anchor)
        if not anchor_problem and known.setdefault(anchor.entries, anchor.hash) != anchor.hash:
            anchor_problem = (
                f"entry {anchor.entries} is another one than the one of the anchor: the chain was made anew"
            )
        problem = problem or anchor_problem
        remarks += _anchor_remarks(signature, anchor)
    verdict = store.verify_audit(known)
    found = verdict.problem or problem
    return AuditReport(not found, verdict.checked, found, signature, tuple(remarks))


def _anchor_problem(store: Store, signature: Signature, anchor: Anchor) -> str:
    if anchor.key and not anchor.is_authentic:
        return "the anchor was changed: its signature does not fit"
    ours = signature.anchor.key if signature.anchor is not None else ""
    if ours and not anchor.key:
        return "the anchor is not signed, though the vault holds the key of this store"
    if ours and anchor.key != ours:
        return f"the anchor is signed by the key {anchor.fingerprint}, and the vault's is {key_fingerprint(ours)}"
    if anchor.store != store.id:
        return "the anchor belongs to another store"
    return ""


def _anchor_remarks(signature: Signature, anchor: Anchor) -> Iterator[str]:
    if not anchor.key:
        yield "The anchor is not signed: it proves as much as the place where it was kept."
    elif signature.anchor is None:
        yield (
            f"The anchor is signed by the key {anchor.fingerprint}, which cannot be compared with the vault's."
            " See that this is the key you know."
        )


def _load_key(store_id: uuid.UUID, vault: Vault) -> AuditKey | None:
    seed: Secret | None = vault.audit_key(store_id)
    return AuditKey(seed) if seed is not None else None


def _current_head(session: Session, store_id: uuid.UUID) -> Anchor:
    entries, hashed = load_head(session)
    return Anchor(store_id, entries, hashed, utcnow())


def _other_key_hint(store: Store) -> str:
    """Return a sentence if the store has a signature of another key: of another vault, or from before its id was changed."""
    with store.read() as session:
        signed = session.exec(
            select(StoreMeta.key).where(col(StoreMeta.key).startswith(_META_KEY_PREFIX))
        ).first()
    if signed is None:
        return ""
    return f" It was signed with the key {signed.removeprefix(_META_KEY_PREFIX)}, which this vault does not hold for it."


def _missing_signature(vault: Vault, store_id: uuid.UUID, key: AuditKey) -> Signature:
    """Return the result for a store that has no signature of the vault's key."""
    if not vault.can_store_audit_key:
        return Signature(None, "The store carries no signature of this key yet: audit anchor makes one.")
    gone = "it carries no signature, though the vault holds its key: the signature was removed"
    return Signature(Anchor(store_id, 0, "", utcnow(), key.public), problem=gone)


def _stored_signature(session: Session, store_id: uuid.UUID, key: AuditKey) -> Signature | None:
    """Return the signature of the store by `key`, checked without reading the whole chain."""
    value = session.exec(
        select(StoreMeta.value).where(StoreMeta.key == _META_KEY_PREFIX + key.fingerprint)
    ).first()
    if value is None:
        return None
    anchor = _parse_anchor(str(value), store_id, key)
    if anchor is None or not anchor.is_authentic:
        return Signature(Anchor(store_id, 0, "", utcnow(), key.public), problem="its signature was changed")
    if not anchor.entries:
        return Signature(anchor)
    present = session.exec(select(AuditEntry.hash).where(col(AuditEntry.seq) == anchor.entries)).first()
    if present is None:
        return Signature(
            anchor, problem=f"entry {anchor.entries}, which was signed, is missing: it was cut off"
        )
    if present != anchor.hash:
        changed = (
            f"entry {anchor.entries} is another one than the one that was signed: the chain was made anew"
        )
        return Signature(anchor, problem=changed)
    return Signature(anchor)


def _parse_anchor(value: str, store_id: uuid.UUID, key: AuditKey) -> Anchor | None:
    try:
        entries, hashed, at, signature = value.split(":")
        moment = datetime.fromtimestamp(float(at), UTC)
        document = Anchor(store_id, int(entries), hashed, moment, key.public, signature).as_dict()
        return Anchor.of(document)
    except (ValueError, OverflowError, OSError):
        return None


def _chain_mismatch_error(problem: str) -> RefusedError:
    return RefusedError(
        Problem(
            tried="Sign the audit trail",
            evidence=f"The audit trail does not continue what was signed: {problem}.",
            cause="Something else than Approval Console changed the store, or an older copy was put back.",
            owner=Owner.CONSOLE,
            remedy="Look at audit verify. Where the store is right as it is, sign it with audit anchor --renew.",
            fault=FaultId.AUDIT_BROKEN,
        )
    )
