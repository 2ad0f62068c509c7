"""Privilege Manager: its items as XML."""
