"""Shows which texts of a window differ from the copied action."""

from console.forms.field_editors import Editor, EditorHost
from console.widgets.labels import Label
from models.field_values import FieldValues
from models.window_texts import load_window_texts
from services.language import plural, tr


class ChangedTextsField(Editor):
    """Counts the texts that differ from the copied action."""

    def __init__(self, name: str) -> None:
        label = Label("")
        super().__init__(label, name)
        self._label = label
        self._value = "{}"

    def read(self) -> FieldValues:
        """Return the texts as they were given."""
        return {self.names[0]: self._value}

    def write(self, values: FieldValues) -> None:
        """Count the texts."""
        self._value = str(values.get(self.names[0]) or "{}")
        try:
            count = sum(len(texts) for texts in load_window_texts(self._value).values())
        except ValueError:
            count = 0
        self._label.setText(
            plural(count, "{count} text differs", "{count} texts differ")
            if count
            else tr("As in the copied action")
        )


def changed_texts(host: EditorHost, name: str) -> Editor:
    """Make the line that counts the changed texts."""
    del host
    return ChangedTextsField(name)
