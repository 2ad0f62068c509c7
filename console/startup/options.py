"""The options that the window and every command share, and where their values come from. Imports nothing slow."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.common.process_environment import full_environment

STORE_VARIABLE = "APPROVAL_CONSOLE_STORE"
VAULT_VARIABLE = "APPROVAL_CONSOLE_VAULT"
VAULTS = ("system", "file", "env", "session")


@dataclass(frozen=True, slots=True)
class CommandLineOptions:
    """What was asked for on the command line or in the environment; empty texts stand for the default."""

    store: str = ""
    vault: str = ""
    verbose: bool = False
    language: str = ""
    """As given with `--language`; where the default comes from is said in `services.language.language_choice`."""

    @classmethod
    def of(
        cls,
        store: str = "",
        vault: str = "",
        *,
        verbose: bool = False,
        language: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> "CommandLineOptions":
        """Fill what was not given from the environment."""
        environ = full_environment() if environ is None else environ
        return cls(
            store or environ.get(STORE_VARIABLE, ""),
            vault or environ.get(VAULT_VARIABLE, "") or "system",
            verbose,
            language,
        )
