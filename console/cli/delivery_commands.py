"""`deliveries`: answers on their way back to the programs that asked."""

import asyncio
import uuid
from typing import Annotated

import typer

from console.cli import output
from console.cli.command_context import get_command_context
from models.base import utcnow
from models.delivery import Delivery, DeliveryState
from services.answers.delivery_list import delivery_as_dict
from services.answers.outbox import LIST_MAX, Outbox, list_deliveries
from services.workspace import Workspace

app = typer.Typer(help="Answers on their way back.", no_args_is_help=True)


@app.command("list")
def list_(
    context: typer.Context,
    state: Annotated[str, typer.Option(help=f"One of {', '.join(DeliveryState)}.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output.")] = False,
) -> None:
    """List answers, the newest first: where they go, tries, and what the other side said last."""
    wanted = _parse_state(state)

    async def work(workspace: Workspace) -> int:
        found = await asyncio.to_thread(list_deliveries, workspace.store, wanted)
        if json:
            output.print_json({"deliveries": [delivery_as_dict(one) for one in found]})
            return output.EXIT_OK
        heads = ("Id", "Client", "Outcome", "State", "Tries", "Ended", "Last")
        output.print_table(heads, [_row(one) for one in found], whole={"Id"})
        if len(found) == LIST_MAX:
            output.print_message(f"Only the newest {LIST_MAX} are shown.")
        return output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


@app.command()
def retry(
    context: typer.Context,
    delivery: Annotated[str, typer.Argument(metavar="ID", help="Id of the delivery.")],
) -> None:
    """Send an answer again that was given up, or that waits; the worker does it at once. One that was delivered stays so."""
    key = _parse_id(delivery)

    async def work(workspace: Workspace) -> int:
        row = await asyncio.to_thread(Outbox(workspace.store).retry, key, utcnow())
        if row.state == DeliveryState.DELIVERED:
            output.print_message(f"It was delivered to “{row.client_name}” already; nothing is sent.")
        else:
            output.print_message(f"It is sent to “{row.client_name}” by the next worker.")
        return output.EXIT_OK

    get_command_context(context).run(work)


def _row(one: Delivery) -> tuple[str, ...]:
    return (
        str(one.id),
        one.client_name,
        one.outcome,
        one.state,
        str(one.tries),
        f"{one.created_at:%Y-%m-%d %H:%M:%SZ}",
        one.reason or one.last_status,
    )


def _parse_state(text: str) -> DeliveryState | None:
    try:
        return DeliveryState(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"is none of {', '.join(DeliveryState)}", param_hint="--state") from None


def _parse_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise typer.BadParameter("is no id of a delivery", param_hint="ID") from None
