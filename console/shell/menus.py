"""Menus: the menu bar and the context menus of the tree, both made from the commands."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QMenuBar, QWidget

from console.navigation.node_tree import Node
from console.runtime.command_registry import Command, CommandRegistry
from console.shell.page_registry import page_class
from console.shell.window_commands import MENUS, new_command_id
from console.widgets import plain_text
from services.language import tr

if TYPE_CHECKING:
    from console.shell.tree_controller import TreeController

OBJECT_COMMANDS = ("rename", "duplicate", "check", "rehearse", "connect", "move_off", "discard", "delete")


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
    """Return the submenu of a command, created for the first command in it."""
    for action in menu.actions():
        found: QMenu | None = action.menu()
        if found is not None and found.title() == command.submenu:
            return found
    made = menu.addMenu(command.submenu)
    assert made is not None  # noqa: S101 - Qt makes it
    return made


def node_menu(objects: "TreeController", node: Node, parent: QWidget) -> QMenu:
    """Return the context menu of a node: for a folder how to create an object, for an object its commands."""
    menu = QMenu(parent)
    menu.setAccessibleName(plain_text.one_line(node.text))
    commands = objects.ctx.commands
    if node.saved_filter:
        _add_filter_commands(menu, objects, node)
        return menu
    if node.object_id is None:
        if node.place is not None and node.place.new and node.kind is not None:
            _add_new_commands(menu, node.place.new, commands, new_command_id(node.kind))
        _add_open_command(menu, objects, node)
        return menu
    _add_open_command(menu, objects, node)
    menu.addSeparator()
    for command in _object_commands(commands, node):
        if command.destructive:
            menu.addSeparator()
        action = commands.entry(command.id, menu, partial(objects.run_on_node, node, command.id))
        menu.addAction(action)
    return menu


def _add_filter_commands(menu: QMenu, objects: "TreeController", node: Node) -> None:
    """Add the commands of a saved filter."""
    commands = objects.ctx.commands
    _add_open_command(menu, objects, node)
    menu.addSeparator()
    menu.addAction(commands.entry("rename", menu, partial(objects.edit_name, node)))
    menu.addSeparator()
    menu.addAction(commands.entry("delete", menu, partial(objects.delete_node, node)))


def _add_open_command(menu: QMenu, objects: "TreeController", node: Node) -> None:
    action = QAction(tr("Open"), menu)
    action.triggered.connect(lambda *_checked: objects.show_node(node))
    menu.addAction(action)
    menu.setDefaultAction(action)


def _add_new_commands(menu: QMenu, path: tuple[str, ...], commands: CommandRegistry, command_id: str) -> None:
    for text in path[:-1]:
        deeper = menu.addMenu(tr(text))
        if deeper is not None:
            menu = deeper
    menu.addAction(commands.entry(command_id, menu, partial(commands.run, command_id), text=tr(path[-1])))


def _object_commands(commands: CommandRegistry, node: Node) -> Iterator[Command]:
    """Yield the commands that may apply to an object; its page decides whether they can run."""
    offered = {"rename", "duplicate", "delete", *page_class(node.target).offered}
    for name in OBJECT_COMMANDS:
        if name in offered and _applies_to(name, node):
            yield commands.get(name)


def _applies_to(name: str, node: Node) -> bool:
    if name == "discard":
        return node.draft
    if name in ("duplicate", "delete", "rehearse", "connect", "move_off"):
        return node.stored
    return True
