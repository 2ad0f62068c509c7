"""The approval window as a working dialog, against a practice instance over sockets."""

import contextlib
from functools import partial

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from console.endpoint.endpoint_dialog import EndpointDialog, open_endpoint_window, open_newest_endpoint_window
from console.endpoint.production_dialogs import CancelRequestDialog, ProductionNameDialog, RaiseDialog
from console.runtime.page_targets import Target
from console.shell.page_registry import create_page
from console.widgets.window_content import WindowState, WindowText
from models.kinds import Kind, RequestState
from services.actions.window_requests import build_fields, load_request, load_route
from services.common.errors import RefusedError
from services.practice import PracticeInstance
from tests.console.endpoint.support import make_way
from tests.console.objects.test_object_pages import dialog_of
from tests.console.page_support import close_connections, until
from tests.services.requests.followed import decide


@pytest.fixture
def practice():
    instance = PracticeInstance().start()
    yield instance
    instance.stop()


@pytest.fixture
def scene(configuration, practice, vault):
    """Store the whole way from a policy to the practice instance; returns the objects by kind."""
    return partial(make_way, configuration, vault, practice)


@contextlib.asynccontextmanager
async def opened(ctx, action):
    dialog = await open_endpoint_window(ctx, action.id)
    assert isinstance(dialog, EndpointDialog)
    try:
        yield dialog
    finally:
        with contextlib.suppress(RuntimeError):
            dialog.close()
        await close_connections(ctx.workspace)


def ask(dialog, reason="Tools for release 8"):
    dialog.frame_window.reason_edit.setPlainText(reason)
    QTest.mouseClick(dialog.frame_window._buttons[WindowText.CONTINUE], Qt.MouseButton.LeftButton)


def in_state(dialog, state):
    return lambda: dialog.frame_window.content.state is state and dialog.state.work == "none"


async def pending(dialog):
    await until(lambda: dialog.state.request is not None and bool(dialog.state.request.number))
    await until(in_state(dialog, WindowState.PENDING))


def record_of(practice, dialog):
    [item] = practice.records("sc_req_item", number=dialog.state.request.number)
    return item["sys_id"]


@pytest.mark.parametrize(
    ("word", "state", "stored"),
    [
        ("approved", WindowState.APPROVED, RequestState.APPROVED),
        ("rejected", WindowState.DENIED, RequestState.REJECTED),
    ],
)
def test_a_request_is_raised_and_its_decision_followed(run, ctx, scene, practice, word, state, stored):
    made = scene()

    async def story():
        async with opened(ctx, made[Kind.ACTION]) as dialog:
            assert dialog.frame_window.content.text(WindowText.HEADING) == "Ask first"
            assert "real request" in dialog.line.text()
            assert not dialog.open_link.isVisibleTo(dialog)
            ask(dialog)
            await pending(dialog)
            request = dialog.state.request
            assert request.state == RequestState.PENDING
            assert (request.policy_name, request.reason) == ("Elevate installers", "Tools for release 8")
            assert not request.rehearsal
            assert dialog.line.text().startswith(request.number)
            assert not dialog.application.isEnabled()
            assert dialog.open_link.isVisibleTo(dialog)
            dialog.open_link.clicked.emit()
            assert str(request.id) == ctx.visited[-1].tab
            decide(practice, record_of(practice, dialog), word)
            dialog.refresh()
            await until(in_state(dialog, state))
            assert load_request(ctx.workspace.store, request.id).state == stored
            if state is WindowState.APPROVED:
                buttons = dialog.frame_window._buttons
                QTest.mouseClick(buttons[WindowText.CONTINUE], Qt.MouseButton.LeftButton)
                assert ctx.notes[-1] == "vs_setup.exe would start now"
            else:
                QTest.mouseClick(dialog.frame_window._buttons[WindowText.CANCEL], Qt.MouseButton.LeftButton)
            await until(lambda: not _is_visible(dialog))

    run(story())


def _is_visible(dialog):
    try:
        return dialog.isVisible()
    except RuntimeError:
        return False


def test_a_reason_is_required(run, ctx, scene):
    made = scene()

    async def story():
        async with opened(ctx, made[Kind.ACTION]) as dialog:
            ask(dialog, "   ")
            assert not dialog.tasks.busy
            assert dialog.state.request is None
            dialog.frame_window.reason_edit.setPlainText("x" * 300)
            assert len(dialog.frame_window.reason) == 250
            assert "250 of 250" in dialog.line.text()

    run(story())


def test_a_closed_window_leaves_its_request_open_and_shows_it_again(run, ctx, scene):
    made = scene()

    async def story():
        async with opened(ctx, made[Kind.ACTION]) as dialog:
            ask(dialog)
            await pending(dialog)
            number = dialog.state.request.number
        async with opened(ctx, made[Kind.ACTION]) as again:
            await pending(again)
            assert again.state.request.number == number

    run(story())


