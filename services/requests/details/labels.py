"""Labels of states and files in the full view of a request."""

from pathlib import PureWindowsPath


def state_label(state: str) -> str:
    """Return a state of ours as people read it."""
    return state.replace("_", " ").capitalize()


def approval_label(value: str) -> str:
    """Return a stored value of `approval` as ServiceNow shows it."""
    words = {"not requested": "Not yet requested", "not_required": "No longer required", "": "Empty"}
    return words.get(value, value.replace("_", " ").capitalize())


def file_name(path: str) -> str:
    """Return the last part of a path, whichever system wrote it."""
    return PureWindowsPath(path).name or path
