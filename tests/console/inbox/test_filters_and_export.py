"""Filters that people save, and the list as a file."""

import csv
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QDialog, QFileDialog, QPushButton

from console.inbox.csv_export import CsvExport
from console.inbox.list_criteria import SearchCriteria
from console.inbox.my_names_dialog import MyNamesDialog
from console.inbox.row_menu import row_menu
from console.inbox.save_filter_dialog import SaveFilterDialog
from console.navigation.request_places import filter_node_key, passing_filter_target
from console.rehearsal.rehearsal_dialog import RehearsalDialog
from console.runtime.page_targets import Target
from console.widgets.popup_list import PopupList
from models.kinds import Kind, RequestState
from services.requests.inbox.saved_filters import list_saved_filters
from tests.console.inbox.support import LONG_S, numbers, opened, put, request, settled, until
from tests.console.windows import filled, menu_tree, opened_window


@pytest.fixture
def in_window(run, tmp_path):
    def runner(story):
        async def body():
            async with opened_window(str(tmp_path / "inbox.db"), tmp_path / "profile") as window:
                window.show_target(Target("requests"))
                await settled(window.page)
                await story(window, window.page)

        run(body(), LONG_S)

    return runner


def dialog_of(window, kind):
    return next((d for d in window.findChildren(kind) if d.isVisible()), None)


async def saved(window, page, name):
    page.run("save_filter")
    await until(lambda: dialog_of(window, SaveFilterDialog))
    dialog = dialog_of(window, SaveFilterDialog)
    dialog.name.setText(name)
    dialog.save_button.click()
    await until(
        lambda: (
            window.model.node(f"requests/{page.presenter.criteria.key}") is not None
            and page.chips.chip(page.presenter.criteria.key).text() == name
        )
    )
    await settled(page)
    return page.presenter.criteria.key


def test_a_saved_filter_stands_in_the_tree_with_its_count_and_shows_the_same(in_window):
    async def story(window, page):
        store = window.ctx.workspace.store
        put(store, request(1, policy_name="Finance"), request(2), request(3, 9000, RequestState.APPROVED))
        await until(lambda: len(numbers(page)) == 2)
        page.bar.policy.choose("Finance")
        page.bar.policy.changed.emit("Finance")
        await until(lambda: numbers(page) == ["RITM0000001"])
        key = await saved(window, page, "Finance laptops")
        node = window.model.node(filter_node_key(key))
        await until(lambda: node.count == "1")
        assert (node.text, node.icon) == ("Finance laptops", "funnel")
        assert [n.text for n in window.model.node("requests").children] == [
            "About to time out", "Mismatch", "Finance laptops",
        ]  # fmt: skip
        assert window.navigation.current() is node
        window.show_target(Target("requests", tab="filter:pending"))
        await settled(page)
        assert len(numbers(page)) == 2
        assert window.navigation.current().key == "requests"
        window.show_target(node.target)
        await settled(page)
        assert numbers(page) == ["RITM0000001"]
        assert page.chips.chip(key).isChecked()
        assert page.bar.policy.key == "Finance"
        put(store, request(4, policy_name="Finance"))
        await until(lambda: node.count == "2")

    in_window(story)


def test_a_filter_that_is_not_stored_is_shown_by_its_target(in_window):
    async def story(window, page):
        store = window.ctx.workspace.store
        put(store, request(1, policy_name="Finance"), request(2), request(3, 9000, RequestState.FAILED))
        await until(lambda: len(numbers(page)) == 2)
        target = passing_filter_target("Failed ones", {"states": ["failed"]})
        window.show_target(target)
        await until(lambda: numbers(page) == ["RITM0000003"])
        assert page.chips.chip(target.tab.removeprefix("filter:")).text() == "Failed ones"
        assert window.navigation.current().key == "requests"

    in_window(story)


