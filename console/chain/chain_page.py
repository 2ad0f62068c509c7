"""The page of an approval chain that begins at another object than a policy."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QVBoxLayout, QWidget

from console.chain.chain_tab import ChainTab
from console.navigation.page import Page
from console.navigation.page_changes import follow_changes
from console.navigation.tree_definition import kind_breadcrumb
from console.runtime.page_targets import CHAIN, CHECK_CHAIN, Target
from console.runtime.task_runner import TaskRunner
from console.widgets.badge import Badge
from console.widgets.page_header import PageHeader
from models.kinds import Kind
from services.common.errors import ConsoleError
from services.language import tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from services.store import Change


class ChainPage(Page):
    """The chain through the object that the target names: `chain:KIND` and its id."""

    kind, icon = CHAIN, "link"

    def __init__(self, ctx: "Context", target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        if target.id is None:
            raise ValueError(f"{target} names no object")
        self.tasks = TaskRunner(self, ctx.show_problem)
        self._object_kind, self._id = Kind(target.kind.partition(":")[2]), target.id
        self._badges: list[tuple[str, str, str | None]] = []
        self._places = self.breadcrumb
        self.set_title(tr("Approval chain"))
        self.chain = ChainTab(self, self)
        self.chain.make()
        self.head = PageHeader([text for text, _ in self._places], self.title, self.chain.buttons())
        self.head.breadcrumb_clicked.connect(self._go)
        self.head.set_primary_reason("")
        self.chain.changed.connect(self._refresh)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.chain, 1)
        self.chain.set_object(self._object_kind, self._id)

    @property
    def breadcrumb(self) -> list[tuple[str, Target | None]]:
        """The way to the object."""
        return kind_breadcrumb(self._object_kind)

    @property
    def working(self) -> bool:
        """Whether a check runs."""
        return self.chain.presenter.running

    def load(self) -> None:
        """Read the name of the object, and check the chain where the target asks for it."""
        follow_changes(self, self._on_changes)
        self.tasks.start(self._read_name(), group="name")
        self.arrive(self.target)

    def page_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done now."""
        return {CHECK_CHAIN: self.chain.start} if self.chain.can_check else {}

    async def _read_name(self) -> None:
        workspace = await self.ctx.ready()
        try:
            item = await self.ctx.call(workspace.configuration.get, self._object_kind, self._id)
        except ConsoleError as error:
            self.ctx.show_problem(error.problem)
            return
        self.set_title(tr("Approval chain of {name}", name=item.name))
        self.head.set_title(self.title)

    def _on_changes(self, changes: "list[Change]") -> None:
        self.chain.on_changes(changes)

    def _go(self, index: int) -> None:
        target = self._places[index][1]
        if target is not None:
            self.ctx.navigate(target)

    def _refresh(self) -> None:
        badges = self.chain.presenter.badges()
        if badges != self._badges:
            self._badges = badges
            self.head.set_badges([Badge(text, tone, icon) for text, tone, icon in badges])
        self.commands_changed.emit()
