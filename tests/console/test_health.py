"""How servers stand in the tree of the window: badges from the last checks, told by shape and word."""

import select
import socket
from types import SimpleNamespace

import pytest
from PyQt6.QtCore import Qt

from console.checks.check_all import ServerCheckRunner
from console.checks.check_schedule import CheckSchedule
from console.navigation.tree_model import object_key, worst_badge
from models.addresses import Origin
from models.kinds import Kind
from services.common.secret import Secret
from services.connectivity import CheckReport, StageResult, StageState
from services.connectivity.check_history import past_checks, save_check
from services.practice import PracticeInstance
from tests.console.page_support import until
from tests.console.windows import filled, menu_tree, opened_window


@pytest.fixture
def in_window(run, tmp_path):
    def runner(story):
        async def body():
            async with opened_window(str(tmp_path / "health.db"), tmp_path / "profile") as window:
                await story(window)

        run(body())

    return runner


def report(state):
    return CheckReport("S", [StageResult("tls", StageState(state), "seen", cause="No TLS.")], 12)


async def keep(window, server, state):
    await window.ctx.call(save_check, window.ctx.workspace.store, server, report(state))


def test_a_server_carries_its_last_verdict_and_a_closed_folder_the_worst(in_window):
    async def story(window):
        made = await filled(window)
        server = made[Kind.FOREIGN_SYSTEM]
        node = window.model.node(object_key("foreign_system", server.id))
        assert node.badge == ""
        for state, badge in (("ok", "good"), ("failed", "bad"), ("warning", "notice")):
            await keep(window, server, state)
            await until(lambda badge=badge: node.badge == badge)
        assert worst_badge(window.model.node("configuration")) == "notice"
        said = window.model.data(window.model.index_of(node), Qt.ItemDataRole.AccessibleTextRole)
        assert said == "ServiceNow Server, warning"

    in_window(story)


# -- rounds ---------------------------------------------------------------------------------------------------


