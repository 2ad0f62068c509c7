"""The page Connect Privilege Manager as a person meets it, over a real store and a practice Privilege Manager."""

import contextlib

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtTest import QAbstractItemModelTester
from PyQt6.QtWidgets import QApplication, QLabel

from console.connect.answer_sources import SourceChoice
from console.connect.dialogs import (
    DeliveriesDialog,
    EventsDialog,
    FieldDialog,
    StartOverDialog,
    WebhookDialog,
)
from console.connect.presenter import ConnectStep
from console.connect.source_dialog import SourceDialog
from console.connect.step_content import document_text
from console.runtime.activity import DONE, RUNNING
from console.runtime.page_targets import CONNECT, Target
from console.shell.page_registry import create_page
from models.delivery import AnswerKind, Delivery, DeliveryState
from models.kinds import Kind
from services.intake.clients import IntakeClients
from services.intake.event_fields import MAPPED_VARIABLES
from services.intake.event_mapping import map_variables
from services.intake.server import IntakeServer
from services.practice.privilege_manager import PracticeOptions, PracticePrivilegeManager
from tests.canary import forms
from tests.console.connect.connect_support import (
    add_client,
    add_server,
    add_type,
    captions,
    dialog_of,
    opened,
    receive,
    serve,
    settled,
    states,
)
from tests.console.page_support import until
from tests.services.intake.event_support import FIELDS, add_asking_policy, events_of, raise_event


@pytest.fixture
def pm():
    made = PracticePrivilegeManager().start()
    yield made
    made.stop()


@pytest.fixture
def kind(configuration):
    return add_type(configuration)


def shown_texts(page):
    """Return everything that the page shows or tells a screen reader."""
    labels = [label.text() for label in page.findChildren(QLabel)]
    names = [widget.accessibleName() + widget.toolTip() for widget in page.findChildren(QLabel)]
    cells = [text for cell in page.events.table.cells.rows for text in (cell.source, cell.value)]
    return "\n".join([*labels, *names, *cells, *captions(page)])


def variable(page, name):
    return next(cell for cell in page.presenter.variables() if cell.variable == name)


def test_nothing_is_set_up_yet(run, ctx, pm, kind):
    async def story():
        server = add_server(ctx, pm)
        async with opened(ctx, server) as page:
            assert states(page) == ["done", "next", "todo", "todo", "todo", "elsewhere", "todo"]
            assert pm.options.version in captions(page)[0]
            assert page.step is ConnectStep.RECEIVE
            assert page.panel.isVisible()
            [command] = page.panel.values.rows
            assert command.value.startswith("approval-console worker --intake")
            page._on_step(ConnectStep.WEBHOOK)
            assert page.events.isVisible()
            assert {cell.shape for cell in page.presenter.variables()} == {"todo", "good"}
            assert page.token_button.isEnabled()

    run(story())


def test_without_an_approval_type_no_client_can_be_made(run, ctx, pm):
    async def story():
        server = add_server(ctx, pm)
        async with opened(ctx, server) as page:
            page._on_step(ConnectStep.WEBHOOK)
            assert not page.token_button.isEnabled()
            assert "Approval Type" in page.events.waiting.accessibleName()

    run(story())


async def confirm_sources_of_answers(page):
    """Choose a wrong source, which cannot be confirmed, then the right one, and confirm it."""
    page._on_step(ConnectStep.ANSWER)
    await until(lambda: page.presenter.server is not None and page.presenter.server.setup is not None)
    page.refresh()
    assert states(page)[ConnectStep.ANSWER] == "notice"
    page.panel.buttons["change"].click()
    dialog = await dialog_of(SourceDialog)
    assert dialog.choice == SourceChoice("approval_id")
    dialog.source.setCurrentIndex(dialog.source.findData("comment"))
    dialog.use_button.click()
    assert states(page)[ConnectStep.ANSWER] == "notice"
    assert not page.panel.buttons["confirm"].isEnabled()
    page.answer_work._use_source(page.presenter.server.setup, "ApprovalId=approval_id")
    page.panel.buttons["confirm"].click()
    await until(lambda: page.presenter.badge()[0] == "Connected")


