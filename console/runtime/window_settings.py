"""The layout of the window, remembered in the profile folder."""

import json
from collections.abc import Collection
from pathlib import Path

from PyQt6.QtCore import QByteArray, QSettings


class WindowSettings:
    """Geometry, splitter, open nodes, last page and colours."""

    def __init__(self, folder: Path) -> None:
        self._settings = QSettings(str(folder / "layout.ini"), QSettings.Format.IniFormat)

    def text(self, key: str, default: str = "") -> str:
        """Return a remembered text."""
        return str(self._settings.value(key, default))

    def set_text(self, key: str, value: str) -> None:
        """Remember a text."""
        self._settings.setValue(key, value)

    def bytes(self, key: str) -> QByteArray | None:
        """Return remembered bytes, such as a window's geometry."""
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) else None

    def set_bytes(self, key: str, value: QByteArray) -> None:
        """Remember bytes."""
        self._settings.setValue(key, value)

    def keys(self, key: str) -> set[str] | None:
        """Return a remembered set of words, or None when nothing was."""
        text = self.text(key)
        return set(json.loads(text)) if text else None

    def set_keys(self, key: str, words: set[str]) -> None:
        """Remember a set of words."""
        self.set_text(key, json.dumps(sorted(words)))

    def clear(self, keep: Collection[str] = ()) -> None:
        """Remove all settings but those named in `keep`."""
        kept = {key: self.text(key) for key in keep}
        self._settings.clear()
        for key, value in kept.items():
            if value:
                self.set_text(key, value)

    def sync(self) -> None:
        """Write it to its file now."""
        self._settings.sync()
