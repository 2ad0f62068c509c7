"""Resolves a conflict: asks field by field and gives the page the merged values to save."""

import uuid
from functools import partial
from typing import TYPE_CHECKING

from console.forms.merge_dialog import MINE, THEIRS, USE_THEIRS_RESULT, MergeDialog, MergeRow, format_value
from console.runtime.context import Context
from console.runtime.task_runner import show_and_wait
from models.field_values import FieldValues
from models.kinds import KINDS, Kind
from services.common.errors import ConflictError
from services.language import tr

if TYPE_CHECKING:
    from console.forms.object_page import ObjectPage


async def resolve_conflict(page: "ObjectPage", error: ConflictError) -> bool:
    """Ask how to merge the values of a page with what somebody else saved; returns whether to save again."""
    if error.theirs is None:
        return await _resolve_deleted(page, error)
    session = page.session
    merged, theirs, conflicts = session.merge_conflict(error)
    names = await load_object_names(page.ctx)
    rows = [
        row
        for row in _merge_rows(page, error, merged, theirs, conflicts, names)
        if row.conflict or not row.was == row.theirs == row.mine  # rows that do not differ are left out
    ]
    who = error.theirs.get("changed_by") or tr("Somebody else")
    dialog = MergeDialog(
        tr("“{name}” was changed meanwhile", name=error.mine.get("name", "")),
        tr(
            "{who} saved it after it was opened here. Fields that only one of you changed are taken from who changed them; choose the version of the others.",
            who=who,
        ),
        rows,
        page.window(),
    )
    answer = await show_and_wait(dialog)
    version = int(error.theirs["version"])
    if answer == USE_THEIRS_RESULT:
        session.adopt(theirs, theirs, version)
        session.discard()
        page.ctx.notify(tr("Kept the version of {who}", who=who))
        return False
    if not answer:
        return False
    for one in page.form:
        side = session.values if dialog.picked(one.spec.name) == MINE else theirs
        merged |= {name: side[name] for name in one.editor.names if name in side}
    session.adopt(merged, theirs, version)
    return True


async def _resolve_deleted(page: "ObjectPage", error: ConflictError) -> bool:
    from console.forms.delete_dialogs import RecreateDialog

    if not await show_and_wait(RecreateDialog(str(error.mine.get("name", "")), page.window())):
        return False
    page.session.adopt({}, None, 0)
    return True


def _merge_rows(
    page: "ObjectPage",
    error: ConflictError,
    merged: FieldValues,
    theirs: FieldValues,
    conflicts: list[str],
    names: dict[uuid.UUID, str],
) -> list[MergeRow]:
    session, rows = page.session, []
    base = session.restored(error.base or {}) or session.base or {}
    for one in page.form:
        held = [name for name in one.editor.names if name in merged]
        if not held:
            continue
        # The values of one editor, such as id and name of an item, are chosen together and shown by the name.
        name = next((n for n in held if n.endswith("_name")), held[0])
        say = partial(format_value, names=names, seconds=name.endswith("_s"))
        rows.append(
            MergeRow(
                name=one.spec.name,
                label=tr(one.spec.label),
                was=say(base.get(name)),
                theirs=say(theirs.get(name)),
                mine=say(session.values[name]),
                conflict=any(n in conflicts for n in held),
                picked=MINE if all(merged[n] == session.values[n] for n in held) else THEIRS,
            )
        )
    return rows


async def load_object_names(ctx: Context) -> dict[uuid.UUID, str]:
    """Return the names of all objects by id, for showing references."""
    workspace = await ctx.ready()
    found: dict[uuid.UUID, str] = {}
    for kind in KINDS:
        for item in await ctx.call(workspace.configuration.all, Kind(kind)):
            found[item.id] = item.name
    return found
