"""The life of an approval request, from Create to its end."""

from services.requests.life import RequestLife
from services.requests.rehearsal import Leg, Rehearsal, rehearse

__all__ = ["Leg", "Rehearsal", "RequestLife", "rehearse"]
