"""Signs the head of a store's audit trail with a key of the vault, and compares a store with what was signed."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from models.audit_entry import AuditEntry
from models.base import utcnow
from models.store_meta import StoreMeta
from services.common.errors import ConsoleError, Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.store import Store
from services.store.audit_anchor import Anchor, AuditKey, key_fingerprint
from services.store.audit_trail import load_head
from services.vault import Vault

_META_KEY_PREFIX = "audit_signed:"
"""Of the store's row with the last signature of each key."""
log = logging.getLogger(__name__)
RENEWED_OPERATION = "audit-signed-anew"


@dataclass(frozen=True, slots=True)
class Signature:
    """What is known of the signature of a store."""

    anchor: Anchor | None
    """The last one of the vault's key."""
    why_not: str = ""
    """Why there is none, as a sentence."""
    problem: str = ""
    """What is wrong with it, as part of a sentence."""

    def as_dict(self) -> dict[str, Any] | None:
        """Return the signature as a part of a JSON document."""
        if self.anchor is None:
            return None
        told = self.anchor.as_dict()
        return {name: told[name] for name in ("entries", "at", "fingerprint")}


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What `audit verify` found."""

    ok: bool
    entries: int
    problem: str
    signature: Signature
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
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
    """Return the last signature that the vault's key made for this store."""
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
    """Sign the head as it is now and return it; unsigned where the vault has no key and can keep none.

    The store keeps the signature as well. A head that does not continue what was signed before is refused, but for
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
        if first:  # a key without a signature reads as a signature that was removed
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
    """Sign what was written, where the vault keeps a key; what prevents it is logged, and audit verify tells of it."""
    if not (store.has_unsigned_changes and vault.can_store_audit_key):
        return
    # Cleared first: what is written while this signs is signed the next time.
    store.has_unsigned_changes = False
    try:
        sign_audit_trail(store, vault)
    except ConsoleError as error:
        store.has_unsigned_changes = True
        log.info("the audit trail is not signed: %s", error.problem.as_text())


def verify_audit_trail(store: Store, vault: Vault, anchor: Anchor | None = None) -> AuditReport:
    """Walk the audit trail and compare it with the store's signature and with an anchor that was kept elsewhere."""
    signature = read_signature(store, vault)
    problem = signature.problem
    known: dict[int, str] = {}
    if signature.anchor is not None and not problem:
        known[signature.anchor.entries] = signature.anchor.hash
    remarks: list[str] = []
    if anchor is not None:
        of_anchor = _anchor_problem(store, signature, anchor)
        if not of_anchor and known.setdefault(anchor.entries, anchor.hash) != anchor.hash:
            of_anchor = (
                f"entry {anchor.entries} is another one than the one of the anchor: the chain was made anew"
            )
        problem = problem or of_anchor
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
    """Say that somebody else signed the store: with another vault, or before its id was changed."""
    with store.read() as session:
        signed = session.exec(
            select(StoreMeta.key).where(col(StoreMeta.key).startswith(_META_KEY_PREFIX))
        ).first()
    if signed is None:
        return ""
    return f" It was signed with the key {signed.removeprefix(_META_KEY_PREFIX)}, which this vault does not hold for it."


def _missing_signature(vault: Vault, store_id: uuid.UUID, key: AuditKey) -> Signature:
    """Return what it means that the store carries no signature of the vault's key."""
    if not vault.can_store_audit_key:
        return Signature(None, "The store carries no signature of this key yet: audit anchor makes one.")
    gone = "it carries no signature, though the vault holds its key: the signature was removed"
    return Signature(Anchor(store_id, 0, "", utcnow(), key.public), problem=gone)


def _stored_signature(session: Session, store_id: uuid.UUID, key: AuditKey) -> Signature | None:
    """Return the store's signature by `key`, with what is wrong with it as far as one look tells."""
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
