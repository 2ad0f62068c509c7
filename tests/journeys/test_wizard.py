"""The whole set-up on a stock instance: four clicks and three fields, counted on the real widgets over real sockets."""

import contextlib
import threading

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QWidget
from sqlmodel import select

from console.runtime.page_targets import Target
from console.setup.wizard import SetupWizard
from console.setup.wizard_presenter import Activity, Step
from console.shell.page_registry import create_page
from models.addresses import Origin
from models.kinds import Kind
from models.task_run import TaskRun
from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.connectivity.check_history import (
    TASK_ID,
    find_last_sign_in,
    get_check_sign_in,
    last_verdicts,
    past_checks,
)
from services.practice import PracticeInstance
from services.setup.discovery import NAMES
from services.store import StoreError
from services.vault import VaultError
from tests.console.page_support import until
from tests.limits import WAIT_S


class _Practice:
    """A practice instance with a password of its own."""

    def __init__(self, state, password):
        self.instance = PracticeInstance(state=state, password=password).start()

    def close(self):
        self.instance.stop()


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

    def type(self, window, text):
        line = window.focusWidget()
        QTest.keyClicks(line, text)
        self.fields += 1

    def tab(self, window):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def home(qtbot, ctx):
    """The home page, which has the button that opens the wizard."""
    page = create_page(Target("home"), ctx)
    qtbot.addWidget(page)
    page.show()
    yield page
    page.hide()


def opened_wizard(hand, home):
    hand.click(home.wizard_button)
    [wizard] = home.findChildren(SetupWizard)
    assert not wizard.isModal() or wizard.windowModality() != Qt.WindowModality.ApplicationModal
    return wizard


def fill_in(hand, wizard, address, account, password):
    for number, text in enumerate((address, account, password)):
        if number:
            hand.tab(wizard)
        hand.type(wizard, text)


def test_four_clicks_and_three_fields_set_everything_up(
    run, ctx, hand, home, practice, configuration, vault, store
):
    account = practice.accounts["privman.integration"]
    made = []

    async def story():
        wizard = opened_wizard(hand, home)
        assert wizard.step == Step.SIGN_IN
        fill_in(hand, wizard, practice.base_url, account.user, account.password)
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.FOUND)
        assert [line[0] for line in wizard.found_step.lines] == ["good"] * 5
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.DONE)
        await until(lambda: wizard.report is not None)
        assert wizard.report.verdict != "failed", wizard.report.as_dict()
        made.append(wizard.report)
        hand.click(wizard.primary)
        await until(lambda: not wizard.isVisible())

    run(story())
    assert (hand.clicks, hand.fields) == (4, 3)
    [credential] = configuration.all(Kind.USER_CREDENTIAL)
    [server] = configuration.all(Kind.FOREIGN_SYSTEM)
    [process] = configuration.all(Kind.APPROVAL_PROCESS)
    [approval_type] = configuration.all(Kind.APPROVAL_TYPE)
    assert (server.base_url, server.credential_id) == (practice.base_url, credential.id)
    assert process.server_id == server.id
    assert process.request_item_id
    assert approval_type.process_id == process.id
    state = vault.state(credential.id, credential.name)
    assert state.origins == [Origin.of(practice.base_url)]
    assert ctx.visited[-1].id == process.id
    notes = [
        r.note for kind in Kind for o in configuration.all(kind) for r in configuration.history(kind, o.id)
    ]
    assert notes == ["ServiceNow approvals set up"] * 4
    [kept] = past_checks(store, server.id)
    assert (kept.process_id, kept.unsaved) == (str(process.id), False)
    assert [stage.stage for stage in kept.stages] == [stage.stage for stage in made[0].stages]
    assert last_verdicts(store)[server.id] == made[0].verdict
    used = get_check_sign_in(vault, server, credential)
    assert find_last_sign_in(store, server.id, used).at == kept.at, (
        "the password counts as accepted from then on"
    )


