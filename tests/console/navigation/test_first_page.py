"""The first page of a kind is imported in a thread; what is shown meanwhile stays."""

import asyncio
import threading

from console.runtime.page_targets import DELETED, HOME, Target
from console.shell import page_registry
from tests.console.page_support import until
from tests.console.windows import opened_window


def test_a_page_that_is_imported_late_does_not_replace_what_was_chosen_since(run, tmp_path, monkeypatch):
    go_on = threading.Event()

    async def story():
        async with opened_window(str(tmp_path / "own.db"), tmp_path) as window:
            window.show_target(Target(HOME))
            make = page_registry.PAGES[DELETED]
            monkeypatch.setitem(page_registry.PAGES, DELETED, lambda: go_on.wait() and make())
            page_registry._imported.discard(DELETED)
            window.show_target(Target(DELETED))
            await asyncio.sleep(0.05)
            assert window.page.target.kind == HOME
            window.pages.show_target(Target("folder:user_credential"))  # as the tree does
            go_on.set()
            await asyncio.sleep(0.1)
            assert window.page.target.kind == "folder:user_credential"
            window.show_target(Target(DELETED))
            await until(lambda: window.page.target.kind == DELETED)

    run(story())
