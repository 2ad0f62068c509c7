"""The recipe for a check stage with a fault of its own: three files. Applied to a copy of the sources."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.limits import WAIT_S
from tests.services.connectivity.conftest import PASSWORD

ROOT = Path(__file__).parents[3]
ADDED = '''"""The stage `time_zone`: the time zone of the account, by which ServiceNow shows times."""

from services.common.errors import Owner
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import declare_faults, fault_result, warning
from services.connectivity.report import StageResult
from services.connectivity.servicenow.stage import SignedInCheck, signed_in_stages
from services.connectivity.stage import Stage
from services.servicenow.encoded_query import equals

declare_faults(
    warning(
        FaultId.TIME_ZONE_MISSING,
        "time_zone",
        Owner.SERVICENOW,
        "Times look wrong.",
        "No time zone.",
        "Set the time zone of the account.",
        "ServiceNow documentation: users",
    )
)


@signed_in_stages()
def create_time_zone_stages(check: SignedInCheck) -> list[Stage]:
    """Return the stage."""

    async def check_time_zone() -> str | StageResult:
        row = await check.instance.table("sys_user").first(equals(user_name=check.account), ("time_zone",))
        if row is None or not row["time_zone"]:
            return fault_result("time_zone", FaultId.TIME_ZONE_MISSING, f"{check.account} has no time zone")
        return row["time_zone"]

    return [Stage("time_zone", check_time_zone, needs="service_status" if check.process else "")]
'''
RUN = """
import asyncio, json, sys
from models.approval_process import ApprovalProcess
from models.check_stages import STAGES
from services.common.secret import Secret
from services.connectivity import run_check
from services.connectivity.fault_catalog import all_faults
from services.connectivity.fault_catalog_texts import render_markdown
from services.servicenow import ConnectionSettings, SignIn

async def main(address, password):
    sign_in = SignIn("privman.integration", Secret(password))
    reported = []
    found = await run_check(
        ConnectionSettings("Practice", address), sign_in, ApprovalProcess(name="P"), report=reported.append
    )
    without = await run_check(ConnectionSettings("Practice", address), sign_in)
    print(json.dumps({
        "stages": list(STAGES),
        "results": [one.as_dict() for one in found.stages],
        "without_process": [one.as_dict() for one in without.stages],
        "catalog": [fault.id for fault in all_faults()],
        "handbook": "time-zone-missing" in render_markdown(),
    }))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def sources(tmp_path):
    """Copy what the check consists of."""
    for package in ("models", "services", "resources"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def changed_files(sources):
    """Return what differs from the original, as paths from the root."""
    copied = {path.relative_to(sources).as_posix(): path for path in sources.rglob("*") if path.is_file()}
    return {
        name
        for name, path in copied.items()
        if not (ROOT / name).is_file() or path.read_bytes() != (ROOT / name).read_bytes()
    }


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_stage_with_a_fault_of_its_own_takes_three_files(sources, practice):
    (sources / "services/connectivity/servicenow/stages/time_zone.py").write_text(ADDED, encoding="utf-8")
    edit(
        sources / "models" / "check_stages.py",
        '                ("limits", tr_later("Limits")),\n',
        '                ("limits", tr_later("Limits")),\n                ("time_zone", tr_later("Time zone")),\n',
    )
    edit(
        sources / "services" / "common" / "fault_ids.py",
        "    # -- The staged check\n",
        '    # -- The staged check\n    TIME_ZONE_MISSING = ("time-zone-missing", _ACCOUNT)\n',
    )
    assert changed_files(sources) == {
        "services/connectivity/servicenow/stages/time_zone.py",
        "models/check_stages.py",
        "services/common/fault_ids.py",
    }
    command = [sys.executable, "-c", RUN, practice.base_url, PASSWORD]
    done = subprocess.run(
        command, cwd=sources, capture_output=True, text=True, timeout=10 * WAIT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["stages"].index("time_zone") == told["stages"].index("limits") + 1
    assert told["handbook"]
    before = told["catalog"].index("rate-limit-low")
    assert told["catalog"][before : before + 3] == ["rate-limit-low", "time-zone-missing", "clock-differs"]
    for results in (told["results"], told["without_process"]):
        [added] = [one for one in results if one["stage"] == "time_zone"]
        assert (added["state"], added["fault"]) == ("warning", "time-zone-missing")
        assert added["evidence"] == "privman.integration has no time zone"
        assert [one["stage"] for one in results] == told["stages"]
