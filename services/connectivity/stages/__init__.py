"""The stages of a check, from the address to one call of the status service."""
