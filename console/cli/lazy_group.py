"""Groups of commands whose modules are imported when a command is called, not when its group is listed."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from console.cli.garbage import GARBAGE

if TYPE_CHECKING:
    from typer._click import Command, Context


Found = typer.Typer | Callable[..., None]
"""A group, or the function of a command."""


class CommandSource(NamedTuple):
    """What imports a command or a group, and what a list of commands says about it."""

    load: Callable[[], Found]
    summary: str
    """The first sentence of its help; `tests/console/cli/test_help.py` compares both."""


class LazyGroup(TyperGroup):
    """Lists its commands by their summaries; what is called is imported, and takes the place of its summary."""

    sources: ClassVar[Mapping[str, CommandSource]] = {}

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type] # typer passes every setting by its name
        for name, source in self.sources.items():
            self.commands[name] = TyperCommand(name, help=source.summary, rich_markup_mode=None)

    def resolve_command(
        self,
        ctx: "Context",
        args: list[str],
    ) -> "tuple[str | None, Command | None, list[str]]":
        """Import the command that is called."""
        if args[0] in self.sources:
            self.commands[args[0]] = import_command(args[0], self.sources[args[0]])
        return super().resolve_command(ctx, args)


def lazy_group(sources: Mapping[str, CommandSource]) -> type[LazyGroup]:
    """Return a group of the commands in `sources`, in their order; for the argument `cls` of `typer.Typer`."""
    return type("LazyGroupOfSources", (LazyGroup,), {"sources": sources})


def new_app(**settings: object) -> typer.Typer:
    """Return an app with the settings that all groups here have in common."""
    return typer.Typer(
        pretty_exceptions_enable=False,
        add_completion=False,
        rich_markup_mode=None,
        **settings,  # type: ignore[arg-type]
    )


def import_command(name: str, source: CommandSource) -> "Command":
    """Import a command and return it as a group of typer has it under `name`."""
    GARBAGE.hold()
    found = source.load()
    holder = new_app()
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name)
    else:
        holder.command(name)(found)
    command = typer.main.get_group(holder).commands[name]
    GARBAGE.release()
    return command
