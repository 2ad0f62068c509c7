"""What the start of the window is compared with: a PyQt6 window with a tree and a form in the same kind of loop.

A tree of 312 nodes, a form of 15 fields in 3 tabs, a tool bar of 20 actions, qasync: no style, no store, no icons.
"""

import asyncio
import sys

import qasync
from PyQt6.QtCore import QEvent, QObject, QTimer
from PyQt6.QtGui import QStandardItem, QStandardItemModel
from PyQt6.QtWidgets import (
    QApplication,
    QFormLayout,
    QLineEdit,
    QMainWindow,
    QSplitter,
    QTabWidget,
    QTreeView,
    QWidget,
)

from console.startup import start_trace

ROOTS, CHILDREN = 12, 25
FIELDS, TABS, ACTIONS = 15, 3, 20


class FirstPaint(QObject):
    """Notes when the window was painted first, and ends the loop."""

    def __init__(self, window: QMainWindow, stop: asyncio.Event) -> None:
        super().__init__(window)
        self._window, self._stop = window, stop
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Wait for the first paint to be over."""
        if event is not None and event.type() == QEvent.Type.Paint:
            self._window.removeEventFilter(self)
            QTimer.singleShot(0, self._painted)
        return super().eventFilter(watched, event)

    def _painted(self) -> None:
        start_trace.log_start_event("first-paint")
        if start_trace.quits_after_trace():
            self._stop.set()


def build() -> QMainWindow:
    """Return the window."""
    window = QMainWindow()
    tree = QTreeView()
    model = QStandardItemModel(tree)
    for root in range(ROOTS):
        item = QStandardItem(f"Folder {root}")
        item.appendRows([QStandardItem(f"Object {number}") for number in range(CHILDREN)])
        model.appendRow(item)
    tree.setModel(model)
    tabs = QTabWidget()
    form = QWidget()
    layout = QFormLayout(form)
    for field in range(FIELDS):
        layout.addRow(f"Field {field}", QLineEdit())
    tabs.addTab(form, "Details")
    for number in range(1, TABS):
        tabs.addTab(QWidget(), f"Tab {number}")
    bar = window.addToolBar("Actions")
    for number in range(ACTIONS):
        bar.addAction(f"Action {number}")
    splitter = QSplitter()
    splitter.addWidget(tree)
    splitter.addWidget(tabs)
    window.setCentralWidget(splitter)
    window.resize(1280, 800)
    return window


def main() -> None:
    """Show the window once."""
    app = QApplication(sys.argv)
    app.setQuitOnLastWindowClosed(False)

    async def body() -> None:
        stop = asyncio.Event()
        window = build()
        FirstPaint(window, stop)
        window.show()
        await stop.wait()

    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(app)) as runner:
        runner.run(body())


if __name__ == "__main__":
    main()
