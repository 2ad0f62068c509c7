"""What of a window cannot be read because it has no room: texts wider than their place, parts outside of their parent."""

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QFontMetrics
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QTabBar,
    QWidget,
)

from console.design import theme
from console.setup.step_row import StepRow
from console.widgets.labels import ElidedLabel, TextButton
from console.widgets.line_editors import ElidingComboBox
from tests.console.accessibility import inner_part

AIR = 1
"""Letters may reach over their advance by a pixel."""


def said(widget):
    text = widget.text() if isinstance(widget, QLabel | QAbstractButton) else widget.accessibleName()
    return f"{type(widget).__name__} {text[:50]!r} in {type(widget.parent()).__name__}"


def shown(root):
    for widget in root.findChildren(QWidget):
        if widget.isVisibleTo(root) and widget.window() is root.window() and not inner_part(widget, root):
            yield widget


def label_cut(label):
    text = label.text()
    if not text or isinstance(label, ElidedLabel) or not label.pixmap().isNull():
        return False
    room = label.contentsRect()
    if label.wordWrap():
        return label.heightForWidth(label.width()) > label.height() + AIR
    metrics = QFontMetrics(label.font())
    lines = text.split("\n")
    return (
        max(metrics.horizontalAdvance(line) for line in lines) > room.width() + AIR
        or metrics.height() * len(lines) > room.height() + 3
    )


def step_cut(row):
    """Whether a step of the guide shows less of its text than there is; its fact is elided, as an `ElidedLabel`."""
    metrics = QFontMetrics(theme.font("strong" if row.content.is_next else "body"))
    elided = row.is_elided and not row.tip_at(row.fact_room().center())
    return elided or metrics.horizontalAdvance(row.text) > row.content.step_width + AIR


def button_cut(button):
    """Whether a button shows less than it says; one that shrinks to a short text or its icon says the rest in its tooltip."""
    if isinstance(button, TextButton):
        return button.width() < button.sizeHint().width() and not button.toolTip()
    if isinstance(button, QPushButton | QCheckBox | QRadioButton) and button.text():
        return button.width() < button.sizeHint().width() and not button.toolTip()
    return False


def tabs_cut(bar):
    last = bar.tabRect(bar.count() - 1)
    wide = last.right() > bar.width() and not bar.usesScrollButtons()
    return bar.count() and (wide or last.height() > bar.height() + AIR)


def choice_cut(box):
    if isinstance(box, ElidingComboBox) or not box.currentText():
        return False
    return QFontMetrics(box.font()).horizontalAdvance(box.currentText()) > box.width() - 24


def overflows(area):
    """Whether content is wider than what is seen of it, with no bar to get there."""
    content = area.widget()
    barless = area.horizontalScrollBarPolicy() is Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    return content is not None and barless and content.width() > area.viewport().width()


def outside(widget):
    parent = widget.parentWidget()
    if parent is None or isinstance(parent.parentWidget(), QAbstractScrollArea):
        return False  # what is scrolled is looked at by its area
    place = widget.mapTo(parent, QPoint(0, 0))
    return place.x() < 0 or place.x() + widget.width() > parent.width() + AIR


def cut_off(root):
    """Return what cannot be read."""
    found = []
    for widget in shown(root):
        if not widget.width():
            continue
        if isinstance(widget, QLabel) and label_cut(widget):
            found.append(f"text cut: {said(widget)}")
        elif isinstance(widget, StepRow) and step_cut(widget):
            found.append(f"step cut: {said(widget)}")
        elif isinstance(widget, QAbstractButton) and button_cut(widget):
            found.append(f"button cut: {said(widget)}")
        elif isinstance(widget, QTabBar) and tabs_cut(widget):
            found.append(f"tabs cut: {said(widget)}")
        elif isinstance(widget, QComboBox) and choice_cut(widget):
            found.append(f"choice cut: {said(widget)}")
        elif isinstance(widget, QScrollArea) and overflows(widget):
            found.append(f"wider than its view: {said(widget)}")
        if outside(widget):
            found.append(f"outside its parent: {said(widget)}")
    return sorted(set(found))
