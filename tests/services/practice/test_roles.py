"""Who may do what on the practice instance, account by account."""

import base64

import httpx
import pytest

from tests.services.practice.soaping import CREATE, STATUS, call, envelope, fault_of, order

READS = {"sys_web_service", "sys_web_service_input", "sys_dictionary", "sys_user_has_role", "sc_cat_item"}
WRITES = {
    "sys_web_service",
    "sc_cat_item",
    "sc_category",
    "item_option_new",
    "sc_req_item",
    "sys_properties",
    "sys_user",
}
OPEN = {"sc_cat_item"}
WEB_SERVICES = {"sys_web_service", "sys_web_service_input", "sys_dictionary"}
CATALOGUE = {"sc_cat_item", "sc_category", "item_option_new"}

MAY = {
    # account: tables it sees rows of, tables it may change, whether SOAP takes it where strict security is on
    "admin": (READS, WRITES, True),
    "privman.integration": (OPEN | WEB_SERVICES, {"sys_web_service", "sc_req_item"}, True),
    "privman.documented": (OPEN | WEB_SERVICES, {"sys_web_service", "sc_req_item"}, False),
    "app.approver": (OPEN, set(), False),
    "other.approver": (OPEN, set(), False),
    "catalog.admin": (OPEN, CATALOGUE | {"sc_req_item"}, False),
    "service.desk": (OPEN, {"sc_req_item"}, False),
    "no.roles": (OPEN, set(), False),
}
PROPERTY = "glide.soap.strict_security"


@pytest.fixture(autouse=True)
def one_order(practice, signed_in):
    if not practice.records("sc_req_item"):
        order(signed_in("admin"))


def test_every_account_has_an_expectation(practice):
    assert set(MAY) == set(practice.accounts)


@pytest.mark.parametrize("account", MAY)
def test_an_account_sees_what_its_roles_allow(signed_in, account):
    client = signed_in(account)
    seen = set()
    for table in READS:
        reply = client.get(f"api/now/table/{table}", params={"sysparm_limit": "5"})
        assert reply.status_code == 200
        assert int(reply.headers["x-total-count"]) > 0
        if reply.json()["result"]:
            seen.add(table)
    assert seen == MAY[account][0]


@pytest.mark.parametrize("account", MAY)
def test_an_account_changes_what_its_roles_allow(practice, signed_in, account):
    client = signed_in(account)
    changed = set()
    for table in WRITES:
        row = practice.records(table)[0]
        reply = client.patch(
            f"api/now/table/{table}/{row['sys_id']}", json={"description": row.get("description", "")}
        )
        if reply.status_code == 200:
            changed.add(table)
        else:
            assert reply.status_code == 403
            assert reply.json()["error"]["message"] == "Operation Failed"
    assert changed == MAY[account][1]


@pytest.mark.parametrize("account", MAY)
def test_strict_security_wants_a_soap_role(signed_in, account):
    client = signed_in(account)
    described = client.get(f"{STATUS}.do?WSDL")
    if MAY[account][2]:
        assert described.status_code == 200
        assert call(client, STATUS, PMGetRequestId="none")["PMApprovalStatus"] == "invalid"
    else:
        assert described.status_code == 403
        assert "Insufficient rights" in fault_of(client, CREATE)


def test_without_strict_security_the_documented_roles_are_enough(practice, signed_in):
    prop = practice.records("sys_properties", name=PROPERTY)[0]["sys_id"]
    admin, documented = signed_in("admin"), signed_in("privman.documented")
    admin.patch(f"api/now/table/sys_properties/{prop}", json={"value": "false"}).raise_for_status()
    try:
        assert documented.get(f"{STATUS}.do?WSDL").status_code == 200
        assert call(documented, STATUS, PMGetRequestId="none")["PMApprovalStatus"] == "invalid"
    finally:
        admin.patch(f"api/now/table/sys_properties/{prop}", json={"value": "true"}).raise_for_status()
    assert documented.get(f"{STATUS}.do?WSDL").status_code == 403


# -- signing in -----------------------------------------------------------------


def refused(reply):
    return reply.status_code == 401 and reply.headers["x-is-logged-in"] == "false"


def test_nobody_is_answered_without_signing_in(practice, signed_in):
    nobody = signed_in(None)
    reply = nobody.get("api/now/table/sc_catalog")
    assert refused(reply)
    assert reply.json() == {
        "error": {"message": "User Not Authenticated", "detail": "Required to provide Auth information"},
        "status": "failure",
    }
    assert refused(nobody.get(f"{STATUS}.do?WSDL"))
    soap = nobody.post(f"{CREATE}.do?SOAP", content=envelope())
    assert refused(soap)
    assert soap.headers["content-type"].startswith("text/html")
    assert not reply.cookies