def test_a_check_that_cannot_be_stored_is_still_shown(run, ctx, hand, home, practice, store, monkeypatch):
    account = practice.accounts["privman.integration"]

    def refuse(*_given, **_named):
        raise StoreError(
            Problem("Write", "full", "The disk is full.", Owner.CONSOLE, "Make room.", FaultId.STORE_FULL)
        )

    async def story():
        wizard = opened_wizard(hand, home)
        fill_in(hand, wizard, practice.base_url, account.user, account.password)
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.FOUND)
        monkeypatch.setattr("services.connectivity.check_history.save_check", refuse)
        hand.click(wizard.primary)
        await until(lambda: wizard.report is not None)
        assert wizard.done_step.verdict.text() in ("Everything works", "Works, with a warning")
        assert ctx.notes[-1] == "This check could not be kept: The disk is full."
        wizard.reject()

    run(story())


def test_a_wrong_password_keeps_what_was_typed_and_shows_the_remedy(run, hand, home, practice, configuration):
    account = practice.accounts["privman.integration"]

    async def story():
        wizard = opened_wizard(hand, home)
        fill_in(hand, wizard, practice.base_url, account.user, "not the password")
        hand.click(wizard.primary)
        await until(lambda: wizard.failure.problem is not None)
        problem = wizard.failure.problem
        assert wizard.focusWidget() is wizard.sign_in.password
        assert all((problem.tried, problem.evidence, problem.cause, problem.owner, problem.remedy))
        assert "not the password" not in problem.as_text()
        assert wizard.step == Step.SIGN_IN
        assert wizard.sign_in.values().account == account.user
        assert wizard.sign_in.password.text() == "not the password"
        wizard.reject()

    run(story())
    assert all(configuration.all(kind) == [] for kind in Kind)


def test_an_empty_instance_is_set_up_in_the_same_flow(run, ctx, hand, home, configuration, store):
    """The promise is six clicks and three fields; it takes one click less."""
    password = "practice-Canary-3"

    async def story(practice):
        wizard = opened_wizard(hand, home)
        fill_in(hand, wizard, practice.base_url, "admin", password)
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.FOUND)
        assert [line for line in wizard.found_step.lines if line[0] == "bad"]
        assert wizard.primary.text() == "Create 35 records in ServiceNow"
        assert {call.method for call in practice.log} == {"GET"}, "nothing is written before it is said so"
        hand.click(wizard.primary)
        await until(lambda: wizard.found.complete or wizard.failure.problem)
        await until(lambda: wizard.primary.text() == "Create and check")
        assert "“admin” has the role admin" in wizard.applied.reminders[0]
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.DONE)
        await until(lambda: wizard.report is not None)
        assert wizard.report.verdict != "failed", wizard.report.as_dict()
        hand.click(wizard.primary)
        await until(lambda: not wizard.isVisible())

    with contextlib.closing(_Practice("empty", password)) as practice:
        run(story(practice.instance))
    assert hand.clicks <= 6
    assert (hand.clicks, hand.fields) == (5, 3)
    [server] = configuration.all(Kind.FOREIGN_SYSTEM)
    with store.read() as session:
        runs = session.exec(
            select(TaskRun).where(TaskRun.object_id == server.id).order_by(TaskRun.started_at)
        )
        done, check = runs
    assert done.state == "succeeded", "the run belongs to the server that was made after it"
    assert check.task == TASK_ID


def test_an_account_without_admin_has_an_administrator_sign_in_for_the_run(
    run, hand, home, empty_practice, configuration
):
    account, admin = (empty_practice.accounts[name] for name in ("privman.integration", "admin"))

    async def story():
        wizard = opened_wizard(hand, home)
        fill_in(hand, wizard, empty_practice.base_url, account.user, account.password)
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.FOUND or wizard.failure.problem is not None)
        assert wizard.step == Step.FOUND
        assert not wizard.primary.isEnabled()
        assert wizard.missing.sign_in.account.hasFocus()
        hand.type(wizard, admin.user)
        hand.tab(wizard)
        hand.type(wizard, admin.password)
        hand.click(wizard.primary)
        await until(lambda: wizard.primary.text() == "Create and check" or wizard.failure.problem)
        assert wizard.failure.problem is None
        assert wizard.missing is None, "the administrator's fields are gone with their password"
        hand.click(wizard.primary)
        await until(lambda: wizard.report is not None)
        hand.click(wizard.primary)

    run(story())
    assert (hand.clicks, hand.fields) == (5, 5)
    [credential] = configuration.all(Kind.USER_CREDENTIAL)
    assert credential.account == account.user


