"""What the tree shows of policies: how many are on the servers, those that ask for approval, and the states of their chains."""

import weakref
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QObject, pyqtSignal

from console.navigation.tree_model import ServerItem, ServerItems, object_key
from console.runtime import lazy_imports
from console.runtime.page_targets import POLICIES, Target
from console.runtime.task_runner import TaskRunner
from models.kinds import Kind
from services.common.errors import ConsoleError

if TYPE_CHECKING:
    import uuid

    from console.policies.policy_rows import ChainVerdict
    from console.runtime.context import Context
    from console.shell.main_window import Window
    from services.approval_chain import ChainReport
    from services.store import Change

WATCHED = frozenset({Kind.POLICY, Kind.ACTION, Kind.PRIVILEGE_MANAGER_SERVER})
MAX_LISTED = 200
"""Policies that are not managed here, at most; the page lists all."""


class PolicyNews(QObject):
    """What pages of a window found out about policies. There is one for each context, see `policy_news`."""

    read = pyqtSignal()
    """The policies of a server were read."""
    judged = pyqtSignal()
    """The chain of a policy was checked, or what was found does not hold any more."""

    def __init__(self, ctx: "Context") -> None:
        super().__init__(ctx)
        self.verdicts: dict[str, ChainVerdict] = {}
        """What checks of chains found, by the key of the policy in the tree."""
        ctx.changes.connect(self._changed)

    def judge(self, key: str, verdict: "ChainVerdict") -> None:
        """Keep what a check of a chain found."""
        if self.verdicts.get(key) != verdict:
            self.verdicts[key] = verdict
            self.judged.emit()

    def _changed(self, changes: "list[Change]") -> None:
        # Any object may be part of any chain.
        if self.verdicts and any(change.kind in set(Kind) for change in changes):
            self.verdicts.clear()
            self.judged.emit()


_news: "weakref.WeakKeyDictionary[Context, PolicyNews]" = weakref.WeakKeyDictionary()


def policy_news(ctx: "Context") -> PolicyNews:
    """Return what is known in a context."""
    found = _news.get(ctx)
    if found is None or sip.isdeleted(found):
        found = _news[ctx] = PolicyNews(ctx)
    return found


def policy_key(server_id: "uuid.UUID", item_id: str, object_id: "uuid.UUID | None") -> str:
    """Return the key of a policy in the tree."""
    if object_id is not None:
        return object_key(Kind.POLICY.value, object_id)
    return f"{POLICIES}/{server_id}/{item_id}"


def tell_verdict(ctx: "Context", object_id: "uuid.UUID", report: "ChainReport | None") -> None:
    """Let the tree show what a check of the chain of a policy found; None for nothing that holds now."""
    if report is not None:
        from console.policies.policy_rows import chain_verdict

        policy_news(ctx).judge(object_key(Kind.POLICY.value, object_id), chain_verdict(report))


class PolicyNodes(QObject):
    """Keeps the policies of the tree of a window as they are in the local copies."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.ctx, self._model, self._navigation = window.ctx, window.model, window.navigation
        self.tasks = TaskRunner(self, self.ctx.show_problem)
        self._news = policy_news(self.ctx)
        self._news.read.connect(self.refresh)
        self._news.judged.connect(self._show_badges)
        self.ctx.opened.connect(self.refresh)
        self.ctx.changes.connect(self._changed)

    def _changed(self, changes: "list[Change]") -> None:
        if any(change.kind in WATCHED for change in changes):
            self.refresh()

    def refresh(self) -> None:
        """Read the copies again."""
        self.tasks.start(self._read(), group="server policies")

    async def _read(self) -> None:
        from models.privilege_manager_server import PrivilegeManagerServer

        workspace = await self.ctx.ready()
        try:
            if not await self.ctx.call(workspace.configuration.all, PrivilegeManagerServer):
                self._navigation.show_server_items(Kind.POLICY, None)
                return  # without importing what reads copies
            await lazy_imports.ready(self.ctx, lazy_imports.policies)
            from console.policies import operations

            total, rows = await operations.list_asking_policies(self.ctx)
        except ConsoleError:
            return  # the next call by the user reports a store that is busy or gone
        listed = tuple(
            ServerItem(
                policy_key(server_id, row.item_id, None),
                row.name,
                Target(POLICIES, tab=f"{server_id}/{row.item_id}"),
            )
            for server_id, row in rows[:MAX_LISTED]
        )
        found = None if total is None else ServerItems(total, listed)
        self._navigation.show_server_items(Kind.POLICY, found)

    def _show_badges(self) -> None:
        badges = {key: verdict.shape for key, verdict in self._news.verdicts.items()}
        self._model.set_badges(badges, "policies")

    def stop(self) -> None:
        """Cancel reading; the window closes."""
        self.tasks.cancel_all()
