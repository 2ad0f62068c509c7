"""The catalogs: nothing is missing, uncertain or left over, placeholders match, and what is compiled is what was written."""

import ast

import pytest

from services.language import available_languages
from tests import translations
from tests.translations import ROOT, compiled, entries_of, extract, others, read, source, translated_languages


@pytest.fixture(scope="module")
def wanted():
    return extract()


def test_every_language_of_the_program_has_a_source():
    assert translated_languages() == [code for code in available_languages() if code != "en"] == ["de"]


@pytest.mark.parametrize("language", translated_languages())
def test_a_catalog_has_every_text_of_the_code_and_no_other(language, wanted, monkeypatch):
    monkeypatch.setattr(translations, "extract", lambda: wanted)
    assert translations.problems(language) == []


@pytest.mark.parametrize("language", translated_languages())
def test_the_compiled_catalog_is_that_of_its_source(language):
    shipped = source(language).with_suffix(".mo").read_bytes()
    assert entries_of(shipped) == entries_of(compiled(read(language)))


def test_plurals_and_texts_of_doors_are_collected(wanted):
    assert ("{count} request", "{count} requests") in [entry.id for entry in wanted]
    for text in ("File", "Save", "Discard changes", "Pending", "Base URL"):
        assert text in wanted


@pytest.mark.parametrize(
    ("text", "translation", "wrong"),
    [
        ("{a} of {b}", "{b} von {a}", False),
        ("{a} of {b}", "{b} von", True),
        ("{a}", "{c}", True),
        (("{count} day", "{count} days"), ("ein Tag", "{count} Tage"), False),
        (("{count} day", "{count} days"), ("{count} Tag", "{n} Tage"), True),
    ],
)
def test_other_placeholders_than_those_of_the_source_are_found(text, translation, wrong):
    assert bool(others(text, translation)) is wrong


def test_no_text_stands_in_an_f_string_where_it_is_not_collected():
    """What collects the texts reads an f-string as one token, up to Python 3.11."""
    hidden = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for part in translations.PARTS
        for file in sorted((ROOT / part).rglob("*.py"))
        for text in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for node in ast.walk(text)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in translations.KEYWORDS
        and any(isinstance(value, ast.Constant) for value in node.args)
    ]
    assert hidden == []


LOOKUPS = {"tr", "plural", "translate", "number", "join_names", "time_ago", "date_time"}


def test_nothing_is_translated_before_the_language_is_chosen():
    """A text that is translated while its module is imported would stay in the language of that moment."""
    files = [
        file for part in ("console", "services", "models") for file in sorted((ROOT / part).rglob("*.py"))
    ]
    early = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in files
        for node in at_import(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in LOOKUPS
    ]
    assert early == []


def at_import(node):
    """Give every node that runs when a module is imported."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from at_import(child)
