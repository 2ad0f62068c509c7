"""The navigation tree: what stands where, with badge and count."""
