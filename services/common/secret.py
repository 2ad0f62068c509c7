"""A secret that does not show itself."""

from services.common.redaction import remember_secret


class Secret:
    """Holds a password; no string form, no copy, no pickling, equal only to itself. Read it with `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself; call it only where it leaves for its own host or vault.

        From then on it is taken out of every log line, evidence and report, because the other side may send it back.
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
        """Refuse as well: without this, Python would hand the slots out."""
        raise TypeError("a secret is not pickled")
