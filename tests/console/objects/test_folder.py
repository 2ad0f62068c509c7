"""Folders list what they hold, follow changes, and say what belongs there when they are empty."""

import asyncio

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QAbstractItemModelTester
from PyQt6.QtWidgets import QPushButton

from console.actions.first_export import make_action
from console.navigation.tree_definition import all_nodes
from console.objects.folder import FolderModel
from console.runtime.page_targets import Target
from console.shell.page_registry import create_page
from console.widgets.placeholders import EmptyState
from models.kinds import Kind
from services.actions.progress import load_progress
from services.practice.privilege_manager import PracticePrivilegeManager
from tests.console.actions.support import save_export
from tests.console.page_support import until


async def opened(ctx, target):
    page = create_page(target, ctx)
    page.resize(900, 600)
    page.show()
    page.load()
    return page


@pytest.mark.parametrize(
    "kind", [kind for kind in Kind if kind is not Kind.POLICY]
)  # it has a page of its own
def test_an_empty_folder_offers_what_belongs_there(run, ctx, kind):
    async def story():
        page = await opened(ctx, Target(f"folder:{kind}"))
        await until(lambda: page.findChildren(EmptyState))
        page.new()
        await until(lambda: ctx.visited)
        assert ctx.visited[-1].kind == kind
        page.close()
        page.deleteLater()
        await asyncio.sleep(0)

    run(story())


def test_an_export_makes_the_first_action(run, ctx, tmp_path):
    async def story():
        page = await opened(ctx, Target("folder:action"))
        await until(lambda: page.findChildren(EmptyState))
        assert "Choose an export…" in [button.text() for button in page.findChildren(QPushButton)]
        async with PracticePrivilegeManager() as practice:
            path = save_export(practice, tmp_path)
        await make_action(ctx, path)
        assert ctx.visited[-1].kind == "action"
        made = ctx.workspace.configuration.get(Kind.ACTION, ctx.visited[-1].id)
        assert (made.name, made.platform) == (f"ServiceNow {made.copy_of}", "windows")
        assert load_progress(ctx.workspace.store, made.id).export_name == "Approval Request Form Action.zip"
        page.close()
        page.deleteLater()
        await asyncio.sleep(0)

    run(story())


def test_a_folder_follows_changes_and_opens_what_is_clicked(run, ctx, configuration):
    async def story():
        page = await opened(ctx, Target("folder:user_credential"))
        await until(lambda: page.findChildren(EmptyState))
        item = configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account="a"))
        await until(lambda: page.model.rowCount() == 1)
        assert page.model.data(page.model.index(0, 0)) == "ServiceNow"
        assert page.model.data(page.model.index(0, 2)) == "ada"
        page.table.clicked.emit(page.model.index(0, 0))
        assert ctx.visited[-1] == Target("user_credential", item.id)
        page.close()
        page.deleteLater()
        await asyncio.sleep(0)

    run(story())


def test_the_selection_stays_with_its_object_when_others_come_before_it(run, ctx, configuration):
    def make(name):
        return configuration.save(configuration.new(Kind.USER_CREDENTIAL, name=name, account="a"))

    make("B")
    chosen = make("C")

    async def story():
        page = await opened(ctx, Target("folder:user_credential"))
        await until(lambda: page.model.rowCount() == 2)
        page.table.selectRow(1)
        make("A")
        await until(lambda: page.model.rowCount() == 3)
        assert page.model.target(page.table.currentIndex().row()).id == chosen.id
        configuration.delete(Kind.USER_CREDENTIAL, chosen.id, chosen.version)
        await until(lambda: page.model.rowCount() == 2)
        assert not page.table.currentIndex().isValid()
        page.close()
        page.deleteLater()
        await asyncio.sleep(0)

    run(story())


@pytest.mark.parametrize(
    "folder",
    [node.key for node in all_nodes() if node.kind is None and node.target.head == "folder"],
)
def test_inner_folders_lead_on(run, ctx, folder):
    async def story():
        page = await opened(ctx, Target(f"folder:{folder}"))
        assert page.model.rowCount()
        page.close()
        page.deleteLater()
        await asyncio.sleep(0)

    run(story())


def test_the_model_of_a_folder_passes_the_tester(qapp, configuration):
    model = FolderModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    item = configuration.save(configuration.new(Kind.APPROVAL_TYPE))
    model.show_items([item])
    assert model.headerData(0, Qt.Orientation.Horizontal) == "Name"
    model.show_folders([("Tasks", Target("folder:tasks"))])
    model.show_items([])
    del tester
