"""The start of the window in a process of its own: nothing slow is imported before the first paint."""

import concurrent.futures
import json
import os
import stat
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from PyQt6.QtCore import QTimer, QtMsgType

from console.demo import DemoOptions, run_demo
from console.runtime.options import Options
from console.runtime.page_targets import HOME, Target
from console.runtime.single_instance import SingleInstance
from console.runtime.window_settings import WindowSettings
from console.startup.application import _qt_message, run
from console.startup.window_filling import first_target
from models.kinds import Kind
from services.configuration import Configuration
from services.store import Store
from services.store.tree_outline import read_outline
from services.vault.keyring_vault import CALL_TIMEOUT_S
from tests.limits import PROGRAM_S, WAIT_S

ROOT = Path(__file__).resolve().parent.parent
SLOW = (
    "sqlmodel",
    "sqlalchemy",
    "zeep",
    "keyring",
    "httpx",
    "alembic",
    "lxml",
    "pydantic",
    "typer",
    "rich",
    "yaml",
    "babel",
)


@pytest.fixture
def start(tmp_path):
    """Start the window, let it end by itself, and return what it traced."""

    def runner(*arguments, code=None, quits=True):
        trace = tmp_path / "trace.jsonl"
        environ = os.environ | {
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONPATH": str(ROOT),
            "APPROVAL_CONSOLE_HOME": str(tmp_path / "home"),
            "APPROVAL_CONSOLE_TRACE_START": str(trace),
            "APPROVAL_CONSOLE_QUIT_AFTER_TRACE": "1" if quits else "0",
        }
        command = [sys.executable, *(("-c", code) if code else ("-m", "console")), *arguments]
        ended = subprocess.run(
            command, check=False, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=PROGRAM_S
        )
        assert ended.returncode == 0, ended.stderr
        assert "Traceback" not in ended.stderr
        lines = trace.read_text(encoding="utf-8").splitlines() if trace.exists() else []
        return [json.loads(line) for line in lines], ended

    return runner


@pytest.fixture
def filled(tmp_path):
    path = tmp_path / "filled.db"
    store = Store.open(str(path), actor="ada")
    configuration = Configuration(store)
    configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account="a"))
    store.close()
    return path


def test_a_filled_tree_is_shown_before_anything_slow_is_imported(start, filled):
    events, _ = start("--store", str(filled))
    assert [e["event"] for e in events] == ["first-paint", "tree-filled"]
    assert [e["slow_modules"] for e in events] == [[], []]
    assert 0 < events[0]["ms"] <= events[1]["ms"]


def test_what_a_window_writes_is_for_its_user_alone(start, tmp_path):
    """Libraries made files that everybody may read, and a folder that was there already stayed open to all."""
    (tmp_path / "home" / "config").mkdir(parents=True)
    (tmp_path / "home" / "config").chmod(0o777)
    (tmp_path / "home" / "state").mkdir()
    (tmp_path / "home" / "state").chmod(0o777)
    start()
    modes = {
        str(p.relative_to(tmp_path / "home")): stat.S_IMODE(p.stat().st_mode)
        for p in (tmp_path / "home").rglob("*")
    }
    assert "state/faults.txt" in modes
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


@pytest.mark.parametrize("words", [("config", "export"), ("audit", "export")])
def test_what_a_command_writes_is_for_its_user_alone(tmp_path, words):
    environ = os.environ | {"PYTHONPATH": str(ROOT), "APPROVAL_CONSOLE_HOME": str(tmp_path / "home")}
    (tmp_path / "one.yaml").write_text("version: 1\ncredentials: [{name: A, account: a}]\n")
    run = {"cwd": tmp_path, "env": environ, "capture_output": True, "timeout": PROGRAM_S}
    subprocess.run([sys.executable, "-m", "console", "config", "apply", "one.yaml"], check=True, **run)
    command = [sys.executable, "-m", "console", *words, str(tmp_path / "out")]
    before = os.umask(0)
    try:
        subprocess.run(command, check=True, **run)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o600


