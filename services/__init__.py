"""What the program can do, without a user interface: no Qt.

`ARCHITECTURE.md` lists the packages; the contracts in `pyproject.toml` say which may import which.
"""

import sys

# httpx imports a command line of its own where click and rich are installed: 80 modules and half of the time it takes,
# for nothing that is used here. It does without a module that cannot be imported.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # None is how Python marks such a module
