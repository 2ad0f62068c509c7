"""How far an action is on its way into Privilege Manager: the export, the written copy, the copy on the server."""

import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from models.action import Action
from models.action_progress import ActionProgress
from models.base import NAME_MAX, utcnow
from models.privilege_manager_server import PrivilegeManagerServer
from models.window_texts import load_window_texts
from services.common.errors import InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.language import tr_message
from services.privilege_manager.items.action_copy import ActionEdits, make_copy
from services.privilege_manager.items.approval_action import ApprovalAction, read_action
from services.privilege_manager.items.archive import write_archive
from services.store import Store


@dataclass(frozen=True, slots=True)
class WrittenCopy:
    """A copy for *Import Items*. `content` is the zip; `digest` identifies the values that are in it."""

    content: bytes
    item_id: str
    digest: str


def load_progress(store: Store, action_id: uuid.UUID) -> ActionProgress:
    """Return how far an action is; one that nothing was done with is at the beginning.

    A copy that was seen on another server, or at another address, is not imported.
    """
    with store.read() as session:
        progress = session.get(ActionProgress, action_id)
        address = _present_address(session, action_id)
    if progress is None:
        return ActionProgress(action_id=action_id)
    if progress.imported_to != address:
        progress.asked_at = progress.imported_at = None
    return progress


def _present_address(session: Session, action_id: uuid.UUID) -> str:
    """Return the base URL of the server of an action, or an empty text."""
    query = select(PrivilegeManagerServer.base_url).where(
        col(PrivilegeManagerServer.id) == col(Action.server_id), col(Action.id) == action_id
    )
    return session.exec(query).first() or ""


def load_export(progress: ActionProgress) -> ApprovalAction | None:
    """Return the stored export, or None where there is none. Raises ItemDocumentError."""
    return read_action(progress.export_content) if progress.export_content else None


def store_export(store: Store, action_id: uuid.UUID, name: str, content: bytes) -> ApprovalAction:
    """Keep the export that an action is copied from, and return what is in it. Raises ItemDocumentError, StoreError."""
    action = read_action(content)
    with _changed(store, action_id, f"Export {name[:200]}") as progress:
        progress.export_name = name[:NAME_MAX]
        progress.export_content = content
        progress.exported_at = utcnow()
    return action


def digest_of(action: Action, export_content: bytes) -> str:
    """Return what identifies the values that a copy has: another digest means another copy."""
    values = [
        action.name,
        action.description,
        action.approval_type_guid,
        action.require_authentication,
        load_window_texts(action.texts),
        hashlib.sha256(export_content).hexdigest(),
    ]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def make_action_copy(action: Action, progress: ActionProgress) -> WrittenCopy:
    """Return the copy that the export of an action becomes; its item id stays the same each time.

    Raises ItemDocumentError, and InputError where no export was chosen or the Approval Type has no GUID.
    """
    if not progress.export_content:
        raise _incomplete(
            action.name,
            tr_message("No export of the action was chosen."),
            tr_message("Choose an export of the action to copy."),
            FaultId.ACTION_EXPORT_MISSING,
        )
    if not action.approval_type_guid:
        raise _incomplete(
            action.name,
            tr_message("The GUID of the Approval Type is not known."),
            tr_message(
                "Enter the GUID of the Approval Type from the address of its page in Privilege Manager."
            ),
            FaultId.ACTION_TYPE_ID_MISSING,
        )
    source = read_action(progress.export_content)
    differs = source.require_logon is not None or action.require_authentication
    copied = make_copy(
        progress.export_content,
        ActionEdits(
            name=action.name,
            approval_type_id=action.approval_type_guid,
            description=action.description or None,
            require_authentication=action.require_authentication if differs else None,
            texts=load_window_texts(action.texts),
            item_id=progress.item_id,
        ),
    )
    digest = digest_of(action, progress.export_content)
    return WrittenCopy(write_archive(copied.xml), copied.item_id, digest)


def record_written(store: Store, action_id: uuid.UUID, copy: WrittenCopy) -> None:
    """Keep that a copy was written to a file. What was seen on the server until now was an earlier one."""
    with _changed(store, action_id, f"Copy {copy.item_id} written") as progress:
        progress.item_id = copy.item_id
        progress.written_at = utcnow()
        progress.written_size = len(copy.content)
        progress.written_digest = copy.digest
        progress.asked_at = progress.imported_at = None


def record_asked(store: Store, action_id: uuid.UUID, item_id: str, *, found: bool) -> datetime | None:
    """Keep that the server was asked for the copy `item_id`; returns when it was first seen there, or None."""
    with store.write() as work:
        progress = work.session.get(ActionProgress, action_id)
        if progress is None or progress.item_id != item_id or progress.written_at is None:
            return None
        progress.asked_at, address = utcnow(), _present_address(work.session, action_id)
        if progress.imported_to != address:
            progress.imported_at, progress.imported_to = None, address
        if found and progress.imported_at is None:
            progress.imported_at = progress.asked_at
            work.event(
                "import", kind="action", object_id=action_id, detail=f"Copy {item_id} is on the server"
            )
        work.session.add(progress)
        return progress.imported_at


@contextmanager
def _changed(store: Store, action_id: uuid.UUID, detail: str) -> Iterator[ActionProgress]:
    with store.write() as work:
        progress = _get_or_add(work.session, action_id)
        yield progress
        work.session.add(progress)
        work.session.flush()
        work.event("write", kind="action", object_id=action_id, detail=detail)


def _get_or_add(session: Session, action_id: uuid.UUID) -> ActionProgress:
    progress = session.get(ActionProgress, action_id)
    if progress is None:
        progress = ActionProgress(action_id=action_id)
        session.add(progress)
    return progress


def _incomplete(name: str, cause: str, remedy: str, fault: FaultId) -> InputError:
    return InputError(
        Problem(
            tried=tr_message("Write the copy “{name}”", name=name),
            evidence=cause,
            cause=cause,
            owner=Owner.CONSOLE,
            remedy=remedy,
            fault=fault,
        )
    )
