"""The commands of the window, defined once."""

from collections.abc import Iterator
from typing import Any

from console.checks.check_schedule import INTERVALS
from console.navigation.locations import KIND_PATHS
from console.navigation.tree_places import find_page_nodes
from console.runtime.command_registry import Command
from models.kinds import KINDS, Kind
from models.translation_marks import tr_later

MENUS = (
    tr_later("File"),
    tr_later("Edit"),
    tr_later("View"),
    tr_later("Object"),
    tr_later("Requests"),
    tr_later("Tools"),
    tr_later("Help"),
)


def register_commands(window: Any) -> None:
    """Define every command of `window` in its context's registry."""
    add = window.ctx.commands.add
    for command in (
        *_file_commands(window),
        *_edit_commands(window),
        *_view_commands(window),
        *_object_commands(window),
        *_other_commands(window),
    ):
        add(command)


def _page_command(window: Any, name: str, text: str, where: str, **more: Any) -> Command:
    """Define a command that the shown page does; it can run while the page offers it."""
    return Command(
        name,
        text,
        lambda: window.run_on_page(name),
        enabled=lambda: window.page_supports(name),
        where=where,
        **more,
    )


def _file_commands(window: Any) -> tuple[Command, ...]:
    return (
        Command("setup", "Set up ServiceNow approvals…", window.open_wizard, icon="play", shortcut="Ctrl+Shift+N", where="File"),
        Command("new", "New", window.new_of_current_kind, enabled=lambda: window.current_kind() is not None, icon="plus", shortcut="Ctrl+N", where="File", separator_before=True),
        *_new_commands(window),
        Command("quit", "Quit", window.close, shortcut="Ctrl+Q", where="File", separator_before=True),
    )  # fmt: skip


def new_command_id(kind: Kind) -> str:
    """Return the id of the command that makes an object of a kind."""
    return f"new_{kind}"


def _new_commands(window: Any) -> Iterator[Command]:
    for kind in KIND_PATHS:
        info = KINDS[kind]
        yield Command(
            new_command_id(kind),
            info.new_name,
            lambda kind=kind: window.new(kind),
            icon=info.icon,
            where="File",
        )


def _edit_commands(window: Any) -> tuple[Command, ...]:
    return (
        _page_command(window, "save", "Save", "Edit", icon="disk", shortcut="Ctrl+S"),
        _page_command(window, "discard", "Discard changes", "Edit", icon="undo"),
        Command("undo", "Undo delete or rename", lambda: window.ctx.undo.undo_last(window), enabled=lambda: bool(window.ctx.undo.next), icon="undo", shortcut="Ctrl+Z", where="Edit", separator_before=True),
        Command("palette", "Find or run anything", window.open_palette, icon="search", shortcut="Ctrl+K", where="Edit", separator_before=True),
        Command("find", "Find here", window.focus_search, icon="search", shortcut="Ctrl+F", where="Edit"),
        Command("filter", "Filter the tree", window.focus_filter, icon="funnel", shortcut="Ctrl+Shift+F", where="Edit"),
    )  # fmt: skip


def _view_commands(window: Any) -> tuple[Command, ...]:
    schemes = (
        ("system", tr_later("Follow the system’s colours")),
        ("light", tr_later("Light")),
        ("dark", tr_later("Dark")),
        ("contrast", tr_later("High contrast")),
    )
    return (
        Command("back", "Back", window.go_back, enabled=window.can_go_back, shortcut="Alt+Left", where="View"),
        Command("forward", "Forward", window.go_forward, enabled=window.can_go_forward, shortcut="Alt+Right", where="View"),
        Command("home", "Home", window.go_home, icon="home", shortcut="Alt+Home", where="View"),
        _page_command(window, "refresh", "Refresh", "View", icon="refresh", shortcut="F5"),
        Command("next_tab", "Next tab", lambda: window.switch_tab(1), shortcut="Ctrl+Tab", where="View", separator_before=True),
        Command("previous_tab", "Previous tab", lambda: window.switch_tab(-1), shortcut="Ctrl+Shift+Tab", where="View"),
        Command("activity", "Activity", window.toggle_activity, icon="history", shortcut="Ctrl+J", where="View", separator_before=True),
        *(
            Command(f"theme_{scheme}", text, lambda scheme=scheme: window.set_scheme(scheme), where="View", separator_before=scheme == "system")
            for scheme, text in schemes
        ),
        Command("reset_layout", "Reset the layout", window.reset_layout, where="View", separator_before=True),
    )  # fmt: skip


