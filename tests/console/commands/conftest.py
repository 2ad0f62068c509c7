"""A window of its own for each story about commands."""

import pytest

from tests.console.windows import opened_window


@pytest.fixture
def in_window(run, tmp_path):
    """Run a story in a window on a store of its own."""

    def runner(story):
        async def body():
            async with opened_window(str(tmp_path / "commands.db"), tmp_path / "profile") as window:
                await story(window)

        run(body())

    return runner
