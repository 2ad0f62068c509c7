"""Approval requests: rules, records, lifecycle, polling, decisions, inbox, details, rehearsals and the worker."""
