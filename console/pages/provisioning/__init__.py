"""The task Create ServiceNow Approval Request Items: plan, apply, verify, undo, history."""
