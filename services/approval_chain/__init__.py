"""The approval chain: policy, action, Approval Type, Approval Process, server, request item, approver. Checks every link."""

from services.approval_chain.check import check_chain, outline_chain
from services.approval_chain.links import (
    ChainLink,
    ChainReport,
    LinkKind,
    LinkObject,
    LinkState,
    OtherPolicy,
    PolicyState,
    Reading,
    RemedyAct,
    RequestsOfPolicy,
    Source,
)
from services.approval_chain.route import ChainStart
from services.approval_chain.starts import find_policy_start, find_process_start, find_starts

__all__ = [
    "ChainLink",
    "ChainReport",
    "ChainStart",
    "LinkKind",
    "LinkObject",
    "LinkState",
    "OtherPolicy",
    "PolicyState",
    "Reading",
    "RemedyAct",
    "RequestsOfPolicy",
    "Source",
    "check_chain",
    "find_policy_start",
    "find_process_start",
    "find_starts",
    "outline_chain",
]
