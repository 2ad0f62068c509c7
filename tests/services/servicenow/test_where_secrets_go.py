"""Password and session go to the origin of the base URL and to nobody else, whatever an answer says."""

import base64
import urllib.parse

import pytest

from services.common.errors import ConsoleError
from services.common.secret import Secret
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from tests.services.servicenow.descriptions import description
from tests.services.servicenow.rawserver import RawServer, Reply, json_reply, xml
from tests.services.servicenow.support import assert_five_parts, at

STATUSES = (300, 301, 302, 303, 305, 307, 308)
EMPTY = '{"result": []}'


async def read(instance):
    return [row async for row in instance.table("any").rows(fields=[])]


async def write(instance):
    await instance.table("any").insert({"name": "x"})


async def call(instance):
    await instance.service("Mine").call({"id": "1"}, ("out",))


DOORS = {"read": read, "write": write, "call": call}


def describing(reply):
    """Return an answer that describes the service Mine and replies `reply` to everything else."""
    return lambda asked: xml(description()) if asked.target.endswith("?WSDL") else reply


@pytest.fixture
async def elsewhere():
    async with RawServer(lambda _: json_reply(EMPTY)) as server:
        yield server


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("door", DOORS)
async def test_no_redirect_to_another_origin_is_followed(elsewhere, door, status):
    reply = Reply(status=status, headers={"Location": f"{elsewhere.url}api/now/table/any"})
    async with RawServer(describing(reply)) as server, at(server.url) as instance:
        with pytest.raises(ConsoleError) as caught:
            await DOORS[door](instance)
    assert_five_parts(caught.value, "redirect-elsewhere")
    assert elsewhere.url in caught.value.problem.evidence
    assert not elsewhere.asked


FORMS = {
    "another scheme": "https://127.0.0.1:{own}/",
    "another name of this machine": "http://localhost:{own}/",
    "no scheme": "//127.0.0.1:{port}/",
    "user in front": "http://127.0.0.1:{own}@127.0.0.1:{port}/",
    "capital letters": "HTTP://127.0.0.1:{port}/",
    "another protocol": "ftp://127.0.0.1:{port}/",
    "a script": "javascript:alert(1)",
    "no address at all": "http://[",
    "port that is none": "http://127.0.0.1:99999/",
    "nothing": "",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("door", DOORS)
async def test_no_form_of_address_is_followed(elsewhere, door, form):
    servers = []

    def answer(asked):
        location = form.format(port=elsewhere.port, own=servers[0].port)
        return describing(Reply(status=302, headers={"Location": location}))(asked)

    async with RawServer(answer) as server, at(server.url) as instance:
        servers.append(server)
        with pytest.raises(ConsoleError) as caught:
            await DOORS[door](instance)
        assert len(server.asked) == (2 if door == "call" else 1)
    assert_five_parts(caught.value, "redirect-elsewhere")
    assert not elsewhere.asked


async def test_an_address_that_only_begins_like_the_base_url_gets_nothing(elsewhere):
    """A base URL whose slash was taken off in the store goes on with what follows it: a port, or a service's name."""
    base, rest = elsewhere.url[:-2], elsewhere.url[-2]
    async with at(base) as instance:
        with pytest.raises(ConsoleError) as caught:
            await instance.get(f"{rest}/x", tried="Read", accept="*/*")
    assert_five_parts(caught.value, "url-invalid")
    async with at("https://instance.example") as instance:
        with pytest.raises(ConsoleError) as caught:
            await instance.service(".evil.example").describe()
    assert_five_parts(caught.value, "url-invalid")
    assert "instance.example.evil.example" in caught.value.problem.evidence
    assert not elsewhere.asked


@pytest.mark.parametrize("status", STATUSES)
async def test_a_redirect_within_the_instance_is_named_for_what_it_is(status):
    async def ends(location, fault):
        reply = Reply(status=status, headers={"Location": location})
        async with RawServer(lambda _: reply) as server, at(server.url) as instance:
            with pytest.raises(ConsoleError) as caught:
                await read(instance)
            assert len(server.asked) == 1
        assert_five_parts(caught.value, fault)
        return caught.value.problem

    await ends("/login.do", "login-page")
    await ends("/login_redirect.do?sysparm_stack=no", "login-page")
    problem = await ends("/api/now/table/any", "redirect-elsewhere")
    assert "another host" not in problem.cause


async def test_a_redirect_to_the_developer_site_means_that_the_instance_sleeps():
    reply = Reply(status=302, headers={"Location": "https://developer.servicenow.com/dev.do"})
    async with RawServer(lambda _: reply) as server, at(server.url) as instance:
        with pytest.raises(ConsoleError) as caught:
            await read(instance)
    assert_five_parts(caught.value, "instance-hibernating")


async def test_the_next_page_is_asked_for_here_whatever_the_link_says(elsewhere):
    page = '{"result": [{"sys_id": "01"}]}'
    pages = iter([page, '{"result": [{"sys_id": "02"}]}', EMPTY])
    link = f'<{elsewhere.url}api/now/table/any?sysparm_offset=1>;rel="next"'
    async with RawServer(lambda _: json_reply(next(pages), Link=link)) as server, at(server.url) as instance:
        assert [row["sys_id"] for row in await read(instance)] == ["01", "02"]
        assert {asked.path for asked in server.asked} == {"/api/now/table/any"}
    assert not elsewhere.asked


async def test_every_call_is_signed_in_with_the_account():
    async with (
        RawServer(describing(json_reply(EMPTY))) as server,
        at(server.url, "jürgen", "pässwörd:x") as instance,
    ):
        await read(instance)
        await instance.service("Mine").describe()
        expected = "Basic " + base64.b64encode("jürgen:pässwörd:x".encode()).decode()
        assert [asked.headers["authorization"] for asked in server.asked] == [expected] * 2


async def test_proxies_and_accounts_of_the_environment_are_left_alone(elsewhere, monkeypatch, tmp_path):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, elsewhere.url)
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with RawServer(lambda _: json_reply(EMPTY)) as server, at(server.url) as instance:
        await read(instance)
        assert "authorization" in server.asked[0].headers
    async with RawServer(lambda _: json_reply(EMPTY)) as server:
        async with ServiceNowClient(ConnectionSettings("Raw", server.url), None) as nobody:
            await read(nobody)
        assert "authorization" not in server.asked[0].headers
    assert not elsewhere.asked


