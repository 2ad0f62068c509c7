"""Spreads a pasted text of address, account and password over the fields of a form."""

from collections.abc import Sequence

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QLineEdit

MIN_VALUES = 3


def split_sign_in(text: str, most: int) -> list[str] | None:
    """Return the values of a text that begins with an address, at most `most`, or None for another text.

    They are separated by white space or line ends: address, account, password, and what the form asks for besides.
    """
    parts = text.split()
    if not MIN_VALUES <= len(parts) <= most or "://" not in parts[0]:
        return None
    return parts


class SignInSplitter(QObject):
    """Watches the field of an address: a pasted text of several values fills the other fields as well.

    What is typed one character after the other is spread when the field is left.
    """

    def __init__(self, address: QLineEdit, others: Sequence[QLineEdit]) -> None:
        super().__init__(address)
        self._address = address
        self._others = tuple(others)
        self._length = 0
        address.textChanged.connect(self._on_changed)
        address.editingFinished.connect(self.split)

    def _on_changed(self, text: str) -> None:
        pasted = len(text) - self._length > 1
        self._length = len(text)
        if pasted:
            self.split()

    def split(self) -> bool:
        """Spread the text over the fields, and say whether it had several values.

        `setText` also removes the text with the password from the undo history of the field.
        """
        values = split_sign_in(self._address.text(), 1 + len(self._others))
        if values is None:
            return False
        self._address.setText(values[0])
        for line, value in zip(self._others, values[1:], strict=False):
            line.setText(value)
        return True
