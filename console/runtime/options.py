"""The options shared by the window and every command, and where their values come from. Imports nothing slow."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.common.process_environment import full_environment

STORE_VARIABLE = "APPROVAL_CONSOLE_STORE"
VAULT_VARIABLE = "APPROVAL_CONSOLE_VAULT"
VAULTS = ("system", "file", "env", "session")


@dataclass(frozen=True, slots=True)
class Options:
    """Options of this process. An empty `store` means the default store of the user."""

    store: str = ""
    """Path or database URL."""
    vault: str = "system"
    """One of `VAULTS`."""
    verbose: bool = False
    language: str = ""
    """Value of `--language`; empty for the default, which `services.language.language_choice` documents."""

    @classmethod
    def from_command_line(
        cls,
        store: str = "",
        vault: str = "",
        *,
        verbose: bool = False,
        language: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> "Options":
        """Take options that were not given from the environment variables."""
        environ = full_environment() if environ is None else environ
        return cls(
            store or environ.get(STORE_VARIABLE, ""),
            vault or environ.get(VAULT_VARIABLE, "") or "system",
            verbose,
            language,
        )
