"""The stages of a check, from the address to one call of the status service. See `services.connectivity.stage`."""

import importlib
import pkgutil


def load_stages() -> None:
    """Import every module of this package, so that its stages are declared."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)
