"""What a screen reader is told on every page and dialog: roles, values, states; and keys that everybody knows.

PyQt binds no part of Qt's accessibility but names and descriptions. Qt gives a widget its role by its class, so the roles
are read off the classes here, as Qt's own factory does.
"""

import asyncio

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QMenuBar,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
)

from console.navigation.tree_model import object_key
from console.objects.process_rail import NO_VALUE
from console.runtime.page_targets import Target
from console.setup.home_guide import PhaseBlock
from console.setup.step_row import STATE_LABELS
from console.widgets.filter_chips import Chip
from console.widgets.labels import FittingLabel, LinkLabel, TextButton
from console.widgets.line_editors import PickerButton
from console.widgets.stage_list import StageList
from models.check_stages import STAGE_GROUPS
from models.kinds import Kind
from services.connectivity import StageResult
from services.setup.checklist import next_step
from tests.console.accessibility import in_sight, said
from tests.console.everything import look_at_everything
from tests.console.page_support import until
from tests.console.windows import filled, opened_window, shown

WITH_ROLE = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QMenuBar,
    QPlainTextEdit, QTextEdit, QTabBar,
)  # fmt: skip
"""Classes that Qt's accessibility knows as controls, with their actions and values."""
HEADINGS = ("title", "section")


def wrong_in(root):
    """Return what a screen reader could not tell of a window."""
    found = []
    for widget in in_sight(root):
        tabbed = widget.focusPolicy() & Qt.FocusPolicy.TabFocus == Qt.FocusPolicy.TabFocus
        if tabbed and not isinstance(widget, WITH_ROLE) and not isinstance(widget, QAbstractScrollArea):
            found.append(f"no role: {said(widget)}")
        if isinstance(widget, QLabel) and widget.text():
            name = widget.accessibleName()
            told = isinstance(widget, FittingLabel) or widget.text() == NO_VALUE
            if name and not told and widget.text().replace("\u200b", "") not in name:
                found.append(f"text not told: {said(widget)} {widget.text()!r}")
            if widget.property("role") in HEADINGS and "Heading" not in widget.accessibleDescription():
                found.append(f"no heading: {said(widget)}")
        chosen = widget.value_text if isinstance(widget, PickerButton) and not widget._placeholder else ""
        if chosen not in widget.accessibleName():
            found.append(f"value not told: {said(widget)}")
        if isinstance(widget, TextButton) and widget.isEnabled() and not widget.accessibleName():
            found.append(f"link without a name: {said(widget)}")
    return sorted(set(found))


def test_everything_has_its_role_and_tells_its_value(run, tmp_path):
    async def story():
        async with opened_window(str(tmp_path / "a.db"), tmp_path / "profile") as window:
            found = {}

            def look(name, root):
                if wrong := wrong_in(root):
                    found[name] = wrong

            await look_at_everything(window, look)
            assert not found, "\n".join(f"{name}: {wrong}" for name, wrong in found.items())

    run(story())


def in_window(run, tmp_path, story):
    async def body():
        async with opened_window(str(tmp_path / "a.db"), tmp_path / "profile") as window:
            await story(window)

    run(body())


def test_the_steps_of_home_tell_their_state(run, tmp_path):
    async def story(window):
        await filled(window)
        window.show_target(Target("home"))
        page = window.page
        await until(lambda: page.phases and not page.tasks.busy)
        names = [
            row.accessibleName()
            for block in page.guide.findChildren(PhaseBlock)
            for row in block.children()
            if row.isWidgetType() and row.accessibleName().startswith("Step ")
        ]
        assert len(names) == 25
        states = {step.number: str(step.state) for phase in page.phases for step in phase.steps}
        following = next_step(page.phases)
        for name in names:
            number = int(name.removeprefix("Step ").partition(",")[0])
            coming = following is not None and following.number == number
            word = "next" if coming else STATE_LABELS[states[number]].lower()
            assert f", {word}" in name
        assert any(", done" in name for name in names)
        assert any(", blocked" in name for name in names) or "blocked" not in states.values()

    in_window(run, tmp_path, story)