def test_from_a_new_header_value_to_requests(run, ctx, pm, kind, store):
    async def story():
        server = add_server(ctx, pm)
        add_asking_policy(pm)
        async with IntakeServer(store, port=0) as intake, opened(ctx, server) as page:
            serve(store, intake.public_url)
            page.look()
            await settled(page)
            assert states(page)[ConnectStep.RECEIVE] == "done"
            page._on_step(ConnectStep.WEBHOOK)

            page.token_button.click()
            await until(lambda: page.presenter.token is not None and page.working)
            await settled(page)
            [job] = [job for job in ctx.activity.jobs if job.state == RUNNING]
            values = {row.name: row for row in page.events.values.rows}
            page.events.values.copy(list(values).index("Header value"))
            header = QGuiApplication.clipboard().text()
            assert header.startswith("Bearer aci_")
            assert states(page)[ConnectStep.WEBHOOK : ConnectStep.MAP] == ["next", "running"]

            pm.add_webhook(values["Request URL"].value, header)
            await raise_event(pm)
            page.look()
            await until(lambda: not page.working)
            await settled(page)
            assert job.state == DONE
            assert states(page)[ConnectStep.WEBHOOK : ConnectStep.MAP] == ["done", "done"]
            assert {variable(page, name).shape for name in MAPPED_VARIABLES} == {"todo"}

            client = IntakeClients(store).find_for_events(server.id)
            page.events.offer_button.click()
            await until(lambda: not page.presenter.suggestions())
            assert IntakeClients(store).find(client.name).is_learning
            page.events.offer_button.click()
            await until(lambda: not IntakeClients(store).find(client.name).is_learning)
            await settled(page)
            assert states(page)[ConnectStep.MAP] == "done"
            assert variable(page, "PMUserReason").value == "Tools for release 8"

            await confirm_sources_of_answers(page)

            await raise_event(pm)
            page.look()
            await settled(page)
            assert states(page)[ConnectStep.PROCESS] == "done"
            token = header.removeprefix("Bearer ")
            written = shown_texts(page) + document_text(page.presenter, "PM") + page.events.values.copy_all()
            for form in forms(token).values():
                assert form.decode("latin-1") not in written
                assert form.decode("latin-1") not in repr(page.presenter)

    run(story())


def test_a_field_is_chosen_by_hand(run, ctx, pm, kind, store):
    async def story():
        server = add_server(ctx, pm)
        client, _ = add_client(store, kind.id, server)
        receive(store, client)
        async with opened(ctx, server) as page:
            page._on_step(ConnectStep.MAP)
            assert variable(page, "PMAgentId").value_tone == "link"
            table = page.events.table
            place = [cell.variable for cell in table.cells.rows].index("PMAgentId")
            table.clicked.emit(table.cells.index(place, 2))
            dialog = await dialog_of(FieldDialog)
            assert not dialog.use_button.isEnabled()
            dialog.table.selectRow(1)
            dialog.use_button.click()
            await until(lambda: variable(page, "PMAgentId").source == "/User/Id")

            table.activated.emit(table.cells.index(place, 0))
            dialog = await dialog_of(FieldDialog)
            dialog.by_value.setChecked(True)
            dialog.value.setText("Always <b>this</b>")
            dialog.use_button.click()
            await until(lambda: variable(page, "PMAgentId").value == "Always <b>this</b>")

            table.activated.emit(table.cells.index(place, 0))
            dialog = await dialog_of(FieldDialog)
            dialog.by_nothing.setChecked(True)
            dialog.use_button.click()
            await until(lambda: variable(page, "PMAgentId").shape == "off")
            assert page.presenter.steps()[ConnectStep.MAP].state == "notice"

            table.activated.emit(table.cells.index(0, 0))
            dialog = await dialog_of(FieldDialog)
            assert not dialog.by_value.isEnabled()
            dialog.reject()
            process = [cell.variable for cell in table.cells.rows].index("PMProcessId")
            table.activated.emit(table.cells.index(process, 0))
            assert not [
                w for w in QApplication.topLevelWidgets() if isinstance(w, FieldDialog) and w.isVisible()
            ]

    run(story())


