"""Sizes that windows and dialogs share."""

from PyQt6.QtCore import QSize

WINDOW_FRAME = QSize(16, 48)
"""What a desktop puts around a window, about."""
