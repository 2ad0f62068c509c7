"""Gives a link the words of a fault of the chain, from the fault catalog."""

from dataclasses import replace

from services.approval_chain.links import FAULT_STAGES, ChainLink, LinkObject, LinkState, Reading, RemedyAct
from services.common.fault_ids import FaultId
from services.common.redaction import evidence_excerpt
from services.connectivity.complete_catalog import find_fault
from services.connectivity.report import StageState

_ACTS = {
    FaultId.CHAIN_POLICY_MISSING: RemedyAct.CREATE_POLICY,
    FaultId.CHAIN_POLICY_NONE: RemedyAct.ADD_ACTION,
    FaultId.CHAIN_POLICY_INACTIVE: RemedyAct.ENABLE_POLICY,
    FaultId.CHAIN_POLICY_NO_TARGETS: RemedyAct.OPEN_ITEM,
    FaultId.CHAIN_POLICY_NO_EVENTS: RemedyAct.OPEN_ITEM,
    FaultId.CHAIN_ACTION_NONE: RemedyAct.ADD_ACTION,
    FaultId.CHAIN_ACTION_NOT_IN_POLICY: RemedyAct.ADD_ACTION,
    FaultId.CHAIN_ACTION_MISSING: RemedyAct.WRITE_COPY,
    FaultId.CHAIN_APPROVAL_TYPE_DIFFERS: RemedyAct.WRITE_CORRECTED_COPY,
    FaultId.CHAIN_APPROVAL_TYPE_UNKNOWN: RemedyAct.CHOOSE_EXPORT,
}
"""By fault; other faults of the chain are put right on the page of an object."""


def found(
    link: ChainLink,
    fault: FaultId,
    evidence: str,
    *readings: Reading,
    cause: str = "",
    remedy: str = "",
    act: RemedyAct | None = None,
    place: LinkObject | None = None,
) -> ChainLink:
    """Return `link` with a fault; `cause` and `remedy` replace the general words.

    It is broken, or unknown for a fault that means that it cannot be seen. Raises ValueError for a fault of another link.
    """
    known = find_fault(FAULT_STAGES[link.kind], fault)
    if known is None:
        raise ValueError(f"{fault} is no fault of the link {link.kind}")
    return replace(
        link,
        state=LinkState.BROKEN if known.state is StageState.FAILED else LinkState.UNKNOWN,
        evidence="\n".join(map(evidence_excerpt, evidence.splitlines())),
        fault=fault.value,
        cause=cause or known.cause,
        owner=known.owner.value,
        remedy=remedy or known.remedy,
        candidates=() if cause else known.candidates,
        act=act or _ACTS.get(fault, RemedyAct.OPEN_OBJECT),
        readings=readings,
        place=place,
    )
