"""What an instance or a person calls things is shown as it is, in tooltips too."""

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QPixmap
from PyQt6.QtWidgets import QApplication, QLabel, QToolTip, QWidget

from console.design import theme
from console.design.colours import SCHEMES


def tip():
    return next(w for w in QApplication.allWidgets() if w.metaObject().className() == "QTipLabel")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_tooltip_is_never_rich_text(qtbot, qapp, tmp_path, scheme):
    """Qt takes a tooltip that looks like HTML for it, and loads what it names: from the disk, or another host's share."""
    picture = QPixmap(300, 200)
    picture.fill(Qt.GlobalColor.red)
    assert picture.save(str(tmp_path / "picture.png"))
    hostile = f'<img src="file://{tmp_path}/picture.png"><b>Name</b>'
    theme.apply(qapp, scheme)
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    for text in (hostile, f"{hostile} again"):
        QToolTip.showText(QPoint(5, 5), text, widget)
        assert isinstance(tip(), QLabel)
        assert tip().text() == text
        assert tip().textFormat() == Qt.TextFormat.PlainText
        assert tip().height() < picture.height()
    QToolTip.hideText()
