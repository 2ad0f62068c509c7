"""The faults of answers as entries of the fault catalog; they appear at no stage of a check."""

from functools import cache

from models.translation_marks import tr_later
from services.answers.faults import DELIVERY_FAULTS
from services.common.errors import InputError
from services.connectivity import CheckFault

SYMPTOM = tr_later("The decision does not get back to the program that asked.")
SYMPTOM_OF_INPUT = tr_later("An intake client is not added, or its mapping is not confirmed.")
SOURCE = tr_later("How this console sends answers back; brought about so by its tests")
ID_PREFIX = "delivery-"


@cache
def delivery_fault_entries() -> tuple[CheckFault, ...]:
    """Return an entry for each fault whose id begins with `delivery-`, ordered by id."""
    found = []
    for fault_id in sorted(one for one in DELIVERY_FAULTS if one.startswith(ID_PREFIX)):
        fault = DELIVERY_FAULTS[fault_id]
        symptom = SYMPTOM_OF_INPUT if fault.error is InputError else SYMPTOM
        found.append(CheckFault(fault_id, (), fault.owner, symptom, fault.cause, fault.remedy, SOURCE))
    return tuple(found)
