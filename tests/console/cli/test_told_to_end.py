"""SIGTERM and SIGHUP: every program finishes what must not be left half done, then ends."""

import os
import re
import signal
import subprocess
import sys

import httpx
import pytest

from console.startup import termination_signals
from tests.console.cli.conftest import TYPE, document, read_to, until
from tests.limits import PROGRAM_S

BOTH = pytest.mark.parametrize(
    "number",
    [getattr(signal, name) for name in termination_signals.SIGNAL_NAMES if hasattr(signal, name)],
    ids=lambda one: one.name,
)


@pytest.fixture
def configured(program, practice):
    file = program.folder / "configuration.yaml"
    file.write_text(document(practice.base_url), encoding="utf-8")
    assert program.run("config", "apply", str(file)).status == 0
    return program


def ended(process):
    out, err = process.communicate(timeout=PROGRAM_S)
    assert "Traceback" not in err
    return process.returncode, out, err


@BOTH
def test_a_worker_told_to_end_ends_well(configured, number):
    process = configured.start("--vault", "env", "worker", "--intake", "0")
    read_to(process.stderr, "The worker is running")
    process.send_signal(number)
    status, _, err = ended(process)
    assert status == 0
    assert "has stopped" in err


@BOTH
def test_a_practice_instance_told_to_end_ends_well(program, number):
    process = program.start("practice", "serve", "--port", "0")
    read_to(process.stdout, "Stop it")
    process.send_signal(number)
    assert ended(process)[0] == 0


@BOTH
def test_a_practice_privilege_manager_told_to_end_ends_well(program, number):
    process = program.start("practice", "serve", "--privilege-manager", "--port", "0", "--computers", "2")
    said = read_to(process.stdout, "Stop it")
    address = re.search(r"Practice Privilege Manager at (http://127\.0\.0\.1:\d+/TMS/)\n", said)[1]
    client, secret = re.search(
        r"^ +(\S+) +(\S+) +Privilege Manager Administrators$", said, re.MULTILINE
    ).groups()
    with httpx.Client(base_url=f"{address}services/api", trust_env=False, timeout=10) as http:
        token = http.post("logon/token", json={"UserName": client, "Password": secret}).json()
        report = re.search("Computers by policy +report (\\S+)", said)[1]
        answer = http.post(f"v1/reports/{report}", json=[], headers={"Authorization": f"Bearer {token}"})
        assert answer.json()["Rows"] == []
    process.send_signal(number)
    assert ended(process)[0] == 0


def test_both_practice_servers_of_one_command_end_together(program):
    process = program.start("practice", "serve", "--privilege-manager", "--port", "0", "--instance-port", "0")
    said = read_to(process.stdout, "Stop it") + read_to(process.stdout, "Stop it")
    for address in re.findall(r" at (http://\S+)\n", said):
        assert httpx.get(address, trust_env=False).status_code == 200
    assert "Practice instance (stock)" in said
    assert "Practice Privilege Manager" in said
    process.send_signal(signal.SIGINT)
    assert ended(process)[0] == 130


@BOTH
def test_a_rehearsal_told_to_end_cleans_up_after_itself(configured, practice, number):
    process = configured.start("--vault", "env", "requests", "rehearse", "--type", TYPE)
    until(lambda: practice.records("sc_req_item"))
    process.send_signal(number)
    status, _, err = ended(process)
    assert status == 130, err
    assert [item["approval"] for item in practice.records("sc_req_item")] == ["cancelled"]


@BOTH
def test_a_check_told_to_end_is_cancelled(configured, practice, number):
    practice.faults.set("slow", seconds=PROGRAM_S)
    process = configured.start("--vault", "env", "check", "ServiceNow Server")
    until(lambda: process.poll() is not None or _is_asking(process, practice))
    process.send_signal(number)
    status, _, err = ended(process)
    assert status == 130, err
    assert "Cancelled" in err


def _is_asking(process, practice):
    """Whether a connection of the program to the practice instance is open."""
    port = int(practice.base_url.rstrip("/").rpartition(":")[2])
    told = subprocess.run(
        ["cat", f"/proc/{process.pid}/net/tcp"], capture_output=True, text=True, check=False
    )
    return any(f":{port:04X} 01" in line.replace("  ", " ") for line in told.stdout.splitlines())


def test_a_hangup_that_was_ignored_stays_ignored(configured):
    """As `nohup` starts a program."""
    process = configured.start(
        "--vault", "env", "worker", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    )
    read_to(process.stderr, "The worker is running")
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 0


WINDOW = """
import sys
from console.startup import event_loop as loop
from PyQt6.QtWidgets import QApplication

app = QApplication(sys.argv[:1])

async def main(stop):
    print("waiting", flush=True)
    await stop.wait()
    print("stopped", flush=True)
    return 7

sys.exit(loop.run(app, main))
"""


@BOTH
def test_a_window_told_to_end_writes_down_what_is_to_be_kept(number):
    environ = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    process = subprocess.Popen(
        [sys.executable, "-c", WINDOW], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    read_to(process.stdout, "waiting")
    process.send_signal(number)
    status, out, _ = ended(process)
    assert (status, out.strip()) == (7, "stopped")


@BOTH
def test_a_demo_told_to_end_leaves_nothing(tmp_path, number):
    folder = tmp_path / "temporary"
    folder.mkdir()
    environ = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "TMPDIR": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "demo", "--headless"],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    read_to(process.stdout, "Practice instance at")
    process.send_signal(number)
    status, _, err = ended(process)
    assert status == 130, err
    assert list(folder.iterdir()) == []