def test_cancel_asks_and_then_cancels_on_the_instance(run, ctx, scene):
    made = scene()

    async def story():
        async with opened(ctx, made[Kind.ACTION]) as dialog:
            ask(dialog)
            await pending(dialog)
            request = dialog.state.request
            cancel = dialog.frame_window._buttons[WindowText.CANCEL]
            QTest.mouseClick(cancel, Qt.MouseButton.LeftButton)
            (await dialog_of(CancelRequestDialog)).reject()
            await until(lambda: not dialog.tasks.busy or dialog.state.work == "none")
            assert load_request(ctx.workspace.store, request.id).state == RequestState.PENDING
            QTest.mouseClick(cancel, Qt.MouseButton.LeftButton)
            (await dialog_of(CancelRequestDialog)).accept()
            await until(lambda: load_request(ctx.workspace.store, request.id).state == RequestState.CANCELLED)
            await until(lambda: not _is_visible(dialog))

    run(story())


def test_a_refused_request_is_shown_as_an_error_and_may_be_tried_again(run, ctx, scene, practice):
    made = scene()
    item = practice.records("sys_web_service", name="CreateExecuteAppApprovalRequest")[0]
    practice._database.update("sys_web_service", item["sys_id"], {"active": "false"})

    async def story():
        async with opened(ctx, made[Kind.ACTION]) as dialog:
            ask(dialog)
            await until(lambda: bool(dialog.frame_window.content.error))
            await until(in_state(dialog, WindowState.ASKING))
            assert dialog.frame_window.reason == "Tools for release 8"
            assert dialog.line.text()
            practice._database.update("sys_web_service", item["sys_id"], {"active": "true"})
            ask(dialog)
            await pending(dialog)
            assert not dialog.frame_window.content.error

    run(story())


def test_production_is_asked_twice(run, ctx, scene):
    made = scene(production=True)

    async def story():
        async with opened(ctx, made[Kind.ACTION]) as dialog:
            ask(dialog)
            (await dialog_of(RaiseDialog)).reject()
            await until(lambda: not dialog.tasks.busy)
            ask(dialog)
            (await dialog_of(RaiseDialog)).accept()
            second = await dialog_of(ProductionNameDialog)
            assert not second.accept_button.isEnabled()
            second.reject()
            await until(lambda: not dialog.tasks.busy)
            assert dialog.state.request is None
            ask(dialog)
            (await dialog_of(RaiseDialog)).accept()
            second = await dialog_of(ProductionNameDialog)
            second.line.setText("Practice")
            second.accept_button.click()
            await pending(dialog)

    run(story())


def test_a_policy_opens_the_window_of_its_action(run, ctx, scene):
    made = scene()

    async def story():
        page = create_page(Target(Kind.POLICY.value, made[Kind.POLICY].id), ctx)
        page.show()
        page.load()
        await until(lambda: page.session.ready)
        assert page.run("try_window")
        dialog = await dialog_of(EndpointDialog)
        assert dialog.route.policy.id == made[Kind.POLICY].id
        dialog.close()
        page.close()
        page.deleteLater()

    run(story())


def test_the_palette_opens_the_window_of_the_newest_action(run, ctx, scene):
    async def story():
        await open_newest_endpoint_window(ctx)
        assert ctx.notes == ["There is no action yet"]
        made = scene()
        await open_newest_endpoint_window(ctx)
        dialog = await dialog_of(EndpointDialog)
        assert dialog.route.action.id == made[Kind.ACTION].id
        dialog.close()

    run(story())


def test_an_action_without_a_way_to_servicenow_says_what_is_missing(run, ctx, configuration):
    action = configuration.save(configuration.new(Kind.ACTION, name="Form"))

    async def story():
        assert await open_endpoint_window(ctx, action.id) is None
        assert ctx.problems[-1].fault == "action-route-incomplete"
        kind = configuration.save(configuration.new(Kind.APPROVAL_TYPE, name="Type"))
        stored = configuration.get(type(action), action.id)
        stored.type_id = kind.id
        configuration.save(stored)
        with pytest.raises(RefusedError):
            load_route(configuration, action.id)

    run(story())


def test_without_a_policy_its_variables_are_empty(ctx, scene, configuration):
    made = scene(with_policy=False)
    route = load_route(configuration, made[Kind.ACTION].id)
    fields = build_fields(route, "a.exe", "ada", "Because")
    assert (fields["PMPolicyId"], fields["PMPolicyName"]) == ("", "")
    assert (fields["PMFilePath"], fields["PMUserReason"]) == ("a.exe", "Because")
