"""The registry of faults: switched on and off in a program, on the command line's words and over HTTP."""

import httpx
import pytest

from services.practice.faults import FAULT_OPTIONS, FAULTS, FaultRegistry, UnknownFaultError


@pytest.fixture
def registry():
    return FaultRegistry()


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_goes_on_and_off(registry, name):
    assert not registry.on(name)
    registry.set(name)
    assert registry.on(name)
    assert list(registry) == [name]
    registry.clear(name)
    assert list(registry) == []


def test_every_fault_says_what_it_does_and_names_its_options():
    assert set(FAULT_OPTIONS) <= set(FAULTS)
    for name, text in FAULTS.items():
        assert text.endswith("."), name
        assert "|" not in text
        for option in FAULT_OPTIONS.get(name, ()):
            assert option in text, f"{name} does not tell of {option}"
        assert ("option" in text) == (name in FAULT_OPTIONS), name


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("slow", {}),
        ("slow:seconds=0.5", {"seconds": 0.5}),
        (" slow : seconds=2", {"seconds": 2.0}),
        ("rate_limited:seconds=3,times=2", {"seconds": 3.0, "times": 2.0}),
        ("unknown_status:word=12", {"word": "12"}),
        ("service_missing:service=My Service", {"service": "My Service"}),
        ("redirect_elsewhere:to=http://127.0.0.1:9/", {"to": "http://127.0.0.1:9/"}),
        ("slow:", {}),
    ],
)
def test_a_fault_is_read_from_its_words(registry, text, options):
    registry.read(text)
    (name,) = registry
    assert registry.active[name] == options


@pytest.mark.parametrize(
    "text",
    ["", "no_such_fault", "SLOW", "slow:second=1", "slow:seconds=x", "slow:seconds=-1", "slow:seconds", "slow:seconds=²",
     "slow:seconds=1e9", "slow:seconds=nan", "hibernating:seconds=1", "slow,hibernating"],
)  # fmt: skip
def test_words_that_mean_no_fault_are_refused_and_change_nothing(registry, text):
    registry.set("dtd")
    with pytest.raises(UnknownFaultError):
        registry.read(text)
    assert registry.active == {"dtd": {}}


def test_a_fault_that_ends_by_itself(registry):
    registry.set("rate_limited", times=2)
    assert [registry.consume("rate_limited") for _ in range(4)] == [True, True, False, False]
    assert not registry.on("rate_limited")
    registry.set("rate_limited")
    assert all(registry.consume("rate_limited") for _ in range(5))


def test_faults_are_switched_over_http(practice):
    with httpx.Client(base_url=practice.base_url, trust_env=False) as client:
        assert client.post("practice/faults", json={"name": "slow", "seconds": 0}).json() == {
            "active": {"slow": {"seconds": 0}}
        }
        assert client.post("practice/faults", json={"name": "dtd"}).status_code == 200
        assert set(client.get("practice/faults").json()["active"]) == {"slow", "dtd"}
        assert client.delete("practice/faults").json() == {"active": {}}
    assert list(practice.faults) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"5", b"null", b'{"name": "none"}', b'{"name": ["slow"]}', b'{"name": "slow", "seconds": "1"}',
     b'{"name": "slow", "seconds": true}', b'{"name": "slow", "self": 1}', b'{"seconds": 1}', b"[" * 100_000,
     b'{"name": "redirect_elsewhere", "to": 5}'],
    ids=range(13),
)  # fmt: skip
def test_bad_words_over_http_are_refused(practice, body):
    kind = {"Content-Type": "application/json"}
    reply = httpx.post(f"{practice.base_url}practice/faults", content=body, headers=kind, trust_env=False)
    assert reply.status_code == 400
    assert reply.json()["error"]
    assert list(practice.faults) == []


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_no_page_of_another_site_switches_a_fault_on(practice, kind):
    """A browser sends these for any page, without asking the practice instance first."""
    headers = {"Origin": "http://evil.example", **({"Content-Type": kind} if kind else {})}
    body = b'{"name": "redirect_elsewhere", "to": "https://evil.example/"}'
    reply = httpx.post(f"{practice.base_url}practice/faults", content=body, headers=headers, trust_env=False)
    assert reply.status_code == 400
    assert list(practice.faults) == []


@pytest.mark.parametrize("path", ["practice/faults", "api/now/table/sc_cat_item", "x.do?WSDL", ""])
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example", "[", ""],
)
def test_a_name_that_was_led_to_this_machine_is_refused(practice, signed_in, path, host):
    port = practice.base_url.rsplit(":", 1)[1].strip("/")
    client = signed_in()
    headers = {"Host": host.format(port=port)}
    assert client.get(path, headers=headers).status_code in (400, 421)
    reply = client.post("practice/faults", json={"name": "slow"}, headers=headers)
    assert reply.status_code in (400, 421)
    assert list(practice.faults) == []


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:8099", "127.9.9.9", "[::1]:8099", "[::1]"]
)
def test_names_of_this_machine_are_answered(practice, host):
    reply = httpx.get(f"{practice.base_url}practice/faults", headers={"Host": host}, trust_env=False)
    assert reply.status_code == 200


def test_a_lost_answer_is_that_of_a_call_that_was_carried_out(practice, signed_in):
    client = signed_in("admin")
    practice.faults.set("answer_lost", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("api/now/table/sc_category", json={"title": "Lost and found"})
    assert list(practice.faults) == ["answer_lost"]
    found = client.get("api/now/table/sc_category", params={"sysparm_query": "title=Lost and found"})
    assert [row["title"] for row in found.json()["result"]] == ["Lost and found"]
    assert list(practice.faults) == []
