"""The navigation tree: its fixed nodes, model and view, the base class of pages, and targets of requests."""
