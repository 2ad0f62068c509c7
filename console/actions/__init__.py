"""Copies of approval actions without a page: texts by language, steps of a copy, waiting for an import, their widgets."""
