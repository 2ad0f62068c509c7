"""The HTTP interface through which other programs raise requests."""