def test_a_saved_filter_shows_what_it_searches_for_and_can_be_searched_otherwise(in_window):
    async def story(window, page):
        put(window.ctx.workspace.store, *(request(n) for n in range(30)))
        page.bar.field.setText("user7")
        await until(lambda: numbers(page) == ["RITM0000007"])
        key = await saved(window, page, "Seven")
        await settled(page)
        assert page.bar.field.text() == "user7"
        page.presenter.show_filter("pending")
        await until(lambda: len(numbers(page)) == 30)
        assert page.bar.field.text() == ""
        page.presenter.show_filter(key)
        await until(lambda: numbers(page) == ["RITM0000007"])
        assert page.bar.field.text() == "user7"
        page.bar.field.setText("user8")
        await until(lambda: numbers(page) == ["RITM0000008"])
        page.bar.show_criteria(SearchCriteria())
        page.presenter.on_search_changed()
        await until(lambda: len(numbers(page)) == 30)

    in_window(story)


def test_a_saved_filter_is_renamed_and_deleted_in_the_tree(in_window):
    async def story(window, page):
        put(window.ctx.workspace.store, request(1))
        key = await saved(window, page, "Mine")
        other = await saved(window, page, "Another")
        node = window.model.node(filter_node_key(key))
        index = window.navigation.proxy.mapFromSource(window.model.index_of(node))
        assert window.navigation.proxy.setData(index, "Ours")
        await until(lambda: node.text == "Ours")
        assert node is window.model.node(filter_node_key(key))
        window.navigation.tree.delete_requested.emit(node)
        await until(lambda: dialog_of(window, QDialog))
        next(b for b in dialog_of(window, QDialog).findChildren(QPushButton) if b.text() == "Delete").click()
        await until(lambda: window.model.node(filter_node_key(key)) is None)
        assert [one.key for one in list_saved_filters(window.ctx.workspace.store)] == [other]
        await settled(page)
        assert page.presenter.criteria.key == other

    in_window(story)


def test_a_name_that_is_taken_is_said_beside_the_field(qapp):
    dialog = SaveFilterDialog("", {"Pending", "Mine"})
    assert not dialog.save_button.isEnabled()
    dialog.name.setText(" mine ")
    assert not dialog.save_button.isEnabled()
    assert dialog.field.text == "There is a filter of this name"
    dialog.name.setText("Mine too")
    assert dialog.save_button.isEnabled()


def test_the_page_of_a_deleted_filter_shows_what_is_pending(in_window):
    async def story(window, page):
        put(window.ctx.workspace.store, request(1))
        key = await saved(window, page, "Mine")
        from services.requests.inbox.saved_filters import delete_filter

        delete_filter(window.ctx.workspace.store, key)
        await until(lambda: page.presenter.criteria.key == "pending")
        await settled(page)

    in_window(story)


# -- the file --------------------------------------------------------------------------------------------------


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_what_is_shown_is_written_to_a_file(run, ctx, store, tmp_path):
    put(store, *(request(n, 100 + n, reason='=HYPERLINK("x"), “R&D”\nnext') for n in range(700)))
    put(store, request(9999, 9000, RequestState.APPROVED))

    async def story():
        async with opened(ctx) as page:
            export = CsvExport(ctx, page.list_controller, *page.presenter.shown_list())
            dialog = export.open_dialog(page, "", str)
            assert isinstance(dialog, QFileDialog)
            dialog.reject()
            path = tmp_path / "requests.csv"
            job = export.start(path, page.tasks)
            await until(lambda: not job.running)
            assert (job.state, job.text) == ("done", "700 requests")
            rows = read(path)
            assert [row["number"] for row in rows] == [f"RITM{n:07}" for n in reversed(range(700))]
            assert rows[0]["reason"].startswith("'=HYPERLINK")

    run(story(), LONG_S)


def test_an_export_that_is_stopped_leaves_no_file(run, ctx, store, tmp_path):
    put(store, *(request(n, 100 + n) for n in range(1500)))

    async def story():
        async with opened(ctx) as page:
            path = tmp_path / "requests.csv"
            job = CsvExport(ctx, page.list_controller, *page.presenter.shown_list()).start(path, page.tasks)
            job.cancel()
            await until(lambda: not page.tasks.busy)
            assert job.state == "cancelled"
            assert [file.name for file in tmp_path.glob("*.csv*")] == []

    run(story(), LONG_S)


