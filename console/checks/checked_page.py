"""Base of the pages of servers, processes and types: adds the Check tab with its buttons and badges."""

import uuid
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from PyQt6.QtWidgets import QPushButton, QWidget

from console.checks.check_subject import CheckSubject
from console.checks.check_tab import CheckTab
from console.forms.object_page import CHECK, DETAILS, HISTORY, USED_BY, ObjectPage
from models.kinds import Kind

if TYPE_CHECKING:
    from services.store import Change

CheckScope = tuple[uuid.UUID, uuid.UUID | None]
"""The server whose past checks are shown, and the process they were made with; None for any."""


class CheckablePage(ObjectPage):
    """The page of an object that can be checked."""

    tabs = (DETAILS, CHECK, HISTORY, USED_BY)
    checked_kind: ClassVar[Kind] = Kind.FOREIGN_SYSTEM
    """The kind of server that is checked."""
    checked_fields: ClassVar[tuple[str, ...]]
    """The values that a check depends on."""

    def build(self) -> None:
        """Make the Check tab."""
        self.check = CheckTab(self)

    def extra_tabs(self) -> dict[str, QWidget]:
        """Return the Check tab."""
        return {CHECK: self.check}

    def tab_buttons(self) -> dict[str, list[QPushButton]]:
        """Return the buttons of the check."""
        return {CHECK: self.check.buttons()}

    def extra_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done about the check now."""
        if self.check.presenter.running:
            return {"cancel_check": self.check.cancel}
        return {"check": self.check_connection} if self.can_check() else {}

    def extra_badges(self) -> list[tuple[str, str, str | None]]:
        """Return the badge of the last check."""
        return self.check.presenter.badges()

    @property
    def working(self) -> bool:
        """Whether a check runs."""
        return self.check.presenter.running

    def explain_unavailable(self, command: str) -> None:
        """Show the check that runs already, or say why it cannot."""
        if command == "check" and self.check.presenter.running:
            self.open_tab(CHECK)
        else:
            super().explain_unavailable(command)

    def update_state(self) -> None:
        """Show the state of the page, and whether the result of the check is about the current values."""
        self.check.refresh()
        super().update_state()

    def on_changes(self, changes: "list[Change]") -> None:
        """Pass changes of the store to the Check tab."""
        self.check.on_changes(changes)

    def check_connection(self) -> None:
        """Open the Check tab and check the values of the form."""
        self.open_tab(CHECK)
        self.check.start()

    def checked_values(self) -> dict[str, object]:
        """Return the values that a check depends on, as they are now."""
        return {name: self.session.values.get(name) for name in self.checked_fields}

    def stored_values(self) -> dict[str, object]:
        """Return the values that a check depends on, as they are stored."""
        base = self.session.base or {}
        return {name: base.get(name) for name in self.checked_fields}

    @property
    def checks_unsaved_values(self) -> bool:
        """Whether a check would use values that are not saved."""
        return any(name in self.checked_fields for name in self.session.changed_names)

    # -- hooks of a kind ---------------------------------------------------------------------------------------

    @abstractmethod
    def can_check(self) -> bool:
        """Whether there is something to check."""

    @abstractmethod
    async def load_check_scope(self) -> CheckScope | None:
        """Return whose past checks are shown: the ids of a server and of a process, None for any process."""

    @abstractmethod
    async def load_check_subject(self) -> CheckSubject:
        """Return what to check now."""
