"""Approve, reject, cancel and remind."""
