"""Possible causes of a failure whose reply stands for several: one text and one widget for cards, dialogs, panels and notices."""

from collections.abc import Sequence

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from console.widgets.labels import scrolled_label, with_break_points
from console.widgets.vertical_scroll_area import VerticalScrollArea
from services.common.errors import Candidate
from services.language import tr, translate

MAX_HEIGHT = 200
"""A list of eight causes must not push the buttons of a dialog out of the screen; it scrolls."""
UNLIMITED = 16_000
NARROW = 240


def format_possible_causes(candidates: Sequence[Candidate]) -> str:
    """Return possible causes in the language of the window, one to a line, the likeliest first."""
    return "\n".join(
        tr(
            "{number}. {cause} Look at: {where} ({owner}).",
            number=number,
            cause=translate(one.cause),
            where=translate(one.where),
            owner=translate(one.owner.value),
        )
        for number, one in enumerate(candidates, 1)
    )


class PossibleCauses(VerticalScrollArea):
    """The possible causes as text that can be marked and copied; hidden while there are none."""

    def __init__(
        self,
        candidates: Sequence[Candidate] = (),
        parent: QWidget | None = None,
        *,
        max_height: int = MAX_HEIGHT,
    ) -> None:
        """`max_height` is UNLIMITED where something around it scrolls."""
        self._max_height = max_height
        self.text = scrolled_label("")
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        super().__init__(self.text, tr("Possible causes"), parent)
        self.text.setAutoFillBackground(False)  # the ground of the panel it stands in
        viewport = self.viewport()
        if viewport is not None:
            viewport.setAutoFillBackground(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        if max_height == UNLIMITED:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.show_candidates(candidates)

    def show_candidates(self, candidates: Sequence[Candidate]) -> None:
        """Show other causes, or hide the widget without any."""
        text = format_possible_causes(candidates)
        self.text.setText(with_break_points(text))
        self.setAccessibleName(tr("Possible causes: {text}", text=text) if text else tr("Possible causes"))
        self._fit()
        self.setVisible(bool(text))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Take the height that the text needs at the new width."""
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """Return a width at which a few words stand beside each other."""
        return QSize(NARROW, self.height())

    def _fit(self) -> None:
        viewport = self.viewport()
        width = viewport.width() if viewport is not None else self.width()
        height = self.text.heightForWidth(max(width, NARROW))
        self.setFixedHeight(min(max(height, 16), self._max_height))
        # What does not fit is reached with the keyboard too.
        scrolls = height > self._max_height
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if scrolls else Qt.FocusPolicy.NoFocus)