def test_hostile_values_are_plain_text(run, ctx, pm, kind, store):
    hostile = '{"ApprovalId": "<img src=x onerror=1><b>bold</b>\\n\\u202e", "<i>Name</i>": "<a href=x>y</a>"}'

    async def story():
        server = add_server(ctx, pm)
        client, _ = add_client(store, kind.id, server)
        receive(store, client, hostile)
        async with opened(ctx, server) as page:
            page._on_step(ConnectStep.MAP)
            for label in page.findChildren(QLabel):
                assert label.textFormat() != Qt.TextFormat.RichText
            model = page.events.table.cells
            assert "\n" not in model.index(0, 2).data()
            assert "<img" in model.index(0, 2).data()
            tip = model.index(0, 2).data(Qt.ItemDataRole.ToolTipRole)
            assert "<img" not in tip
            page.events.raw_link.click()
            dialog = await dialog_of(EventsDialog)
            assert dialog.raw.toPlainText() == hostile
            dialog.reject()

    run(story())


def test_refused_and_several_events_are_told(run, ctx, pm, kind, store):
    async def story():
        server = add_server(ctx, pm)
        client, _ = add_client(store, kind.id, server)
        receive(store, None, "", 401, "token-refused")
        async with opened(ctx, server) as page:
            assert states(page)[ConnectStep.WEBHOOK] == "bad"
            assert "192.0.2.7" in page.presenter.event_caption()
            assert "401" in page.presenter.event_caption()
            receive(store, client)
            receive(store, client)
            receive(store, client, "{", 400, "body-unreadable")
            page.look()
            await settled(page)
            assert states(page)[ConnectStep.TEST_EVENT] == "bad"
            assert page.presenter.more_events() == "2 more"
            assert "400 body-unreadable" in page.presenter.event_caption()
            assert len(page.presenter.suggestions()) > 3

    run(story())


def test_a_worker_without_the_intake_is_next(run, ctx, pm, kind, store):
    async def story():
        server = add_server(ctx, pm)
        serve(store, "")
        async with opened(ctx, server) as page:
            assert page.step is ConnectStep.RECEIVE
            assert captions(page)[ConnectStep.RECEIVE] == "The worker runs without the intake"
            serve(store)
            page.look()
            await settled(page)
            assert captions(page)[ConnectStep.RECEIVE] == "Worker listens on port 8443 with TLS"
            assert page.step is ConnectStep.WEBHOOK

    run(story())


def test_a_server_that_cannot_be_asked_is_told_and_asked_again(run, ctx, pm, kind):
    async def story():
        server = add_server(ctx, pm)
        pm.stop()
        async with opened(ctx, server) as page:
            assert states(page)[ConnectStep.SIGN_IN] == "bad"
            assert page.step is ConnectStep.SIGN_IN
            page.panel.buttons["server"].click()
            assert ctx.visited == [Target(Kind.PRIVILEGE_MANAGER_SERVER.value, server.id)]
            page.panel.buttons["sign-in"].click()
            assert page.presenter.server is None
            await settled(page)

    run(story())


def test_a_server_without_the_approval_operation_offers_a_webhook(run, ctx, kind, store):
    async def story():
        options = PracticeOptions(without=frozenset({"send_answer"}))
        async with PracticePrivilegeManager(options) as pm:
            server = add_server(ctx, pm)
            client, _ = add_client(store, kind.id, server)
            async with opened(ctx, server) as page:
                assert states(page)[ConnectStep.ANSWER] == "blocked"
                page._on_step(ConnectStep.ANSWER)
                assert "Swagger has no approval operation" in page.panel.text.text()
                page.panel.buttons["webhook"].click()
                dialog = await dialog_of(WebhookDialog)
                dialog.url.setText("https://hooks.acme.example/answers")
                dialog.accept()
                await until(lambda: states(page)[ConnectStep.ANSWER] == "done")
                stored = IntakeClients(store).find(client.name)
                assert (stored.answer_kind, stored.answer_url) == (
                    AnswerKind.WEBHOOK, "https://hooks.acme.example/answers",
                )  # fmt: skip
                await until(lambda: len(page.panel.values.rows) > 1)
                assert page.panel.values.rows[1].read_secret().startswith("whsec_")
                assert "whsec_" not in shown_texts(page)
                page.panel.buttons["privilege-manager"].click()
                await until(lambda: states(page)[ConnectStep.ANSWER] == "blocked")

    run(story())


