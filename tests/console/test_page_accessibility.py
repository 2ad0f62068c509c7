"""Every control of every page can be called by name, and no page asks for more width than the smallest window gives."""

import asyncio

import pytest
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from console.forms import object_actions
from console.runtime.page_targets import Target
from console.setup.wizard import SetupWizard
from console.shell.page_registry import create_page
from models.kinds import Kind
from tests.console.page_support import until

CONTROLS = (
    QLineEdit,
    QComboBox,
    QAbstractSpinBox,
    QPlainTextEdit,
    QTextEdit,
    QAbstractItemView,
    QAbstractButton,
)
COMPOSITES = (QAbstractSpinBox, QComboBox, QAbstractItemView)
SMALLEST_WINDOW = 960
TREE = 240


def inner_part(control, window):
    parent = control.parent()
    while parent is not None and parent is not window:
        if isinstance(parent, COMPOSITES):
            return True
        parent = parent.parent()
    return control.objectName().startswith("qt_") or type(control).__name__ == "QComboBoxPrivateContainer"


def unnamed(window):
    buddies = {b for label in window.findChildren(QLabel) if (b := label.buddy()) is not None}
    for control in window.findChildren(QWidget):
        if not isinstance(control, CONTROLS) or inner_part(control, window):
            continue
        named = control.accessibleName() or control in buddies
        if isinstance(control, QAbstractButton):
            named = control.accessibleName() or control.text()
        if not named:
            yield control


VALUES = {
    Kind.USER_CREDENTIAL: {"account": "a"},
    Kind.FOREIGN_SYSTEM: {"base_url": "https://acme.service-now.com/", "production": True},
    Kind.PRIVILEGE_MANAGER_SERVER: {"base_url": "https://pm.example.com/TMS/", "production": True},
}


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("kind", list(Kind))
def test_every_control_of_a_page_has_a_name(run, ctx, configuration, kind, stored):
    async def story():
        if stored:
            item = configuration.save(configuration.new(kind, name="n" * 200, **VALUES.get(kind, {})))
            target = Target(str(kind), item.id)
        else:
            target = await object_actions.new_object(ctx, kind)
        page = create_page(target, ctx)
        page.resize(SMALLEST_WINDOW - TREE, 520)
        page.show()
        page.load()
        await until(lambda: page.session.ready)
        await until(lambda: not page.tasks.busy)
        assert [f"{type(c).__name__} {c.objectName()}" for c in unnamed(page)] == []
        assert page.minimumSizeHint().width() <= SMALLEST_WINDOW - TREE
        page.close()
        page.deleteLater()
        await asyncio.sleep(0)

    run(story())


def test_every_control_of_the_wizard_has_a_name(qtbot, ctx):
    wizard = SetupWizard(ctx)
    qtbot.addWidget(wizard)
    assert [type(c).__name__ for c in unnamed(wizard)] == []
    assert wizard.minimumSizeHint().width() <= SMALLEST_WINDOW
