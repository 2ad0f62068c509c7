"""Menus: the menu bar and the context menus of the tree, both made from the commands."""

from collections.abc import Iterator
from typing import Any

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QMenuBar

from console.navigation.tree_model import Node
from console.runtime.command_registry import Command, CommandRegistry
from console.shell.page_registry import page_class
from console.shell.window_commands import MENUS, new_command_id
from console.widgets import plain_text
from services.language import tr

OBJECT_COMMANDS = ("rename", "duplicate", "check", "rehearse", "discard", "delete")


def build_menu_bar(bar: QMenuBar, commands: CommandRegistry) -> None:
    """Fill the menu bar; each entry is the one action of its command."""
    for name in MENUS:
        menu = bar.addMenu(f"&{tr(name)}")
        if menu is None:
            continue
        menu.aboutToShow.connect(commands.refresh)
        for command in commands:
            if command.where == name:
                if command.separator_before:
                    menu.addSeparator()
                (_submenu(menu, command) if command.submenu else menu).addAction(commands.action(command.id))


def _submenu(menu: QMenu, command: Command) -> QMenu:
    """Return the menu inside `menu` that a command stands in, made for the first of its commands."""
    for action in menu.actions():
        found = action.menu()
        if found is not None and found.title() == command.submenu:
            return found
    made = menu.addMenu(command.submenu)
    assert made is not None  # noqa: S101 - Qt makes it
    return made


def node_menu(window: Any, node: Node) -> QMenu:
    """Make the context menu of a node: the guide's way to a new object, or what can be done with an object."""
    menu = QMenu(window)
    menu.setAccessibleName(plain_text.one_line(node.text))
    commands = window.ctx.commands
    if node.saved_filter:
        _add_filter_commands(menu, window, node)
        return menu
    if node.object_id is None:
        if node.place is not None and node.place.new and node.kind is not None:
            _add_new_commands(menu, node.place.new, commands, new_command_id(node.kind))
        _open(menu, window, node)
        return menu
    _open(menu, window, node)
    menu.addSeparator()
    for command in _object_commands(commands, node):
        if command.destructive:
            menu.addSeparator()
        action = commands.entry(command.id, menu, lambda name=command.id: window.run_on_node(node, name))
        menu.addAction(action)
    return menu


def _add_filter_commands(menu: QMenu, window: Any, node: Node) -> None:
    """Offer what can be done with a filter that people saved."""
    commands, key = window.ctx.commands, node.saved_filter
    _open(menu, window, node)
    menu.addSeparator()
    menu.addAction(commands.entry("rename", menu, lambda: window.navigation.edit(node)))
    menu.addSeparator()
    menu.addAction(commands.entry("delete", menu, lambda: window.saved_filters.delete(key)))


def _open(menu: QMenu, window: Any, node: Node) -> None:
    action = QAction(tr("Open"), menu)
    action.triggered.connect(lambda: window.show_target(node.target))
    menu.addAction(action)
    menu.setDefaultAction(action)


def _add_new_commands(menu: QMenu, way: tuple[str, ...], commands: CommandRegistry, command_id: str) -> None:
    for text in way[:-1]:
        deeper = menu.addMenu(tr(text))
        if deeper is not None:
            menu = deeper
    menu.addAction(commands.entry(command_id, menu, lambda: commands.run(command_id), text=tr(way[-1])))


def _object_commands(commands: CommandRegistry, node: Node) -> Iterator[Command]:
    """Give the commands that can mean something for an object; its page has the last word."""
    offered = {"rename", "duplicate", "delete", *page_class(node.target).offered}
    for name in OBJECT_COMMANDS:
        if name in offered and _applies_to(name, node):
            yield commands.get(name)


def _applies_to(name: str, node: Node) -> bool:
    if name == "discard":
        return node.draft
    if name in ("duplicate", "delete", "rehearse"):
        return node.stored
    return True
