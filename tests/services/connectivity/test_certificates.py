"""The sign-in with a client certificate under the check: every fault at its stage, none taken for good."""

import pytest

from services.connectivity import find_fault
from services.servicenow import ConnectionSettings, ServiceNowClient
from tests.proxying import ConnectProxy
from tests.services.connectivity.certificate_producers import CASES, PASSPHRASE, MutualTls, giving
from tests.services.connectivity.conftest import ACCOUNT, SIGN_IN, check, findings
from tests.services.servicenow.certificates import as_pkcs12


@pytest.fixture
def mutual(tmp_path):
    return MutualTls(tmp_path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.produce)
async def test_a_fault_is_named_at_its_stage(mutual, case):
    async with getattr(mutual, case.produce)() as settings:
        report = await check(**settings)
    assert findings(report) == [case.place]
    [seen] = [s for s in report.stages if s.stage == case.stage]
    known = find_fault(case.stage, case.id)
    assert (seen.state, seen.owner, seen.cause) == (known.state, known.owner, known.cause)
    assert all((seen.evidence, seen.remedy))
    assert report.verdict == "failed"
    assert PASSPHRASE not in str(report)


@pytest.mark.parametrize("way", ["pem", "pkcs12", "proxy"])
async def test_a_healthy_instance_is_signed_in_to(mutual, way):
    async with mutual.serving() as settings, ConnectProxy() as proxy:
        if way == "pkcs12":
            path = as_pkcs12(mutual.mine, PASSPHRASE.encode(), chain=[mutual.authority.root.certificate])
            settings |= {"client_certificate": path, **giving(PASSPHRASE)}
        if way == "proxy":
            settings["proxy"] = proxy.url
        report = await check(**settings)
        calls = mutual.practice.log
    assert findings(report) == []
    assert report.verdict == "ok"
    [signed] = [s for s in report.stages if s.stage == "authentication"]
    assert "Client certificate" in signed.evidence
    assert not any(call.authorized for call in calls)
    assert {call.account for call in calls} <= {ACCOUNT, ""}


async def test_beside_a_password_the_password_wins(mutual):
    """The certificate is mapped to another user, and the call signs in as the one of the header."""
    async with mutual.serving(user="catalog.admin") as settings:
        password = mutual.practice.accounts[ACCOUNT].password
        shown = {name: settings[name] for name in ("ca_bundle", "client_certificate")}
        connection = ConnectionSettings("Instance", settings["base_url"], **shown)
        signing = type(SIGN_IN)(ACCOUNT, type(SIGN_IN.secret)(password))
        async with ServiceNowClient(connection, signing) as instance:
            await instance.table("sys_user").count(query_of(ACCOUNT))
        assert [call.account for call in mutual.practice.log] == [ACCOUNT]


def query_of(account):
    from services.servicenow.encoded_query import equals

    return equals(user_name=account)
