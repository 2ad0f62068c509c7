"""The recipe for a check stage with a fault of its own: three files. Applied to a copy of the sources."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.practice.privilege_manager import PracticePrivilegeManager
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
ADDED_PM = '''"""The stage `filters`: whether the server has filters, by which policies choose applications."""

from services.common.errors import Owner
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import declare_faults, failure, fault_result
from services.connectivity.privilege_manager.item_lists import read_list
from services.connectivity.privilege_manager.stage import LoggedOnCheck, logged_on_stages
from services.connectivity.report import StageResult
from services.connectivity.stage import Stage

declare_faults(
    failure(
        FaultId.PRIVILEGE_MANAGER_FILTERS_FEW,
        "filters",
        Owner.PRIVILEGE_MANAGER,
        "Policies match nothing.",
        "There are few filters.",
        "Add filters.",
        "Privilege Manager documentation: filters",
    )
)


@logged_on_stages()
def create_filters_stage(check: LoggedOnCheck) -> list[Stage]:
    """Return the stage."""

    async def check_filters() -> str | StageResult:
        filters = await read_list(check, "all filters", check.server.filters)
        seen = f"{len(filters)} filters"
        return seen if len(filters) > 1000 else fault_result("filters", FaultId.PRIVILEGE_MANAGER_FILTERS_FEW, seen)

    return [Stage("filters", check_filters)]
'''
RUN_PM = """
import asyncio, json, sys
from models.kinds import Kind
from services.common.secret import Secret
from services.connectivity import all_faults, run_check
from services.servicenow import ConnectionSettings, SignIn

address, account, secret = sys.argv[1:]
report = asyncio.run(run_check(
    ConnectionSettings("PM", address), SignIn(account, Secret(secret)), kind=Kind.PRIVILEGE_MANAGER_SERVER
))
print(json.dumps({
    "results": [one.as_dict() for one in report.stages], "catalog": [fault.id for fault in all_faults()]
}))
"""
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


def run(sources, program, *arguments):
    """Run a program on the changed sources, and return the JSON that it writes."""
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(
        command, cwd=sources, capture_output=True, text=True, timeout=10 * WAIT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


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
    told = run(sources, RUN, practice.base_url, PASSWORD)
    assert told["stages"].index("time_zone") == told["stages"].index("limits") + 1
    assert told["handbook"]
    before = told["catalog"].index("rate-limit-low")
    assert told["catalog"][before : before + 3] == ["rate-limit-low", "time-zone-missing", "clock-differs"]
    for results in (told["results"], told["without_process"]):
        [added] = [one for one in results if one["stage"] == "time_zone"]
        assert (added["state"], added["fault"]) == ("warning", "time-zone-missing")
        assert added["evidence"] == "privman.integration has no time zone"
        assert [one["stage"] for one in results] == told["stages"]


async def test_so_does_a_stage_of_a_privilege_manager_server(sources):
    stage = "services/connectivity/privilege_manager/stages/filters.py"
    (sources / stage).write_text(ADDED_PM, encoding="utf-8")
    last = '                ("policies", tr_later("Policies")),\n'
    edit(
        sources / "models" / "check_stages.py",
        last,
        last + '                ("filters", tr_later("Filters")),\n',
    )
    edit(
        sources / "services" / "common" / "fault_ids.py",
        "    # -- The staged check\n",
        '    # -- The staged check\n    PRIVILEGE_MANAGER_FILTERS_FEW = ("privilege-manager-filters-few", _ACCOUNT)\n',
    )
    assert changed_files(sources) == {stage, "models/check_stages.py", "services/common/fault_ids.py"}
    async with PracticePrivilegeManager() as server:
        given = (server.base_url, server.client_id, server.client_secret)
        told = await asyncio.to_thread(run, sources, RUN_PM, *given)
    assert "privilege-manager-filters-few" in told["catalog"]
    results = {one["stage"]: one for one in told["results"]}
    assert list(results)[-2:] == ["policies", "filters"]
    added = results["filters"]
    assert (added["state"], added["fault"]) == ("failed", "privilege-manager-filters-few")
    assert "all filters" in results["roles"]["evidence"]
