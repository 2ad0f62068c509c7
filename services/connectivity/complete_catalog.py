"""The whole fault catalog: importing this imports every module that declares faults.

A check needs only those of its own stages, and what shows past checks needs none.
"""

# Imported for what they declare; the runner loads the stages of all kinds of servers.
from services.connectivity import answer_faults as _answer_faults  # noqa: F401
from services.connectivity import chain_faults as _chain_faults  # noqa: F401
from services.connectivity import runner as _runner  # noqa: F401
from services.connectivity.fault_catalog import (
    all_faults,
    faults_by_id,
    find_fault,
    find_fault_or_similar,
    find_other_owner,
    other_stages,
)

__all__ = [
    "all_faults",
    "faults_by_id",
    "find_fault",
    "find_fault_or_similar",
    "find_other_owner",
    "other_stages",
]
