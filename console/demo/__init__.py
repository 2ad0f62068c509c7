"""The demo: the set-up guide on a practice instance, used by hand in the window or driven without one.

Public interface: `DemoOptions`, `run_demo`.
"""

from console.demo.options import DemoOptions

__all__ = ["DemoOptions", "run_demo"]


def run_demo(options: DemoOptions) -> int:
    """Run the demo and return its exit status: 0 when everything expected was observed."""
    from console.demo.runner import run

    return run(options)
