"""The Requests page and the page of the task in German: no label, button, head or cell still has its English text."""

import pytest
from PyQt6.QtCore import QAbstractListModel, Qt
from PyQt6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLabel, QLineEdit, QTabBar, QWidget

from console.inbox import empty_states
from console.inbox.action_plan import ACTION_DESCRIPTIONS
from console.inbox.cell_content import COLUMNS
from console.inbox.decision_dialog import ActionDialog
from console.inbox.my_names_dialog import MyNamesDialog
from console.inbox.polling_controller import SKIP_TEXTS, poll_result_text
from console.inbox.save_filter_dialog import SaveFilterDialog
from console.provisioning.presenter import ProvisioningPresenter, RunResult
from console.provisioning.run_dialog import RunDialog
from console.widgets.badge import Badge
from models.kinds import RequestState
from services import language
from services.connectivity.fault_catalog_texts import all_faults, fault_fields
from services.requests.polling.poll_result import PollResult
from tests.console.inbox.support import LONG_S, as_row, opened, put, request, settled
from tests.console.inbox.test_action_controller import desk, page_of, practice
from tests.console.page_support import until
from tests.console.provisioning import provisioning_support
from tests.console.provisioning.provisioning_support import server_on, stock
from tests.translations import read

__all__ = ["desk", "practice", "server_on", "stock"]


@pytest.fixture(autouse=True)
def german():
    language.set_language("de")
    yield
    language.set_language("en")


@pytest.fixture(scope="module")
def different():
    """Every English text of the catalog whose German is another one."""
    return {one.id for one in read("de") if isinstance(one.id, str) and one.id and one.string != one.id}


def texts_of(widget):
    """Give every text that a widget and its visible children show."""
    yield widget.windowTitle()
    for child in [widget, *widget.findChildren(QWidget)]:
        if child is widget or child.isVisibleTo(widget):
            yield from _own_texts(child)


def _own_texts(widget):
    if isinstance(widget, QLabel | QAbstractButton):
        yield widget.text().replace("&&", "&")
    if isinstance(widget, Badge):
        yield widget.text
    if isinstance(widget, QLineEdit):
        yield widget.placeholderText()
    if isinstance(widget, QComboBox):
        yield from (widget.itemText(place) for place in range(widget.count()))
    if isinstance(widget, QTabBar):
        yield from (widget.tabText(place) for place in range(widget.count()))
    if isinstance(widget, QAbstractItemView) and (model := widget.model()) is not None:
        columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount()
        for column in range(columns):
            yield str(model.headerData(column, Qt.Orientation.Horizontal) or "")
            yield from (str(model.index(row, column).data() or "") for row in range(model.rowCount()))
    yield widget.accessibleName()
    yield widget.toolTip()


def left_english(widget, different):
    return {text for text in texts_of(widget) if text in different}


def test_the_requests_page_its_details_and_its_dialogs_are_german(run, ctx, store, desk, different):
    async def story():
        [row] = await desk(1)
        ended = request(900, 9000, RequestState.REJECTED)
        put(store, ended)
        async with page_of(ctx) as page:
            page.presenter.show_filter("all")
            await settled(page)
            assert page.title == "Anforderungen"
            page.table.selectRow(0)
            await until(lambda: page.pane.link and page.pane.action_buttons["approve"].isEnabled())
            await settled(page)
            assert left_english(page, different) == set()
            assert page.pane.who.text() == "Alex Approver"
            assert page.pane.what.text().startswith("Genehmigen Sie ")
            page.act("approve")
            dialog = page.action_controller.dialog
            await until(lambda: "mit dem Konto" in dialog.summary.text())
            assert dialog.windowTitle() == f"{row.number} genehmigen"
            assert left_english(dialog, different) == set()
            dialog.confirm_button.click()
            await until(lambda: dialog.is_finished)
            assert dialog.summary.text().startswith("1 Anforderung genehmigt.\n")
            assert left_english(dialog, different) == set()
            dialog.close_button.click()
            await settled(page)

    run(story(), LONG_S)


