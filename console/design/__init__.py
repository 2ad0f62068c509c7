"""Colours, theme and icons."""
