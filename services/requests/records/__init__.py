"""What an instance holds of a request: requested items, approvals, and which record belongs to which request."""
