"""The commands of the window. The menu bar, the palette, context menus and shortcuts are built from these definitions."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QWidget

from console.checks.check_schedule import INTERVALS
from console.navigation.tree_definition import find_page_nodes, kinds_in_tree
from console.runtime.command_registry import Command
from console.runtime.context import Context
from console.runtime.page_targets import (
    CONNECT,
    EXPIRIES,
    FAULTS,
    FOLDER,
    HOME,
    MOVE_OFF,
    REQUESTS,
    Target,
)
from console.shell.audit_verification import verify_audit_trail
from models.kinds import KINDS, Kind
from models.translation_marks import tr_later

if TYPE_CHECKING:
    from console.shell.main_window import Window

MENUS = (
    tr_later("File"),
    tr_later("Edit"),
    tr_later("View"),
    tr_later("Object"),
    tr_later("Requests"),
    tr_later("Tools"),
    tr_later("Help"),
)


def open_wizard(ctx: Context, window: QWidget) -> None:
    """Open the set-up wizard, which is imported when it is first opened."""
    from console.setup import wizard

    wizard.open_wizard(ctx, window)


def try_window(window: "Window") -> None:
    """Open the approval window of the page's action, elsewhere that of the action that was changed last."""
    if not window.pages.run("try_window"):
        from console.endpoint.endpoint_dialog import open_newest_endpoint_window

        window.tasks.start(open_newest_endpoint_window(window.ctx, window), group="try window")


def open_guide(window: "Window", guide: str) -> None:
    """Open a guide for the object of the page, elsewhere for the only one that has it; several are listed first."""
    guided = list(_guided_objects(window, guide))
    if window.pages.run(guide):
        return
    if len(guided) == 1:
        window.show_target(guided[0])
    else:
        kinds = [kind for kind, definition in KINDS.items() if definition.guide == guide]
        window.show_target(Target(f"{FOLDER}:{kinds[0]}"))


def _guided_objects(window: "Window", guide: str) -> Iterator[Target]:
    """Yield the page of a guide for each stored object that has it."""
    return (
        Target(guide, node.object_id)
        for node in window.model.objects()
        if node.kind is not None
        and KINDS[node.kind].guide == guide
        and node.stored
        and node.object_id is not None
    )


def _guide_command(window: "Window", guide: str, text: str, icon: str) -> Command:
    return Command(
        guide,
        text,
        partial(open_guide, window, guide),
        enabled=lambda: any(_guided_objects(window, guide)),
        icon=icon,
        where="Tools",
    )


def register_commands(window: "Window") -> None:
    """Register the commands of a window; a new one is added to one of the functions below."""
    add = window.ctx.commands.add
    for command in (
        *_file_commands(window),
        *_edit_commands(window),
        *_view_commands(window),
        *_object_commands(window),
        *_other_commands(window),
    ):
        add(command)


def _page_command(
    window: "Window",
    name: str,
    text: str,
    where: str,
    *,
    icon: str = "",
    shortcut: str = "",
    destructive: bool = False,
    separator_before: bool = False,
) -> Command:
    """Return a command that the shown page runs; it is enabled while the page supports it."""
    return Command(
        name,
        text,
        lambda: window.pages.run(name),
        enabled=lambda: window.pages.supports(name),
        icon=icon,
        shortcut=shortcut,
        where=where,
        destructive=destructive,
        separator_before=separator_before,
    )


def _file_commands(window: "Window") -> tuple[Command, ...]:
    return (
        Command("setup", "Set up ServiceNow approvals…", partial(open_wizard, window.ctx, window), icon="play", shortcut="Ctrl+Shift+N", where="File"),
        Command("new", "New", window.objects.new_of_current_kind, enabled=lambda: window.objects.current_kind() is not None, icon="plus", shortcut="Ctrl+N", where="File", separator_before=True),
        *_new_commands(window),
        Command("quit", "Quit", window.close, shortcut="Ctrl+Q", where="File", separator_before=True),
    )  # fmt: skip


def new_command_id(kind: Kind) -> str:
    """Return the id of the command that makes an object of a kind."""
    return f"new_{kind}"


def _new_commands(window: "Window") -> Iterator[Command]:
    for kind in kinds_in_tree():
        info = KINDS[kind]
        yield Command(
            new_command_id(kind),
            info.new_name,
            partial(window.objects.new, kind),
            icon=info.icon,
            where="File",
        )


def _edit_commands(window: "Window") -> tuple[Command, ...]:
    return (
        _page_command(window, "save", "Save", "Edit", icon="disk", shortcut="Ctrl+S"),
        _page_command(window, "discard", "Discard changes", "Edit", icon="undo"),
        Command("undo", "Undo delete or rename", partial(window.ctx.undo.undo_last, window), enabled=lambda: bool(window.ctx.undo.next), icon="undo", shortcut="Ctrl+Z", where="Edit", separator_before=True),
        Command("palette", "Find or run anything", window.open_palette, icon="search", shortcut="Ctrl+K", where="Edit", separator_before=True),
        Command("find", "Find here", window.focus_search, icon="search", shortcut="Ctrl+F", where="Edit"),
        Command("filter", "Filter the tree", window.focus_filter, icon="funnel", shortcut="Ctrl+Shift+F", where="Edit"),
    )  # fmt: skip


