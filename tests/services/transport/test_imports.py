"""What the client of a server imports."""

import subprocess
import sys

from tests.limits import PROGRAM_S

CLIENT = "import sys, services.servicenow.http_client; print(*sys.modules)"


def test_the_command_line_of_httpx_is_not_imported():
    """It would import rich and click, which no window needs, into every program that calls a server."""
    ended = subprocess.run(
        [sys.executable, "-c", CLIENT], check=True, capture_output=True, text=True, timeout=PROGRAM_S
    )
    imported = {name.partition(".")[0] for name in ended.stdout.split()}
    assert "httpx" in imported
    assert imported.isdisjoint({"rich", "click", "pygments"})


def test_no_call_searches_the_disk_for_a_module_that_is_not_installed():
    """httpcore imports sniffio before each use of a lock."""
    ended = subprocess.run(
        [sys.executable, "-c", f"{CLIENT}; print('sniffio' in sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
        timeout=PROGRAM_S,
    )
    assert ended.stdout.split()[-1] == "True"
