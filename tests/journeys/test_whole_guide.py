"""The whole guide from nothing: at most eight clicks and four fields, and then all 25 steps are true."""

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog

from console.runtime.page_targets import Target
from console.setup.wizard import SetupWizard
from console.setup.wizard_presenter import Step
from console.setup.wizard_privilege_manager_presenter import Phase
from console.setup.wizard_set_up_runs import UndoSetUpDialog
from console.shell.page_registry import create_page
from models.action import Action
from models.kinds import Kind, RequestState
from models.policy import Policy
from models.privilege_manager_server import PrivilegeManagerServer
from models.user_credential import UserCredential
from services.common.secret import Secret
from services.practice import PracticeInstance
from services.practice.privilege_manager import PracticePrivilegeManager, built_in_ids
from services.practice.privilege_manager.items import ItemKind
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.setup.guide_step import GuideStepState
from services.setup.privilege_manager_setup import NAMES
from tests.console.page_support import until
from tests.limits import WAIT_S

CLICKS, FIELDS = 8, 4
CREDENTIAL = NAMES[Kind.USER_CREDENTIAL]
TRUE = (GuideStepState.DONE, GuideStepState.NEEDLESS)


class Hand:
    """Operates mouse and keyboard, and counts clicks and fields."""

    def __init__(self):
        self.clicks = 0
        self.fields = 0

    def click(self, widget):
        assert widget.isVisible()
        assert widget.isEnabled(), widget.text()
        self.clicks += 1
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def type(self, line, text):
        line.setFocus()
        QTest.keyClicks(line, text)
        self.fields += 1

    def paste(self, line, text):
        """Put a text of several values into a field at once, as a paste does."""
        line.setFocus()
        line.insert(text)
        self.fields += 1

    def save(self, dialog, path):
        """Choose a file in a dialog and save it."""
        self.clicks += 1
        dialog.fileSelected.emit(str(path))
        dialog.close()


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def home(qtbot, ctx):
    page = create_page(Target("home"), ctx)
    qtbot.addWidget(page)
    page.show()
    yield page
    page.hide()


@pytest.fixture
def practice():
    with_items = PracticeInstance(state="empty").start()
    yield with_items
    with_items.stop()


@pytest.fixture
def privilege_manager():
    server = PracticePrivilegeManager(empty=True).start()
    yield server
    server.stop()


def opened_wizard(hand, home):
    hand.click(home.wizard_button)
    [wizard] = home.findChildren(SetupWizard)
    return wizard


def sign_in_text(practice):
    account = practice.accounts["privman.integration"]
    return f"{practice.base_url} {account.user} {account.password}"


def api_client_text(server, task=built_in_ids.TARGETING_TASK):
    return f"{server.base_url}\n{server.client_id}\n{server.client_secret}\n{task}"


async def servicenow_side(hand, wizard, practice):
    """Go from the filled form to the four objects, creating the items with an administrator."""
    administrator = practice.accounts["admin"]
    hand.click(wizard.primary)
    await until(lambda: wizard.step == Step.FOUND and wizard.missing is not None, WAIT_S)
    fields = wizard.missing.sign_in
    hand.type(fields.account, administrator.user)
    hand.type(fields.password, administrator.password)
    hand.click(wizard.primary)
    await until(lambda: wizard.missing is None and wizard.presenter.idle, WAIT_S)
    hand.click(wizard.primary)
    await until(lambda: wizard.report is not None, WAIT_S)


async def saved_copy(hand, wizard, path):
    """Save the copy into a file."""
    step = wizard.privilege_manager_step
    await until(lambda: step.presenter.phase is Phase.WRITE_COPY, WAIT_S)
    hand.click(wizard.primary)
    [dialog] = wizard.findChildren(QFileDialog)
    hand.save(dialog, path)
    await until(lambda: step.presenter.phase is Phase.WAITING, WAIT_S)


async def approved_request(ctx, practice, made):
    """Raise a request as an endpoint does, and approve it as its approver does in My Approvals."""
    workspace = await ctx.ready()
    instance = await workspace.instance(made.server.id)
    life = RequestLifecycle(workspace.store, instance, made.process)
    request = await life.submit(
        made.approval_type,
        {
            "PMInitiatorName": "b.okafor",
            "PMPolicyName": "ServiceNow Approvals",
            "PMAgentName": "WS-014",
            "PMFilePath": r"C:\setup.exe",
            "PMUserReason": "Tools",
        },
    )
    record = await life.refresh_item(request)
    account = practice.accounts["app.approver"]
    settings = ConnectionSettings("ServiceNow", practice.base_url)
    async with ServiceNowClient(settings, SignIn(account.user, Secret(account.password))) as approver:
        await approver.table("sysapproval_approver").update(
            record.open_approvals[0].sys_id, {"state": "approved"}
        )
    await life.follow(request)
    assert request.state == RequestState.APPROVED


async def closed_after(ctx, story):
    """Run a story, then close the connections that it left open."""
    try:
        await story
    finally:
        await (await ctx.ready()).close_connections()


def untrue(home):
    return {step.number: step.fact for phase in home.phases for step in phase.steps if step.state not in TRUE}


