"""Settings of the window, stored in `layout.ini` of the profile folder."""

import json
from collections.abc import Collection
from pathlib import Path

from PyQt6.QtCore import QByteArray, QSettings


class WindowSettings:
    """Geometry, splitter, open nodes, last page and colours."""

    def __init__(self, folder: Path) -> None:
        self._settings = QSettings(str(folder / "layout.ini"), QSettings.Format.IniFormat)
        self._texts: dict[str, str | None] = {}
        """Texts as they were read or stored last: which commands can run is asked with every letter that is typed."""

    def text(self, key: str, default: str = "") -> str:
        """Return a text."""
        if key not in self._texts:
            stored = self._settings.value(key)
            self._texts[key] = None if stored is None else str(stored)
        found = self._texts[key]
        return default if found is None else found

    def set_text(self, key: str, value: str) -> None:
        """Store a text."""
        self._texts[key] = value
        self._settings.setValue(key, value)

    def bytes(self, key: str) -> QByteArray | None:
        """Return bytes, such as the geometry of the window, or None."""
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) else None

    def set_bytes(self, key: str, value: QByteArray) -> None:
        """Store bytes."""
        self._settings.setValue(key, value)

    def keys(self, key: str) -> set[str] | None:
        """Return a set of words, or None if none is stored."""
        text = self.text(key)
        return set(json.loads(text)) if text else None

    def set_keys(self, key: str, words: set[str]) -> None:
        """Store a set of words."""
        self.set_text(key, json.dumps(sorted(words)))

    def clear(self, keep: Collection[str] = ()) -> None:
        """Remove all settings but those named in `keep`."""
        kept = {key: self.text(key) for key in keep}
        self._settings.clear()
        self._texts.clear()
        for key, value in kept.items():
            if value:
                self.set_text(key, value)

    def sync(self) -> None:
        """Write the file now."""
        self._settings.sync()
