"""What the pages of a server, a process and a type share: the Check tab, its buttons and badges, and when it is old."""

from collections.abc import Callable
from typing import Any, ClassVar

from PyQt6.QtWidgets import QPushButton, QWidget

from console.checks.check_subject import CheckSubject
from console.checks.check_tab import CheckTab
from console.forms.object_page import CHECK, DETAILS, HISTORY, USED_BY, ObjectPage


class CheckablePage(ObjectPage):
    """The page of an object that can be checked."""

    tabs = (DETAILS, CHECK, HISTORY, USED_BY)
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
        if self.check.running:
            return {"cancel_check": self.check.cancel}
        return {"check": self.check_connection} if self.can_check() else {}

    def extra_badges(self) -> list[tuple[str, str, str | None]]:
        """Return what the last check said."""
        return self.check.badges()

    @property
    def working(self) -> bool:
        """Whether a check runs."""
        return self.check.running

    def explain_unavailable(self, command: str) -> None:
        """Show the check that runs already, or say why it cannot."""
        if command == "check" and self.check.running:
            self.open_tab(CHECK)
        else:
            super().explain_unavailable(command)

    def update_state(self) -> None:
        """Show what holds now, and whether the result of the check still is about it."""
        self.check.look()
        super().update_state()

    def on_changes(self, changes: list[Any]) -> None:
        """Follow what makes the result of a check old, and checks that were made elsewhere."""
        self.check.follow(changes)

    def check_connection(self) -> None:
        """Open the Check tab and run the staged check over what the form holds."""
        self.open_tab(CHECK)
        self.check.start()

    def checked_values(self) -> dict[str, Any]:
        """Return the values that a check depends on, as they are now."""
        return {name: self.session.values.get(name) for name in self.checked_fields}

    def stored_values(self) -> dict[str, Any]:
        """Return the values that a check depends on, as they are stored."""
        base = self.session.base or {}
        return {name: base.get(name) for name in self.checked_fields}

    @property
    def checks_unsaved_values(self) -> bool:
        """Whether a check would test values that are not saved."""
        return any(name in self.checked_fields for name in self.session.changed_names)

    # -- hooks of a kind ---------------------------------------------------------------------------------------

    def can_check(self) -> bool:
        """Whether there is something to check."""
        raise NotImplementedError

    async def load_check_scope(self) -> tuple[Any, Any] | None:
        """Return whose past checks are shown: the id of a server, and that of a process or None for any."""
        raise NotImplementedError

    async def load_check_subject(self) -> CheckSubject:
        """Return what to check now."""
        raise NotImplementedError