# -- sessions ---------------------------------------------------------------


def with_session(asked):
    return json_reply(EMPTY, Set_Cookie="JSESSIONID=one; Path=/; HttpOnly")


async def test_a_session_is_kept_and_shared_with_nobody():
    async with RawServer(with_session) as server:
        async with at(server.url, "ada") as first, at(server.url, "grace") as second:
            await read(first)
            await read(first)
            await read(second)
        cookies = [asked.headers.get("cookie") for asked in server.asked]
        assert cookies == [None, "JSESSIONID=one", None]


async def test_a_session_does_not_outlive_its_account():
    accounts = iter(["ada", "grace"])

    async def sign_in():
        return SignIn(next(accounts), Secret("x"))

    answers = iter([with_session(None), json_reply("{}", 401), json_reply(EMPTY)])
    async with RawServer(lambda _: next(answers)) as server:
        async with ServiceNowClient(ConnectionSettings("Raw", server.url), sign_in) as instance:
            await read(instance)
            with pytest.raises(ConsoleError) as caught:
                await read(instance)
            assert_five_parts(caught.value, "authentication-refused")
            await read(instance)
        assert [asked.headers.get("cookie") for asked in server.asked] == [None, "JSESSIONID=one", None]
        users = [base64.b64decode(a.headers["authorization"][6:]).split(b":")[0] for a in server.asked]
        assert users == [b"ada", b"ada", b"grace"]


async def test_a_refused_session_does_not_answer_for_the_next_password():
    passwords = iter(["old", "new"])

    async def sign_in():
        return SignIn("ada", Secret(next(passwords)))

    answers = iter([with_session(None), json_reply("{}", 401), json_reply(EMPTY)])
    async with RawServer(lambda _: next(answers)) as server:
        async with ServiceNowClient(ConnectionSettings("Raw", server.url), sign_in) as instance:
            await read(instance)
            with pytest.raises(ConsoleError):
                await read(instance)
            await read(instance)
        assert "cookie" not in server.asked[-1].headers
        assert base64.b64decode(server.asked[-1].headers["authorization"][6:]) == b"ada:new"


async def test_a_refused_password_is_tried_once():
    async with RawServer(lambda _: json_reply("{}", 401)) as server, at(server.url) as instance:
        with pytest.raises(ConsoleError):
            await read(instance)
        assert len(server.asked) == 1


# -- the proxy of a foreign system -------------------------------------------


async def test_a_proxy_that_refuses_is_named_and_does_not_see_the_password():
    async with (
        RawServer(lambda _: Reply(b"no", 403)) as proxy,
        at("https://instance.example/", proxy=proxy.url) as instance,
    ):
        with pytest.raises(ConsoleError) as caught:
            await read(instance)
        assert_five_parts(caught.value, "proxy-failed")
        assert [asked.method for asked in proxy.asked] == ["CONNECT"]
        assert "authorization" not in proxy.asked[0].headers


@pytest.mark.parametrize(
    "proxy", ["http://127.0.0.1:9", "nonsense", "ftp://127.0.0.1:9", "http://[", "socks5://127.0.0.1:9"]
)
async def test_a_proxy_that_cannot_be_used_is_named(proxy):
    async with at("https://instance.example/", proxy=proxy) as instance:
        with pytest.raises(ConsoleError) as caught:
            await read(instance)
    assert_five_parts(caught.value, "proxy-failed")


async def test_the_password_of_a_proxy_is_not_told():
    async with at("https://instance.example/", proxy="http://user:planted@127.0.0.1:9") as instance:
        with pytest.raises(ConsoleError) as caught:
            await read(instance)
    assert "planted" not in caught.value.problem.as_text()


@pytest.mark.parametrize("url", ["nonsense", "", "ftp://127.0.0.1/", "http://[/", "https:///"])
async def test_an_address_that_is_none_is_named(url):
    async with at(url) as instance:
        with pytest.raises(ConsoleError) as caught:
            await read(instance)
    assert_five_parts(caught.value, "url-invalid")


async def test_a_query_is_written_so_that_it_arrives_as_it_is():
    async with RawServer(lambda _: json_reply(EMPTY)) as server, at(server.url) as instance:
        from services.servicenow.encoded_query import equals

        await instance.table("any").first(equals(name="a&b=c#d+e %20"), [])
        sent = urllib.parse.parse_qs(urllib.parse.urlsplit(server.asked[0].target).query)
        assert sent["sysparm_query"] == ["name=a&b=c#d+e %20^ORDERBYsys_id"]
