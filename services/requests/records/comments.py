"""Reads the comments on a requested item and its approvals from the journal."""

import heapq
from dataclasses import dataclass
from datetime import datetime

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultTrait
from services.requests.records.item_fields import DECISION_STATES, JOURNAL_TABLE
from services.requests.records.requested_item import RequestedItem
from services.servicenow.encoded_query import Operator, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.journal_text import journal_to_text
from services.servicenow.record_values import parse_time

COMMENT_SOURCES_MAX = 100
"""Records (the item and its approvals) whose comments one query reads."""
COMMENTS_MAX = 200
"""Comments that are returned: the newest."""


@dataclass(frozen=True, slots=True)
class Comment:
    """An entry of a journal: when, by whom (user name), and the text."""

    at: datetime
    author: str
    text: str
    on: str = ""
    """sys_id of the item or approval that it was written on."""


@dataclass(frozen=True, slots=True)
class Comments:
    """The newest comments, oldest first. `hidden` says that there are more which the account may not read."""

    shown: tuple[Comment, ...] = ()
    hidden: bool = False


async def read_comments(instance: ServiceNowClient, item: RequestedItem) -> Comments | None:
    """Return the newest comments on an item and its approvals; None if the account may not read journals.

    An empty result does not prove that there are none: access rules may hide each of them. Raises ConsoleError.
    """
    # If there are more approvals than one query can name, those with a decision come first.
    approvals = sorted(item.approvals, key=lambda one: one.state not in DECISION_STATES)
    ids = [item.sys_id, *(one.sys_id for one in approvals)][:COMMENT_SOURCES_MAX]
    query = where("element_id", Operator.IN, *ids).where("element", Operator.IS, "comments")
    fields = ("value", "element_id", "sys_created_on", "sys_created_by")
    newest: list[tuple[datetime, str, Comment]] = []
    hidden = False
    try:
        # Rows are ordered by sys_id, which is unrelated to time: the newest are known only after the last row.
        async for row in instance.table(JOURNAL_TABLE).rows(query, fields=fields):
            at = parse_time(row["sys_created_on"])
            if at is None or not row["value"].strip():
                # There are no empty comments: an access rule hides the field.
                hidden = True
                continue
            comment = Comment(
                at, row["sys_created_by"], journal_to_text(row["value"].strip()), row["element_id"]
            )
            found = (at, row["sys_id"], comment)
            if len(newest) < COMMENTS_MAX:
                heapq.heappush(newest, found)
            else:
                heapq.heappushpop(newest, found)
    except ConsoleError as error:
        if FaultTrait.ACCESS_DENIED not in error.problem.fault.traits:
            raise
        return None
    return Comments(tuple(comment for _, _, comment in sorted(newest)), hidden)
