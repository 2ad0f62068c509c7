"""The Check tab of a Privilege Manager server, its past checks and its badge; and the round over both kinds of servers."""

import pytest

from console.checks import remedies
from console.navigation.tree_model import object_key
from console.runtime.page_targets import Target
from console.shell.page_registry import create_page
from models.addresses import Origin
from models.check_stages import get_stages
from models.kinds import Kind
from services.common.secret import Secret
from services.connectivity.check_history import last_verdicts, past_checks
from services.practice.privilege_manager import PracticePrivilegeManager
from tests.console.checks.test_check_tab import closed, closed_port
from tests.console.page_support import until
from tests.console.windows import opened_window

__all__ = ["closed_port"]
KIND = Kind.PRIVILEGE_MANAGER_SERVER


@pytest.fixture
def practice():
    server = PracticePrivilegeManager().start()
    yield server
    server.stop()


def stored_server(configuration, vault, practice, secret=None):
    client = practice.client()
    credential = configuration.save(
        configuration.new(Kind.USER_CREDENTIAL, name="PM API Client", account=client.client_id)
    )
    secret = secret or client.secret
    places = [Origin.of(practice.base_url)]
    vault.put(credential.id, credential.name, client.client_id, Secret(secret), places)
    return configuration.save(
        configuration.new(
            KIND, name="Privilege Manager", base_url=practice.base_url, credential_id=credential.id
        )
    )


def opened(ctx, server, **more):
    page = create_page(Target(KIND.value, server.id, tab="Check", **more), ctx)
    page.resize(1000, 700)
    page.show()
    page.load()
    return page


async def checked(ctx, server):
    page = opened(ctx, server, run="check")
    await until(lambda: page.check.presenter.results and not page.check.presenter.running)
    return page


def test_every_stage_of_this_kind_is_shown_and_kept(run, ctx, configuration, vault, practice):
    server = stored_server(configuration, vault, practice)

    async def story():
        page = await checked(ctx, server)
        shown = page.check.presenter.results
        assert set(shown) == set(get_stages(KIND))
        assert page.check.stages.count() == 14
        assert page.check.presenter.report.verdict == "ok"
        store = ctx.workspace.store
        await until(lambda: past_checks(store, server.id))
        [kept] = past_checks(store, server.id)
        assert (kept.kind, kept.verdict, len(kept.stages)) == (KIND, "ok", 14)
        assert last_verdicts(store) == {server.id: "ok"}
        text = page.check.presenter.report_text(page.title)
        assert practice.client_secret not in text
        assert "Policies" in text
        await closed(page)
        # The stored check is the result of a page that is opened later.
        again = opened(ctx, server)
        await until(lambda: again.check.presenter.stored is not None)
        assert set(again.check.presenter.visible_results) == set(get_stages(KIND))
        assert not again.check.presenter.stale
        await closed(again)

    run(story())


def test_a_refused_secret_leads_to_its_password(run, ctx, configuration, vault, practice):
    server = stored_server(configuration, vault, practice, secret="wrong-4714")

    async def story():
        page = await checked(ctx, server)
        result = page.check.presenter.results["authentication"]
        assert result.fault == "privilege-manager-log-on-refused"
        [action] = remedies.remedy_actions(page, result, page.check.presenter.subject)
        action.act()
        assert ctx.visited[-1].kind == "user_credential"
        await closed(page)

    run(story())


def test_a_wrong_address_leads_to_the_field_of_this_server(run, ctx, configuration, vault, practice):
    server = stored_server(configuration, vault, practice)
    practice.faults.set("not_found")

    async def story():
        page = await checked(ctx, server)
        result = page.check.presenter.results["instance"]
        assert result.fault == "privilege-manager-path-wrong"
        [action] = remedies.remedy_actions(page, result, page.check.presenter.subject)
        action.act()
        assert (ctx.visited[-1].kind, ctx.visited[-1].id) == (KIND.value, server.id)
        await closed(page)

    run(story())


def test_a_round_checks_both_kinds_and_both_get_their_badge(run, tmp_path, closed_port):
    async def story():
        async with opened_window(str(tmp_path / "health.db"), tmp_path / "profile") as window:
            configuration = window.ctx.workspace.configuration

            def make():
                return [
                    configuration.save(configuration.new(kind, name="Server", base_url=address))
                    for kind, address in (
                        (Kind.FOREIGN_SYSTEM, closed_port),
                        (KIND, f"{closed_port}TMS/"),
                    )
                ]

            made = await window.ctx.call(make)
            await until(lambda: len(window.model.objects()) == len(made))
            assert window.ctx.commands.run("check_all")
            job = window.rounds.job
            await until(lambda: not job.running)
            assert (job.state, job.text) == ("failed", "2 servers, 2 failed")
            nodes = [window.model.node(object_key(one.kind.value, one.id)) for one in made]
            await until(lambda: [n.badge for n in nodes] == ["bad", "bad"])

    run(story())