def test_a_wrong_password_is_refused(practice):
    for user, password in (("admin", ""), ("admin", "x"), ("nobody", "x"), ("soap.guest", ""), ("", "")):
        reply = httpx.get(
            f"{practice.base_url}api/now/table/sc_catalog", auth=(user, password), trust_env=False
        )
        assert refused(reply)


def test_a_password_may_hold_anything(practice, monkeypatch):
    from dataclasses import replace

    odd = "pä:ss wörd:😀"
    monkeypatch.setitem(practice.accounts, "no.roles", replace(practice.accounts["no.roles"], password=odd))
    header = "Basic " + base64.b64encode(f"no.roles:{odd}".encode()).decode()
    reply = httpx.get(
        f"{practice.base_url}api/now/table/sc_catalog", headers={"Authorization": header}, trust_env=False
    )
    assert reply.status_code == 200


@pytest.mark.parametrize("change", [{"active": "false"}, {"locked_out": "true"}])
def test_a_locked_user_is_refused_even_with_a_session(practice, signed_in, change):
    admin, desk = signed_in("admin"), signed_in("service.desk")
    assert desk.get("api/now/table/sc_catalog").status_code == 200
    key = practice.records("sys_user", user_name="service.desk")[0]["sys_id"]
    admin.patch(f"api/now/table/sys_user/{key}", json=change).raise_for_status()
    try:
        assert refused(desk.get("api/now/table/sc_catalog"))
        desk.auth = None
        assert refused(desk.get("api/now/table/sc_catalog"))
    finally:
        admin.patch(f"api/now/table/sys_user/{key}", json={"active": "true", "locked_out": "false"})


def test_a_session_signs_in_by_itself_and_ends_at_credentials(practice, signed_in):
    client = signed_in("app.approver")
    first = client.get("api/now/table/sc_catalog")
    session = first.cookies["JSESSIONID"]
    assert {"glide_user_route", "glide_session_store"} <= set(first.cookies)
    client.auth = None
    again = client.get("api/now/table/sc_catalog")
    assert again.headers["x-is-logged-in"] == "true"
    assert practice.log[-1].account == "app.approver"
    assert again.cookies["JSESSIONID"] == session
    client.auth = ("service.desk", practice.accounts["service.desk"].password)
    other = client.get("api/now/table/sc_catalog")
    assert practice.log[-1].account == "service.desk"
    assert other.cookies["JSESSIONID"] != session
    client.auth = ("service.desk", "wrong")
    assert refused(client.get("api/now/table/sc_catalog"))


def test_a_role_that_is_taken_away_counts_at_once(practice, signed_in):
    admin, documented = signed_in("admin"), signed_in("privman.documented")
    assert documented.get("api/now/table/sys_web_service").json()["result"]
    user = practice.records("sys_user", user_name="privman.documented")[0]["sys_id"]
    role = practice.records("sys_user_role", name="web_service_admin")[0]["sys_id"]
    given = practice.records("sys_user_has_role", user=user, role=role)[0]["sys_id"]
    admin.patch(f"api/now/table/sys_user_has_role/{given}", json={"state": "inactive"}).raise_for_status()
    try:
        assert documented.get("api/now/table/sys_web_service").json()["result"] == []
    finally:
        admin.patch(f"api/now/table/sys_user_has_role/{given}", json={"state": "active"}).raise_for_status()


def test_what_arrived_is_remembered_without_its_secret(practice, signed_in):
    signed_in("admin").get("api/now/table/sc_catalog?sysparm_limit=1")
    seen = practice.log[-1]
    assert (seen.method, seen.path, seen.query) == ("GET", "/api/now/table/sc_catalog", "sysparm_limit=1")
    assert (seen.account, seen.status, seen.authorized) == ("admin", 200, True)
    assert len(seen.digest) == 64
    assert practice.accounts["admin"].password not in repr(practice.log)
    assert practice.accounts["admin"].password not in repr(practice.accounts)
    assert "Basic" not in repr(practice.log)


def test_where_basic_authentication_is_restricted_interactive_accounts_are_refused_like_a_wrong_password(
    practice, signed_in
):
    address = "api/now/table/sc_cat_item"
    wrong = httpx.get(f"{practice.base_url}{address}", auth=("app.approver", "no such password"))
    practice.faults.set("basic_auth_restricted")
    refused = signed_in("app.approver").get(address)
    assert (refused.status_code, refused.json()) == (wrong.status_code, wrong.json())
    assert signed_in("privman.integration").get(address).status_code == 200
    practice.faults.set("account_interactive")
    assert signed_in("privman.integration").get(address).status_code == 401
    practice.faults.clear()
    assert signed_in("app.approver").get(address).status_code == 200