def test_eight_clicks_and_four_fields_make_all_25_steps_true(
    run, ctx, hand, home, practice, privilege_manager, configuration, tmp_path
):
    async def story():
        wizard = opened_wizard(hand, home)
        hand.paste(wizard.sign_in.address, sign_in_text(practice))
        hand.paste(wizard.sign_in.privilege_manager.address, api_client_text(privilege_manager))
        await servicenow_side(hand, wizard, practice)
        made = wizard.made
        hand.click(wizard.primary)
        copy = tmp_path / "copy.zip"
        await saved_copy(hand, wizard, copy)
        # Import Items is a page of Privilege Manager.
        privilege_manager.import_items(copy.read_bytes())
        await until(lambda: wizard.privilege_manager_step.presenter.phase is Phase.DONE, WAIT_S)
        shown = list(wizard.privilege_manager_step.presenter.lines())
        assert {line[0] for line in shown} == {"good"}, shown
        hand.click(wizard.primary)
        await until(lambda: not wizard.isVisible())
        await approved_request(ctx, practice, made)
        home.check_all()
        await until(lambda: home.settled, WAIT_S)
        await until(lambda: untrue(home) == {}, WAIT_S)

    run(closed_after(ctx, story()))
    assert hand.clicks <= CLICKS
    assert hand.fields <= FIELDS
    [policy] = configuration.all(Policy)
    [action] = configuration.all(Action)
    assert policy.references_to_actions == [action.id]
    assert policy.item_id in {
        key for one in privilege_manager.state.computers if one.name == "WS-014" for key in one.policies
    }


def test_a_refused_api_client_stores_nothing_and_says_why(
    run, ctx, hand, home, practice, privilege_manager, configuration
):
    async def story():
        wizard = opened_wizard(hand, home)
        hand.paste(wizard.sign_in.address, sign_in_text(practice))
        text = f"{privilege_manager.base_url} {privilege_manager.client_id} wrong-secret"
        hand.paste(wizard.sign_in.privilege_manager.address, text)
        await servicenow_side(hand, wizard, practice)
        hand.click(wizard.primary)
        step = wizard.privilege_manager_step
        await until(lambda: step.presenter.stopped, WAIT_S)
        assert wizard.failure.problem.fault == "privilege-manager-log-on-refused"
        assert wizard.primary.text() == "Try again"
        wizard.reject()

    run(closed_after(ctx, story()))
    assert configuration.all(PrivilegeManagerServer) == []


def test_a_set_up_that_was_closed_while_waiting_is_gone_on_with_and_taken_back_by_the_next_wizard(
    run, ctx, hand, home, practice, privilege_manager, configuration, vault, tmp_path
):
    async def begin():
        wizard = opened_wizard(hand, home)
        hand.paste(wizard.sign_in.address, sign_in_text(practice))
        hand.paste(wizard.sign_in.privilege_manager.address, api_client_text(privilege_manager, ""))
        await servicenow_side(hand, wizard, practice)
        hand.click(wizard.primary)
        await saved_copy(hand, wizard, tmp_path / "first.zip")
        step = wizard.privilege_manager_step
        await until(lambda: step.presenter.asked, WAIT_S)
        assert wizard.primary.text() == "Finish later"
        hand.click(wizard.primary)
        await until(lambda: not wizard.isVisible())
        home.check_all()
        await until(lambda: home.settled, WAIT_S)
        step = next(s for phase in home.phases for s in phase.steps if s.number == 16)
        assert step.state is GuideStepState.ELSEWHERE

    async def go_on():
        await until(lambda: not home.findChildren(SetupWizard))
        wizard = opened_wizard(hand, home)
        offer = wizard.sign_in.last_set_up
        await until(offer.isVisible, WAIT_S)
        hand.click(offer.continue_button)
        step = wizard.privilege_manager_step
        await until(lambda: step.presenter.phase is Phase.WAITING, WAIT_S)
        privilege_manager.import_items((tmp_path / "first.zip").read_bytes())
        await until(lambda: step.presenter.phase is Phase.DONE, WAIT_S)
        assert step.presenter.policy_result
        assert len(configuration.all(PrivilegeManagerServer)) == len(configuration.all(Policy)) == 1
        await take_back(wizard)

    async def take_back(wizard):
        step = wizard.privilege_manager_step
        [credential] = [one for one in configuration.all(UserCredential) if one.name == CREDENTIAL]
        hand.click(step.undo_button)
        await until(lambda: wizard.findChildren(UndoSetUpDialog))
        [dialog] = wizard.findChildren(UndoSetUpDialog)
        assert len(dialog.texts) == 5, dialog.texts
        hand.click(dialog.undo_button)
        await until(lambda: step.presenter.phase is Phase.UNDONE, WAIT_S)
        assert [line[1] for line in step.presenter.lines()] == ["Taken back"] * 5 + ["Stays"] * 2
        assert not vault.state(credential.id, credential.name).present
        hand.click(wizard.primary)
        await until(lambda: not wizard.isVisible())

    async def story():
        await begin()
        await go_on()

    run(closed_after(ctx, story()))
    for model in (PrivilegeManagerServer, Action, Policy):
        assert configuration.all(model) == []
    [policy] = privilege_manager.state.items.of_kind(ItemKind.POLICY)
    assert (policy.members["Enabled"], policy.ids("ApplicationActionIds")) == (False, [])
