"""`demo`: the whole set-up guide on the practice instance."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Without a window: print each step and end.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for a picture of each page.")] = None,
) -> None:
    """Walk the set-up guide on a practice instance, in the window or without one."""
    from console.demo import DemoOptions, run_demo

    raise typer.Exit(run_demo(DemoOptions(headless=headless, out=out)))
