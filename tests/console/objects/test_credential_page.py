"""The page of a User Credential: only what the method needs, secrets, the probe, and the expiry."""

import uuid
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from PyQt6.QtWidgets import QApplication

from console.objects.credential_expiry import SecretExpiry
from console.objects.credential_tokens import TokenFigures
from console.objects.probe_presenter import ROW_KEYS, ProbePresenter, ProbeRecord, records_of
from models.foreign_system import ForeignSystem
from models.kinds import Kind
from models.secret_names import SecretName
from models.sign_in import SignInMethod
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.practice.oauth import CLIENT_CREDENTIALS_PROPERTY, make_client
from services.practice.server import PracticeInstance
from services.servicenow.access_tokens import TokenFacts
from services.servicenow.encoded_query import TableQuery
from services.servicenow.faults import make_problem
from services.sign_in_probe import ProbeRow, RowResult, RowState, SignInProbe
from tests.console.objects.test_object_pages import make, opened, settled, where
from tests.console.page_support import close_connections, until

USER = "privman.integration"
ACME = "https://acme.service-now.com/"
TODAY = date(2026, 2, 1)


# -- without widgets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "tone", "badge", "reminder"),
    [
        ("2026-06-01", "", "Expires in 120 days", "in 90 days"),
        ("2026-02-13", "notice", "Expires in 12 days", "in 5 days"),
        ("2026-02-02", "bad", "Expires in 1 day", "today"),
        ("2026-02-01", "bad", "Expires today", ""),
        ("2026-01-01", "bad", "Expired", ""),
    ],
)
def test_the_tone_of_an_expiry_follows_the_reminders(day, tone, badge, reminder):
    expiry = SecretExpiry.of(day, TODAY)
    assert (expiry.tone, expiry.badge, expiry.next_reminder) == (tone, badge, reminder)


def test_a_day_that_was_not_entered_has_no_expiry():
    assert SecretExpiry.of("", TODAY) is None
    assert SecretExpiry.of("soon", TODAY) is None


def test_figures_of_tokens_name_the_one_that_ends_first_and_add_up_the_servers():
    refused = TokenFacts(0, 3, None, None)
    assert TokenFigures.of([TokenFacts(0, 0, None, None)]) is None
    assert TokenFigures.of([refused]).in_use == ()
    both = TokenFigures.of(
        [TokenFacts(2, 0, 1800.0, 1440.0, 360.0, 40), TokenFacts(1, 0, 1800.0, 20.0, 12.0, 2), refused]
    )
    assert [value for _, value in both.in_use] == ["in less than 1 min", "less than 1 min before"]
    assert [value for _, value in both.counts] == ["3", "3", "42"]


class Ctx:
    """Stands for the window's context, which the shown state does not use."""


@pytest.fixture
def presenter():
    ctx, server = Ctx(), SimpleNamespace(id=uuid.uuid4(), name="Server")
    made = ProbePresenter(ctx, uuid.uuid4(), lambda: None)
    made.servers, made.server_id, made.version = [server], server.id, 3
    made.ctx = ctx
    return made


def probe_of(*states):
    problem = make_problem(FaultId.OAUTH_TOKEN_REFUSED, "Fetch a token", "HTTP 401")
    rows = tuple(
        RowResult(row, state, "seen", 12.0, 1, problem if state is RowState.FAILED else None)
        for row, state in zip(ProbeRow, states, strict=True)
    )
    return SignInProbe("Server", USER, SignInMethod.BASIC, rows, datetime.now(UTC), 1100.0)


def remember(presenter, probe, version=3):
    record = ProbeRecord(probe, presenter.server_id, version)
    records_of(presenter.ctx)[presenter._credential_id] = record


def test_five_rows_stand_there_before_the_first_probe(presenter):
    assert [(line.key, line.shape) for line in presenter.lines] == [(key, "todo") for key in ROW_KEYS]
    assert presenter.caption == "Not probed yet on Server"
    assert presenter.badge is None


