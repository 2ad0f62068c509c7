"""Create, edit, duplicate, delete, where-used and history of every kind of configuration object."""

from services.configuration.configuration import Configuration
from services.configuration.revision_history import FieldChange, RevisionView
from services.configuration.three_way_merge import Merge, merge

__all__ = ["Configuration", "FieldChange", "Merge", "RevisionView", "merge"]
