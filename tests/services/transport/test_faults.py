"""The tables of faults: every product has words for what the transport can raise."""

import re
from pathlib import Path

import pytest

from services.common.errors import Owner
from services.common.fault_ids import FaultId
from services.privilege_manager.faults import FAULTS as PRIVILEGE_MANAGER
from services.servicenow.faults import FAULTS as SERVICENOW
from services.transport import faults
from services.transport.faults import PRODUCT_FAULTS, FaultTable, transport_faults


def raised_by_the_transport():
    """Return the names of the faults that the sources of the package mention outside its own table."""
    files = [path for path in Path(faults.__file__).parent.glob("*.py") if path.name != "faults.py"]
    found = {name for path in files for name in re.findall(r"FaultId\.([A-Z_]+)", path.read_text("utf-8"))}
    assert len(found) > 10
    return {FaultId[name] for name in found}


def test_the_shared_faults_and_those_that_products_word_are_exactly_what_is_raised():
    shared = {fault.id for fault in transport_faults(Owner.NETWORK)}
    assert shared.isdisjoint(PRODUCT_FAULTS)
    assert raised_by_the_transport() <= shared | set(PRODUCT_FAULTS)


@pytest.mark.parametrize("table", [SERVICENOW, PRIVILEGE_MANAGER], ids=["servicenow", "privilege_manager"])
def test_a_product_has_words_for_everything_that_the_transport_raises(table):
    assert raised_by_the_transport() | set(PRODUCT_FAULTS) <= set(table)


def test_the_owner_of_the_server_is_the_product_s_administrator():
    table = FaultTable(transport_faults(Owner.PRIVILEGE_MANAGER))
    assert table.problem(FaultId.TLS_CERTIFICATE_EXPIRED, "Connect").owner is Owner.PRIVILEGE_MANAGER
    assert table.problem(FaultId.DNS_UNKNOWN_HOST, "Connect").owner is Owner.NETWORK
