"""The names of the user in ServiceNow, which the filter “Waits for me” uses."""

from console.runtime.window_settings import WindowSettings

SETTING_KEY = "my_names"


def my_names(settings: WindowSettings | None) -> tuple[str, ...]:
    """Return the names that the user entered; without a window there are no settings."""
    text = settings.text(SETTING_KEY) if settings is not None else ""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
