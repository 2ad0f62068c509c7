"""The error for a client certificate that cannot be used; apart from what reads the file, which loads a large library."""

from services.common.fault_ids import FaultId


class CertificateFileError(Exception):
    """A client certificate that cannot be used. `fault` names why; `evidence` says what was seen, never the key."""

    def __init__(self, fault: FaultId, evidence: str) -> None:
        super().__init__(evidence)
        self.fault = fault
        self.evidence = evidence


class CertificateNotNeededError(CertificateFileError):
    """A client certificate whose passphrase is not stored, beside a sign-in that does without: it is not shown."""