@pytest.mark.parametrize("name", list(ACTION_DESCRIPTIONS))
def test_every_act_says_in_german_what_it_skips_and_why(qapp, different, name):
    young = request(901, 5, RequestState.SUBMITTING, record_id="", external_id="", number="")
    rows = [as_row(request(1)), as_row(request(900, 9000, RequestState.REJECTED)), as_row(young)]
    dialog = ActionDialog(ACTION_DESCRIPTIONS[name], rows)
    assert left_english(dialog, different) == set()
    cells = [dialog.table.rows.index(row, 3).data() for row in range(3)]
    assert cells[1] == "Übersprungen: ist beendet: abgelehnt"
    dialog.deleteLater()


def test_an_empty_list_is_explained_in_german(run, ctx, different):
    async def story():
        async with opened(ctx) as page:
            await settled(page)
            assert left_english(page, different) == set()

    run(story())


def test_what_stands_in_place_of_rows_is_german(qapp, different):
    made = [empty_states.empty_filter_state(key, str) for key in (*empty_states.EMPTY_TEXTS, "other")]
    made += [empty_states.unknown_state(key, "", str, str) for key in (*empty_states.UNKNOWN_TEXTS, "other")]
    made += [
        empty_states.no_matches_state(text, "Alle", str, where)
        for text in ("", "a", "a" * 99)
        for where in (None, str)
    ]
    made += [MyNamesDialog(()), SaveFilterDialog("", {"taken"})]
    for widget in made:
        assert left_english(widget, different) == set()
        widget.deleteLater()


def test_heads_of_the_table_are_drawn_in_german(run, ctx, different):
    """The head draws its words itself: what it has room for is what the model says."""

    async def story():
        async with opened(ctx) as page:
            heads = [page.model.headerData(place, Qt.Orientation.Horizontal) for place in range(len(COLUMNS))]
            assert heads[:3] == ["Status", "Alter", "Richtlinie"]
            assert set(heads) & different == set()

    run(story())


@pytest.mark.parametrize("reason", list(SKIP_TEXTS))
def test_a_round_that_is_not_taken_says_so_in_german(different, reason):
    said = poll_result_text(PollResult(skip_reason=reason))
    assert said != SKIP_TEXTS[reason]
    assert said not in different


def test_the_page_of_the_task_is_german_on_every_tab(run, ctx, stock, server_on, different):
    server = server_on(stock)

    async def story():
        async with provisioning_support.opened(ctx) as page:
            assert left_english(page, different) == set()
        async with provisioning_support.opened(ctx, server) as page:
            for tab in ("Plan", "Verify", "History"):
                page.open_tab(tab)
                assert left_english(page, different) == set()
            page.open_tab("Verify")
            page.verify()
            await until(lambda: page.verify_tab.verification is not None and not page.working)
            assert page.verify_tab.verdict.text() == "Alles stimmt überein"
            assert left_english(page, different) == set()
            page.open_tab("Plan")
            page.plan_tab.tree.select(page.presenter.plan.changes[0].key)
            await provisioning_support.settled(page)
            assert left_english(page, different) == set()

    run(story(), LONG_S)


def test_the_dialog_before_a_run_is_german(run, ctx, stock, server_on, different):
    server = server_on(stock, production=True)
    dialog = RunDialog(ctx, server, "Anwenden", text="", lacking="privman.integration", others=True)
    assert left_english(dialog, different) == set()
    assert dialog.reason.text() == "Füllen Sie für den Administrator aus: Konto und Kennwort"
    dialog.deleteLater()


def test_the_task_says_in_german_why_it_cannot_run():
    presenter = ProvisioningPresenter()
    assert presenter.reason() == "Wählen Sie ein ServiceNow-System"
    presenter.result = RunResult.VERIFIED
    assert presenter.badges(narrow=False) == [("Erledigt und überprüft", "good", "good")]
    assert presenter.badges(narrow=True) == [("Erledigt", "good", "good")]


def test_every_fault_is_told_in_german():
    """Sources are titles of pages and standards and stay as published; some stages are called the same."""
    for fault in all_faults():
        for name, text in fault_fields(fault):
            same = name in ("Source", "Stage", "Also at")
            assert same or language.translate(text) != text, (fault.id, name)
    stages = dict(fault_fields(next(fault for fault in all_faults() if fault.id == "rights-missing")))[
        "Stage"
    ]
    assert (str(stages), language.translate(stages)) == ("Sign-in", "Anmeldung")


def test_a_fault_stays_english_as_text_for_programs():
    fault = all_faults()[0]
    assert str(fault.cause) == fault.cause == dict(fault_fields(fault))["Cause"]
