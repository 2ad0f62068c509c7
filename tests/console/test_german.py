"""The window and the command line in another language: nothing of the menus, the tree and a form stays English."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PyQt6.QtCore import QModelIndex, QTranslator
from PyQt6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDialogButtonBox,
    QLabel,
    QPushButton,
    QTabBar,
    QWidget,
)

from console.setup.step_row import StepRow
from console.startup import application
from models.kinds import Kind
from services import language
from tests.console.clipping import cut_off
from tests.console.everything import laid_out, look_at_everything
from tests.console.page_support import until
from tests.console.windows import filled, opened_window, shown
from tests.limits import PROGRAM_S
from tests.translations import read

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def german():
    language.set_language("de")
    yield
    language.set_language("en")


@pytest.fixture
def in_window(run, tmp_path):
    """Run a story in a window on a store of its own."""

    def runner(story):
        async def body():
            async with opened_window(str(tmp_path / "german.db"), tmp_path / "profile") as window:
                await story(window)

        run(body())

    return runner


@pytest.fixture(scope="module")
def catalog():
    """Every text of the program without plural, with its translation."""
    return {entry.id: entry.string for entry in read("de") if entry.id and isinstance(entry.id, str)}


def english(texts, catalog):
    """Return those texts that are no translation of anything."""
    return sorted(set(texts) - set(catalog.values()))


def entries(menu):
    for action in menu.actions():
        if not action.isSeparator():
            yield action.text().replace("&", "")
            if action.menu() is not None:
                yield from entries(action.menu())


def test_the_menu_bar_has_no_english_entry(in_window, catalog):
    async def story(window):
        texts = list(entries(window.menu_bar))
        assert texts[0] == "Datei"
        assert {"Speichern", "Alle Server prüfen", "Geplante Prüfung", "Stündlich prüfen"} <= set(texts)
        assert english(texts, catalog) == []

    in_window(story)


def nodes(model, parent=None):
    for row in range(model.rowCount(parent or QModelIndex())):
        index = model.index(row, 0, parent or QModelIndex())
        yield index.internalPointer()
        yield from nodes(model, index)


def test_the_tree_names_its_places_in_german(in_window, catalog):
    async def story(window):
        assert english([node.text for node in nodes(window.model)], catalog) == []

    in_window(story)


@pytest.mark.parametrize("kind", list(Kind))
def test_buttons_and_tabs_of_an_object_are_german(in_window, catalog, kind):
    async def story(window):
        made = await filled(window)
        page = await shown(window, kind, made[kind])
        await until(lambda: not page.tasks.busy)
        bars = page.findChildren(QTabBar)
        texts = {bar.tabText(place) for bar in bars for place in range(bar.count())}
        texts |= {button.text() for button in page.findChildren(QPushButton) if button.isVisibleTo(page)}
        left = {text for text in texts if text in catalog and catalog[text] != text}
        assert left == set()
        assert texts & {
            "Speichern",
            "Export wählen…",
        }  # an action offers its next step while nothing is edited

    in_window(story)


PRODUCT = {
    "Approval Process",
    "Approval Type",
    "Foreign System",
    "Request Item",
    "ServiceNow Server",
    "User Credential",
}
"""What ServiceNow and Privilege Manager call their things stays as they call it."""
NOT_YET = ("requests", "provisioning", "activity", "dialog merge", "dialog save filter", "dialog run")
"""Pages and dialogs of requests and of provisioning, what stands over them, and rows that a test makes itself."""
SIZES = ((960, 800), (1280, 800))


def visible_texts(root):
    """Give what the labels, buttons, tabs and choices in sight say, and the title of the window."""
    yield root.windowTitle()
    for widget in root.findChildren(QWidget):
        if not widget.isVisibleTo(root):
            continue
        if isinstance(widget, QLabel | QAbstractButton):
            yield widget.text()
        elif isinstance(widget, QTabBar):
            yield from (widget.tabText(place) for place in range(widget.count()))
        elif isinstance(widget, QComboBox):
            yield from (widget.itemText(place) for place in range(widget.count()))
        elif isinstance(widget, StepRow):
            yield from (widget.state, widget.text, widget.fact)


def test_no_page_tab_or_dialog_shows_an_english_text_that_has_a_translation(in_window, catalog):
    """Home, the objects, the check tab, the set-up wizard, every other page and every dialog."""

    async def story(window):
        found, seen = {}, set()

        def look(name, root):
            texts = set(visible_texts(root))
            seen.update(texts)
            if name.startswith(NOT_YET):
                return
            if left := {text for text in texts if text != catalog.get(text, text)}:
                found[name] = left

        await look_at_everything(window, look)
        assert found == {}
        assert {"Alle Schritte prüfen", "Erneut prüfen", "Nachweis", "Bei ServiceNow anmelden"} <= seen
        assert {catalog[word] for word in PRODUCT} == PRODUCT

    in_window(story)


def test_nothing_is_cut_off_in_german(in_window):
    async def story(window):
        found = {}

        def look(name, root):
            for size in SIZES if root is window else ((root.width(), root.height()),):
                if root is window:
                    window.resize(*size)
                laid_out()
                if wrong := cut_off(root):
                    found[f"{name} at {size}"] = wrong

        await look_at_everything(window, look)
        assert found == {}

    in_window(story)


def test_a_name_that_reads_like_a_text_of_the_program_stays_as_it_is():
    assert language.translate_message("Approved") == "Approved"
    assert language.translate_message(language.tr_message("Approved")) == "Genehmigt"


def test_placeholders_may_have_any_name():
    assert language.tr("Go to {text}", text="Start") == "Zu Start wechseln"


def test_standard_buttons_of_qt_follow(qapp):
    application._translate_qt(qapp)
    try:
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        button = box.button(QDialogButtonBox.StandardButton.Cancel)
        assert button is not None
        assert button.text().replace("&", "") == "Abbrechen"
    finally:
        for translator in qapp.findChildren(QTranslator):
            qapp.removeTranslator(translator)
            translator.deleteLater()


def called(tmp_path, *arguments, **variables):
    environ = {k: v for k, v in os.environ.items() if k != language.LANGUAGE_VARIABLE} | variables
    return subprocess.run(
        [sys.executable, "-m", "console", "--store", str(tmp_path / "c.db"), *arguments],
        check=False, cwd=ROOT, env=environ, capture_output=True, text=True, encoding="utf-8", timeout=PROGRAM_S,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (("--language", "de"), {"LC_ALL": "C.UTF-8"}),
        (("--language=de",), {"APPROVAL_CONSOLE_LANGUAGE": "en"}),
        ((), {"APPROVAL_CONSOLE_LANGUAGE": "de"}),
        ((), {"LC_ALL": "de_AT.UTF-8"}),
    ],
    ids=["option", "option before variable", "variable", "system"],
)
def test_the_command_line_takes_its_language_as_the_window_does(tmp_path, arguments, variables):
    document = tmp_path / "d.yaml"
    document.write_text("version: 1\n", encoding="utf-8")
    ended = called(tmp_path, "config", "validate", str(document), *arguments, **variables)
    assert (ended.returncode, ended.stderr) == (0, "Das Dokument ist wohlgeformt: 0 Objekte.\n")


def test_what_programs_read_stays_english_and_iso(tmp_path):
    document = tmp_path / "d.yaml"
    document.write_text("version: 1\ncredentials:\n  - {name: ServiceNow, account: a}\n", encoding="utf-8")
    assert called(tmp_path, "config", "apply", str(document)).returncode == 0
    for command in (
        ("config", "export"),
        ("requests", "list", "--json"),
        ("faults", "--json"),
        ("history", "--json"),
    ):
        said = [called(tmp_path, *command, "--language", tag) for tag in ("en", "de")]
        assert [one.returncode for one in said] == [0, 0]
        assert said[0].stdout == said[1].stdout != ""


def test_a_language_without_a_catalog_is_refused_by_name(tmp_path):
    ended = called(tmp_path, "--language", "tlh", "config", "export")
    assert ended.returncode == 2
    assert "de, en" in ended.stderr
    assert "--language" in ended.stderr
