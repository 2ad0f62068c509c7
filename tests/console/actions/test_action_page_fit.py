"""The page of an action and the approval window fit: large letters, German, right to left, every theme."""

import pytest

from console.design import theme
from console.endpoint.endpoint_dialog import open_endpoint_window
from models.kinds import Kind
from services.language import current_language, set_language
from services.practice import PracticeInstance
from services.practice.privilege_manager import PracticePrivilegeManager
from tests.console.actions.support import make_scene, save_export, settled
from tests.console.clipping import cut_off
from tests.console.endpoint.support import make_way
from tests.console.everything import laid_out
from tests.console.test_clipping import lettered
from tests.console.windows import opened_window, shown

__all__ = ["lettered"]

TEXTS = '{"ar": {"FlowDirection": "RightToLeft", "UserLabel": "المستخدم:"}}'


@pytest.fixture
def german():
    before = current_language()
    set_language("de")
    yield
    set_language(before.tag)


def make_look(widths, found):
    def look(name, widget, scheme):
        for width in widths:
            widget.resize(width, widget.height())
            laid_out()
            found.extend(f"{name} {scheme} {width}: {one}" for one in cut_off(widget))

    return look


@pytest.mark.parametrize("times", [1, 2])
def test_the_page_of_an_action_fits(run, tmp_path, qapp, lettered, german, times):
    lettered("DejaVu Sans", times)
    found = []
    look = make_look((960, 1280), found)

    async def story():
        async with (
            PracticePrivilegeManager() as practice,
            opened_window(f"sqlite:///{tmp_path / 's.db'}", tmp_path) as window,
        ):
            scene = await window.ctx.call(lambda: make_scene(window.ctx.workspace, practice, texts=TEXTS))
            page = await shown(window, Kind.ACTION, scene.action)
            page.acts.use_export(save_export(practice, tmp_path))
            await settled(page)
            page.acts.write_copy_to(str(tmp_path / "copy.zip"))
            await settled(page)
            for scheme in ("light", "dark", "contrast"):
                theme.apply(qapp, scheme)
                look("written", window, scheme)
            page.texts.select_language("ar")
            page.texts.edit_text("InformationTextSection")
            look("right to left", window, "contrast")
            page.texts.grid.finish_editing()
            page.approval_type.set_guid("")
            page.show_notes()
            look("no GUID", window, "contrast")

    run(story())
    assert found == []


@pytest.mark.parametrize("times", [1, 2])
def test_the_approval_window_fits(run, tmp_path, qapp, lettered, german, times):
    lettered("DejaVu Sans", times)
    found = []
    look = make_look((600,), found)

    async def story():
        practice = PracticeInstance().start()
        async with opened_window(f"sqlite:///{tmp_path / 's.db'}", tmp_path) as window:
            workspace = window.ctx.workspace
            made = make_way(workspace.configuration, workspace.vault, practice)
            dialog = await open_endpoint_window(window.ctx, made[Kind.ACTION].id, parent=window)
            for scheme in ("light", "dark", "contrast"):
                theme.apply(qapp, scheme)
                look("asking", dialog, scheme)
            dialog.close()
        practice.stop()

    run(story())
    assert found == []