def test_notes_of_crashes_are_not_written_through_a_link(tmp_path, caplog):
    from console.startup.crash_reports import CrashReports

    (tmp_path / "precious").write_text("as it was")
    (tmp_path / "faults.txt").symlink_to(tmp_path / "precious")
    reports = CrashReports(tmp_path)
    reports.install()
    reports.close()
    assert "no notes of crashes are written" in caplog.text
    caplog.clear()
    (tmp_path / "faults.txt").unlink()
    before = os.umask(0)
    try:
        CrashReports(tmp_path).close()
    finally:
        os.umask(before)
    assert (tmp_path / "precious").read_text() == "as it was"
    assert stat.S_IMODE((tmp_path / "faults.txt").stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_a_log_that_cannot_be_written_keeps_no_window_from_opening(start, tmp_path, kind):
    logs = tmp_path / "home" / "state" / "logs"
    logs.mkdir(parents=True)
    place = logs / "approval-console.log"
    if kind == "link":
        (tmp_path / "precious").write_text("as it was")
        place.symlink_to(tmp_path / "precious")
    else:
        place.mkdir()
    events, _ = start()
    assert [e["event"] for e in events] == ["first-paint"]
    if kind == "link":
        assert (tmp_path / "precious").read_text() == "as it was"


def test_the_first_start_of_all_paints_and_ends(start, tmp_path):
    events, _ = start()
    assert [e["event"] for e in events] == ["first-paint"]
    assert events[0]["slow_modules"] == []


# A module that is None in `sys.modules` is one that must not be imported.
WATCHED = """
import sys
from console.startup import start_trace as trace
seen = set()
def mark(event, marked=trace.log_start_event):
    if event == "first-paint":
        seen.update(name.partition(".")[0] for name, it in sys.modules.items() if it)
    marked(event)
trace.log_start_event = mark
from console.__main__ import main
try:
    main()
finally:
    print(" ".join(sorted(seen)))
"""


def test_the_modules_of_the_process_say_the_same_as_the_trace(start, filled):
    """The trace knows a list of names; the process is asked for more of them, independent of that list."""
    _, ended = start("--store", str(filled), code=WATCHED)
    seen = set(ended.stdout.split())
    assert "PyQt6" in seen
    assert seen.isdisjoint(SLOW)


@pytest.mark.parametrize(
    "start", [lambda: run(Options.from_command_line("", "")), lambda: run_demo(DemoOptions())]
)
def test_without_a_display_the_window_is_refused_in_words(monkeypatch, capsys, start):
    """Qt would end the process with a signal, and its reason would stand in the log alone."""
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert start() == 3
    out, err = capsys.readouterr()
    assert (out, "There is no display" in err) == ("", True)


def test_the_last_words_of_qt_reach_the_person(capsys, caplog):
    _qt_message(QtMsgType.QtWarningMsg, None, "a word of many")
    assert capsys.readouterr().err == ""
    _qt_message(QtMsgType.QtFatalMsg, None, "no Qt platform plugin could be initialized\n\n")
    assert capsys.readouterr().err.startswith("no Qt platform plugin could be initialized\nOn Linux")
    assert "no Qt platform plugin" in caplog.text
    caplog.clear()


SILENT = """
import os, threading
del os.environ["APPROVAL_CONSOLE_QUIT_AFTER_TRACE"]
import keyring
from keyring.backend import KeyringBackend
from PyQt6.QtCore import QTimer
from console.startup import window_filling
from console.__main__ import main

asked = threading.Event()

class Silent(KeyringBackend):
    priority = 5

    def get_password(self, service, username):
        asked.set()
        threading.Event().wait()

    set_password = delete_password = None

keyring.set_keyring(Silent())
opened = window_filling.open_store

def and_close(window, *more):
    opened(window, *more)
    window.show_target(window.model.objects()[0].target)
    window.timer = QTimer(window)
    window.timer.timeout.connect(lambda: asked.is_set() and window.close())
    window.timer.start(20)

window_filling.open_store = and_close
main()
"""


def test_a_window_closes_while_the_keyring_says_nothing(start, filled):
    """What waits for a keyring waits up to two minutes, and the interpreter for whatever waits: longer than this test."""
    assert CALL_TIMEOUT_S > PROGRAM_S
    start("--store", str(filled), code=SILENT)


IDLE = """
import sys, threading
from PyQt6.QtCore import QTimer
from console.startup import window_filling
opened = window_filling.open_store
def and_look(window, *others):
    opened(window, *others)
    ctx = window.ctx
    ctx.settled.disconnect()
    def look():
        if ctx.workspace_or_none is None or window.page is None or not window.page.settled:
            QTimer.singleShot(50, look)
            return
        print("seen", *sorted(name.partition(".")[0] for name, it in sys.modules.items() if it))
        window.close()
    look()
window_filling.open_store = and_look
from console.__main__ import main
main()
"""


def test_home_without_servers_needs_no_library_for_calls(start, tmp_path):
    """What only calls of servers need took half of the processor time and of the memory of a start."""
    path = tmp_path / "own.db"
    Store.open(str(path), actor="ada").close()
    _, ended = start("--store", str(path), "--vault", "session", code=IDLE, quits=False)
    seen = set(ended.stdout.split())
    assert "sqlmodel" in seen
    calls = {"httpx", "zeep", "lxml", "alembic", "cryptography", "jwt", "rich", "click", "psycopg"}
    assert seen & calls == set()


POLLING = """
import sys, asyncio
from console.startup import window_filling
from models.kinds import Kind
from services.configuration import Configuration
from services.store import Store
window_filling.SETTLE_MS = 0
opened = window_filling.open_store
def and_look(window, *others):
    opened(window, *others)
    window.tasks.start(look(window))
def clients():
    return sorted({"httpx", "h11", "lxml", "zeep", "services.servicenow.http_client"} & sys.modules.keys())
async def look(window):
    store, polling = (await window.ctx.ready()).store, window.polling
    while polling.status is None or window.leftovers.tasks.busy or window.imports.tasks.busy:
        await asyncio.sleep(0.05)
    print("before", polling.who, polling.why_not, clients())
    polling.poll_now()
    while polling.polling:
        await asyncio.sleep(0.05)
    print("asked", [job.text for job in window.ctx.activity.jobs], clients())
    here = Store.open(store.url, actor="elsewhere") if WHERE == "elsewhere" else store
    add(Configuration(here))
    while not polling.why_not:
        await asyncio.sleep(0.05)
    print("after", polling.who, "|", polling.why_not)
    window.close()
def add(configuration):
    credential = configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account="a")
    configuration.save(credential)
    server = configuration.new(Kind.FOREIGN_SYSTEM, base_url="https://one.invalid/", credential_id=credential.id)
    configuration.save(server)
    configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id, request_item_id="0" * 32))
window_filling.open_store = and_look
from console.__main__ import main
main()
"""


@pytest.mark.parametrize("where", ["elsewhere", "here"])
def test_a_window_imports_the_client_when_there_is_a_server_to_poll(start, tmp_path, where):
    path = tmp_path / "own.db"
    Store.open(str(path), actor="ada").close()
    code = f"WHERE = {where!r}\n{POLLING}"
    _, ended = start("--store", str(path), "--vault", "session", code=code, quits=False)
    before, asked, after = ended.stdout.splitlines()
    assert before.split() == ["before", "[]"]
    assert asked == "asked ['No Approval Process uses a ServiceNow server yet'] []"
    assert after.startswith("after This window is polling ServiceNow | ")
    assert after.partition("|")[2].strip()


def test_an_open_workspace_imports_no_client(tmp_path):
    code = f"""
import sys
from pathlib import Path
from services.vault import VaultKind
from services.workspace import Workspace
Workspace.open("sqlite:///{tmp_path / "own.db"}", VaultKind.SESSION, Path("{tmp_path}"))
print(sorted({{"httpx", "zeep", "lxml", "cryptography", "jwt", "keyring"}} & sys.modules.keys()))
"""
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env=environ,
        timeout=PROGRAM_S,
    )
    assert done.stdout.strip() == "[]"


