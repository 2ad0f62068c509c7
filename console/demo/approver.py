"""The approver of the demo: finds what waits for a decision, and decides it, as My Approvals of the instance would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from console.demo.input_driver import NotObservedError
from console.demo.servicenow_steps import APPROVER, SERVER_LABEL
from services.common.secret import Secret

if TYPE_CHECKING:
    from services.practice import PracticeInstance
    from services.servicenow import ServiceNowClient

TABLE = "sysapproval_approver"
COMMENT = "Approved in the demo"


class DemoApprover:
    """Signed in to the instance as the approver for each call."""

    def __init__(self, practice: "PracticeInstance") -> None:
        self._practice = practice

    @asynccontextmanager
    async def _signed_in(self) -> "AsyncIterator[ServiceNowClient]":
        from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn

        account = self._practice.accounts[APPROVER]
        settings = ConnectionSettings(SERVER_LABEL, self._practice.base_url)
        async with ServiceNowClient(settings, SignIn(account.user, Secret(account.password))) as instance:
            yield instance

    async def find(self, record_id: str) -> str:
        """Return the sys_id of the approval that waits for a requested item; raises NotObservedError."""
        from services.servicenow.encoded_query import Operator, where

        query = where("sysapproval", Operator.IS, record_id).where("state", Operator.IS, "requested")
        async with self._signed_in() as instance:
            row = await instance.table(TABLE).first(query, ("sys_id", "state"))
        if row is None:
            raise NotObservedError(f"nothing waits for {APPROVER}")
        return row["sys_id"]

    async def approve(self, approval_id: str) -> None:
        """Approve; raises NotObservedError unless the instance says so."""
        async with self._signed_in() as instance:
            row = await instance.table(TABLE).update(approval_id, {"state": "approved", "comments": COMMENT})
        if row["state"] != "approved":
            raise NotObservedError(f"the approval is {row['state']}")
