"""One thread imports at a time.

Modules of a package that import each other, as those of SQLAlchemy do, are found half made when two threads import the
package from different ends. The window's own thread imports only what other threads have imported before.
"""

import threading
from collections.abc import Callable

_IMPORTING = threading.Lock()


def import_alone(function: Callable[[], object]) -> None:
    """Run a function that imports, once no other function does that was given here. Not called within an import."""
    with _IMPORTING:
        function()
