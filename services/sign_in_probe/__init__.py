"""The probe of one sign-in: whether token, REST, WSDL and SOAP accept it, and whether its calls run as the account."""

from services.sign_in_probe.probe import probe_sign_in
from services.sign_in_probe.probed_services import ProbedServices, find_probed_services
from services.sign_in_probe.result import PROBE_ROWS, ProbeRow, RowResult, RowState, SignInProbe

__all__ = [
    "PROBE_ROWS",
    "ProbeRow",
    "ProbedServices",
    "RowResult",
    "RowState",
    "SignInProbe",
    "find_probed_services",
    "probe_sign_in",
]
