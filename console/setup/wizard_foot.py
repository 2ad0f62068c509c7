"""The foot of the set-up wizard: a line that says what is in progress or missing, and the buttons."""

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout

from console.setup.wizard_presenter import Step
from console.widgets import buttons
from console.widgets.labels import ElidedLabel
from services.language import tr


class WizardFoot(QVBoxLayout):
    """The line and the buttons below the step that is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.setSpacing(12)
        self.reason = ElidedLabel("", role="caption")
        self.primary = buttons.primary("")
        self.primary.setDefault(True)
        self.back = buttons.secondary("Back")
        self.cancel = buttons.secondary("Cancel")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.primary)
        row.addStretch(1)
        row.addWidget(self.back)
        row.addWidget(self.cancel)
        self.addWidget(self.reason)
        self.addLayout(row)

    def show_step(self, step: Step) -> None:
        """Show the buttons of a step."""
        self.back.setVisible(step is Step.FOUND)
        self.cancel.setVisible(step is not Step.DONE)

    def set_primary_text(self, text: str) -> None:
        """Set the text of the primary button, also for screen readers."""
        self.primary.setText(text)
        self.primary.setAccessibleName(text)

    def show_progress(self, text: str, done: int = 0, total: int | None = None) -> None:
        """Show what is in progress, with the count where one is known."""
        self.reason.setText(
            tr("{text} ({done} of {total})", text=text, done=done, total=total) if total and done else text
        )
