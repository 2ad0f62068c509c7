"""Whatever this program starts gets an environment without secrets."""

import os
import subprocess
import sys
from pathlib import Path

from services.common import process_environment
from services.practice.script_engine import _EngineProcess

ROOT = Path(__file__).parents[2]
PLANTED = "Pl4nted-in-the-environment"
SECRETS = {
    "APPROVAL_CONSOLE_PASSPHRASE": PLANTED,
    "APPROVAL_CONSOLE_AUDIT_KEY": PLANTED,
    "APPROVAL_CONSOLE_SECRET_SERVICENOW": PLANTED,
    "APPROVAL_CONSOLE_CLIENT_SECRET_SERVICENOW": PLANTED,
    "APPROVAL_CONSOLE_PRIVATE_KEY_SERVICENOW": PLANTED,
    "APPROVAL_CONSOLE_PRIVATE_KEY_PASSPHRASE_SERVICENOW": PLANTED,
    "APPROVAL_CONSOLE_CERTIFICATE_PASSPHRASE_SERVICENOW": PLANTED,
    "APPROVAL_CONSOLE_STORE": f"postgresql+psycopg://me:{PLANTED}@db.example/console",
    "PRACTICE_PASSWORD": PLANTED,
}
STARTS_ANOTHER = """
import os, subprocess, sys
from console.__main__ import main
sys.argv = ["approval-console", "--version"]
try:
    main()
except SystemExit:
    pass
from services.common.process_environment import full_environment
subprocess.run([sys.executable, "-c", "import os; print(sorted(os.environ.items()))"], check=True)
assert full_environment()["APPROVAL_CONSOLE_PASSPHRASE"] == os.environ.pop("EXPECTED")
"""


def test_what_is_started_after_the_program_began_inherits_no_secret():
    environ = os.environ | SECRETS | {"PYTHONPATH": str(ROOT), "EXPECTED": PLANTED, "LANG": "C.UTF-8"}
    run = subprocess.run(
        [sys.executable, "-c", STARTS_ANOTHER],
        env=environ,
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    child = run.stdout.replace(f"('EXPECTED', '{PLANTED}')", "")
    assert "LANG" in child
    assert PLANTED not in child


def test_an_engine_for_scripts_is_started_without_secrets(monkeypatch):
    for name, value in (SECRETS | {"PGPASSWORD": PLANTED}).items():
        monkeypatch.setenv(name, value)
    started, popen = [], subprocess.Popen

    def seen(*arguments, **more):
        started.append(more["env"])
        return popen(*arguments, **more)

    monkeypatch.setattr(subprocess, "Popen", seen)
    _EngineProcess().close()
    [given] = started
    assert given["PATH"] == os.environ["PATH"]
    assert PLANTED not in "".join(given.values())


def test_a_store_without_a_password_in_its_address_stays_in_the_environment(monkeypatch):
    monkeypatch.setenv("APPROVAL_CONSOLE_STORE", "/srv/console.db")
    assert process_environment.child_environment()["APPROVAL_CONSOLE_STORE"] == "/srv/console.db"
