"""The approver of the demo: finds what waits for a decision, and decides it, as My Approvals of the instance would."""

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
    """Signed in to the instance as the approver, from the first call to `aclose`."""

    def __init__(self, practice: "PracticeInstance") -> None:
        self._practice = practice
        self._client: ServiceNowClient | None = None

    @property
    def account(self) -> str:
        """The user name of the approver."""
        return self._practice.accounts[APPROVER].user

    async def instance(self) -> "ServiceNowClient":
        """Return the instance as the approver sees it."""
        from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn

        if self._client is None:
            account = self._practice.accounts[APPROVER]
            settings = ConnectionSettings(SERVER_LABEL, self._practice.base_url)
            self._client = ServiceNowClient(settings, SignIn(account.user, Secret(account.password)))
        return self._client

    async def aclose(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def find(self, record_id: str) -> str:
        """Return the sys_id of the approval that waits for a requested item; raises NotObservedError."""
        from services.servicenow.encoded_query import Operator, where

        query = where("sysapproval", Operator.IS, record_id).where("state", Operator.IS, "requested")
        row = await (await self.instance()).table(TABLE).first(query, ("sys_id", "state"))
        if row is None:
            raise NotObservedError(f"nothing waits for {APPROVER}")
        return row["sys_id"]

    async def decide(self, approval_id: str, word: str = "approved", comment: str = COMMENT) -> None:
        """Approve or reject; raises NotObservedError unless the instance says so."""
        values = {"state": word} | ({"comments": comment} if comment else {})
        row = await (await self.instance()).table(TABLE).update(approval_id, values)
        if row["state"] != word:
            raise NotObservedError(f"the approval is {row['state']}")
