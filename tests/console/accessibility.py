"""What a screen reader and a keyboard find in a widget: names, the way Tab takes, mnemonics."""

import re

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QMenuBar,
    QRadioButton,
    QWidget,
)

COMPOSITES = (QAbstractSpinBox, QComboBox, QAbstractItemView, QLineEdit, QMenuBar)
LONGEST_WAY = 200


def inner_part(widget, root):
    """Whether a widget is a part that Qt made inside another control."""
    parent = widget.parent()
    while parent is not None and parent is not root:
        if isinstance(parent, COMPOSITES):
            return True
        parent = parent.parent()
    return widget.objectName().startswith("qt_")


def in_sight(root):
    """Give every widget below a root that is shown with it."""
    for widget in root.findChildren(QWidget):
        if widget.isVisibleTo(root) and widget.window() is root.window() and not inner_part(widget, root):
            yield widget


def said(widget):
    return f"{type(widget).__name__} {widget.objectName()} {widget.accessibleName()!r} in {type(widget.parent()).__name__}"


def named(widget, buddies):
    """Whether there is something to say when the keyboard comes to a widget."""
    if widget.accessibleName():
        return True
    if isinstance(widget, QAbstractItemView):
        return False
    text = widget.text() if isinstance(widget, QAbstractButton | QLabel) else ""
    title = widget.title() if isinstance(widget, QGroupBox) else ""
    return bool(text or title) or widget in buddies


def unnamed(root):
    """Return what the keyboard can come to and a screen reader could not call by name."""
    buddies = {b for label in root.findChildren(QLabel) if (b := label.buddy()) is not None}
    return [
        said(w)
        for w in in_sight(root)
        if w.focusPolicy() != Qt.FocusPolicy.NoFocus and w.focusProxy() is None and not named(w, buddies)
    ]


def speechless_icons(root):
    """Return buttons that show nothing but a picture and say nothing."""
    return [
        said(b)
        for b in in_sight(root)
        if isinstance(b, QAbstractButton) and not (b.text() or b.accessibleName())
    ]


def stops(root):
    """Return the widgets that Tab should come to: of choices that exclude each other, only the chosen one."""
    found = []
    for widget in in_sight(root):
        tabbed = widget.focusPolicy() & Qt.FocusPolicy.TabFocus == Qt.FocusPolicy.TabFocus
        one_of_many = isinstance(widget, QAbstractButton) and widget.isCheckable() and not widget.isChecked()
        exclusive = one_of_many and (
            isinstance(widget, QRadioButton) or widget.autoExclusive() or in_group(widget)
        )
        if tabbed and widget.isEnabled() and widget.focusProxy() is None and not exclusive:
            found.append(widget)
    return found


def in_group(button):
    group = button.group()
    return group is not None and group.exclusive()


def walk(root):
    """Press Tab until the keyboard is where it began; return every widget it came to, in order."""
    wanted = stops(root)
    if not wanted:
        return []
    wanted[0].setFocus(Qt.FocusReason.TabFocusReason)
    window = root.window()
    came = [window.focusWidget()]
    for _ in range(LONGEST_WAY):
        QTest.keyClick(came[-1], Qt.Key.Key_Tab)
        now = window.focusWidget()
        if now is None or now in came:
            break
        came.append(now)
    return came


def unreached(root):
    """Return what Tab should come to and does not."""
    came = walk(root)
    return [said(w) for w in stops(root) if w not in came]


def colliding_mnemonics(root):
    """Return letters that two controls in sight answer to."""
    taken = {}
    for widget in in_sight(root):
        if isinstance(widget, QAbstractButton | QLabel):
            for letter in re.findall(r"(?<!&)&([^&\s])", widget.text()):
                taken.setdefault(letter.casefold(), []).append(said(widget))
    return {letter: owners for letter, owners in taken.items() if len(owners) > 1}


def for_the_mouse_alone(root):
    """Return what invites a click and never gets the keyboard."""
    return [
        said(w)
        for w in in_sight(root)
        if w.cursor().shape() == Qt.CursorShape.PointingHandCursor
        and w.focusPolicy() == Qt.FocusPolicy.NoFocus
    ]


def complaints(root):
    """Return everything that is wrong with a widget for who cannot see or has no mouse."""
    found = {
        "without a name": unnamed(root),
        "pictures without words": speechless_icons(root),
        "not reached by Tab": unreached(root),
        "for the mouse alone": for_the_mouse_alone(root),
        "letters answered twice": colliding_mnemonics(root),
    }
    return {what: where for what, where in found.items() if where}
