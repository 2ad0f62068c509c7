"""Hosts that are written in letters beyond ASCII: the spelling that is asked for stands beside the one that is read."""

import httpx
import pytest

from models.addresses import alternate_hostname, normalise_base_url
from models.foreign_system import ForeignSystem
from services.common.errors import ConsoleError
from services.configuration.validation import field_errors
from services.connectivity.network import check_url
from services.servicenow import ConnectionSettings
from services.servicenow.faults import FAULTS

CYRILLIC_A = "\u0430"
LOOKALIKE = f"{CYRILLIC_A}cme.service-now.com"
CODED = "xn--cme-5cd.service-now.com"


@pytest.mark.parametrize("host", [LOOKALIKE, "münchen.example", "faß.example", "acme.例え.example"])
def test_what_is_asked_for_is_what_the_client_asks_for(host):
    asked = httpx.URL(f"https://{host}/").raw_host.decode("ascii")
    assert alternate_hostname(host) == asked
    assert alternate_hostname(asked) == host


@pytest.mark.parametrize(
    "host",
    [
        "acme.service-now.com",
        "ACME.service-now.com",
        "127.0.0.1",
        "::1",
        "",
        "xn--",
        "xn--99999999999.example",
        "xn--acme-",
        "xn--acme-wd7a.example",  # turns the rest of the line around
    ],
)
def test_a_host_that_has_one_spelling_is_shown_once(host):
    assert alternate_hostname(host) == ""


def seen(address):
    return check_url(FAULTS, ConnectionSettings(name="Server", base_url=address))


def test_the_first_stage_of_a_check_names_both_spellings():
    assert seen(f"https://{LOOKALIKE}/") == f"https, {LOOKALIKE}, asked for as {CODED}"
    assert seen(f"https://{CODED}:8443/") == f"https, {CODED}, reads as {LOOKALIKE}, port 8443"
    assert seen("https://acme.service-now.com/") == "https, acme.service-now.com"


def test_an_address_is_stored_as_it_was_typed():
    assert normalise_base_url(LOOKALIKE) == f"https://{LOOKALIKE}/"


ACME = "https://acme.service-now.com/"
PASTED = [
    "now/nav/ui/home",
    "now/nav/ui/classic/params/target/incident.do%3Fsys_id%3D1",
    "now/workspace/agent/home",
    "now/sow/list",
    "nav_to.do?uri=%2Fincident.do%3Fsys_id%3D1",
    "nav_to.do%3Furi=incident.do",
    "navpage.do",
    "navpage.do;jsessionid=1",
    "NAV_TO.DO",
    "login.do",
    "login_redirect.do?sysparm_stack=no",
    "side_door.do",
    "sp",
    "sp?id=sc_home",
    "sp/",
    "esc?id=ec_dashboard",
    "$pa_dashboard.do",
    "%24pa_dashboard.do?sysparm_dashboard=1",
    "$flow-designer.do",
    "$m.do#/home",
    "api/now/table/incident",
    "sys_user_list.do?sysparm_query=active=true",
    "kb",
    "//nav_to.do",
    "CreateExecuteAppApprovalRequest.do?WSDL",
]


@pytest.mark.parametrize("page", PASTED)
@pytest.mark.parametrize(
    "base", [ACME, "https://itsm.example/", "https://itsm.example:8443/servicenow/", "http://localhost:8080/"]
)
def test_the_address_of_a_page_is_refused_with_the_base_url_to_use(page, base):
    with pytest.raises(ValueError, match="is the address of a page in ServiceNow") as caught:
        normalise_base_url(base + page)
    assert str(caught.value).endswith(f"is {base}")
    assert normalise_base_url(base) == base


@pytest.mark.parametrize("page", ["a_portal", "a_portal?id=1", "x/y/z", "home"])
def test_a_host_of_servicenow_has_no_path_in_its_base(page):
    with pytest.raises(ValueError, match="is the address of a page") as caught:
        normalise_base_url(ACME + page)
    assert str(caught.value).endswith(f"is {ACME}")


@pytest.mark.parametrize(
    "base",
    [
        "https://gw.example/webservices/",
        "https://gw.example/api/servicenow/",
        "https://gw.example/snow/now-prod/",
    ],
)
def test_the_path_of_a_gateway_is_kept(base):
    assert normalise_base_url(base) == base
    assert normalise_base_url(base.rstrip("/")) == base


def test_a_query_is_refused_with_the_address_without_it():
    with pytest.raises(ValueError, match="carries a query") as caught:
        normalise_base_url("https://gw.example/prefix?id=1")
    assert str(caught.value).endswith("is https://gw.example/prefix/")


def test_the_check_of_a_pasted_page_names_the_base_url():
    with pytest.raises(ConsoleError) as caught:
        seen("https://acme.service-now.com/now/nav/ui/home")
    assert caught.value.problem.fault == "url-invalid"
    assert "the base URL of this instance is https://acme.service-now.com/" in caught.value.problem.evidence


def test_a_field_and_a_document_say_the_base_url_to_use():
    errors = field_errors(ForeignSystem(name="S", base_url="https://acme.service-now.com/now/nav/ui/home"))
    [error] = [one for one in errors if one.name == "base_url"]
    assert error.message.endswith("is https://acme.service-now.com/")


@pytest.mark.parametrize(
    "text", ["https:/acme.service-now.com", "https:acme.service-now.com", "HTTP:/localhost"]
)
def test_a_scheme_without_its_slashes_is_not_taken_for_a_host(text):
    with pytest.raises(ValueError, match="no // behind its scheme"):
        normalise_base_url(text)
