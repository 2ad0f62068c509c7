"""The page of an action with a practice server: export, texts, copy, import, seen."""

import contextlib

import pytest
from PyQt6.QtWidgets import QApplication, QFileDialog

from console.actions.approval_type_field import GuidDialog
from console.actions.import_watcher import ImportWatcher
from console.runtime.page_targets import Target
from console.shell.page_registry import create_page
from console.widgets.field import FieldState
from console.widgets.steps import StepState
from models.kinds import Kind
from models.window_texts import load_window_texts
from services.actions import progress as progresses
from services.practice.privilege_manager import PracticePrivilegeManager
from services.practice.privilege_manager.built_in_ids import APPROVAL_FORM_LOCALIZED
from services.privilege_manager.items.approval_action import read_action
from tests.console.actions.support import GUID, make_scene, save_export, settled
from tests.console.page_support import close_connections, until


@contextlib.asynccontextmanager
async def opened(ctx, action):
    watcher = ImportWatcher(ctx, ctx)
    page = create_page(Target(Kind.ACTION.value, action.id), ctx)
    page.resize(1040, 720)
    page.show()
    page.load()
    await settled(page)
    try:
        yield page
    finally:
        watcher.stop()
        page.close()
        page.deleteLater()
        await close_connections(ctx.workspace)


@pytest.fixture
def story(run, ctx):
    """Run a story with a practice server, its objects and the page of the action."""

    def start(body, **scene):
        async def whole():
            async with PracticePrivilegeManager() as practice:
                made = make_scene(ctx.workspace, practice, **scene)
                async with opened(ctx, made.action) as page:
                    await body(page, practice, made)

        run(whole())

    return start


def step_states(page):
    return [step.state for step in page.layout_view.strip.steps]


def visible_primary(page):
    [found] = [
        button.text()
        for button in page.head.buttons.values()
        if button.isVisibleTo(page) and button.property("kind") == "primary"
    ]
    return found


def test_from_the_export_to_the_import(story, ctx, tmp_path, monkeypatch):
    opened_addresses = []
    monkeypatch.setattr(
        "console.objects.action_acts.QDesktopServices.openUrl",
        lambda url: opened_addresses.append(url.toString()),
    )

    async def body(page, practice, scene):
        assert visible_primary(page) == "Choose an export…"
        assert page.run("next_step")
        [dialog] = page.findChildren(QFileDialog)
        dialog.fileSelected.emit(save_export(practice, tmp_path))
        dialog.close()
        await settled(page)
        assert visible_primary(page) == "Write copy…"
        assert "Version 12" in page.form.field("server_id").note[1]
        assert "languages" in page.form.field("copy_of").note[1]
        assert GUID.upper() in page.form.field("type_id").note[1]

        page.texts.grid.edit("TitlePrefix")
        page.texts.grid.editor.setText("Please ask")
        page.texts.grid.finish_editing()
        assert visible_primary(page) == "Save"
        assert page.layout_view.preview.content.title.startswith("Please ask")
        page.save()
        await settled(page)
        assert load_window_texts(page.stored.texts) == {"": {"TitlePrefix": "Please ask"}}

        target = tmp_path / page.files.file_name(page.session.text("name"))
        page.acts.write_copy_to(str(target))
        await settled(page)
        assert visible_primary(page) == "Open Import Items"
        assert step_states(page)[2] is StepState.DONE
        copied = read_action(target.read_bytes())
        assert copied.texts[""]["TitlePrefix"] == "Please ask"
        assert copied.approval_type_id == GUID

        assert page.run("open_import")
        await settled(page)
        assert opened_addresses == [practice.base_url + "PrivilegeManager/#/item/xml/"]
        await until(lambda: step_states(page)[3] is StepState.RUNNING)
        practice.import_items(target.read_bytes())
        page.acts.ask_now()
        await until(lambda: step_states(page) == [StepState.DONE] * 4)
        await settled(page)
        assert not page.layout_view.notice.text

        page.form.field("description").editor.line.setText("For the service desk")
        page.form.field("description").editor.edited.emit()
        page.save()
        await settled(page)
        assert step_states(page)[2] is StepState.TODO
        assert page.layout_view.strip.steps[2].caption.startswith("Changed at")
        page.acts.write_copy_to(str(target))
        await settled(page)
        assert read_action(target.read_bytes()).item.item_id == copied.item.item_id

    story(body)


def test_a_refused_export_is_shown_with_line_and_column(story, tmp_path):
    bad = tmp_path / "bad.xml"
    bad.write_text("<items>\n  <broken")

    async def body(page, practice, scene):
        page.acts.use_export(str(bad))
        await settled(page)
        assert step_states(page)[1] is StepState.BAD
        assert page.layout_view.failure.isVisibleTo(page)
        assert "ine 2" in page.layout_view.failure.problem.evidence
        page.acts.use_export(str(tmp_path / "missing.zip"))
        await settled(page)
        assert page.layout_view.failure.problem.fault == "action-file-unreadable"
        page.acts.use_export(save_export(practice, tmp_path))
        await settled(page)
        assert not page.layout_view.failure.isVisibleTo(page)
        assert step_states(page)[1] is StepState.DONE

    story(body)


