"""Environments of processes that tests start."""

import os


def without_coverage() -> dict[str, str]:
    """Return the environment for a process that is not measured: it could not write its data below a file size limit."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS")}
