"""Saving the object of a page: validation, the confirmation for open requests, and merging with changes by others."""

from functools import partial
from typing import TYPE_CHECKING

from console.forms.conflict_merge import resolve_conflict
from console.forms.open_requests_dialog import run_with_confirmation
from services.common.errors import ConflictError, ConsoleError, InvalidError
from services.language import tr

if TYPE_CHECKING:
    from console.forms.object_page import ObjectPage
    from models.base import ConfigurationObject


async def save_object_of(page: "ObjectPage") -> None:
    """Save what was typed on a page; open requests are confirmed and a conflict is merged in dialogs."""
    errors = await page.session.check()
    if errors or page.session.errors:
        _show_all_errors(page)
        return
    try:
        stored = await _save_merging(page)
    except InvalidError:
        _show_all_errors(page)
        return
    except ConsoleError as error:
        page.ctx.show_problem(error.problem)
        return
    if stored is not None:
        page.notice.clear()
        page.ctx.notify(tr("Saved {name}", name=stored.name))
        page.saved.emit(stored)


def _show_all_errors(page: "ObjectPage") -> None:
    page.form.show_errors(page.session.errors, page.session.suggestions, untouched=True)
    page.form.focus_first(lambda f: bool(f.error))


async def _save_merging(page: "ObjectPage") -> "ConfigurationObject | None":
    while True:
        try:
            done, stored = await run_with_confirmation(partial(_save_with, page), page.window() or page)
        except ConflictError as error:
            if await resolve_conflict(page, error):
                continue
            return None
        if not done or stored is None:
            return None
        await page.after_save(stored)
        return stored


async def _save_with(page: "ObjectPage", count: int) -> "ConfigurationObject":
    """Save with the number of open requests that was confirmed."""
    page.session.confirmed = count
    try:
        return await page.save_object()
    finally:
        page.session.confirmed = 0