def _object_commands(window: Any) -> tuple[Command, ...]:
    return (
        Command("rename", "Rename", window.rename, enabled=window.can_rename, icon="pencil", shortcut="F2", where="Object"),
        _page_command(window, "duplicate", "Duplicate", "Object", icon="copy", shortcut="Ctrl+D"),
        _page_command(window, "delete", "Delete", "Object", icon="bin", shortcut="Ctrl+Del", destructive=True, separator_before=True),
    )  # fmt: skip


def _schedule_commands(window: Any) -> Iterator[Command]:
    for minutes, text in INTERVALS:
        yield Command(
            f"check_every_{minutes}",
            text,
            lambda minutes=minutes: window.schedule.choose(minutes),
            where="Tools",
            submenu="Scheduled check",
            checked=lambda minutes=minutes: window.schedule.minutes == minutes,
        )


def _request_commands(window: Any) -> Iterator[Command]:
    yield _page_command(window, "copy_answer", "Copy answer for the caller", "Requests", icon="copy", shortcut="Ctrl+Shift+A", separator_before=True)  # fmt: skip
    yield _page_command(
        window, "open_in_servicenow", "Open in ServiceNow", "Requests", icon="open", shortcut="Ctrl+Shift+O"
    )
    yield _page_command(window, "approve", "Approve…", "Requests", icon="tick", separator_before=True)
    yield _page_command(window, "reject", "Reject…", "Requests", icon="cross")
    yield _page_command(window, "remind", "Remind…", "Requests", icon="history")
    yield _page_command(window, "cancel_request", "Cancel request…", "Requests", icon="bin", destructive=True)
    yield _page_command(
        window, "save_filter", "Save filter…", "Requests", icon="funnel", separator_before=True
    )
    yield _page_command(window, "export", "Export…", "Requests", icon="download", shortcut="Ctrl+E")
    yield Command("my_names", "My ServiceNow user and groups…", window.open_my_names, icon="user", where="Requests", separator_before=True)  # fmt: skip
    yield Command(
        "notify_requests",
        "Notify about new and overdue requests",
        window.news.toggle,
        where="Requests",
        checked=lambda: window.news.is_enabled,
    )


def _other_commands(window: Any) -> tuple[Command, ...]:
    return (
        Command("requests", "Show requests", window.go_requests, icon="tray", shortcut="Ctrl+R", where="Requests"),
        _page_command(window, "rehearse", "Rehearse a request…", "Requests", icon="play", shortcut="Ctrl+Shift+R"),
        *_request_commands(window),
        _page_command(window, "check", "Check connection", "Tools", icon="link", shortcut="Ctrl+Shift+C"),
        Command("check_all", "Check all servers", window.rounds.start, enabled=window.can_check_all, icon="gauge", where="Tools"),
        *_schedule_commands(window),
        *(
            Command(f"open_{task.key}", task.text, lambda task=task: window.show_target(task.target), icon=task.icon, where="Tools", separator_before=True)
            for task in find_page_nodes()
        ),
        Command("verify_audit", "Verify the audit trail", window.verify_audit, icon="history", where="Tools", separator_before=True),
        Command("faults", "Fault catalog", window.go_faults, icon="book", shortcut="Shift+F1", where="Help"),
        Command("shortcuts", "Keyboard shortcuts", window.show_shortcuts, shortcut="F1", where="Help", separator_before=True),
        Command("about", "About Approval Console", window.show_about, where="Help"),
    )  # fmt: skip
