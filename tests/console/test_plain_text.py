"""Text from outside is plain text in every widget, tooltip, title, menu and notification, also without the style sheet."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QAbstractListModel, QPoint, Qt
from PyQt6.QtGui import QAction, QPixmap
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QListWidget,
    QPushButton,
    QTabBar,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

import console
from console.runtime.tray import Tray
from console.widgets import plain_text
from tests.console.everything import look_at_everything
from tests.console.windows import opened_window

RLO = "\u202e"
HOSTILE = f'<h1>big</h1><img src="file:///tmp/picture.png">&lt;b&gt; R&D [*] {RLO}exe'
FRAGMENTS = [
    "<",
    ">",
    "/",
    "!",
    "?xml",
    "&",
    "&lt;",
    "&#60;",
    "b",
    "img",
    "a",
    " ",
    "\n",
    "\t",
    "x",
    "1",
    RLO,
    "\u200b",
]


# -- the one way ----------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join))
def test_qt_never_takes_a_tooltip_for_rich_text(text):
    made = plain_text.tooltip(text)
    assert not Qt.mightBeRichText(made)
    assert made.replace(plain_text.ZERO_WIDTH_SPACE, "") == plain_text.replace_bidi_controls(text).replace(
        plain_text.ZERO_WIDTH_SPACE, ""
    )


def test_a_tooltip_is_drawn_as_text_without_the_style_sheet(qtbot, qapp, tmp_path):
    """Qt takes a tooltip that looks like HTML for it, and loads what it names: from the disk, or another host's share."""
    picture = QPixmap(300, 200)
    picture.fill(Qt.GlobalColor.red)
    assert picture.save(str(tmp_path / "picture.png"))
    qapp.setStyleSheet("")
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    for text in (f'<img src="file://{tmp_path}/picture.png">', f'\n <img src="{tmp_path}/picture.png">again'):
        plain_text.show_tooltip(QPoint(5, 5), text, widget)
        tip = next(w for w in QApplication.allWidgets() if w.metaObject().className() == "QTipLabel")
        assert not Qt.mightBeRichText(tip.text())
        assert tip.height() < picture.height()
    QToolTip.hideText()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("R&D", "R&&D"),
        ("a\nb", "a b"),
        ("&Save", "&&Save"),
        (f"{RLO}exe", "\ufffdexe"),
        ("a && b", "a &&&& b"),
    ],
)
def test_an_entry_of_a_menu_keeps_its_text_and_takes_no_shortcut(text, shown):
    assert plain_text.menu_text(text) == shown


