"""A program that writes to a store until it is killed: `python -m tests.services.store.writer PATH SEED`.

It says "ready" when the store is open, then "done SEQ" after each transaction that the store reported as written.
"""

import random
import sys

from models.approval_request import ApprovalRequest
from models.kinds import Kind, RequestState
from services.common.errors import ConsoleError
from services.configuration import Configuration
from services.store import NotFoundError, Store


class Writer:
    """Creates, edits, renames, deletes and restores objects, and raises requests, as a seed says."""

    def __init__(self, store, seed):
        self.store = store
        self.configuration = Configuration(store)
        self.random = random.Random(seed)
        self.deeds = (self.create, self.edit, self.edit, self.rename, self.delete, self.restore, self.pair,
                      self.request, self.abandon)  # fmt: skip

    def step(self):
        """Do one thing; a refusal by the rules is an answer like any other."""
        try:
            self.random.choice(self.deeds)()
        except ConsoleError as error:
            if error.exit_status == 3:
                raise

    def any(self, kind=None):
        kind = kind or self.random.choice(list(Kind))
        found = self.configuration.all(kind)
        return self.random.choice(found) if found else None

    def create(self):
        credential = self.any(Kind.USER_CREDENTIAL)
        server = self.any(Kind.FOREIGN_SYSTEM)
        process = self.any(Kind.APPROVAL_PROCESS)
        values = {
            Kind.USER_CREDENTIAL: {"account": "api.user"},
            Kind.FOREIGN_SYSTEM: {
                "base_url": f"https://i{self.random.random()}.service-now.com",
                "credential_id": credential.id if credential else None,
            },
            Kind.PRIVILEGE_MANAGER_SERVER: {
                "base_url": f"https://i{self.random.random()}.example.com/TMS/",
                "credential_id": credential.id if credential else None,
            },
            Kind.APPROVAL_PROCESS: {"server_id": server.id if server else None},
            Kind.APPROVAL_TYPE: {"process_id": process.id if process else None},
            Kind.ACTION: {},
            Kind.POLICY: {},
        }
        kind = self.random.choice(list(Kind))
        self.configuration.save(self.configuration.new(kind, **values[kind]))

    def edit(self):
        item = self.any()
        if item is not None:
            item.description = "é" * self.random.randrange(2000)
            self.configuration.save(item, "Edited")

    def rename(self):
        item = self.any()
        if item is not None:
            self.configuration.rename(item.kind, item.id, f"Object {self.random.random()}", item.version)

    def delete(self):
        item = self.any()
        if item is not None:
            self.configuration.delete(item.kind, item.id, item.version)

    def restore(self):
        revisions = self.configuration.history_all(50)
        if revisions:
            self.configuration.restore(self.random.choice(revisions).id)

    def pair(self):
        """Write two objects that only make sense together, in one transaction."""
        mark = f"{self.random.random()}"
        credential = self.configuration.new(Kind.USER_CREDENTIAL, name=f"Pair {mark}", account="a")
        server = self.configuration.new(
            Kind.FOREIGN_SYSTEM,
            name=f"Pair {mark}",
            base_url="https://pair.service-now.com",
            credential_id=credential.id,
        )
        with self.store.write("A pair") as work:
            self.configuration.save_in(work, credential)
            self.configuration.save_in(work, server)

    def request(self):
        process = self.any(Kind.APPROVAL_PROCESS)
        with self.store.write() as work:
            request = ApprovalRequest(process_id=process.id if process else None, reason="because " * 50)
            work.insert(request)
            request.state = RequestState.PENDING
            work.update(request, 1)
            work.event("rehearse", detail="twice in one transaction")

    def abandon(self):
        """Write, then run into a conflict, which takes it all back."""
        item = self.any()
        with self.store.write() as work:
            self.configuration.save_in(
                work, self.configuration.new(Kind.USER_CREDENTIAL, name="Never", account="never")
            )
            if item is None:
                raise NotFoundError("an object")
            work.update(item, item.version + 1)


def main():
    path, seed = sys.argv[1], int(sys.argv[2])
    store = Store.open(path, actor=f"writer {seed}")
    seen = []
    store.feed.subscribe(seen.extend)
    writer = Writer(store, seed)
    print("ready", flush=True)
    while True:
        writer.step()
        if seen:
            print("done", seen[-1].seq, flush=True)
            seen.clear()


if __name__ == "__main__":
    main()
