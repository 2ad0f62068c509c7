"""Configuration as a YAML document: read, compare, apply, write."""

from services.transfer.document import Document, DocumentError, Mistake, Place, read_document
from services.transfer.export import export
from services.transfer.planning import Change, Plan, apply, plan

__all__ = [
    "Change",
    "Document",
    "DocumentError",
    "Mistake",
    "Place",
    "Plan",
    "apply",
    "export",
    "plan",
    "read_document",
]