@pytest.fixture
def silent():
    """An address that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield SimpleNamespace(
            url=f"http://127.0.0.1:{listening.getsockname()[1]}/",
            reached=lambda: bool(select.select([listening], [], [], 0)[0]),
        )


@pytest.fixture
def closed_port():
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


async def servers(window, *addresses):
    configuration = window.ctx.workspace.configuration

    def make():
        return [
            configuration.save(configuration.new(Kind.FOREIGN_SYSTEM, name=f"Server {n}", base_url=address))
            for n, address in enumerate(addresses, 1)
        ]

    made = await window.ctx.call(make)
    await until(lambda: len(window.model.objects()) == len(made))
    return made


def test_a_round_checks_every_server_in_one_job(in_window, closed_port):
    async def story(window):
        assert not window.ctx.commands.run("check_all")
        made = await servers(window, closed_port, closed_port)
        assert window.ctx.commands.run("check_all")
        assert not window.ctx.commands.run("check_all")
        job = window.rounds.job
        await until(lambda: not job.running)
        assert (job.state, job.text) == ("failed", "2 servers, 2 failed")
        assert [len(past_checks(window.ctx.workspace.store, one.id)) for one in made] == [1, 1]
        nodes = [window.model.node(object_key("foreign_system", one.id)) for one in made]
        await until(lambda: [n.badge for n in nodes] == ["bad", "bad"])
        assert window.ctx.commands.get("check_all").enabled()

    in_window(story)


def test_a_round_goes_on_after_a_server_whose_check_failed_unexpectedly(
    in_window, closed_port, monkeypatch, caplog
):
    async def story(window):
        first, second = await servers(window, closed_port, closed_port)
        check = ServerCheckRunner._check

        async def sometimes(self, server, process):
            if server.id == first.id:
                raise RuntimeError("nobody foresaw this")
            return await check(self, server, process)

        monkeypatch.setattr(ServerCheckRunner, "_check", sometimes)
        window.ctx.commands.run("check_all")
        job = window.rounds.job
        await until(lambda: not job.running)
        assert (job.state, job.text) == ("failed", "2 servers, 2 failed")
        assert "Unexpected internal error" in "".join(job.log)
        assert len(past_checks(window.ctx.workspace.store, second.id)) == 1

    in_window(story)
    assert [record.name for record in caplog.get_records("call")] == ["console.checks.check_all"]
    caplog.clear()


def test_a_round_is_cancelled_at_once_from_the_strip(in_window, silent):
    async def story(window):
        [server] = await servers(window, silent.url)
        window.ctx.commands.run("check_all")
        job = window.rounds.job
        await until(lambda: job.done == 0 and job.text == server.name)
        await until(silent.reached)
        window.strip.cancel.clicked.emit()
        assert job.state == "cancelled"
        await until(lambda: window.ctx.commands.get("check_all").enabled())
        await until(lambda: not window.rounds.tasks.busy)
        assert past_checks(window.ctx.workspace.store, server.id) == []

    in_window(story)


def test_a_round_tries_no_password_again_that_was_refused(in_window):
    practice = PracticeInstance().start()

    async def story(window):
        ctx, workspace = window.ctx, window.ctx.workspace
        [server] = await servers(window, practice.base_url)
        account = practice.accounts["privman.integration"].user

        def make():
            configuration = workspace.configuration
            credential = configuration.save(configuration.new(Kind.USER_CREDENTIAL, account=account))
            origin = Origin.of(practice.base_url)
            workspace.vault.put(credential.id, credential.name, account, Secret("wrong-4714"), [origin])
            server.credential_id = credential.id
            configuration.save(server)
            for name in ("One", "Two", "Three"):
                configuration.save(configuration.new(Kind.APPROVAL_PROCESS, name=name, server_id=server.id))

        await ctx.call(make)
        ctx.commands.run("check_all")
        await until(lambda: not window.rounds.running)
        assert len(past_checks(workspace.store, server.id)) == 1

    try:
        in_window(story)
    finally:
        practice.stop()


# -- the schedule ---------------------------------------------------------------------------------------------


def test_the_interval_is_chosen_in_the_menu_and_remembered(in_window):
    async def story(window):
        commands, timer = window.ctx.commands, window.schedule._timer
        chosen = {m: commands.action(f"check_every_{m}").isChecked for m in (0, 15, 60, 240)}
        assert [c() for c in chosen.values()] == [True, False, False, False]
        assert not timer.isActive()
        commands.action("check_every_60").trigger()
        assert [c() for c in chosen.values()] == [False, False, True, False]
        assert timer.interval() == 3_600_000
        window.reset_layout()
        assert window.schedule.minutes == 60
        again = CheckSchedule(window, window.settings)
        assert again._timer.isActive()
        again.stop()
        commands.action("check_every_0").trigger()
        assert not timer.isActive()
        menus = [a for a in window.menu_bar.actions() if a.text() == "&Tools"]
        assert ("Scheduled check", [commands.get(f"check_every_{m}").text for m in chosen]) in menu_tree(
            menus[0].menu()
        )

    in_window(story)


def test_a_scheduled_round_tells_when_a_verdict_changes_and_only_then(in_window, closed_port):
    async def story(window):
        activity = window.ctx.activity
        window.schedule.tick()
        assert activity.jobs == [] or not window.rounds.running
        [server] = await servers(window, closed_port)
        await keep(window, server, "ok")
        window.schedule.tick()
        window.schedule.tick()
        await until(lambda: activity.latest is not None and activity.latest.name == server.name)
        assert activity.latest.text == "failed now; the check before: good"
        assert window.strip.text.text().startswith(server.name)
        assert [j.name for j in activity.jobs].count("Scheduled check") == 1
        await until(lambda: not window.rounds.tasks.busy)
        window.schedule.tick()
        await until(lambda: not window.rounds.tasks.busy and not window.rounds.running)
        assert [j.name for j in activity.jobs].count(server.name) == 1

    in_window(story)


def test_a_scheduled_round_leaves_a_refused_password_alone(in_window, closed_port):
    async def story(window):
        [server] = await servers(window, closed_port)
        refused = StageResult(
            "authentication", StageState.FAILED, "401", "authentication-refused", "Refused."
        )
        store = window.ctx.workspace.store
        await window.ctx.call(save_check, store, server, CheckReport("S", [refused], 12))
        window.schedule.tick()
        await until(lambda: not window.rounds.running)
        assert len(past_checks(store, server.id)) == 1
        assert "left alone" in "".join(window.rounds.job.log)

    in_window(story)
