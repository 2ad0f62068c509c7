"""`history` and `audit`: what changed, when, by whom, and whether the trail is whole."""

import asyncio
import json as json_module
import uuid
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import col, select

from console.cli import output
from console.cli.context import ConfirmOpen, of
from models.audit_entry import AuditEntry
from models.kinds import KINDS, Kind
from services.configuration import RevisionView
from services.ids import uuid_of
from services.language import plural, tr
from services.store import NotFoundError
from services.workspace import Workspace

audit_app = typer.Typer(help="The audit trail.", no_args_is_help=True)


class _WordsFirst(typer.core.TyperGroup):
    """Lets `history KIND NAME` stand beside `history restore REVISION`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Treat everything but `restore` as the arguments of the list."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


history_app = typer.Typer(
    help=f"What changed, when, by whom: history [KIND NAME] [--json]. KIND is one of {', '.join(Kind)}.",
    cls=_WordsFirst,
)


@history_app.command("list", hidden=True)
def list_(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(Kind)}.")] = "",
    name: Annotated[str, typer.Argument(help="Name of the object.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output.")] = False,
) -> None:
    """List revisions, newest first: of one object, present or deleted, or of everything."""

    async def work(workspace: Workspace) -> int:
        views = await asyncio.to_thread(_views, workspace, kind, name)
        if json:
            output.as_json({"revisions": [v.as_dict() for v in views]})
        else:
            rows = [
                (f"{v.at:%Y-%m-%d %H:%M:%S}", v.by, v.operation, v.object_name, _changes(v), str(v.id))
                for v in views
            ]
            output.table(
                ("At (UTC)", "By", "What", "Object", "Changes", "Revision"), rows, whole=("Revision",)
            )
        return output.GOOD

    of(context).run(work, json_too=json)


def _views(workspace: Workspace, kind: str, name: str) -> list[RevisionView]:
    if not kind:
        return workspace.configuration.history_all()
    known = {k.value: k for k in Kind} | {info.table.replace("_", "-"): k for k, info in KINDS.items()}
    if kind not in known:
        raise NotFoundError(f"the history of the kind “{kind}”", kind, [*Kind])
    if not name:
        raise typer.BadParameter("a kind is followed by the name of an object", param_hint="NAME")
    return workspace.configuration.history_named(known[kind], name)


def _changes(view: RevisionView) -> str:
    return ", ".join(c.name for c in view.changes)


def _revision_id(text: str) -> uuid.UUID:
    found = uuid_of(text)
    if found is None:
        raise typer.BadParameter(f"“{text}” is not a valid UUID.")
    return found


@history_app.command()
def restore(
    context: typer.Context,
    revision: Annotated[
        uuid.UUID, typer.Argument(help="Id of the revision.", parser=_revision_id, metavar="REVISION")
    ],
    confirm_open: ConfirmOpen = 0,
) -> None:
    """Bring an object back to what it was after a revision; that is one more revision."""

    async def work(workspace: Workspace) -> int:
        restored = partial(workspace.configuration.restore, revision, confirmed=confirm_open)
        item = await asyncio.to_thread(restored)
        output.say(f"“{item.name}” is restored, as version {item.version}.")
        return output.GOOD

    of(context).run(work)


@audit_app.command()
def verify(context: typer.Context) -> None:
    """Walk the hash chain; 1 when an entry was edited, deleted, moved or cut off."""

    async def work(workspace: Workspace) -> int:
        verdict = await asyncio.to_thread(workspace.store.verify_audit)
        if verdict.ok:
            output.result(tr("Audit trail intact: {entries}.", entries=_entries(verdict.checked)))
            return output.GOOD
        output.result(f"The audit trail is broken: {verdict.problem}.")
        return output.NOT_GOOD

    of(context).run(work)


@audit_app.command("export")
def export_(context: typer.Context, file: Annotated[Path, typer.Argument(help="Where to write.")]) -> None:
    """Write the audit trail as JSON lines."""

    async def work(workspace: Workspace) -> int:
        count = await asyncio.to_thread(_export, workspace, file)
        output.say(
            plural(count, "{count} entry written to {file}.", "{count} entries written to {file}.", file=file)
        )
        return output.GOOD

    of(context).run(work)


def _entries(count: int) -> str:
    return plural(count, "{count} entry", "{count} entries")


def _export(workspace: Workspace, file: Path) -> int:
    count = 0
    try:
        with workspace.store.read() as session, file.open("w", encoding="utf-8") as out:
            for entry in session.exec(select(AuditEntry).order_by(col(AuditEntry.seq))).yield_per(500):
                out.write(json_module.dumps(entry.model_dump(mode="json"), ensure_ascii=False) + "\n")
                count += 1
    except OSError as error:
        raise output.file_error("Write", str(file), error) from error
    return count
