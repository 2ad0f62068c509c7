"""The life of an approval request, from Create to its end."""

from services.requests.clearing import CleanUp, clean_up_rehearsals
from services.requests.life import RequestLife
from services.requests.rehearsal import Leg, Rehearsal, rehearse

__all__ = ["CleanUp", "Leg", "Rehearsal", "RequestLife", "clean_up_rehearsals", "rehearse"]
