"""Maintains the catalogs: collects the marked texts of the code, updates each language, compiles it.

The compiled catalogs are committed: a checkout, an archive and a wheel then work without a build step, and a test
compares them with their sources.
"""

import ast
import gettext
import io
import string
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from services.language.language_choice import CATALOG_DOMAIN, TRANSLATIONS

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("models", "services", "console")
KEYWORDS = {
    "tr": (1,),
    "plural": (2, 3),
    "tr_later": (1,),
    "plural_later": (1, 2),
    "tr_message": (1,),
    "plural_message": (2, 3),
}
"""The functions whose texts are collected, with the places of their texts; two texts are singular and plural."""
HEADER = "# Translations of Approval Console; python3 dev.py translations brings this file up to date with the code."
COMMENTS = ("Translators:",)
DOORS: dict[str, tuple[int | str, ...]] = {
    "Command": (1, "text", "submenu"),
    "_page_command": (2,),
    "FixedNode": (1,),
    "_folder": (1,),
    "primary": (0,),
    "secondary": (0,),
    "quiet": (0,),
    "danger": (0,),
    "small": (0,),
    "Field": (0, 2, "help"),
    "FieldSpec": (1, 3, "label", "help"),
    "GroupSpec": ("title", "caption"),
    "Column": (0,),
    "PageHeader": ("tabs",),
}
"""Functions that take texts of the code and translate them where they show them: which of their arguments are texts."""


def source(language: str) -> Path:
    """Return the file that people translate."""
    return TRANSLATIONS / language / "LC_MESSAGES" / f"{CATALOG_DOMAIN}.po"


def translated_languages() -> list[str]:
    """Return the languages that there is a source for."""
    return sorted(file.parent.parent.name for file in TRANSLATIONS.glob(f"*/LC_MESSAGES/{CATALOG_DOMAIN}.po"))


def extract() -> Catalog:
    """Return every marked text of the code."""
    found = Catalog(fuzzy=False)
    for part in PARTS:
        for name, _line, text, comments, context in extract_from_dir(
            ROOT / part, keywords=KEYWORDS, comment_tags=COMMENTS, strip_comment_tags=True
        ):
            place = (f"{part}/{Path(name).as_posix()}", None)
            found.add(text, None, [place], auto_comments=comments, context=context)
    for file in sorted((ROOT / "console").rglob("*.py")):
        place = (file.relative_to(ROOT).as_posix(), None)
        for text in given_to_doors(ast.parse(file.read_text(encoding="utf-8"))):
            found.add(text, None, [place])
    return found


def given_to_doors(tree: ast.Module) -> Iterator[str]:
    """Give the texts that a module gives to functions that translate them."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        for place in DOORS.get(name, ()):
            if isinstance(place, int):
                given = node.args[place : place + 1]
            else:
                given = [keyword.value for keyword in node.keywords if keyword.arg == place]
            for value in given:
                yield from texts_in(value)


def texts_in(node: ast.expr) -> Iterator[str]:
    """Give the text that an expression is, the texts of a tuple or list, or both branches of a condition."""
    match node:
        case ast.Constant(value=str(text)) if text.strip():
            yield text
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from texts_in(part)
        case ast.IfExp(body=body, orelse=other):
            yield from texts_in(body)
            yield from texts_in(other)


def read(language: str) -> Catalog:
    """Return the catalog of a language as its source has it."""
    with source(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalog: Catalog) -> bytes:
    """Return a catalog as gettext reads it."""
    written = io.BytesIO()
    write_mo(written, catalog)
    return written.getvalue()


def entries_of(data: bytes) -> dict[object, str]:
    """Return the entries of a compiled catalog, without its header."""
    found = dict(gettext.GNUTranslations(io.BytesIO(data))._catalog)
    found.pop("", None)
    return found


def placeholders(text: str) -> set[str]:
    """Return the names in braces of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Return the forms of an entry: one, or one for each plural."""
    return (text,) if isinstance(text, str) else tuple(text)


def problems(language: str) -> list[str]:
    """Return what is wrong with a language: missing, uncertain, superfluous, or with other placeholders."""
    wanted, has = extract(), read(language)
    found = [f"not in the catalog: {one.id!r}" for one in wanted if one.id and one.id not in has]
    for entry in has:
        if not entry.id:
            continue
        if entry.id not in wanted:
            found.append(f"no longer in the code: {entry.id!r}")
        if not all(forms(entry.string)):
            found.append(f"not translated: {entry.id!r}")
            continue
        if entry.fuzzy:
            found.append(f"uncertain (fuzzy): {entry.id!r}")
        found += [f"other placeholders: {entry.id!r}: {form!r}" for form in others(entry.id, entry.string)]
    return found


def others(source: str | tuple[str, ...], translation: str | tuple[str, ...]) -> list[str]:
    """Return the forms of a translation with other placeholders than the source; the form for one may leave some out."""
    named = set[str]().union(*map(placeholders, forms(source)))
    alone = isinstance(source, str)
    return [
        form
        for form in forms(translation)
        if placeholders(form) - named or (alone and placeholders(form) != named)
    ]


def update(language: str) -> None:
    """Bring the source of a language up to date with the code, and compile it."""
    file = source(language)
    catalog = read(language) if file.exists() else Catalog(locale=language)
    catalog.update(extract(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    catalog.header_comment = HEADER
    catalog.fuzzy = False
    catalog.project, catalog.version = "approval-console", ""
    catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as written:
        write_po(written, catalog, width=110, sort_output=True, include_lineno=False)
    file.with_suffix(".mo").write_bytes(compiled(catalog))


def main(languages: list[str]) -> int:
    """Update the languages named, or all; returns 1 while something is to be translated."""
    left = 0
    for language in languages or translated_languages():
        update(language)
        for problem in problems(language):
            sys.stderr.write(f"{language}: {problem}\n")
            left = 1
    return left


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