CLOSED = """
from console.startup import window_start
from console.__main__ import main

begin = window_start.WindowStart.begin

def and_close(start):
    begin(start)
    start.window.close()

window_start.WindowStart.begin = and_close
main()
"""


def test_a_window_that_is_closed_before_it_has_its_content_just_ends(start, filled, tmp_path):
    settings = tmp_path / "home" / "config"
    settings.mkdir(parents=True, mode=0o700)
    kept = WindowSettings(settings)
    kept.set_text("page", "requests|")
    kept.set_keys("expanded", {"approvals"})
    kept.sync()
    start("--store", str(filled), code=CLOSED, quits=False)
    found = WindowSettings(next(tmp_path.rglob("layout.ini")).parent)
    assert (found.text("page"), found.keys("expanded")) == ("requests|", {"approvals"})
    assert found.bytes("geometry") is not None


LATE = """
from console.startup import window_filling, window_start
from console.__main__ import main

def never(*_):
    raise AssertionError("a window that is closing is filled")

window_filling.fill = never
begin = window_start.WindowStart.begin

def and_close(start):
    begin(start)
    start._loading.remove_done_callback(start._fill)
    start._loading.add_done_callback(lambda loading: (start.window.close(), start._fill(loading)))

window_start.WindowStart.begin = and_close
main()
"""


def test_a_window_that_is_closing_when_its_content_is_there_is_not_filled(start, filled):
    start("--store", str(filled), code=LATE, quits=False)


ASKED = """
from console.runtime.page_targets import Target
from console.startup import window_filling
from console.__main__ import main
filled, opened = window_filling.fill, window_filling.open_store
def and_ask(window, *others):
    yield from filled(window, *others)
    window.show_target(Target("requests"))
def and_look(window, *others):
    opened(window, *others)
    window.tasks.start(wait(window))
async def wait(window):
    import asyncio
    await window.ctx.ready()
    while window.page is None:
        await asyncio.sleep(0.01)
    print(window.page.target.kind)
    window.close()
window_filling.fill, window_filling.open_store = and_ask, and_look
main()
"""


