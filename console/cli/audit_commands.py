"""`history` and `audit`: what changed, when, by whom, and whether the trail is whole."""

import asyncio
import json as json_module
import uuid
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from sqlmodel import col, select

from console.cli import output
from console.cli.arguments import ConfirmOpen, Json
from console.cli.command_context import get_command_context
from console.cli.errors import input_error
from models.audit_entry import AuditEntry
from models.kinds import KINDS, Kind
from services.audit import audit_signing
from services.common.fault_ids import FaultId
from services.common.file_writing import save_file, write_atomically
from services.common.uuid_text import parse_uuid
from services.configuration import RevisionView
from services.language import plural, tr
from services.store import NotFoundError
from services.store.audit_anchor import Anchor
from services.workspace import Workspace

ANCHOR_MAX_BYTES = 10_000
audit_app = typer.Typer(help="The audit trail.", no_args_is_help=True)


class _DefaultCommandGroup(typer.core.TyperGroup):
    """Lets `history KIND NAME` stand beside `history restore REVISION`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Treat everything but `restore` as the arguments of the list."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


history_app = typer.Typer(
    help=f"What changed, when, by whom: history [KIND NAME] [--json]. KIND is one of {', '.join(Kind)}.",
    cls=_DefaultCommandGroup,
)


@history_app.command("list", hidden=True)
def list_(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(Kind)}.")] = "",
    name: Annotated[str, typer.Argument(help="Name of the object.")] = "",
    json: Json = False,
) -> None:
    """List revisions, newest first: of one object, present or deleted, or of everything."""

    async def work(workspace: Workspace) -> int:
        views = await asyncio.to_thread(_load_revisions, workspace, kind, name)
        if json:
            output.print_json({"revisions": [v.as_dict() for v in views]})
        else:
            rows = [
                (
                    f"{v.at:%Y-%m-%d %H:%M:%S}",
                    v.by,
                    v.operation,
                    v.object_name,
                    _changed_fields_text(v),
                    str(v.id),
                )
                for v in views
            ]
            output.print_table(
                ("At (UTC)", "By", "What", "Object", "Changes", "Revision"), rows, whole=("Revision",)
            )
        return output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


def _load_revisions(workspace: Workspace, kind: str, name: str) -> list[RevisionView]:
    if not kind:
        return workspace.configuration.history_all()
    known = {k.value: k for k in Kind} | {info.table.replace("_", "-"): k for k, info in KINDS.items()}
    if kind not in known:
        raise NotFoundError(f"the history of the kind “{kind}”", kind, [*Kind])
    if not name:
        raise typer.BadParameter("a kind is followed by the name of an object", param_hint="NAME")
    return workspace.configuration.history_by_name(known[kind], name)


def _changed_fields_text(view: RevisionView) -> str:
    return ", ".join(c.name for c in view.changes)


def _parse_revision_id(text: str) -> uuid.UUID:
    found = parse_uuid(text)
    if found is None:
        raise typer.BadParameter(f"“{text}” is not a valid UUID.")
    return found


@history_app.command()
def restore(
    context: typer.Context,
    revision: Annotated[
        uuid.UUID,
        typer.Argument(help="Id of the revision.", parser=_parse_revision_id, metavar="REVISION"),
    ],
    confirm_open: ConfirmOpen = 0,
) -> None:
    """Bring an object back to what it was after a revision; that is one more revision."""

    async def work(workspace: Workspace) -> int:
        restored = partial(workspace.configuration.restore, revision, confirmed=confirm_open)
        item = await asyncio.to_thread(restored)
        output.print_message(f"“{item.name}” is restored, as version {item.version}.")
        return output.EXIT_OK

    get_command_context(context).run(work)


VERIFY_HELP = """Walk the hash chain over every change and every timeline; 1 when something was edited, deleted, moved or cut off.

The last signature that the vault's key made is compared too, and with --anchor a file that audit anchor wrote.
So a store whose hashes were all computed anew is noticed, and with --anchor an older copy that was put back.