def test_the_figures_of_a_process_are_read_with_their_names(run, tmp_path):
    async def story(window):
        made = await filled(window)
        page = await shown(window, Kind.APPROVAL_PROCESS, made[Kind.APPROVAL_PROCESS])
        await until(lambda: not page.tasks.busy)
        told = [label.accessibleName() for label in page._rail._figures] if hasattr(page, "_rail") else []
        told = told or [w.accessibleName() for w in page.findChildren(QLabel) if ": " in w.accessibleName()]
        assert "Requests decided: 0" in told
        assert "Median wait: none yet" in told

    in_window(run, tmp_path, story)


def test_a_skipped_stage_is_told_as_skipped(qtbot):
    stages = StageList(STAGE_GROUPS[Kind.FOREIGN_SYSTEM])
    qtbot.addWidget(stages)
    model = stages.model()
    for state, word in (("ok", "good"), ("warning", "warning"), ("failed", "failed"), ("skipped", "skipped")):
        stages.show_result(StageResult("tls", state, "seen"))
        text = model.index(model.place("tls"), 0).data(Qt.ItemDataRole.AccessibleTextRole)
        assert text.split(", ")[1] == word
    stages.reset_stages(running=False)
    assert "not run" in model.index(model.place("tls"), 0).data(Qt.ItemDataRole.AccessibleTextRole)


def test_a_field_tells_that_what_it_holds_is_not_valid(run, tmp_path):
    async def story(window):
        made = await filled(window)
        page = await shown(window, Kind.FOREIGN_SYSTEM, made[Kind.FOREIGN_SYSTEM])
        line = page.form.field("name").editor.focus_target
        assert line.accessibleName() == "Name"
        page.session.edit({"name": ""})
        page.form.show_errors(page.session.errors, page.session.suggestions, untouched=True)
        assert line.accessibleName() == "Name, invalid entry"
        assert line.accessibleDescription().startswith("Error: ")
        page.session.edit({"name": "Other"})
        assert line.accessibleName() == "Name"

    in_window(run, tmp_path, story)


def test_filters_that_exclude_each_other_are_radio_buttons(qtbot):
    """A checkable button that excludes its neighbours is a radio button to Qt's accessibility."""
    chip = Chip("pending", "Pending")
    qtbot.addWidget(chip)
    assert chip.isCheckable()
    assert chip.autoExclusive()


def test_links_are_buttons_that_can_be_pressed(qtbot):
    link = LinkLabel("Open R&D")
    qtbot.addWidget(link)
    pressed = []
    link.clicked.connect(lambda: pressed.append(1))
    assert isinstance(link, QAbstractButton)
    link.click()  # what a screen reader's action does
    assert pressed == [1]
    assert (link.text(), link.accessibleName()) == ("Open R&D", "Open R&D")


def test_shift_f10_opens_the_menu_of_the_tree(run, tmp_path):
    async def story(window):
        made = await filled(window)
        await shown(window, Kind.FOREIGN_SYSTEM, made[Kind.FOREIGN_SYSTEM])
        node = window.model.node(object_key(str(Kind.FOREIGN_SYSTEM), made[Kind.FOREIGN_SYSTEM].id))
        tree = window.navigation.tree
        tree.setFocus()
        assert window.navigation.current() is node
        QTest.keyClick(tree, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
        await until(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
        menu = QApplication.activePopupWidget()
        assert menu.accessibleName() == node.text
        menu.close()

    in_window(run, tmp_path, story)


def test_ctrl_tab_turns_the_tabs_from_anywhere(run, tmp_path):
    async def story(window):
        made = await filled(window)
        page = await shown(window, Kind.FOREIGN_SYSTEM, made[Kind.FOREIGN_SYSTEM])
        for place in (
            window.navigation.tree,
            window.navigation.filter,
            page.form.field("name").editor.focus_target,
        ):
            page.open_tab("Details")
            place.setFocus()
            seen = []
            for _ in page.tabs:
                QTest.keyClick(place, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
                seen.append(page.tabs[page.tab_bar.currentIndex()])
            assert seen == [*page.tabs[1:], page.tabs[0]]
            back = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
            QTest.keyClick(place, Qt.Key.Key_Backtab, back)
            assert page.tab_bar.currentIndex() == len(page.tabs) - 1
        window.show_target(Target("home"))
        await asyncio.sleep(0)
        window.pages.switch_tab(1)  # nothing happens on a page without tabs
        assert window.page.tab_bar is None

    in_window(run, tmp_path, story)
