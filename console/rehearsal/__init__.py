"""The dialog that rehearses a request."""