def _view_commands(window: "Window") -> tuple[Command, ...]:
    schemes = (
        ("system", tr_later("Follow the system’s colours")),
        ("light", tr_later("Light")),
        ("dark", tr_later("Dark")),
        ("contrast", tr_later("High contrast")),
    )
    return (
        Command("back", "Back", window.pages.go_back, enabled=window.pages.can_go_back, shortcut="Alt+Left", where="View"),
        Command("forward", "Forward", window.pages.go_forward, enabled=window.pages.can_go_forward, shortcut="Alt+Right", where="View"),
        Command("home", "Home", partial(window.show_target, Target(HOME)), icon="home", shortcut="Alt+Home", where="View"),
        _page_command(window, "refresh", "Refresh", "View", icon="refresh", shortcut="F5"),
        Command("next_tab", "Next tab", partial(window.pages.switch_tab, 1), shortcut="Ctrl+Tab", where="View", separator_before=True),
        Command("previous_tab", "Previous tab", partial(window.pages.switch_tab, -1), shortcut="Ctrl+Shift+Tab", where="View"),
        Command("activity", "Activity", window.toggle_activity, icon="history", shortcut="Ctrl+J", where="View", separator_before=True),
        *(
            Command(f"theme_{scheme}", text, partial(window.set_scheme, scheme), where="View", separator_before=scheme == "system")
            for scheme, text in schemes
        ),
        Command("reset_layout", "Reset the layout", window.reset_layout, where="View", separator_before=True),
    )  # fmt: skip


def _object_commands(window: "Window") -> tuple[Command, ...]:
    return (
        Command("rename", "Rename", window.objects.rename, enabled=window.objects.can_rename, icon="pencil", shortcut="F2", where="Object"),
        _page_command(window, "duplicate", "Duplicate", "Object", icon="copy", shortcut="Ctrl+D"),
        _page_command(window, "delete", "Delete", "Object", icon="bin", shortcut="Ctrl+Del", destructive=True, separator_before=True),
    )  # fmt: skip


def _schedule_commands(window: "Window") -> Iterator[Command]:
    for minutes, text in INTERVALS:
        yield Command(
            f"check_every_{minutes}",
            text,
            partial(window.schedule.choose, minutes),
            where="Tools",
            submenu="Scheduled check",
            checked=partial(_is_interval, window, minutes),
        )


def _is_interval(window: "Window", minutes: int) -> bool:
    return window.schedule.minutes == minutes


def _request_commands(window: "Window") -> Iterator[Command]:
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
    yield Command("my_names", "My ServiceNow user and groups…", partial(_open_my_names, window), icon="user", where="Requests", separator_before=True)  # fmt: skip
    yield Command(
        "notify_requests",
        "Notify about new and overdue requests",
        window.news.toggle,
        where="Requests",
        checked=lambda: window.news.is_enabled,
    )


def _other_commands(window: "Window") -> tuple[Command, ...]:
    return (
        Command("requests", "Show requests", partial(window.show_target, Target(REQUESTS)), icon="tray", shortcut="Ctrl+R", where="Requests"),
        _page_command(window, "rehearse", "Rehearse a request…", "Requests", icon="play", shortcut="Ctrl+Shift+R"),
        *_request_commands(window),
        Command("try_window", "Try the approval window…", partial(try_window, window), icon="play", where="Object", separator_before=True),
        _page_command(window, "check", "Check connection", "Tools", icon="link", shortcut="Ctrl+Shift+C"),
        _guide_command(window, CONNECT, "Connect Privilege Manager…", "up-down"),
        _guide_command(window, MOVE_OFF, "Move off passwords…", "key"),
        Command("check_all", "Check all servers", window.rounds.start, enabled=window.can_check_all, icon="gauge", where="Tools"),
        *_schedule_commands(window),
        *(
            Command(f"open_{task.key}", task.text, partial(window.show_target, task.target), icon=task.icon, where="Tools", separator_before=True)
            for task in find_page_nodes()
        ),
        Command("expiries", "Expiries", partial(window.show_target, Target(EXPIRIES)), icon="history", where="Tools", separator_before=True),
        Command("verify_audit", "Verify the audit trail", lambda: window.tasks.start(verify_audit_trail(window.ctx), group="audit"), icon="history", where="Tools"),
        Command("faults", "Fault catalog", partial(window.show_target, Target(FAULTS)), icon="book", shortcut="Shift+F1", where="Help"),
        Command("shortcuts", "Keyboard shortcuts", partial(_show_shortcuts, window), shortcut="F1", where="Help", separator_before=True),
        Command("about", "About Approval Console", partial(_show_versions, window), where="Help"),
    )  # fmt: skip


def _open_my_names(window: "Window") -> None:
    from console.inbox.my_names_dialog import open_my_names

    open_my_names(window.settings, window, window.saved_filters.filters.reset_inbox)


def _show_shortcuts(window: "Window") -> None:
    from console.shell.dialogs import shortcuts_sheet

    shortcuts_sheet(window.ctx.commands, window).open()


def _show_versions(window: "Window") -> None:
    from console.shell.dialogs import about_sheet

    about_sheet(window.ctx.options.store, window.ctx.options.vault, window).open()
