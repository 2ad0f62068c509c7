"""Which scripted services a probe calls: those of the Approval Processes of a server."""

import uuid
from dataclasses import dataclass

from models.approval_process import ApprovalProcess
from services.configuration import Configuration


@dataclass(frozen=True, slots=True)
class ProbedServices:
    """The services whose descriptions are read, and the one that is called; both empty for a server without a process."""

    names: tuple[str, ...] = ()
    status: str = ""

    @classmethod
    def of(cls, process: ApprovalProcess) -> "ProbedServices":
        """Return the three services of a process."""
        names = (process.create_service, process.status_service, process.cancel_service)
        return cls(tuple(dict.fromkeys(name for name in names if name)), process.status_service)


def find_probed_services(configuration: Configuration, server_id: uuid.UUID) -> ProbedServices:
    """Return the services of the first Approval Process of a server by name; blocks."""
    processes = [one for one in configuration.all(ApprovalProcess) if one.server_id == server_id]
    usable = sorted((one for one in processes if one.status_service), key=lambda one: one.name)
    return ProbedServices.of(usable[0]) if usable else ProbedServices()
