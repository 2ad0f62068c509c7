"""Finds a request by any of its ids: its own id, PMApprovalId, its number, or the ids of ServiceNow."""

import uuid

from sqlmodel import col, select

from models.approval_request import ApprovalRequest
from services.common.errors import InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.common.uuid_text import id_variants, parse_uuid
from services.store import Store

MATCHES_SHOWN_MAX = 5


def find_request(store: Store, text: str) -> uuid.UUID:
    """Return the id of the request with the id or number `text`; raises InputError if there is none or more than one."""
    given = text.strip()
    if not given or any("\ud800" <= c <= "\udfff" or c == "\0" for c in given):
        raise _not_found_error(text)
    table = ApprovalRequest
    forms, known = id_variants(given), parse_uuid(given)
    conditions = [
        col(table.approval_id).in_(forms),
        col(table.external_id).in_(forms),
        col(table.number) == given.upper(),
        col(table.record_id) == (known.hex if known is not None else given.lower()),
    ]
    if known is not None:
        conditions.append(col(table.id) == known)
    with store.read() as session:
        # One query for each condition, so that each uses the index of its column.
        found = {
            key: number
            for condition in conditions
            for key, number in session.exec(
                select(table.id, table.number).where(condition).limit(MATCHES_SHOWN_MAX + 1)
            )
        }
    if not found:
        raise _not_found_error(text)
    if len(found) > 1:
        raise _ambiguous_error(text, [f"{number or 'no number'} ({key})" for key, number in found.items()])
    return next(iter(found))


def _not_found_error(text: str) -> InputError:
    return InputError(
        Problem(
            tried=f"Find the request “{text}”",
            evidence="No request in the store is given so.",
            cause="It is mistyped, or Privilege Manager raised it and ServiceNow has not been asked since.",
            owner=Owner.CONSOLE,
            remedy="Look it up with requests list --search. What is new in ServiceNow comes in while a worker or the"
            " window runs.",
            fault=FaultId.OBJECT_MISSING,
        )
    )


def _ambiguous_error(text: str, found: list[str]) -> InputError:
    return InputError(
        Problem(
            tried=f"Find the request “{text}”",
            evidence=f"Several are given so: {', '.join(found[:MATCHES_SHOWN_MAX])}.",
            cause="Numbers and ids of ServiceNow are unique on one instance only.",
            owner=Owner.CONSOLE,
            remedy="Name it by its own id.",
            fault=FaultId.REQUEST_AMBIGUOUS,
        )
    )
