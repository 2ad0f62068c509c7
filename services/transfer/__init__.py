"""Configuration as a YAML document: read, compare, apply, write."""

from services.transfer.apply_plan import DocumentPlan, ObjectChange, apply_plan, plan_document
from services.transfer.document_reader import Document, DocumentError, Mistake, read_document
from services.transfer.document_writer import export_document
from services.transfer.yaml_nodes import Position

__all__ = [
    "Document",
    "DocumentError",
    "DocumentPlan",
    "Mistake",
    "ObjectChange",
    "Position",
    "apply_plan",
    "export_document",
    "plan_document",
    "read_document",
]
