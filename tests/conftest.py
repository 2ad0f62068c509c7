"""What every test gets: no screen, no keyring of the machine, folders of its own, and no warning unnoticed."""

import gc
import logging
import os
import signal
import socket

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

import pytest
from hypothesis import HealthCheck, Phase, settings

from services import language
from services.common import redaction
from tests.databases import (
    database,
    empty_stores,
    module_store,
    places,
    pytest_generate_tests,
    servers,
    store_url,
)
from tests.lateness import make_late

__all__ = [
    "database",
    "empty_stores",
    "module_store",
    "places",
    "pytest_generate_tests",
    "servers",
    "store_url",
]

LONG_LIMIT_S = 600

# How long an example takes is the machine's affair. The short form tries the same examples every time, the long one others.
# Without the phase that explains failures, which traces every line of every example.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink)
settings.register_profile(
    "console",
    phases=PHASES,
    deadline=None,
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "long", phases=PHASES, deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow]
)


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run the full form of long runs")
    parser.addoption(
        "--late", type=int, metavar="SEED", help="let the answers of threads reach the window late"
    )


def pytest_configure(config):
    # What a shell starts in the background ignores SIGINT, what nohup starts SIGHUP; programs that tests start inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    settings.load_profile("long" if config.getoption("--long") else "console")
    seed = config.getoption("--late")
    if seed is not None:
        config.add_cleanup(make_late(seed))


def pytest_collection_modifyitems(config, items):
    if config.getoption("--long"):
        # Thirty times the examples take their time; a test that hangs still ends.
        for item in items:
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(LONG_LIMIT_S))
        return
    kept = [item for item in items if item.get_closest_marker("long") is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.fixture(scope="session", autouse=True)
def this_machine_has_its_name():
    """Let localhost be this machine where the system has no list of hosts, as in a bare folder of packages."""
    ask = socket.getaddrinfo
    try:
        ask("localhost", None)
    except socket.gaierror:
        patch = pytest.MonkeyPatch()
        patch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *more, **named: ask("127.0.0.1" if host == "localhost" else host, *more, **named),
        )
        yield
        patch.undo()
    else:
        yield


_widgets = {"left": False}


@pytest.fixture(autouse=True)
def widgets_are_collected_in_this_thread(request):
    """Let no other thread destroy what a test of the window left in cycles: that ends the process."""
    if "qapp" in request.fixturenames:
        gc.disable()
        _widgets["left"] = True
        yield
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                break
        gc.disable()
    else:
        if _widgets["left"]:
            gc.collect()
            _widgets["left"] = False
        gc.enable()
        yield


@pytest.fixture(scope="module", autouse=True)
def lasting_objects_are_not_searched():
    """Let no collection look again at what lasts: modules, and what earlier files left, take up to a second each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Give each test its own profile, in English."""
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("APPROVAL_CONSOLE_LANGUAGE", "en")
    language.set_language("en")
    for name in ("APPROVAL_CONSOLE_STORE", "APPROVAL_CONSOLE_VAULT", "APPROVAL_CONSOLE_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def own_memory():
    """Forget the passwords that a test made known; they would be taken out of the texts of all that follow."""
    known = dict(redaction._remembered)
    yield
    redaction._remembered.clear()
    redaction._remembered.update(known)


@pytest.fixture(autouse=True)
def no_unexpected_warning(caplog):
    """Fail a test that logs a warning; one that expects it asserts on it, then calls caplog.clear()."""
    caplog.set_level(logging.WARNING)
    yield
    loud = [r for r in caplog.get_records("call") if r.levelno >= logging.WARNING]
    assert not loud, [f"{r.name}: {r.getMessage()}" for r in loud]
