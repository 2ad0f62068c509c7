"""The command Verify the audit trail."""

import asyncio

from console.runtime import lazy_imports
from console.runtime.activity import FAILED
from console.runtime.context import Context
from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.language import plural, tr, tr_message


async def verify_audit_trail(ctx: Context) -> None:
    """Verify the hash chain of the audit trail and report the result as activity; a broken trail also as a problem."""
    job = ctx.activity.begin(tr("Verify the audit trail"))
    workspace = await ctx.ready()
    await lazy_imports.ready(ctx, lazy_imports.audit)
    from services.audit import audit_signing

    report = await asyncio.to_thread(audit_signing.verify_audit_trail, workspace.store, workspace.vault)
    if report.ok:
        entries = plural(
            report.entries, "Audit trail intact, {count} entry", "Audit trail intact, {count} entries"
        )
        signed = tr("not signed") if report.signature.anchor is None else tr("signed")
        job.end(f"{entries}, {signed}")
        return
    job.end(report.problem, FAILED)
    ctx.show_problem(
        Problem(
            tried=tr_message("Verify the audit trail"),
            evidence=report.problem,
            cause=tr_message("The trail was changed from outside this program."),
            owner=Owner.CONSOLE,
            remedy=tr_message("Compare the store with its backups, and find out who may write to it."),
            fault=FaultId.AUDIT_BROKEN,
        )
    )
