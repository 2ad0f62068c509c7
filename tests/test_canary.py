"""A planted secret goes through the whole journey and is found nowhere but in the vault and in its own host's header."""

import base64
import copy
import dataclasses
import html
import json
import logging
import pickle
import pprint
import uuid

import pytest

from console.startup.crash_reports import format_report
from models.addresses import Destination, Origin
from models.approval_process import ApprovalProcess
from services.common.errors import ConsoleError
from services.common.logging_setup import configure_logging
from services.common.secret import Secret
from services.connectivity import run_check
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.servicenow.encoded_query import equals
from services.vault.base import VaultEntry
from services.vault.session_vault import SessionVault
from tests.canary import ACCOUNT, SECRET, Listener, header_of, leaks, leaks_below, password_of, reply

PROCESS = {
    "name": "Process",
    "create_service": "CreateIt",
    "status_service": "AskForIt",
    "cancel_service": "CancelIt",
}
EVIL = "http://127.0.0.1:1/"


def _soap(text):
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
        f"<faultcode>x</faultcode><faultstring>{html.escape(text)}</faultstring></e:Fault></e:Body></e:Envelope>"
    )


def _broken_status_line(request):
    return f"HTTP/1.1 {password_of(request)}\r\n\r\n".encode()


ECHOES = {
    "header in JSON": lambda r: reply(
        401, json.dumps({"error": {"detail": header_of(r, "authorization")}}), "application/json"
    ),
    "password in JSON": lambda r: reply(
        400, json.dumps({"error": {"detail": f"bad password {password_of(r)}"}}), "application/json"
    ),
    "password in 200": lambda r: reply(
        200, json.dumps({"error": {"message": password_of(r)}}), "application/json"
    ),
    "password as title": lambda r: reply(
        500, f"<html><head><title>Wrong: {html.escape(password_of(r))}</title></head></html>"
    ),
    "password in text": lambda r: reply(500, f"cannot sign in with {password_of(r)}, sorry", "text/plain"),
    "password where text is cut": lambda r: reply(500, "x" * 190 + " " + password_of(r), "text/plain"),
    "password cut by the server": lambda r: reply(500, "no: " + password_of(r)[:12], "text/plain"),
    "password in latin-1": lambda r: reply(
        403, password_of(r).encode("latin-1"), "text/plain; charset=iso-8859-1"
    ),
    "password in the wrong charset": lambda r: reply(403, password_of(r), "text/plain; charset=iso-8859-1"),
    "sign-in in base64": lambda r: reply(
        400, base64.urlsafe_b64encode(f"user={ACCOUNT}:{password_of(r)}".encode()), "text/plain"
    ),
    "password in a fault": lambda r: reply(500, _soap(f"no {password_of(r)}"), "text/xml"),
    "password in broken XML": lambda r: reply(200, f"<a>{password_of(r)}", "text/xml"),
    "password in a status line": _broken_status_line,
    "password in a redirect": lambda r: reply(302, "", Location=f"{EVIL}?q={base64.b64encode(r).decode()}"),
    "password in a header": lambda r: reply(
        429, "", Retry_After="3600", Set_Cookie=f"again={header_of(r, 'authorization')}"
    ),
}


@pytest.fixture
def log(tmp_path):
    """The real log file, at its most talkative."""
    before = logging.getLogger().handlers[:]
    file = configure_logging(tmp_path / "logs", verbose=True)
    yield file
    for handler in [h for h in logging.getLogger().handlers if h not in before]:
        logging.getLogger().removeHandler(handler)
        handler.close()


@pytest.fixture
def echoing(request):
    listener = Listener(ECHOES[request.param])
    yield listener
    listener.close()


def texts_of(error):
    """Return everything the program turns an error into; tracebacks go through the report and the log alone."""
    found = [str(error), repr(error), format_report(type(error), error, error.__traceback__)]
    if isinstance(error, ConsoleError):
        found += [error.problem.as_text(), json.dumps(error.problem.as_dict()), repr(error.problem)]
    return "\n".join(found)


