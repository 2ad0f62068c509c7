"""The practice instance: a loopback server that behaves as ServiceNow is documented and recorded to behave."""

from services.practice.faults import FAULTS, FaultRegistry
from services.practice.server import PracticeInstance, serve

__all__ = ["FAULTS", "FaultRegistry", "PracticeInstance", "serve"]