def test_a_title_shows_what_a_name_holds(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.setWindowTitle(plain_text.window_title("Process [*] of\nR&D"))
    assert window.windowTitle() == "Process [*][*] of R&D"


def test_a_notification_holds_no_markup(monkeypatch):
    said = []

    class Icon:
        MessageIcon = type("MessageIcon", (), {"Information": 1})

        def showMessage(self, *told):
            said.append(told)

        def show(self):
            pass

    monkeypatch.setattr("PyQt6.QtWidgets.QSystemTrayIcon.isSystemTrayAvailable", lambda: True)
    tray = Tray(None)
    tray._icon = Icon()
    assert tray.say("Requests", 'user <img src="http://x/"> & <b>waits</b> &amp; more')
    [(title, text, *_)] = said
    assert title == "Approval Console: Requests"
    assert not any(part in text for part in ("<i", "<b", "</", "&a"))
    assert (
        text.replace(plain_text.ZERO_WIDTH_SPACE, "")
        == 'user <img src="http://x/"> & <b>waits</b> &amp; more'
    )


# -- every widget and every model -----------------------------------------------------------------------------


def tips(root):
    """Give everything that Qt would ask about rich text, by what it is."""
    for widget in [root, *root.findChildren(QWidget)]:
        yield "tooltip", widget.toolTip(), widget
        yield "what is this", widget.whatsThis(), widget
        if isinstance(widget, QTabBar):
            for place in range(widget.count()):
                yield "tooltip of a tab", widget.tabToolTip(place), widget
    for action in root.findChildren(QAction):
        yield "tooltip of an action", action.toolTip(), action


def entries(root):
    """Give texts in which an “&” stands for a shortcut."""
    for widget in root.findChildren(QWidget):
        if isinstance(widget, QAbstractButton):
            yield QAbstractButton.text(widget), widget
        elif isinstance(widget, QGroupBox):
            yield widget.title(), widget
        elif isinstance(widget, QTabBar):
            for place in range(widget.count()):
                yield widget.tabText(place), widget
    for action in root.findChildren(QAction):
        yield action.text(), action


def cells(view):
    model = view.model()

    def below(parent):
        flat = isinstance(model, QAbstractListModel)
        for row in range(min(model.rowCount(parent), 40)):
            for column in range(1 if flat else model.columnCount(parent)):
                index = model.index(row, column, parent)
                yield index
                if column == 0 and not flat:
                    yield from below(index)

    if model is not None:
        yield from below(view.rootIndex())


def bypasses(root):
    """Return where a text would be taken for more than text."""
    found = [
        f"{what} of {said(w)}" for what, text, w in tips(root) if Qt.mightBeRichText(text) or RLO in text
    ]
    for label in root.findChildren(QLabel):
        if label.textFormat() is not Qt.TextFormat.PlainText:
            found.append(f"format of {said(label)}")
        if RLO in label.text():
            found.append(f"direction of {said(label)}")
    found += [f"shortcut in {said(w)}" for text, w in entries(root) if "R&D" in text]
    for view in root.findChildren(QAbstractItemView):
        if isinstance(view, QHeaderView):
            continue
        for index in cells(view):
            if Qt.mightBeRichText(str(index.data(Qt.ItemDataRole.ToolTipRole) or "")):
                found.append(f"tooltip in {said(view)}")
            shown = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
            if RLO in shown or "\n" in shown:
                found.append(f"text in {said(view)}")
    found += [
        f"direction of a choice in {said(box)}"
        for box in root.findChildren(QComboBox)
        for place in range(box.count())
        if RLO in box.itemText(place)
    ]
    for widget in QApplication.topLevelWidgets():
        if RLO in widget.windowTitle() or "[*] " in widget.windowTitle().replace("[*][*]", ""):
            found.append(f"title of {said(widget)}")
    return sorted(set(found))


def said(thing):
    parent = thing.parent()
    return f"{type(thing).__name__} in {type(parent).__name__}"


def test_the_walk_finds_each_bypass(qtbot, qapp):
    """A walk that finds nothing anywhere would be no walk."""
    root = QWidget()
    qtbot.addWidget(root)
    layout = QVBoxLayout(root)
    items = QListWidget()
    items.addItem(RLO)
    items.item(0).setToolTip("<b>x</b>")
    for widget in (QLabel("<b>x</b>"), QPushButton("R&D"), items):
        layout.addWidget(widget)
    root.setToolTip("<b>x</b>")
    assert [w.partition(" ")[0] for w in bypasses(root)] == [
        "format",
        "shortcut",
        "text",
        "tooltip",
        "tooltip",
    ]


def test_no_text_of_strangers_is_more_than_text_anywhere(run, qapp, tmp_path):
    """Walks every page, tab and dialog without the style sheet, which would set tooltips right by one of its rules."""

    async def story():
        async with opened_window(str(tmp_path / "plain.db"), tmp_path / "profile") as window:
            qapp.setStyleSheet("")
            found, seen = {}, []

            def look(name, root):
                seen.append(name)
                if wrong := bypasses(root):
                    found[name] = wrong

            await look_at_everything(window, look, HOSTILE)
            assert len(seen) > 40
            assert found == {}

    run(story())


# -- nobody goes another way ----------------------------------------------------------------------------------

UNSAFE = {
    "setToolTip", "setTabToolTip", "setWhatsThis", "setStatusTip", "setToolTipsVisible", "setHtml", "insertHtml",
    "appendHtml", "setMarkdown", "setTextFormat", "setInformativeText", "setDetailedText", "showText", "setItemToolTip",
}  # fmt: skip
"""Methods that show a text which Qt may take for rich text."""
CLASSES = {
    "QLabel",
    "QMessageBox",
    "QTextEdit",
    "QTextBrowser",
    "QErrorMessage",
    "QWhatsThis",
    "QTextDocument",
    "QGroupBox",
}
"""Classes of Qt that decide by themselves whether a text is rich."""
ALLOWED = {"plain_text.py", "labels.py"}


def sources():
    for path in sorted(Path(console.__file__).parent.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node


def test_nothing_but_the_one_way_uses_what_shows_rich_text():
    used = [
        f"{path.name}:{node.lineno} {name}"
        for path, tree in sources()
        if path.name not in ALLOWED
        for name, node in calls(tree)
        if name in UNSAFE | CLASSES
    ]
    assert used == []


def is_own_text(node):
    """Whether an expression is a text of the program: a constant, or the translation of one without values."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "tr" and not node.keywords:
        [node] = node.args
    return isinstance(node, ast.Constant)


def test_titles_are_words_of_the_console_or_made_plain():
    """A title made of anything but a constant goes through `plain_text.window_title`."""
    used = [
        f"{path.name}:{node.lineno}"
        for path, tree in sources()
        for name, node in calls(tree)
        if name == "setWindowTitle"
        and not is_own_text(node.args[0])
        and "plain_text.window_title(" not in ast.unparse(node.args[0])
    ]
    assert used == []


def test_tooltips_of_models_are_made_plain():
    """Whatever a model returns for a tooltip goes through `plain_text.tooltip`."""
    wrong = []
    for path, tree in sources():
        for node in ast.walk(tree):
            body = []
            if (isinstance(node, ast.If) and "ToolTipRole" in ast.unparse(node.test)) or (
                isinstance(node, ast.match_case) and "ToolTipRole" in ast.unparse(node.pattern)
            ):
                body = node.body
            wrong += [
                f"{path.name}:{part.lineno}"
                for statement in body
                for part in ast.walk(statement)
                if isinstance(part, ast.Return)
                and part.value
                and "plain_text.tooltip(" not in ast.unparse(part.value)
            ]
    # The time of a revision is the console's own.
    assert [w for w in wrong if not w.startswith("revision_list.py")] == []