def test_a_type_without_guid_blocks_the_copy_and_a_dialog_asks_for_it(story, tmp_path):
    async def body(page, practice, scene):
        page.acts.use_export(save_export(practice, tmp_path))
        await settled(page)
        one = page.form.field("type_id")
        assert one.note[0] is FieldState.ERROR
        assert "write_copy" not in page.enabled()
        assert page.head.reason() == "The Approval Type has no GUID"
        one.frame.suggestion_accepted.emit("Enter GUID…")
        [dialog] = [one for one in QApplication.topLevelWidgets() if isinstance(one, GuidDialog)]
        assert not dialog.accept_button.isEnabled()
        dialog.line.setText("nonsense")
        assert not dialog.accept_button.isEnabled()
        dialog.line.setText("{" + GUID.upper() + "}")
        dialog.accept()
        assert one.note == (FieldState.GOOD, f"Written into the copy: {GUID.upper()}")
        page.save()
        await settled(page)
        assert page.stored.approval_type_guid == GUID
        assert "write_copy" in page.enabled()

    story(body, guid="")


def test_the_guid_of_the_export_is_offered_unless_it_is_the_default_one(qapp):
    offered = GuidDialog("Type", "", GUID)
    offered.offer.clicked.emit()
    assert offered.guid == GUID
    plain = GuidDialog("Type", "", "2a3f33c4-15dd-41d0-a620-889ea1e4408a")
    assert plain.offer.isHidden()
    for dialog in (offered, plain):
        dialog.deleteLater()


def test_a_name_that_the_server_has_already_is_said_before_anything_is_written(story, ctx, tmp_path):
    async def body(page, practice, scene):
        await until(lambda: "another action with this name" in page.layout_view.notice.text)

    story(body, name=_name_of_built_in())


def _name_of_built_in():
    return read_action(PracticePrivilegeManager().export_item(APPROVAL_FORM_LOCALIZED)).item.name


def test_a_server_that_does_not_answer_is_said_under_its_field(run, ctx):
    async def whole():
        practice = PracticePrivilegeManager()
        async with practice:
            scene = make_scene(ctx.workspace, practice)
        async with opened(ctx, scene.action) as page:
            await until(lambda: page.form.field("server_id").note[1].startswith("Not reached"))

    run(whole())


def test_languages_are_added_and_a_click_into_the_preview_edits(story, tmp_path):
    async def body(page, practice, scene):
        page.acts.use_export(save_export(practice, tmp_path))
        await settled(page)
        page.texts.add_language("he")
        assert page.layout_view.preview.content.is_right_to_left
        assert next(one for one in page.texts.grid.entries if one.key == "UserLabel").is_inherited
        page.layout_view.preview.text_clicked.emit("UserLabel")
        assert page.texts.grid.current_key == "UserLabel"
        page.texts.grid.editor.setText("משתמש:")
        page.texts.grid.finish_editing()
        assert page.layout_view.preview.content.text("UserLabel") == "משתמש:"
        page.texts.edit_text("ApprovalStatusTextSection")
        assert page.layout_view.preview.content.state == "pending"
        page.texts.grid.finish_editing()
        page.save()
        await settled(page)
        kept = load_window_texts(page.stored.texts)
        assert kept == {"he": {"UserLabel": "משתמש:", "FlowDirection": "RightToLeft"}}

    story(body)


def test_the_actions_of_the_server_are_offered(story):
    async def body(page, practice, scene):
        page.source.open()
        await until(lambda: len(page.source.popup.rows) > 2)
        names = [row.text for row in page.source.popup.rows]
        assert _name_of_built_in() in names
        assert names[-1] == "Choose an export…"
        page.source.popup.choose_key(names[0])
        assert page.session.text("copy_of") == names[0]
        page.source.popup.hide()

    story(body)


def test_a_duplicate_has_no_progress(story, ctx, tmp_path):
    async def body(page, practice, scene):
        page.acts.use_export(save_export(practice, tmp_path))
        await settled(page)
        page.duplicate()
        await until(lambda: bool(ctx.visited))
        kept = progresses.load_progress(ctx.workspace.store, ctx.visited[-1].id)
        assert kept.export_name == ""

    story(body)


def test_a_narrow_page_has_the_preview_below(story):
    async def body(page, practice, scene):
        page.resize(1150, 700)
        await until(lambda: not page.layout_view.folded)
        page.resize(720, 700)
        await until(lambda: page.layout_view.folded)
        assert page.layout_view.horizontalScrollBar().maximum() == 0

    story(body)
