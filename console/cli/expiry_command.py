"""`expiries`: everything that runs out, the nearest first."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import Json
from console.cli.command_context import get_command_context
from models.kinds import KINDS
from services.expiries.calendar import Expiry, build_calendar, within
from services.language import day, tr, translate, translate_message
from services.workspace import Workspace

DAYS_MAX = 36_500


def expiries(
    context: typer.Context,
    within_days: Annotated[
        int | None,
        typer.Option(
            "--within",
            metavar="DAYS",
            min=0,
            max=DAYS_MAX,
            help="Only what ends within so many calendar days, has ended, or cannot be read.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """List what runs out, the nearest first: secrets, keys, certificates, and the end of basic authentication.

    Days left are calendar days of this computer's time zone: 0 is today. Nothing is asked of a server.
    """

    async def work(workspace: Workspace) -> int:
        found = await asyncio.to_thread(_read, workspace)
        if within_days is not None:
            found = within(found, within_days)
        if json:
            output.print_json({"expiries": [one.as_dict() for one in found]})
            return output.EXIT_OK
        heads = (tr("What"), tr("Object"), tr("Expires"), tr("Days left"), tr("State"), tr("Remedy"))
        output.print_table(heads, [_row(one) for one in found], whole={heads[2]})
        if not found:
            output.print_message(tr("Nothing expires."))
        return output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


def _read(workspace: Workspace) -> list[Expiry]:
    # Reading certificates loads much that no other command needs.
    from services.expiries.facts import read_expiry_facts, read_stored_expiries

    stored = read_stored_expiries(workspace.configuration, workspace.store)
    return build_calendar(read_expiry_facts(stored, workspace.vault), datetime.now(UTC))


def _row(one: Expiry) -> tuple[str, ...]:
    fact = one.fact
    detail = translate_message(fact.detail)
    return (
        translate(fact.what),
        f"{translate(KINDS[fact.object_kind].singular)} {fact.object_name}",
        day(one.expires_at) if one.expires_at is not None else "",
        "" if one.days_left is None else str(one.days_left),
        f"{one.state.value}: {detail}" if detail and one.expires_at is None else one.state.value,
        translate(fact.remedy),
    )
