"""What the page of an object looks at again after other objects changed, as soon as the page is shown."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject

if TYPE_CHECKING:
    from console.forms.object_page import ObjectPage


class OtherObjects(QObject):
    """Validates the object of a page again, because a name may be taken now, and reads which objects use it.

    For a page that is hidden behind another one that waits until it is shown: each save would else be followed by
    readings for every page that was ever opened.
    """

    def __init__(self, page: "ObjectPage") -> None:
        super().__init__(page)
        self._page = page
        self._changed = False
        page.installEventFilter(self)

    def notice_change(self) -> None:
        """Look at them now, or when the page is shown."""
        self._changed = True
        if self._page.isVisible():
            self._look()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Wait until the page is shown."""
        if event is not None and event.type() == QEvent.Type.Show:
            self._look()
        return super().eventFilter(watched, event)

    def _look(self) -> None:
        session = self._page.session
        if not self._changed or not session.ready:
            return
        self._changed = False
        session.schedule_validation()
        if not session.is_new:
            self._page.tasks.start(self._page.used_by.refresh(), group="used by")
