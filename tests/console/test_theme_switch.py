"""A theme that is switched while the window is open leaves nothing in the colours of the one before."""

import asyncio

from PyQt6.QtGui import QColor, QImage

from console.design import theme
from console.design.colours import COLOURS, SCHEMES
from console.provisioning.run_texts import stopped_outcome
from console.runtime.targets import Target
from models.kinds import Kind
from services.connectivity.check_history import save_check
from tests.console.everything import PROBLEM, findings, laid_out
from tests.console.inbox.support import put, request
from tests.console.page_support import until
from tests.console.windows import filled, opened_window, shown

SHAPES = ("good-icon", "notice-icon", "bad-icon", "off-icon", "muted", "good-bg", "notice-bg", "bad-bg")
"""Colours that icons and shapes are drawn in."""


def colours_of(scheme):
    """Return the colours that only this scheme has."""
    own = {COLOURS[name][SCHEMES.index(scheme)] for name in SHAPES}
    others = {colours[i] for colours in COLOURS.values() for i in range(len(SCHEMES)) if SCHEMES[i] != scheme}
    return {QColor(colour).rgb() for colour in own - others}


def shown_in(image, colours):
    """Return which of the colours a picture holds."""
    picture = image.convertToFormat(QImage.Format.Format_RGB32)
    bits = picture.constBits()
    data = bits.asstring(picture.sizeInBytes())
    found = set()
    for colour in colours:
        pixel = (colour & 0xFFFFFFFF).to_bytes(4, "little")
        place = data.find(pixel)
        while place >= 0:
            if place % 4 == 0:
                found.add(QColor(colour).name())
                break
            place = data.find(pixel, place + 1)
    return found


def test_no_icon_keeps_the_colours_of_the_theme_before(run, qapp, tmp_path):
    """Each page is built in one theme, switched to the other, and holds no colour that only the first one has."""

    async def story():
        async with opened_window(str(tmp_path / "a.db"), tmp_path / "profile") as window:
            left, seen = {}, set()

            def switch(name):
                before = theme.current().scheme
                old = colours_of(before)
                seen.update(shown_in(window.grab().toImage(), old))
                theme.apply(qapp, "dark" if before == "light" else "light")
                laid_out()
                if wrong := shown_in(window.grab().toImage(), old):
                    left[f"{name}, after {before}"] = wrong

            made = await filled(window)
            server, process = made[Kind.FOREIGN_SYSTEM], made[Kind.APPROVAL_PROCESS]
            await window.ctx.call(save_check, window.ctx.workspace.store, server, findings(), process)
            window.ctx.activity.begin("Copy", lambda: None).end("done", "failed")
            for kind, item, tab in (
                (Kind.FOREIGN_SYSTEM, server, "Check"),
                (Kind.APPROVAL_PROCESS, process, "Details"),
                (Kind.APPROVAL_PROCESS, process, "Used by"),
                (Kind.APPROVAL_PROCESS, process, "History"),
            ):
                page = await shown(window, kind, item)
                page.open_tab(tab)
                await until(lambda page=page: not page.tasks.busy)
                switch(f"{kind} {tab}")
            page.open_tab("Details")
            page.session.edit({"name": ""})
            switch("an error")
            page.discard()
            for target in (Target("home"), Target("faults"), Target("provisioning", tab=str(server.id))):
                window.show_target(target)
                await asyncio.sleep(0)
                await until(lambda: not window.page.tasks.busy)
                switch(target.kind)
            window.page.plan_tab.run.show_outcome(stopped_outcome("The run stopped", PROBLEM, "receipt"))
            window.page.plan_tab.right.setCurrentIndex(2)
            switch("a run")
            put(window.ctx.workspace.store, request(1, 1100, mismatch="order-approved"))
            window.show_target(Target("requests"))
            await until(lambda: window.page.model.rowCount() == 1)
            window.page.table.selectRow(0)
            await until(lambda: window.page.pane.answer)
            switch("requests")
            assert seen
            assert left == {}

    try:
        run(story())
    finally:
        theme.apply(qapp, "light")
