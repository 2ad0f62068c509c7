"""Boolean fields of records, which the Table API returns as text."""

_TRUE, _FALSE = ("true", "1"), ("false", "0")


def is_true(value: str) -> bool:
    """Return whether a Boolean field is set. A hidden field is empty, and neither true nor false."""
    return value in _TRUE


def is_false(value: str) -> bool:
    """Return whether a Boolean field is certainly not set."""
    return value in _FALSE


def can_act(active: str, locked_out: str) -> bool:
    """Return whether a user may be asked for an approval: not inactive, and not locked out, as far as that is visible."""
    return not is_false(active) and not is_true(locked_out)
