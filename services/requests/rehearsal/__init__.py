"""Rehearsals: a request raised on purpose, followed to its end, and cleaned up."""
