"""Marks texts for translation where they are constants: they exist before the language is chosen. Imports nothing."""


def tr_later(text: str) -> str:
    """Return `text` unchanged; `dev.py translations` collects it, and `services.language.tr` translates it later."""
    return text


def plural_later(one: str, other: str) -> tuple[str, str]:
    """Return both forms of a counted text unchanged; `services.language.plural` translates them later."""
    return one, other