def test_leaving_an_empty_instance_alone_writes_nothing(run, hand, home, empty_practice, configuration):
    account = empty_practice.accounts["privman.integration"]

    async def story():
        wizard = opened_wizard(hand, home)
        fill_in(hand, wizard, empty_practice.base_url, account.user, account.password)
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.FOUND)
        assert wizard.reason.text() == "Fill in the administrator's account and password"
        wizard.reject()

    run(story())
    assert {call.method for call in empty_practice.log} == {"GET"}
    assert all(configuration.all(kind) == [] for kind in Kind)


def test_creating_the_objects_cannot_be_cancelled_closed_or_repeated(
    run, ctx, hand, home, practice, configuration, vault
):
    account = practice.accounts["privman.integration"]
    may_go_on = threading.Event()
    put = vault.put
    vault.put = lambda *given, **named: may_go_on.wait(WAIT_S) and put(*given, **named)

    async def story():
        wizard = opened_wizard(hand, home)
        fill_in(hand, wizard, practice.base_url, account.user, account.password)
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.FOUND)
        hand.click(wizard.primary)
        assert not any(b.isEnabled() for b in (wizard.primary, wizard.back, wizard.cancel))
        QTest.keyClick(wizard, Qt.Key.Key_Escape)
        wizard.close()
        assert wizard.isVisible()
        may_go_on.set()
        await until(lambda: wizard.step == Step.DONE)
        await until(lambda: wizard.report is not None)
        wizard.reject()

    run(story())
    made = {kind: len(configuration.all(kind)) for kind in Kind}
    assert made == {kind: int(kind in NAMES) for kind in Kind}


def test_a_second_set_up_shows_the_new_names_and_opens_an_object(
    run, ctx, hand, home, practice, configuration
):
    host = practice.base_url.removeprefix("http://").rstrip("/")
    account = practice.accounts["privman.integration"]
    for kind, name in NAMES.items():
        if kind is not Kind.FOREIGN_SYSTEM:
            configuration.save(
                configuration.new(
                    kind, name=name, **({"account": "a"} if kind.value == "user_credential" else {})
                )
            )

    async def story():
        wizard = opened_wizard(hand, home)
        fill_in(hand, wizard, practice.base_url, account.user, account.password)
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.FOUND)
        said = [w.accessibleName() for w in wizard.found_step.findChildren(QWidget)]
        assert f"User Credential: {host} ServiceNow" in said
        assert f"ServiceNow Server: {host} ServiceNow Server" in said
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.DONE)
        assert [link.text() for link in wizard.done_step.links][:2] == [
            f"{host} ServiceNow",
            f"{host} ServiceNow Server",
        ]
        await until(lambda: wizard.report is not None)
        hand.click(wizard.done_step.links[1])
        assert not wizard.isVisible()
        assert ctx.visited[-1].kind == Kind.FOREIGN_SYSTEM

    run(story())


def test_a_vault_that_is_locked_at_the_check_is_named_at_its_stage(run, ctx, hand, home, practice, vault):
    account = practice.accounts["privman.integration"]

    def refuse(*_given, **_named):
        raise VaultError(
            Problem(
                "Read it",
                "locked",
                "The vault is locked.",
                Owner.CONSOLE,
                "Unlock it.",
                FaultId.VAULT_UNUSABLE,
            )
        )

    async def story():
        wizard = opened_wizard(hand, home)
        fill_in(hand, wizard, practice.base_url, account.user, account.password)
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.FOUND)
        vault.get = refuse
        hand.click(wizard.primary)
        await until(lambda: wizard.report is not None)
        assert wizard.step == Step.DONE
        assert [(s.stage, s.fault) for s in wizard.report.stages if s.fault] == [
            ("authentication", "vault-unusable")
        ]
        wizard.reject()

    run(story())


def written(practice):
    """Return how many records were created on the instance by calls that changed it."""
    return sum(1 for call in practice.log if call.method == "POST" and "/table/" in call.path)


