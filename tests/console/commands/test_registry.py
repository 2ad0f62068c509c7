"""The registry itself: a command is defined once, runs only when it can, and is shown by one action."""

import pytest
from PyQt6.QtCore import QObject, Qt
from PyQt6.QtWidgets import QWidget

from console.design import theme
from console.runtime.command_registry import Command, CommandRegistry


@pytest.fixture
def registry(qapp):
    theme.apply(qapp, "light")
    return CommandRegistry()


def command(name="save", text="Save", **more):
    return Command(name, text, more.pop("run", lambda: None), **more)


def test_an_id_and_a_shortcut_are_taken_once(registry):
    registry.add(command(shortcut="Ctrl+S"))
    with pytest.raises(ValueError, match="save is defined twice"):
        registry.add(command(text="Store"))
    with pytest.raises(ValueError, match=r"Ctrl\+S is taken"):
        registry.add(command("store", "Store", shortcut="Ctrl+S"))
    registry.add(command("other", "Other"))
    registry.add(command("third", "Third"))
    assert [c.id for c in registry] == ["save", "other", "third"]


def test_a_shortcut_written_in_another_way_is_taken_all_the_same(registry):
    registry.add(command(shortcut="Ctrl+Shift+C"))
    with pytest.raises(ValueError, match="taken"):
        registry.add(command("copy", "Copy", shortcut="shift+ctrl+c"))


def test_an_empty_registry_is_no_missing_one(registry):
    assert bool(registry)
    with pytest.raises(KeyError):
        registry.get("nobody")
    with pytest.raises(KeyError):
        registry.run("nobody")


def test_a_command_runs_only_while_it_can(registry):
    ran, can = [], [False]
    registry.add(command(run=lambda: ran.append(1), enabled=lambda: can[0]))
    assert not registry.run("save")
    can[0] = True
    assert registry.run("save")
    assert ran == [1]


def test_the_action_follows_what_can_run_and_is_one_and_the_same(registry):
    can = [False]
    registry.add(command(enabled=lambda: can[0], shortcut="Ctrl+S", icon="disk"))
    action = registry.action("save")
    assert registry.action("save") is action
    assert not action.isEnabled()
    can[0] = True
    registry.refresh()
    assert action.isEnabled()
    assert (action.text(), action.shortcut().toString()) == ("Save", "Ctrl+S")


def test_a_stale_action_still_asks_before_it_runs(registry):
    """The state shown may be older than the page; the command asks again."""
    ran, can = [], [True]
    registry.add(command(run=lambda: ran.append(1), enabled=lambda: can[0]))
    action = registry.action("save")
    can[0] = False
    action.trigger()
    assert ran == []


def test_an_entry_of_a_context_menu_names_its_shortcut_without_listening(registry):
    ran = []
    registry.add(command(shortcut="Ctrl+S", icon="disk"))
    entry = registry.entry("save", registry, lambda: ran.append(1))
    assert entry.shortcut().toString() == "Ctrl+S"
    assert entry.shortcutContext() == Qt.ShortcutContext.WidgetShortcut
    assert registry.entry("save", registry, lambda: None, text="Keep").text() == "Keep"
    entry.trigger()
    assert ran == [1]


def test_icons_are_drawn_in_the_colours_as_they_are_now(registry, qapp):
    registry.add(command(icon="disk"))
    theme.of().theme_changed.connect(registry.recolour_icons)
    action = registry.action("save")
    light = action.icon().pixmap(16, 16).toImage()
    try:
        theme.apply(qapp, "dark")
        assert action.icon().pixmap(16, 16).toImage() != light
    finally:
        theme.apply(qapp, "light")


def test_whoever_listens_looks_again(registry, qtbot):
    with qtbot.waitSignal(registry.refreshed):
        registry.refresh()


def test_actions_end_with_their_registry(qapp):
    owner = QWidget()
    registry = CommandRegistry(owner)
    registry.add(command())
    assert isinstance(registry.action("save").parent(), QObject)
    assert registry.action("save").parent() is registry
