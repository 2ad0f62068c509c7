"""A password that is never printed."""

from services.common.redaction import remember_secret


class Secret:
    """Holds a password: no string form, no pickling, equal only to itself. Read it with `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret; called only where it is sent to its host or written to a vault.

        From then on it is redacted from logs, evidence and reports, because the other side may echo it.
        """
        remember_secret(self._value)
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")

    def __getstate__(self) -> object:
        """Refuse; the default would return the slots."""
        raise TypeError("a secret is not pickled")
