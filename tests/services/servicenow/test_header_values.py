"""Header values that cannot be read count as absent, whatever they hold."""

import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.connectivity.clock import check_clock
from services.connectivity.servicenow.stages.limits import check_rate_limit
from services.connectivity.stored_results import parse_calls_per_hour
from services.servicenow.response_checks import raise_for_status, retry_after_or_default
from services.transport.faults import RateLimitedError
from services.transport.response_headers import (
    RETRY_AFTER_DEFAULT_S,
    RETRY_AFTER_MAX_S,
    integer_header,
    parse_http_date,
)

OUT_OF_RANGE = [
    "Mon, 01 Jan 2024 00:00:00 +9999999999999999",
    "Mon, 01 Jan 0001 00:00:00 +2359",
    "Mon, 31 Dec 9999 23:59:59 -2359",
    "Mon, 99 Jan 2024 00:00:00 GMT",
    "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    "soon",
    "",
]


def answered(**headers):
    return httpx.Response(429, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("text", OUT_OF_RANGE)
def test_a_retry_after_that_cannot_be_read_counts_as_absent(text):
    assert 1.0 <= retry_after_or_default(answered(Retry_After=text)) <= RETRY_AFTER_MAX_S


def test_a_retry_after_that_nobody_can_read_waits_the_usual_time():
    assert retry_after_or_default(answered(Retry_After=OUT_OF_RANGE[0])) == RETRY_AFTER_DEFAULT_S


@pytest.mark.parametrize("text", OUT_OF_RANGE)
def test_a_date_that_cannot_be_read_leaves_the_clock_unjudged_or_differing(text):
    result = check_clock(answered(Date=text), time.time())
    assert not isinstance(result, str)
    assert result.state in ("skipped", "warning", "failed")


@pytest.mark.parametrize("text", ["9" * 5000, "-1", "1.5", "x", "", "\u00b2"])
def test_a_number_that_cannot_be_read_counts_as_absent(text):
    headers = httpx.Headers([(b"x-ratelimit-limit", text.encode("latin-1"))])
    assert integer_header(headers, "x-ratelimit-limit") is None
    assert (
        check_rate_limit(httpx.Headers([(b"x-ratelimit-limit", text.encode("latin-1"))]), None).state
        == "skipped"
    )


def test_a_stored_limit_of_any_length_is_read():
    assert parse_calls_per_hour(f"{'9' * 5000} calls an hour") is None
    assert parse_calls_per_hour("120 calls an hour") == 120


@given(st.text(max_size=80))
def test_no_header_value_raises(text):
    parse_http_date(text)
    integer_header(httpx.Headers([(b"x-total-count", text.encode())]), "x-total-count")


@pytest.mark.parametrize("text", ["inf", "-inf", "nan", "1e9", "1_0", "-5", "5, 10", "0x10", "+7"])
def test_what_only_looks_like_seconds_waits_the_usual_time(text):
    """Python reads more texts as numbers than the header has."""
    response = answered(Retry_After=text)
    assert retry_after_or_default(response) == RETRY_AFTER_DEFAULT_S
    response.request = httpx.Request("GET", "https://a.example/")
    with pytest.raises(RateLimitedError) as caught:
        raise_for_status(response, "Read")
    assert "Retry-After" not in caught.value.problem.evidence


@pytest.mark.parametrize(
    ("text", "seconds"), [("5", 5.0), ("1.5", 1.5), ("0", 1.0), ("9" * 15, RETRY_AFTER_MAX_S)]
)
def test_seconds_are_taken_within_an_hour(text, seconds):
    assert retry_after_or_default(answered(Retry_After=text)) == seconds
