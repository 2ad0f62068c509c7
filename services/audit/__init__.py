"""Signatures of the audit trail. Public module: `signing`. The trail itself is written by `services.store`."""