def test_a_refused_token_is_the_finding_and_the_badge(presenter):
    remember(presenter, probe_of(RowState.FAILED, *[RowState.SKIPPED] * 4))
    assert [line.shape for line in presenter.lines] == ["bad", "off", "off", "off", "off"]
    assert [finding.stage for finding in presenter.findings] == ["token"]
    assert presenter.badge[1] == "bad"


def test_what_is_not_proven_is_not_green(presenter):
    unclear = RowState.CANNOT_BE_DISTINGUISHED
    remember(presenter, probe_of(RowState.OK, RowState.OK, RowState.OK, RowState.OK, unclear))
    assert presenter.badge == ("Not proven", "off", "off")


def test_a_probe_of_an_earlier_version_is_not_shown(presenter):
    remember(presenter, probe_of(*[RowState.OK] * 5), version=2)
    assert presenter.badge is None
    assert {line.shape for line in presenter.lines} == {"todo"}


# -- the page --------------------------------------------------------------------------------------------------


def shown(page):
    return {one.spec.name for one in page.form if not one.frame.isHidden()} - {"name", "description"}


def test_a_method_shows_its_fields_and_what_was_typed_for_another_is_kept(run, ctx, configuration):
    item = make(configuration, Kind.USER_CREDENTIAL, name="ServiceNow", account="a")

    async def story():
        async with opened(ctx, where(item)) as page:
            await settled(page)
            picker = page.form.field("sign_in").editor
            assert shown(page) == {"sign_in", "account", "password", "secret_expires_on"}
            picker.choose(SignInMethod.CLIENT_CREDENTIALS)
            fields = {"sign_in", "account", "client_id", "client_secret", "scope", "secret_expires_on"}
            assert shown(page) == fields
            page.form.accept("client_id", "abc")
            picker.choose(SignInMethod.CERTIFICATE)
            assert "client_id" not in shown(page)
            picker.choose(SignInMethod.JWT_BEARER)
            assert page.form.field("client_id").editor.read() == {"client_id": "abc"}
            assert {"key_id", "subject"} <= set(page.session.errors)
            picker.choose(SignInMethod.BASIC)
            assert "key_id" not in page.session.errors
            await settled(page)
            page.discard()

    run(story())


def test_the_keyboard_goes_through_the_fields_in_their_order(run, ctx, configuration):
    item = make(configuration, Kind.USER_CREDENTIAL, name="ServiceNow", account="a")

    async def story():
        async with opened(ctx, where(item)) as page:
            await settled(page)
            page.form.field("sign_in").editor.choose(SignInMethod.JWT_BEARER)
            page.activateWindow()
            page.form.editor("name", type(page.form.field("name").editor)).line.setFocus()
            order, fields = [], {id(one.editor.focus_target): one.spec.name for one in page.form}
            for _ in range(14):
                name = fields.get(id(QApplication.focusWidget()))
                if name and name not in order:
                    order.append(name)
                page.focusNextChild()
            wanted = [one.spec.name for one in page.form if not one.frame.isHidden()]
            assert order == wanted
            page.discard()

    run(story())


def test_a_secret_is_stored_under_its_name_and_can_be_removed(run, ctx, configuration, vault):
    server = make(configuration, Kind.FOREIGN_SYSTEM, name="Server", base_url=ACME)
    item = make(configuration, Kind.USER_CREDENTIAL, name="OAuth", account="a",
                sign_in="oauth_client_credentials", client_id="abc")  # fmt: skip
    server.credential_id = item.id
    configuration.save(server)

    def state():
        return vault.state(item.id, item.name, secret_name=SecretName.CLIENT_SECRET)

    async def story():
        async with opened(ctx, where(item)) as page:
            await settled(page)
            field = page.secrets[SecretName.CLIENT_SECRET]
            page.run("renew_secret")
            field.line.setText("canary-4711")
            page.save()
            await until(lambda: state().present and not field.editing)
            await until(lambda: "for acme.service-now.com only" in page.form.field("client_secret").note[1])
            moved = configuration.get(ForeignSystem, server.id)
            moved.base_url = "https://other.service-now.com/"
            configuration.save(moved)
            page.tasks.start(page._read_state(), group="vault")
            again = "Enter it again for other.service-now.com"
            await until(lambda: page.form.field("client_secret").note[1] == again)
            field.begin()
            field.remove_button.click()
            await until(lambda: not state().present and not field.present)
            assert field.stored_line.text() == ""

    run(story())


