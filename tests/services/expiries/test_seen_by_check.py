"""What a check over a real socket keeps of dates."""

from services.common.secret import Secret
from services.connectivity import run_check
from services.connectivity.seen_dates import NO_DATE
from services.practice import PracticeInstance
from services.servicenow import ConnectionSettings
from services.servicenow.basic_auth_restriction import ACTIVE, ENFORCEMENT_DATE
from services.transport.sign_in import SignIn
from tests.services.servicenow.certificates import Authority, server_side
from tests.services.servicenow.rawserver import RawServer, json_reply

PASSWORD = "practice password"


async def stage(key, settings, sign_in=None):
    return next(one for one in (await run_check(settings, sign_in)).stages if one.stage == key)


async def test_a_check_keeps_the_date_of_the_restriction_where_the_account_can_read_it():
    async with PracticeInstance(password=PASSWORD) as practice:
        practice.set_property(ENFORCEMENT_DATE, "2026-06-30 00:00:00")
        settings = ConnectionSettings("Practice", practice.base_url)
        sign_in = SignIn(next(iter(practice.accounts)), Secret(PASSWORD))
        seen = await stage("instance", settings, sign_in)
        assert seen.basic_auth_enforced_at == "2026-06-30T00:00:00Z"
        practice.set_property(ACTIVE, "false")
        assert (await stage("instance", settings, sign_in)).basic_auth_enforced_at == NO_DATE


async def test_a_check_keeps_the_end_of_the_certificate(tmp_path):
    authority = Authority(tmp_path)
    signed = authority.sign(["localhost", "127.0.0.1"])
    async with RawServer(lambda _: json_reply("{}"), ssl=server_side(signed)) as server:
        settings = ConnectionSettings("Server", server.url, ca_bundle=authority.bundle)
        seen = await stage("tls", settings)
    assert seen.certificate_ends_at == signed.certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
