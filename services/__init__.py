"""What the program can do, without a user interface: no Qt.

`ARCHITECTURE.md` lists the packages; the contracts in `pyproject.toml` say which may import which.
"""
