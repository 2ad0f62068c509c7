"""Languages that a window can have texts in, by their tags: own names and reading direction. No Qt here."""

OWN_NAMES = {
    "ar": "العربية",
    "bg": "български",
    "ca": "Català",
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "el": "Ελληνικά",
    "en": "English",
    "es": "Español",
    "et": "Eesti",
    "fa": "فارسی",
    "fi": "Suomi",
    "fr": "Français",
    "he": "עברית",
    "hi": "हिन्दी",
    "hr": "Hrvatski",
    "hu": "Magyar",
    "id": "Indonesia",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "lt": "Lietuvių",
    "lv": "Latviešu",
    "nb": "Norsk",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "pt-BR": "Português (Brasil)",
    "ro": "Română",
    "ru": "Русский",
    "sk": "Slovenčina",
    "sl": "Slovenščina",
    "sr": "Српски",
    "sv": "Svenska",
    "th": "ไทย",
    "tr": "Türkçe",
    "uk": "Українська",
    "ur": "اردو",
    "vi": "Tiếng Việt",
    "zh-Hans": "简体中文",
    "zh-Hant": "繁體中文",
}
"""Tags with what speakers call the language."""
_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def own_name(tag: str) -> str:
    """Return what speakers call a language; the tag itself for one that is not in the list."""
    folded = tag.casefold()
    for known, name in OWN_NAMES.items():
        if known.casefold() == folded:
            return name
    base = OWN_NAMES.get(folded.partition("-")[0])
    return f"{base} ({tag.partition('-')[2]})" if base else tag


def is_right_to_left(tag: str) -> bool:
    """Whether a language is read from right to left."""
    return tag.casefold().partition("-")[0] in _RIGHT_TO_LEFT
