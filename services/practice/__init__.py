"""The practice instance: a loopback server that imitates documented and recorded behaviour of ServiceNow."""

from services.practice.faults import FAULTS, FaultRegistry
from services.practice.server import PracticeInstance, serve

__all__ = ["FAULTS", "FaultRegistry", "PracticeInstance", "serve"]
