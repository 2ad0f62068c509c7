"""Menus: the menu bar and the context menus of the tree, both made from the commands."""

from collections.abc import Iterator
from typing import Any

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QMenuBar

from console import plain
from console.commands.registry import Command, CommandRegistry
from console.commands.window_commands import MENUS, new_command
from console.navigation.model import Node
from console.pages.registry import page_class
from services.language import tr

ON_OBJECTS = ("rename", "duplicate", "check", "rehearse", "discard", "delete")


def build_menu_bar(bar: QMenuBar, commands: CommandRegistry) -> None:
    """Fill the menu bar; each entry is the one action of its command."""
    for name in MENUS:
        menu = bar.addMenu(f"&{tr(name)}")
        if menu is None:
            continue
        menu.aboutToShow.connect(commands.refresh)
        for command in commands:
            if command.where == name:
                if command.separated:
                    menu.addSeparator()
                (_inner(menu, command) if command.under else menu).addAction(commands.action(command.id))


def _inner(menu: QMenu, command: Command) -> QMenu:
    """Return the menu inside `menu` that a command stands in, made for the first of its commands."""
    for action in menu.actions():
        found = action.menu()
        if found is not None and found.title() == command.under:
            return found
    made = menu.addMenu(command.under)
    assert made is not None  # noqa: S101 - Qt makes it
    return made


def node_menu(window: Any, node: Node) -> QMenu:
    """Make the context menu of a node: the guide's way to a new object, or what can be done with an object."""
    menu = QMenu(window)
    menu.setAccessibleName(plain.one_line(node.text))
    commands = window.ctx.commands
    if node.saved_filter:
        _on_filter(menu, window, node)
        return menu
    if node.object_id is None:
        if node.place is not None and node.place.new and node.kind is not None:
            _new_entries(menu, node.place.new, commands, new_command(node.kind))
        _open(menu, window, node)
        return menu
    _open(menu, window, node)
    menu.addSeparator()
    for command in _on_object(commands, node):
        if command.destructive:
            menu.addSeparator()
        action = commands.entry(command.id, menu, lambda name=command.id: window.run_on_node(node, name))
        menu.addAction(action)
    return menu


def _on_filter(menu: QMenu, window: Any, node: Node) -> None:
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


def _new_entries(menu: QMenu, way: tuple[str, ...], commands: CommandRegistry, command_id: str) -> None:
    for text in way[:-1]:
        deeper = menu.addMenu(tr(text))
        if deeper is not None:
            menu = deeper
    menu.addAction(commands.entry(command_id, menu, lambda: commands.run(command_id), text=tr(way[-1])))


def _on_object(commands: CommandRegistry, node: Node) -> Iterator[Command]:
    """Give the commands that can mean something for an object; its page has the last word."""
    offered = {"rename", "duplicate", "delete", *page_class(node.target.kind).offered}
    for name in ON_OBJECTS:
        if name in offered and _fits(name, node):
            yield commands.get(name)


def _fits(name: str, node: Node) -> bool:
    if name == "discard":
        return node.draft
    if name in ("duplicate", "delete", "rehearse"):
        return node.stored
    return True