async def _calls(instance):
    """Make every kind of call, and return the errors."""
    table, service = instance.table("sys_user"), instance.service("AskForIt")
    errors = []
    for call in (
        lambda: table.first(equals(name="x"), ("name",)),
        lambda: table.update("0" * 32, {"name": "x"}),
        lambda: table.insert({"name": "x"}),
        service.describe,
        lambda: instance.post_soap("AskForIt.do", b"<a/>", action="x", tried="Call"),
    ):
        try:
            answer = await call()
            errors.append(repr(answer))
        except ConsoleError as error:
            errors.append(texts_of(error))
            logging.getLogger("services.test").info("failed", exc_info=error)
    return errors


@pytest.mark.parametrize("echoing", ECHOES, indirect=True)
async def test_what_a_server_sends_back_never_shows_the_password(echoing, log):
    settings = ConnectionSettings("Echo", echoing.url)
    async with ServiceNowClient(settings, SignIn(ACCOUNT, Secret(SECRET))) as instance:
        errors = await _calls(instance)
    process = ApprovalProcess(server_id=uuid.uuid4(), **PROCESS)
    found = await run_check(settings, SignIn(ACCOUNT, Secret(SECRET)), process)
    assert any(password_of(r) == SECRET for r in echoing.requests), (
        "the password never left: nothing was tried"
    )
    assert len(errors) == 5
    assert leaks("\n".join(errors)) == []
    assert leaks(json.dumps(found.as_dict(), ensure_ascii=False)) == []
    assert leaks(log.read_bytes()) == []


def test_no_object_that_holds_the_password_shows_or_copies_it():
    secret = Secret(SECRET)
    sign_in = SignIn(ACCOUNT, secret)
    entry = VaultEntry(ACCOUNT, secret, [Destination(Origin.of(EVIL))])
    vault = SessionVault()
    credential = uuid.uuid4()
    vault.put(credential, "Canary", ACCOUNT, secret, entry.destinations)
    instance = ServiceNowClient(ConnectionSettings("Echo", EVIL), sign_in)
    holders = (secret, sign_in, entry, vault, instance, list(vars(vault).values()), vars(instance))
    for holder in holders:
        shown = (repr(holder), str(holder), f"{holder}", f"{holder!r:>60}", pprint.pformat(holder))
        assert leaks("\n".join(shown)) == []


@pytest.mark.parametrize(
    "copying", [copy.copy, copy.deepcopy, pickle.dumps, json.dumps, list, dict, len, iter]
)
def test_a_secret_is_not_copied_written_or_read_in_pieces(copying):
    with pytest.raises(TypeError) as caught:
        copying(Secret(SECRET))
    assert leaks(texts_of(caught.value)) == []


@pytest.mark.parametrize("copying", [copy.deepcopy, pickle.dumps, dataclasses.asdict])
@pytest.mark.parametrize(
    "holder",
    [SignIn(ACCOUNT, Secret(SECRET)), VaultEntry(ACCOUNT, Secret(SECRET), [])],
    ids=["sign-in", "entry"],
)
def test_what_holds_a_secret_is_not_copied_either(copying, holder):
    with pytest.raises(TypeError) as caught:
        copying(holder)
    assert leaks(texts_of(caught.value)) == []


def test_the_search_finds_a_planted_secret(tmp_path):
    (tmp_path / "one").write_text(
        f"x{base64.b64encode(f'{ACCOUNT}:{SECRET}'.encode()).decode()}", encoding="utf-8"
    )
    (tmp_path / "two").write_text(json.dumps({"a": SECRET}), encoding="utf-8")
    (tmp_path / f"three {SECRET[:6]}").touch()
    (tmp_path / "four").write_bytes(SECRET.encode("utf-16"))
    (tmp_path / "good").write_text("Basic authentication", encoding="utf-8")
    assert len(leaks_below(tmp_path)) == 4
