"""The approval chain: policy, action, Approval Type, Approval Process, server, request item, approver. Checks every link.

`services.approval_chain.check` looks at a chain, `services.approval_chain.starts` finds one by a name. What is exported here
imports nothing slow.
"""

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

__all__ = [
    "ChainLink",
    "ChainReport",
    "LinkKind",
    "LinkObject",
    "LinkState",
    "OtherPolicy",
    "PolicyState",
    "Reading",
    "RemedyAct",
    "RequestsOfPolicy",
    "Source",
]
