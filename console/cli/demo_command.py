"""`demo`: the whole set-up guide on the practice instance."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Without a window: print each step and end.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for a picture of each page.")] = None,
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="Open the window on empty servers, and walk the guide yourself.")
    ] = False,
) -> None:
    """Walk the set-up guide on practice servers and show the workflow on one screen, in the window or without one."""
    from console.demo import DemoOptions, run_demo

    raise typer.Exit(run_demo(DemoOptions(headless=headless, out=out, by_hand=by_hand)))