def test_a_passphrase_that_is_bound_to_its_certificate_is_not_asked_for_again(run, ctx, configuration, vault):
    item = make(configuration, Kind.USER_CREDENTIAL, name="mTLS", account="a", sign_in="certificate")
    server = make(configuration, Kind.FOREIGN_SYSTEM, name="Server", base_url=ACME,
                  client_certificate="/files/client.p12", credential_id=item.id)  # fmt: skip
    name = SecretName.CERTIFICATE_PASSPHRASE
    vault.put(item.id, item.name, "a", Secret("canary-4712"), [server.destination], secret_name=name)

    async def story():
        async with opened(ctx, where(item)) as page:
            await settled(page)
            await until(lambda: page.form.field(name.value).note[1])
            assert "for acme.service-now.com only" in page.form.field(name.value).note[1]
            server.client_certificate = "/files/other.p12"
            configuration.save(server)
            page.tasks.start(page._read_state(), group="vault")
            again = "Enter it again for acme.service-now.com"
            await until(lambda: page.form.field(name.value).note[1] == again)

    run(story())


def test_a_credential_of_privilege_manager_is_not_probed_on_servicenow(run, ctx, configuration):
    item = make(configuration, Kind.USER_CREDENTIAL, name="API Client", account="a")
    make(configuration, Kind.FOREIGN_SYSTEM, name="Server", base_url=ACME)
    make(configuration, Kind.PRIVILEGE_MANAGER_SERVER, name="PM", base_url="https://pm.example.com/TMS/",
         credential_id=item.id)  # fmt: skip

    async def story():
        async with opened(ctx, where(item)) as page:
            await until(lambda: page.probe.caption == "Needs a ServiceNow Server")
            assert "probe_sign_in" not in page.enabled()

    run(story())


def test_a_probe_ends_in_place_and_names_what_refused(run, ctx, configuration, vault):
    practice = PracticeInstance().start()
    client = practice.tokens.add_client("Console", make_client(USER))
    server = make(configuration, Kind.FOREIGN_SYSTEM, name="Server", base_url=practice.base_url)
    item = make(configuration, Kind.USER_CREDENTIAL, name="OAuth", account=USER,
                sign_in="oauth_client_credentials", client_id=client.client_id)  # fmt: skip
    vault.put(item.id, item.name, USER, Secret(client.secret), [server.destination],
              secret_name=SecretName.CLIENT_SECRET)  # fmt: skip

    async def story():
        async with opened(ctx, where(item)) as page:
            await until(lambda: "probe_sign_in" in page.enabled())
            assert page.probe_card.rows.rows.rowCount() == 5
            page.run("probe_sign_in")
            await until(lambda: page.probe.record is not None and not page.probe.running)
            assert page.probe_card.card is not None
            assert page.probe.badge[1] == "bad"
            practice.set_property(CLIENT_CREDENTIALS_PROPERTY, "true")
            page.run("probe_sign_in")
            await until(lambda: page.probe.lines[1].shape == "good" and not page.probe.running)
            assert page.probe_card.card is None
            assert client.secret not in page.probe.report
            server.credential_id = item.id
            await ctx.call(configuration.save, server)
            await until(lambda: page.parts.servers)
            assert page.side.token_part.isHidden()
            instance = await ctx.workspace.instance(server.id)
            await instance.table("sys_user").page(TableQuery(), fields=(), limit=1)
            page.hide()
            page.show()
            await until(lambda: not page.side.token_part.isHidden())
            assert page.side.token_rows.rows == [("Access token", "in 30 min"), ("Renewed", "6 min before")]
            counts = [("Tokens fetched", "1"), ("Sign-ins refused", "0"), ("Calls with a token", "1")]
            assert page.side.count_rows.rows == counts
            page.form.accept("client_id", "other")
            assert "probe_sign_in" not in page.enabled()
            await settled(page)
            page.discard()
            await close_connections(ctx.workspace)

    try:
        run(story())
    finally:
        practice.stop()
