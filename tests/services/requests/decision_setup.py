"""What tests of acting start from: a workspace whose server is the practice instance, and requests on it."""

import contextlib

import pytest
from sqlmodel import col, select

from models.approval_request import COPY_VERSION, ApprovalRequest
from models.kinds import Kind, RequestOrigin, RequestState
from models.request_event import RequestEvent
from services.common.secret import Secret
from services.practice.accounts_and_sessions import user_sys_id
from services.practice.initial_data import EXECUTE_ITEM_ID, _sample_variables
from services.practice.orders_and_approvals import place_order
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.servicenow import ConnectionSettings, ServiceNowClient
from services.vault.session_vault import SessionVault
from services.workspace import Workspace
from tests.canary import Listener, forward_to
from tests.services.requests.conftest import PASSWORD, sign_in

PM = "privman.integration"
FIELDS = {
    "PMFilePath": r"C:\Tools\vs_setup.exe",
    "PMUserReason": "Tools for release 8",
    "PMInitiatorName": "Ada",
}


class Desk:
    """A workspace that reaches the practice instance as one account, and what is on both sides."""

    def __init__(self, store, configuration, practice):
        self.practice = practice
        self.store = store
        self.configuration = configuration
        self.workspace = Workspace(store, SessionVault())
        self.server = configuration.new(Kind.FOREIGN_SYSTEM, name="Server", base_url=practice.base_url)
        self.signed_in_as(PM)
        self.process = configuration.save(
            configuration.new(
                Kind.APPROVAL_PROCESS, name="Process", timeout_after_s=60, server_id=self.server.id
            )
        )
        self.type = configuration.save(
            configuration.new(Kind.APPROVAL_TYPE, name="Type", process_id=self.process.id)
        )

    def signed_in_as(self, account):
        new = self.configuration.new(Kind.USER_CREDENTIAL, name=account, account=account)
        credential = self.configuration.find_by_name(
            Kind.USER_CREDENTIAL, account
        ) or self.configuration.save(new)
        self._repoint(credential_id=credential.id)
        self.workspace.vault.put(
            credential.id, credential.name, account, Secret(PASSWORD), [self.server.origin]
        )

    def at(self, base_url):
        """Reach the instance through another address."""
        self._repoint(base_url=base_url)
        credential = self.configuration.get(Kind.USER_CREDENTIAL, self.server.credential_id)
        self.workspace.vault.put(
            credential.id, credential.name, credential.account, Secret(PASSWORD), [self.server.origin]
        )

    def _repoint(self, **values):
        """Change the server past the guard that asks about requests under way: here it is the same instance."""
        server = self.server.model_copy(update=values)
        if server.version == 0:
            self.server = self.configuration.save(server)
        else:
            with self.store.write() as work:
                self.server = work.update(server, server.version)

    def decider(self, account):
        return ServiceNowClient(ConnectionSettings.of(self.server), sign_in(account))

    async def raised(self, **fields):
        """Raise a request of our own."""
        life = RequestLifecycle(self.store, await self.workspace.instance(self.server.id), self.process)
        row = await life.submit(self.type, {**FIELDS, **fields})
        await life.refresh_item(row)
        return self.row(row.id)

    async def drafted(self):
        """Store a request of our own that nobody has sent yet."""
        life = RequestLifecycle(self.store, await self.workspace.instance(self.server.id), self.process)
        row = life.draft(self.type, FIELDS)
        with self.store.write() as work:
            work.insert(row)
        return row

    def copied(self, number=1):
        """Order on the instance as Privilege Manager does, and keep the copy that following makes."""
        order = place_order(
            self.practice._database,
            EXECUTE_ITEM_ID,
            _sample_variables(number),
            user_id=user_sys_id(PM),
            by=PM,
        )
        sample = _sample_variables(number)
        row = ApprovalRequest(
            origin=RequestOrigin.SERVICENOW,
            version=COPY_VERSION,
            state=RequestState.PENDING,
            server_id=self.server.id,
            record_id=order.item_id,
            number=order.item_number,
            approval_id=sample["PMApprovalId"],
            file_path=sample["PMFilePath"],
            servicenow_state="requested",
            record_state="1",
        )
        with self.store.write() as work:
            work.observe(ApprovalRequest, {}, [row])
        return row

    def row(self, key):
        with self.store.read() as session:
            return session.get(ApprovalRequest, key)

    def events(self, key, *kinds):
        query = select(RequestEvent).where(RequestEvent.request_id == key)
        with self.store.read() as session:
            found = list(session.exec(query.order_by(col(RequestEvent.at))))
        return [event for event in found if not kinds or event.kind in kinds]

    def item(self, row):
        [found] = self.practice.records("sc_req_item", number=row.number)
        return found

    def asked(self, row):
        return self.practice.records("sysapproval_approver", sysapproval=self.item(row)["sys_id"])

    def comments(self, row):
        ids = {self.item(row)["sys_id"], *(one["sys_id"] for one in self.asked(row))}
        return [e["value"] for e in self.practice.records("sys_journal_field") if e["element_id"] in ids]

    def joins(self, account):
        """Make an account one of those who are asked from now on."""
        member = self.practice.records("sys_user_grmember")[0]
        self.practice._database.insert(
            "sys_user_grmember", {"user": user_sys_id(account), "group": member["group"]}
        )


@pytest.fixture
async def desk(store, configuration, practice):
    made = Desk(store, configuration, practice)
    yield made
    await made.workspace.aclose()


@contextlib.contextmanager
def between(desk, answer):
    """Stand between the console and the instance: `answer(request, forward)` gives each reply, b"" cuts it off."""
    forward = forward_to(int(desk.practice.base_url.rstrip("/").rsplit(":", 1)[1]))
    listener = Listener(lambda request: answer(request, forward))
    desk.at(listener.url)
    try:
        yield listener
    finally:
        listener.close()