def said_by(wizard):
    return wizard._lead.text()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://acme.service-now.com", "http:// sends the password unencrypted"),
        ("https://acme.service-now.com/nav_to.do?uri=x", "is the address of a page in ServiceNow"),
        ("https://", "no usable host name"),
        ("ftp://acme", "only https:// is used"),
        ("https://acme.example/" + "a" * 3000, "Is too long"),
    ],
)
def test_connect_is_disabled_with_a_reason_for_an_invalid_address(qtbot, ctx, address, why):
    wizard = SetupWizard(ctx)
    qtbot.addWidget(wizard)
    wizard.show()
    wizard.sign_in.address.setText(address)
    wizard.sign_in.account.setText("a")
    wizard.sign_in.password.setText("b")
    assert not wizard.primary.isEnabled()
    assert why.lower() in wizard.reason.text().lower()
    QTest.keyClick(wizard.sign_in.password, Qt.Key.Key_Return)
    assert wizard.presenter.activity is Activity.IDLE
    wizard.sign_in.address.setText("acme.service-now.com")
    assert wizard.primary.isEnabled()
    assert wizard.reason.text() == ""


@pytest.mark.parametrize("account", ["a" * 256, "a\x07b"])
def test_connect_is_disabled_for_an_invalid_account_name(qtbot, ctx, account):
    wizard = SetupWizard(ctx)
    qtbot.addWidget(wizard)
    wizard.sign_in.address.setText("acme.service-now.com")
    wizard.sign_in.account.setText(account)
    wizard.sign_in.password.setText("b")
    assert not wizard.primary.isEnabled()
    assert wizard.reason.text().startswith("Account Name: ")


def test_the_error_beside_the_address_goes_as_soon_as_it_is_right(qtbot, ctx):
    wizard = SetupWizard(ctx)
    qtbot.addWidget(wizard)
    step = wizard.sign_in
    step.address.setText("http://acme.service-now.com")
    step.address.editingFinished.emit()
    assert step._address_field.state == "error"
    step.address.setText("https://acme.service-now.com")
    assert step._address_field.state == "help"


def test_the_window_keeps_its_size_whatever_happens(run, hand, home, empty_practice):
    account, admin = (empty_practice.accounts[name] for name in ("privman.integration", "admin"))
    sizes = set()

    async def story():
        wizard = opened_wizard(hand, home)
        seen = lambda: sizes.add((wizard.width(), wizard.height()))  # noqa: E731
        seen()
        wizard.step_changed.connect(lambda _step: seen())
        fill_in(hand, wizard, empty_practice.base_url, account.user, "not the password")
        hand.click(wizard.primary)
        await until(lambda: wizard.failure.problem is not None)
        await until(lambda: seen() or wizard.failure.isVisible())
        wizard.sign_in.password.setText(account.password)
        hand.click(wizard.primary)
        await until(lambda: seen() or wizard.step == Step.FOUND)
        wizard.missing.sign_in.account.setText(admin.user)
        wizard.missing.sign_in.password.setText(admin.password)
        hand.click(wizard.primary)
        await until(lambda: seen() or wizard.primary.text() == "Create and check" or wizard.failure.problem)
        hand.click(wizard.primary)
        await until(lambda: seen() or wizard.report is not None)
        seen()
        assert wizard.minimumSizeHint().height() <= wizard.height()
        wizard.reject()

    run(story())
    assert len(sizes) == 1


