"""Runs approval processes without a window, and polling inside a window."""