def test_a_page_that_was_asked_for_before_the_first_one_stays(start, filled):
    _, ended = start("--store", str(filled), code=ASKED, quits=False)
    assert ended.stdout.split() == ["requests"]


HEAPS = """
import ctypes, sys
from console.startup import window_filling
from console.__main__ import main
opened = window_filling.open_store
def and_count(window, *others):
    opened(window, *others)
    window.tasks.start(count(window))
async def count(window):
    await window.ctx.ready()
    print("ready")
    if sys.platform == "linux":
        getattr(ctypes.CDLL(None), "malloc_stats", int)()
    window.close()
window_filling.open_store = and_count
main()
"""


def test_the_threads_of_a_window_share_a_heap(start, filled):
    _, ended = start("--store", str(filled), code=HEAPS, quits=False)
    assert ended.stdout.split() == ["ready"]
    assert ended.stderr.count("Arena ") <= 1


GIVEN_BACK = """
import asyncio
from console.startup import window_filling
from console.__main__ import main
window_filling.SETTLE_MS = window_filling.REST_MS = 0
opened, given_back = window_filling.open_store, []
window_filling.give_back_free_memory = lambda: given_back.append("given back")
def and_wait(window, *others):
    opened(window, *others)
    window.tasks.start(wait(window))
async def wait(window):
    while window.polling.status is None or not given_back:
        await asyncio.sleep(0.01)
    while window.ctx.tasks.busy:
        await asyncio.sleep(0.01)
    given_back.clear()
    window.polling.changed.emit()
    while not given_back:
        await asyncio.sleep(0.01)
    print(*given_back)
    window.close()
window_filling.open_store = and_wait
main()
"""


def test_free_memory_is_given_back_after_a_start_and_after_polls(start, filled):
    _, ended = start("--store", str(filled), "--vault", "session", code=GIVEN_BACK, quits=False)
    assert ended.stdout.strip() == "given back"


def test_the_page_of_an_object_that_is_gone_is_not_the_first(filled):
    outline = read_outline(str(filled))
    (row,) = outline.rows
    assert first_target(outline, f"{row.kind}|{row.id}") == Target(row.kind, row.id)
    for other in (
        f"{row.kind}|{uuid.uuid4()}",
        "requests|",
        f"folder:{row.kind}|",
        "of another release|1",
        f"{row.kind}|no id",
        "",
    ):
        assert first_target(outline, other) == Target(HOME)
    assert first_target(None, f"{row.kind}|{row.id}") == Target(HOME)


def test_a_second_start_waits_for_a_window_that_does_not_listen_yet(qapp, tmp_path):
    first, second = (SingleInstance("a.db", tmp_path) for _ in range(2))
    assert first.is_first()
    assert not second.is_first()
    raised = []
    first.raised.connect(lambda: raised.append(1))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(second.raise_existing)
        QTimer.singleShot(300, first.listen)
        until = time.monotonic() + WAIT_S
        while not (asked.done() and raised) and time.monotonic() < until:
            qapp.processEvents()
        assert asked.result(1)
    assert raised == [1]
    first.close()


def test_a_second_start_becomes_the_first_when_the_first_one_ends_before_it_listens(qapp, tmp_path):
    first, second = (SingleInstance("b.db", tmp_path) for _ in range(2))
    assert first.is_first()
    assert not second.is_first()
    first.close()
    assert not second.raise_existing()
    assert second.is_first()
    second.close()


BROKEN = """
import sys
from console.startup import window_start
from console.shell.main_window import Window
from console.__main__ import main

def broken(*_):
    raise ImportError("half of a package")

def show(window, report):
    print("shown", "half of a package" in report, window.is_filled)
    window.close()

window_start._load = broken
Window.show_crash = show
main()
"""


def test_a_content_that_cannot_be_imported_is_told_in_the_empty_window(start, filled):
    _, ended = start("--store", str(filled), code=BROKEN, quits=False)
    assert ended.stdout.split() == ["shown", "True", "False"]


FOCUS = """
from PyQt6.QtWidgets import QApplication
from console.startup import window_filling
from console.__main__ import main
opened = window_filling.open_store
def and_look(window, *others):
    opened(window, *others)
    print(type(QApplication.focusWidget()).__name__, window.windowTitle())
    window.close()
window_filling.open_store = and_look
main()
"""


def test_the_keyboard_is_in_the_window_once_it_has_its_content(start, filled):
    _, ended = start("--store", str(filled), code=FOCUS, quits=False)
    assert ended.stdout.split()[0] == "SearchField"