def test_a_cancelled_run_shows_how_much_it_wrote_and_continues(run, ctx, hand, home, configuration):
    password = "practice-Canary-4"

    async def story(practice):
        wizard = opened_wizard(hand, home)
        fill_in(hand, wizard, practice.base_url, "admin", password)
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.FOUND)
        assert "Nothing was changed on the instance." in said_by(wizard)
        hand.click(wizard.primary)
        await until(lambda: written(practice) >= 3)
        assert said_by(wizard) == "Records are being written in ServiceNow."
        QTest.keyClick(wizard, Qt.Key.Key_Escape)
        assert wizard.isVisible(), "it stays to say what became of the run"
        await until(lambda: wizard.presenter.activity is Activity.IDLE)
        receipt = wizard.missing.plan.written
        assert len(receipt.done) <= written(practice) <= len(receipt.done) + len(receipt.doubtful)
        assert "Nothing" not in said_by(wizard)
        assert f"{len(receipt.done)} records were written in ServiceNow before it stopped." in said_by(wizard)
        assert ctx.activity.jobs[-1].state == "cancelled"
        wizard.reject()
        # The next wizard knows of it as well.
        await until(lambda: not home.findChildren(SetupWizard))
        wizard = opened_wizard(hand, home)
        fill_in(hand, wizard, practice.base_url, "admin", password)
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.FOUND)
        assert "Nothing" not in said_by(wizard)
        hand.click(wizard.primary)
        await until(lambda: wizard.found.complete or wizard.failure.problem)
        assert "Records were created" in said_by(wizard) or "records were created" in said_by(wizard)
        wizard.reject()
        assert len({row["name"] for row in practice.records("sys_web_service")}) == len(
            practice.records("sys_web_service")
        )

    with contextlib.closing(_Practice("empty", password)) as practice:
        run(story(practice.instance))


def test_a_run_that_fails_in_the_middle_shows_how_much_it_wrote(run, ctx, hand, home):
    password = "practice-Canary-5"

    async def story(practice):
        wizard = opened_wizard(hand, home)
        fill_in(hand, wizard, practice.base_url, "admin", password)
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.FOUND)
        hand.click(wizard.primary)
        await until(lambda: written(practice) >= 3)
        practice.faults.set("forbidden")
        await until(lambda: wizard.failure.problem is not None)
        assert len(wizard.found_step.lines) == 1, "what was found before the run does not hold any more"
        count = len(wizard.missing.plan.written.done)
        assert count >= 2
        assert f"{count} records were written in ServiceNow" in said_by(wizard)
        assert f"{count} records were written" in ctx.activity.jobs[-1].text
        assert wizard.primary.isEnabled()
        practice.faults.clear()
        hand.click(wizard.primary)
        await until(lambda: wizard.found.complete)
        wizard.reject()

    with contextlib.closing(_Practice("empty", password)) as practice:
        run(story(practice.instance))


def test_a_run_that_is_refused_at_once_shows_that_nothing_was_changed(run, hand, home, empty_practice):
    account = empty_practice.accounts["privman.integration"]

    async def story():
        wizard = opened_wizard(hand, home)
        fill_in(hand, wizard, empty_practice.base_url, account.user, account.password)
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.FOUND)
        wizard.missing.sign_in.account.setText("admin")
        wizard.missing.sign_in.password.setText("not the password")
        hand.click(wizard.primary)
        await until(lambda: wizard.failure.problem is not None)
        assert "Nothing was changed on the instance." in said_by(wizard)
        wizard.reject()

    run(story())
    assert written(empty_practice) == 0


def test_an_instance_that_cannot_be_read_after_the_run_is_not_shown_as_unchanged(
    run, hand, home, empty_practice
):
    account, admin = (empty_practice.accounts[name] for name in ("privman.integration", "admin"))

    async def story():
        wizard = opened_wizard(hand, home)
        fill_in(hand, wizard, empty_practice.base_url, account.user, account.password)
        hand.click(wizard.primary)
        await until(lambda: wizard.step == Step.FOUND)
        wizard.missing.sign_in.account.setText(admin.user)
        wizard.missing.sign_in.password.setText(admin.password)
        hand.click(wizard.primary)
        # The administrator's run ends; the account of the set-up is refused then.
        wizard.sign_in.password.setText("changed meanwhile")
        await until(lambda: wizard.failure.problem is not None)
        assert wizard.applied.receipt.run.state == "succeeded"
        assert said_by(wizard) == "Records were created in ServiceNow. The instance has not been read since."
        assert wizard.primary.text() == "Read the instance again"
        assert wizard.found_step.lines == [], "what was found before the run does not hold any more"
        wizard.sign_in.password.setText(account.password)
        hand.click(wizard.primary)
        await until(lambda: wizard.primary.text() == "Create and check")
        wizard.reject()

    run(story())
