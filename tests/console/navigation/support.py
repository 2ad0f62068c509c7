"""Outlines for trees: what a store would say, made by hand."""

import uuid

from models.kinds import Kind
from services.store.tree_outline import Outline, OutlineRow

SPACE = uuid.UUID("6a2c3d9e-0000-4000-8000-000000000000")


def id_of(word):
    """Return the id that stands for a word, the same each time."""
    return uuid.uuid5(SPACE, word)


def outline(*words, kind=Kind.APPROVAL_PROCESS, pending=0, **names):
    """Make an outline of objects called by their words; `names` says what some are called instead."""
    rows = [OutlineRow(kind, id_of(word), names.get(word, word)) for word in words]
    return Outline(rows, pending)


def shown(model, key="approval_process"):
    """Return the names below a node, from top to bottom, as a view sees them."""
    parent = model.index_of(model.node(key))
    return [model.index(row, 0, parent).data() for row in range(model.rowCount(parent))]
