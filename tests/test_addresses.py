"""Hosts that are written in letters beyond ASCII: the spelling that is asked for stands beside the one that is read."""

import httpx
import pytest

from models.addresses import normalise_base_url, other_spelling
from services.connectivity.reach import look_at_url
from services.servicenow import ConnectionSettings

CYRILLIC_A = "\u0430"
LOOKALIKE = f"{CYRILLIC_A}cme.service-now.com"
CODED = "xn--cme-5cd.service-now.com"


@pytest.mark.parametrize("host", [LOOKALIKE, "münchen.example", "faß.example", "acme.例え.example"])
def test_what_is_asked_for_is_what_the_client_asks_for(host):
    asked = httpx.URL(f"https://{host}/").raw_host.decode("ascii")
    assert other_spelling(host) == asked
    assert other_spelling(asked) == host


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
    assert other_spelling(host) == ""


def seen(address):
    return look_at_url(ConnectionSettings(name="Server", base_url=address))


def test_the_first_stage_of_a_check_names_both_spellings():
    assert seen(f"https://{LOOKALIKE}/") == f"https, {LOOKALIKE}, asked for as {CODED}"
    assert seen(f"https://{CODED}:8443/") == f"https, {CODED}, reads as {LOOKALIKE}, port 8443"
    assert seen("https://acme.service-now.com/") == "https, acme.service-now.com"


def test_an_address_is_stored_as_it_was_typed():
    assert normalise_base_url(LOOKALIKE) == f"https://{LOOKALIKE}/"