def test_a_file_that_cannot_be_written_is_said(run, ctx, store, tmp_path):
    put(store, request(1))

    async def story():
        async with opened(ctx) as page:
            job = CsvExport(ctx, page.list_controller, *page.presenter.shown_list()).start(
                Path(tmp_path / "none" / "requests.csv"), page.tasks
            )
            await until(lambda: not job.running)
            assert job.state == "failed"
            assert [problem.fault for problem in ctx.problems] == ["file-unusable"]

    run(story(), LONG_S)


def test_what_waits_for_me_goes_by_the_names_that_were_given(in_window):
    async def story(window, page):
        put(
            window.ctx.workspace.store,
            request(1, waits_for="D. Whitfield\nR. Haddad"),
            request(2),
            request(3, waits_for="x"),
        )
        page.presenter.show_filter("waits-for-me")
        await settled(page)
        assert numbers(page) == []
        window.ctx.commands.run("my_names")
        dialog = dialog_of(window, MyNamesDialog)
        dialog.names.setText(" App Approvers, d. whitfield,, ")
        dialog.accept()
        await until(lambda: numbers(page) == ["RITM0000001", "RITM0000002"])
        await until(lambda: page.chips.chip("waits-for-me").count == "2")
        window.ctx.commands.run("my_names")
        dialog = dialog_of(window, MyNamesDialog)
        assert dialog.names.text() == "App Approvers, d. whitfield"
        dialog.reject()

    in_window(story)


def test_the_menu_of_rows_holds_commands_of_the_window_and_the_order(in_window):
    async def story(window, page):
        put(window.ctx.workspace.store, request(1), request(2, policy_name="A"))
        await until(lambda: len(numbers(page)) == 2)
        page.table.setFocus()
        page.table.selectRow(0)
        await until(lambda: page.pane.answer)
        await settled(page)
        menu = row_menu(page, window.ctx.commands, page.presenter.criteria.sort(), page.presenter.sort_by)
        assert menu_tree(menu) == [
            "Copy answer for the caller", "Open in ServiceNow", "-", "Approve…", "Reject…", "Remind…", "-",
            "Cancel request…", "-",
            ("Sort by", ["State", "Age", "Policy", "User", "Computer", "File", "Times out", "Number"]),
        ]  # fmt: skip
        by_text = {action.text(): action for action in menu.actions()}
        assert by_text["Approve…"] is window.ctx.commands.action("approve")
        assert by_text["Approve…"].isEnabled()
        assert not by_text["Open in ServiceNow"].isEnabled()
        order = by_text["Sort by"].menu().actions()
        assert [action.text() for action in order if action.isChecked()] == ["Age"]
        order[2].trigger()
        await settled(page)
        assert numbers(page) == ["RITM0000002", "RITM0000001"]
        menu.deleteLater()

    in_window(story)


def test_a_request_is_rehearsed_through_the_process_or_one_that_is_chosen(in_window):
    async def story(window, page):
        await filled(window)
        await until(page.widgets.rehearse_button.isEnabled)
        await settled(page)
        page.widgets.rehearse_button.click()
        await until(lambda: dialog_of(window, RehearsalDialog))
        dialog = dialog_of(window, RehearsalDialog)
        assert dialog.process.name == "ServiceNow Approval Process"
        dialog.reject()
        configuration = window.ctx.workspace.configuration
        second = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, name="Another process"))
        await until(lambda: len(page.presenter.processes) == 2)
        await settled(page)
        page.widgets.rehearse_button.click()
        popup = page.findChild(PopupList, "rehearse")
        assert [row.text for row in popup.rows] == ["Another process", "ServiceNow Approval Process"]
        popup.search.setText("another")
        popup.search_changed.emit("another")
        assert [row.key for row in popup.rows] == [str(second.id)]
        popup.close()

    in_window(story)


def test_ctrl_f_searches_the_page_and_ctrl_shift_f_the_tree(in_window):
    async def story(window, page):
        QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        assert page.bar.field.hasFocus()
        shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        QTest.keyClick(page.bar.field, Qt.Key.Key_F, shift)
        assert window.navigation.filter.hasFocus()
        # Qt keeps the modifiers of the last key, and extends a selection by them in the next test.
        QTest.keyClick(window.navigation.filter, Qt.Key.Key_Left)

    in_window(story)