What cannot be detected: changes by somebody who has the key of the vault; changes of what was written since the last
signature or anchor, if all hashes after it were computed anew; an older copy that still holds everything that the last
anchor names; a whole other store in its place, without --anchor; and, where the vault is env or session, that a signature
was removed. What is only copied from ServiceNow, such as the requests that Privilege Manager raised and the states seen
there, is not in the chain: it is read again from the instance.
"""


@audit_app.command(help=VERIFY_HELP)
def verify(
    context: typer.Context,
    anchor: Annotated[
        Path | None, typer.Option("--anchor", metavar="FILE", help="A file that audit anchor wrote before.")
    ] = None,
    json: Json = False,
) -> None:
    """Walk the hash chain and compare it with what was signed."""

    async def work(workspace: Workspace) -> int:
        known = await asyncio.to_thread(_read_anchor, anchor) if anchor is not None else None
        report = await asyncio.to_thread(
            audit_signing.verify_audit_trail, workspace.store, workspace.vault, known
        )
        if json:
            output.print_json(report.as_dict())
        elif report.ok:
            output.print_result(tr("Audit trail intact: {entries}.", entries=_entries_text(report.entries)))
        else:
            output.print_result(f"The audit trail is broken: {report.problem}.")
        output.print_message(_signature_text(report))
        if known is not None and report.ok:
            output.print_message(
                f"It agrees with the anchor of {known.at:%Y-%m-%d %H:%M:%S} UTC: {_entries_text(known.entries)}."
            )
        for remark in report.remarks:
            output.print_message(remark)
        return output.EXIT_OK if report.ok else output.EXIT_NOT_OK

    get_command_context(context).run(work, json_too=json)


def _signature_text(report: audit_signing.AuditReport) -> str:
    signed = report.signature.anchor
    if signed is None:
        return f"Not signed. {report.signature.why_not}"
    if report.signature.problem:
        return f"Not signed by the vault's key {signed.fingerprint}: {report.signature.problem}."
    text = f"Signed at {signed.at:%Y-%m-%d %H:%M:%S} UTC with {_entries_text(signed.entries)}, key {signed.fingerprint}."
    later = report.entries - signed.entries
    return (
        text
        if later <= 0
        else f"{text} {_entries_text(later)} after that {'is' if later == 1 else 'are'} not signed yet."
    )


@audit_app.command("anchor")
def anchor_(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="Where to write; without it, to standard output.")
    ] = None,
    renew: Annotated[
        bool,
        typer.Option(
            "--renew", help="Sign the store as it is, although it does not continue what was signed before."
        ),
    ] = False,
) -> None:
    """Sign the head of the audit trail, and write it to be kept elsewhere: entries, hash, time, key, signature."""

    async def work(workspace: Workspace) -> int:
        made = await asyncio.to_thread(
            partial(audit_signing.sign_audit_trail, workspace.store, workspace.vault, renew=renew)
        )
        if file is None:
            output.print_json(made.as_dict())
        else:
            await asyncio.to_thread(_write_anchor, file, made)
        if made.key:
            output.print_message(f"Signed: {_entries_text(made.entries)}, key {made.fingerprint}.")
        else:
            output.print_message(
                f"Not signed: {_entries_text(made.entries)}. {workspace.vault.no_audit_key_reason}"
            )
        if file is not None:
            output.print_message(f"Written to {file}. Keep it where those who may write to the store cannot.")
        return output.EXIT_OK

    get_command_context(context).run(work)


def _write_anchor(file: Path, made: Anchor) -> None:
    try:
        save_file(file, (json_module.dumps(made.as_dict(), indent=2) + "\n").encode())
    except OSError as error:
        raise output.file_error("Write", str(file), error) from error


def _read_anchor(file: Path) -> Anchor:
    try:
        with file.open("rb") as content:
            return Anchor.of(json_module.loads(content.read(ANCHOR_MAX_BYTES)))
    except OSError as error:
        raise output.file_error("Read", str(file), error) from error
    except (ValueError, RecursionError) as error:
        plain = str(error) if type(error) is ValueError else "It is not JSON."
        raise input_error(
            f"Read {file}",
            plain,
            "The file is no anchor, or it was damaged.",
            "Name a file that audit anchor wrote.",
            FaultId.FILE_UNUSABLE,
        ) from None


@audit_app.command("export")
def export_(context: typer.Context, file: Annotated[Path, typer.Argument(help="Where to write.")]) -> None:
    """Write the audit trail as JSON lines."""

    async def work(workspace: Workspace) -> int:
        count = await asyncio.to_thread(_write_entries, workspace, file)
        output.print_message(
            plural(count, "{count} entry written to {file}.", "{count} entries written to {file}.", file=file)
        )
        return output.EXIT_OK

    get_command_context(context).run(work)


def _entries_text(count: int) -> str:
    return plural(count, "{count} entry", "{count} entries")


def _write_entries(workspace: Workspace, file: Path) -> int:
    count = 0

    def write(out: BinaryIO) -> None:
        nonlocal count
        with workspace.store.read() as session:
            for entry in session.exec(select(AuditEntry).order_by(col(AuditEntry.seq))).yield_per(500):
                out.write(
                    (json_module.dumps(entry.model_dump(mode="json"), ensure_ascii=False) + "\n").encode()
                )
                count += 1

    try:
        write_atomically(file, write)
    except OSError as error:
        raise output.file_error("Write", str(file), error) from error
    return count
