"""What the page of a kind may define beside its fields."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from PyQt6.QtWidgets import QPushButton, QStackedWidget, QWidget

from console.forms.details_tab import DetailsView
from console.forms.edit_session import EditSession
from console.forms.form import Form, GroupSpec
from console.navigation.page import Page
from console.runtime.page_targets import Target, chain_target
from models.kinds import Kind
from services.language import tr

if TYPE_CHECKING:
    from console.forms.object_header import ObjectHeader
    from models.base import ConfigurationObject
    from services.store.change_feed import Change


class ObjectPageHooks(Page):
    """The hooks of `ObjectPage`, which calls them; each does nothing unless a kind overrides it."""

    object_kind: ClassVar[Kind]
    groups: ClassVar[tuple[GroupSpec, ...]]
    offered: ClassVar[tuple[str, ...]] = ("discard",)
    """Commands that have a button beside Save, and an entry in the context menu of the tree."""
    needed: ClassVar[str] = ""
    """What has to be done before `check` and `rehearse` can run."""
    form: Form
    session: EditSession
    stack: QStackedWidget
    """The tabs; what is made inside it is not styled again when it is added."""

    def build(self) -> None:
        """Add widgets of the kind to the form, before the tabs are put together."""

    def rail(self) -> QWidget | None:
        """Return the side panel of the form."""
        return None

    def details_view(self) -> QWidget:
        """Return the Details tab: the form with the side panel."""
        return DetailsView(self.form, self.rail(), self.stack)

    def extra_notices(self) -> list[QWidget]:
        """Return what stands under the notice of the page."""
        return []

    def extra_buttons(self) -> dict[str, QPushButton]:
        """Return buttons of the kind by the commands that they run; they stand behind Save."""
        return {}

    def arrange_buttons(self, header: "ObjectHeader") -> None:
        """Called when the buttons of the header were shown; a kind may hide some."""

    def idle_reasons(self) -> tuple[str, ...]:
        """Return what stands beside the buttons while there is nothing to save, the longest wording first."""
        return (tr("Nothing to save"),)

    def extra_tabs(self) -> dict[str, QWidget]:
        """Return the tabs of the kind by name."""
        return {}

    async def prepare_commands(self) -> None:
        """Read what decides which commands can run, before one that the target names is run."""

    def tab_buttons(self) -> dict[str, list[QPushButton]]:
        """Return the buttons that a tab shows in the header instead of those of the object."""
        return {}

    def extra_actions(self) -> dict[str, Callable[[], None]]:
        """Return commands of the kind that can run now."""
        return {}

    def extra_badges(self) -> list[tuple[str, str, str | None]]:
        """Return badges of the kind: text, tone, icon."""
        return []

    def on_loaded(self) -> None:
        """Called when values were read."""

    def on_changes(self, changes: "list[Change]") -> None:
        """Called when any object was saved, by this or another console."""

    def chain_target(self) -> Target:
        """Return where the approval chain through the object is shown and checked."""
        return chain_target(self.object_kind, self.session.id)

    def field_left(self, name: str) -> None:
        """Called when the focus leaves a field."""

    def on_suggestion(self, name: str, text: str) -> None:
        """Apply a suggested correction to a field as if it had been typed."""
        self.form.accept(name, text)

    async def save_object(self) -> "ConfigurationObject":
        """Save the object; a kind may save more together with it."""
        return await self.session.save()

    async def after_save(self, stored: "ConfigurationObject") -> None:
        """Called when the object was saved."""