def test_failed_answers_are_retried(run, ctx, pm, kind, store):
    async def story():
        server = add_server(ctx, pm)
        client, _ = add_client(store, kind.id, server)
        failed = Delivery(
            request_id=client.id, client_id=client.id, client_name=client.name, outcome="approved",
            kind=AnswerKind.PRIVILEGE_MANAGER, server_id=server.id, state=DeliveryState.FAILED, reason="Refused",
        )  # fmt: skip
        with store.write() as work:
            work.session.add(failed)
        async with opened(ctx, server) as page:
            assert page.presenter.badge()[0] == "Answers failed"
            assert page.answers.retry_button.isVisible()
            page.answers.show_link.click()
            dialog = await dialog_of(DeliveriesDialog)
            await until(lambda: dialog.table.rows.rowCount() == 1)
            dialog.table.selectRow(0)
            assert dialog.reason.text() == "Refused"
            dialog.retry_button.click()
            await until(lambda: page.presenter.stored.answers.pending == 1)
            dialog.reject()
            assert not page.answers.retry_button.isVisible()

    run(story())


def test_starting_over_asks_first(run, ctx, pm, kind, store):
    async def story():
        server = add_server(ctx, pm)
        client, _ = add_client(store, kind.id, server)
        map_variables(store, client.name, [f"{name}={pointer}" for name, pointer in FIELDS.items()])
        receive(store, client)
        async with opened(ctx, server) as page:
            page.over_button.click()
            (await dialog_of(StartOverDialog)).reject()
            assert not IntakeClients(store).find(client.name).is_learning
            page.over_button.click()
            (await dialog_of(StartOverDialog)).accept()
            await until(lambda: events_of(store, client) == [])
            await settled(page)
            assert IntakeClients(store).find(client.name).is_learning

    run(story())


def test_waiting_stops_when_it_is_told_to(run, ctx, pm, kind, store):
    async def story():
        server = add_server(ctx, pm)
        add_client(store, kind.id, server)
        async with opened(ctx, server) as page:
            page._on_step(ConnectStep.WEBHOOK)
            page.events.waiting.button.click()
            assert page.working
            [job] = ctx.activity.jobs
            job.cancel()
            assert not page.working
            page.events.waiting.button.click()
            page.events.waiting.button.click()
            assert not page.working

    run(story())


def test_a_deleted_server_is_told(run, ctx, pm, configuration):
    async def story():
        server = add_server(ctx, pm)
        configuration.delete(Kind.PRIVILEGE_MANAGER_SERVER, server.id, server.version)
        async with opened(ctx, server) as page:
            assert "deleted" in page.body.notice.text
            assert not page.open_button.isEnabled()

    run(story())


def test_narrow_windows_have_a_drop_down(run, ctx, pm, kind):
    async def story():
        server = add_server(ctx, pm)
        async with opened(ctx, server, (700, 720)) as page:
            assert page.steps.is_narrow
            page.steps.choice.setCurrentIndex(ConnectStep.PROCESS)
            assert page.step is ConnectStep.PROCESS
            page.resize(1100, 720)
            assert not page.steps.is_narrow

    run(story())


def test_the_model_keeps_the_rules_of_qt(run, ctx, pm, kind, store):
    async def story():
        server = add_server(ctx, pm)
        client, _ = add_client(store, kind.id, server)
        async with opened(ctx, server) as page:
            tester = QAbstractItemModelTester(
                page.events.table.cells, QAbstractItemModelTester.FailureReportingMode.Fatal
            )
            receive(store, client)
            page.look()
            await settled(page)
            page._on_step(ConnectStep.MAP)
            page.events.table.cells.show_cells([])
            page.refresh()
            assert tester is not None

    run(story())


def test_the_page_of_a_server_leads_here(run, ctx, pm):
    async def story():
        server = add_server(ctx, pm)
        page = create_page(Target(Kind.PRIVILEGE_MANAGER_SERVER.value, server.id), ctx)
        with contextlib.closing(page):
            page.load()
            await until(lambda: page.session.ready and "connect" in page.enabled())
            assert page.run("connect")
            assert ctx.visited == [Target(CONNECT, server.id)]
        page.deleteLater()

    run(story())
