"""The Chain tab and the page of a chain over real sockets: links finish in place, the break selects itself."""

import asyncio
import contextlib

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QFileDialog

from console.chain.chain_side_texts import other_rows, read_from_rows
from console.runtime.page_targets import CHECK_CHAIN, Target
from console.shell.page_registry import create_page
from console.widgets.chain_tiles import TileState
from models.kinds import Kind
from services.approval_chain import LinkKind, LinkState
from tests.console.page_support import close_connections, until
from tests.services.approval_chain.scene import POLICY_ID, POLICY_NAME, add_policy, make_copy

DEFAULT_TYPE = "2a3f33c4-15dd-41d0-a620-889ea1e4408a"


def policy_target(scene):
    return Target(Kind.POLICY.value, scene.policy.id, tab="Chain", run=CHECK_CHAIN)


@contextlib.asynccontextmanager
async def shown(ctx, target, size=(1040, 760)):
    page = create_page(target, ctx)
    page.resize(*size)
    page.show()
    page.load()
    try:
        yield page
    finally:
        page.close()
        page.deleteLater()
        await close_connections(ctx.workspace)
        await asyncio.sleep(0)


async def checked(page):
    await until(lambda: page.chain.presenter.checked or page.chain.presenter.failure is not None)


def words(page):
    return [tile.state_text for tile in page.chain.diagram.tiles]


def test_a_good_chain(run, ctx, scene):
    async def story():
        async with shown(ctx, policy_target(scene)) as page:
            await checked(page)
            chain = page.chain
            assert words(page) == [
                "Active",
                "In the policy",
                "In use",
                "Ready",
                "Reached",
                "11 variables",
                "1 can approve",
            ]
            assert chain.findings.card is None
            assert chain.findings.placeholder.text() == "Nothing to report: every link holds."
            assert chain.caption.text() == "A request from this policy reaches people who can approve it."
            assert chain.presenter.badges() == [("Chain good", "good", "good")]
            assert read_from_rows(chain.presenter.report)[0][0] == "Policy, Action and Approval Type"
            assert ctx.activity.jobs[-1].text == "Every link holds"
            assert ctx.activity.jobs[-1].state == "done"
            assert page.stack.currentWidget() is chain

    run(story())


def test_names_come_from_the_store_at_once_and_no_server_is_asked(run, ctx, scene, pm, practice):
    async def story():
        async with shown(ctx, Target(Kind.POLICY.value, scene.policy.id, tab="Chain")) as page:
            await until(lambda: page.chain.presenter.links)
            tiles = page.chain.diagram.tiles
            assert tiles[0].name == POLICY_NAME
            assert {tile.state for tile in tiles} == {TileState.TODO}
            assert page.chain.again_button.text() == "Check chain"
            assert not page.chain.copy_button.isEnabled()
            assert (pm.log, practice.log) == ([], [])

    run(story())


def break_the_type(scene):
    scene.pm.import_items(make_copy(scene.pm, named=DEFAULT_TYPE))


def test_the_break_selects_itself_and_has_its_card(run, ctx, scene):
    break_the_type(scene)
    add_policy(scene.pm, "Elevate installers", priority=20)

    async def story():
        async with shown(ctx, policy_target(scene)) as page:
            await checked(page)
            chain = page.chain
            assert chain.diagram.selected_index == 2
            assert chain.findings.card.result.fault == "chain-approval-type-differs"
            assert [button.text() for button in chain.findings.card.acts] == [
                "Write corrected copy…",
                "Open Action",
            ]
            assert chain.findings.card.acts[0].property("kind") == "primary"
            assert chain.again_button.property("kind") == "secondary"
            assert chain.presenter.badges() == [("1 broken link", "bad", "bad")]
            assert words(page)[2] == "Not used"
            [other] = other_rows(chain.presenter.report)
            assert (other.name, other.state, other.priority, other.requests) == (
                "Elevate installers",
                "Broken",
                "20",
                "0",
            )
            assert chain.side.since_text.text() == "No request of this policy has arrived yet"
            chain.findings.card.acts[0].click()
            assert ctx.visited[-1] == Target("action", scene.action.id, tab="Details", run="write_copy")
            chain.findings.card.copy_button.click()
            ticket = QApplication.clipboard().text()
            assert DEFAULT_TYPE.upper() in ticket
            assert "Owner:    Privilege Manager administrator" in ticket
            chain.copy_button.click()
            assert "broken   Approval Type" in QApplication.clipboard().text()
            assert ctx.activity.jobs[-1].text == "1 of 7 links broken"

    run(story())


def test_a_selected_tile_stays_selected_and_more_findings_follow(run, ctx, scene):
    break_the_type(scene)
    scene.practice.faults.set("unauthorised")

    async def story():
        async with shown(ctx, policy_target(scene)) as page:
            await checked(page)
            chain = page.chain
            found = [link.kind for link in chain.presenter.findings()]
            assert found == [
                LinkKind.APPROVAL_TYPE,
                LinkKind.SERVER,
                LinkKind.REQUEST_ITEM,
                LinkKind.APPROVER,
            ]
            chain.select(LinkKind.SERVER)
            assert chain.findings.card.result.fault == "authentication-refused"
            assert chain.findings.card.acts[0].text() == "Check connection"
            chain.select(LinkKind.POLICY)
            assert chain.findings.card is None
            assert chain.findings.evidence.text().startswith("Policy: Active, 1 target")
            chain.start()
            await checked(page)
            QTest.keyClick(chain.diagram._row.tiles[4], Qt.Key.Key_Return)
            assert ctx.visited[-1] == Target("foreign_system", scene.server.id)

    run(story())


def test_a_policy_without_an_action_offers_to_add_one(run, ctx, scene):
    scene.save(scene.policy, action_ids="[]")
    scene.pm.state.items.get(POLICY_ID).members["ApplicationActionIds"] = []

    async def story():
        async with shown(ctx, policy_target(scene)) as page:
            await checked(page)
            states = [tile.state for tile in page.chain.diagram.tiles]
            assert states == [TileState.GOOD, TileState.BROKEN] + [TileState.MISSING] * 5
            assert page.chain.findings.card.acts[0].text() == "Add action…"
            page.chain.findings.card.acts[0].click()
            assert ctx.visited[-1].run == "field:action_ids"

    run(story())


def test_what_cannot_be_seen_is_not_good(run, ctx, scene):
    scene.pm.faults.set("html_500")

    async def story():
        async with shown(ctx, policy_target(scene)) as page:
            await checked(page)
            assert words(page)[:3] == ["Cannot see"] * 3
            assert page.chain.presenter.badges() == [("Chain not fully seen", "off", "off")]
            assert ctx.activity.jobs[-1].state == "notice"
            assert page.chain.diagram.selected_index == -1
            assert page.chain.findings.card.result.fault == "privilege-manager-server-error"
            page.chain.findings.card.acts[0].click()
            assert ctx.visited[-1] == Target(
                "privilege_manager_server", scene.pm_server.id, tab="Check", run="check"
            )

    run(story())


def test_a_check_is_cancelled_at_once_and_can_run_again(run, ctx, scene):
    scene.pm.faults.set("slow", seconds=30)

    async def story():
        async with shown(ctx, policy_target(scene)) as page:
            await until(lambda: page.chain.presenter.running)
            assert page.working
            await until(lambda: page.chain.presenter.links)
            assert {tile.state_text for tile in page.chain.diagram.tiles[:3]} == {"Checking"}
            assert page.chain.diagram.tiles[0].name == POLICY_NAME
            await until(lambda: page.chain.presenter.report.link(LinkKind.APPROVER).state is LinkState.OK)
            page.chain.cancel()
            assert not page.working
            assert ctx.activity.jobs[-1].state == "cancelled"
            scene.pm.faults.clear("slow")
            page.chain.start()
            await checked(page)
            assert page.chain.presenter.badges() == [("Chain good", "good", "good")]

    run(story())


def test_a_saved_object_makes_the_result_old(run, ctx, scene):
    async def story():
        async with shown(ctx, policy_target(scene)) as page:
            await checked(page)
            scene.save(scene.process, description="New")
            await until(lambda: page.chain.presenter.stale)
            assert page.chain.caption.text() == "Something of this chain was saved since the check."
            assert page.chain.presenter.badges() == []

    run(story())


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.POLICY])
def test_the_chain_from_every_other_object(run, ctx, scene, kind):
    objects = {
        Kind.USER_CREDENTIAL: scene.server.credential_id,
        Kind.FOREIGN_SYSTEM: scene.server.id,
        Kind.PRIVILEGE_MANAGER_SERVER: scene.pm_server.id,
        Kind.APPROVAL_PROCESS: scene.process.id,
        Kind.APPROVAL_TYPE: scene.approval_type.id,
        Kind.ACTION: scene.action.id,
    }

    async def story():
        async with shown(ctx, Target(kind.value, objects[kind])) as page:
            await until(lambda: page.session.ready)
            page.open_tab("Used by")
            page.used_by.chain_link.click()
        target = ctx.visited[-1]
        assert target == Target(f"chain:{kind.value}", objects[kind], run="check_chain")
        async with shown(ctx, target) as page:
            await checked(page)
            assert page.chain.presenter.report.verdict is LinkState.OK
            assert page.title.startswith("Approval chain of ")

    run(story())


def test_the_used_by_tab_of_a_policy_leads_to_its_own_tab(run, ctx, scene):
    async def story():
        async with shown(ctx, Target("policy", scene.policy.id)) as page:
            await until(lambda: page.session.ready)
            page.open_tab("Used by")
            page.used_by.chain_link.click()
            assert ctx.visited[-1] == Target("policy", scene.policy.id, tab="Chain", run="check_chain")
            assert page.run("check_chain")
            await checked(page)

    run(story())


def test_narrow_nothing_is_cut_off_and_nothing_scrolls_sideways(run, ctx, scene):
    break_the_type(scene)

    async def story():
        async with shown(ctx, policy_target(scene), (640, 700)) as page:
            await checked(page)
            assert page.chain.diagram.is_narrow
            content = page.chain.area.widget()
            assert content.width() <= page.chain.area.viewport().width()
            assert page.chain.side.geometry().top() > page.chain.findings.geometry().bottom()

    run(story())


def test_the_report_is_saved(run, ctx, scene, tmp_path):
    async def story():
        async with shown(ctx, policy_target(scene)) as page:
            await checked(page)
            page.chain.save_button.click()
            found = []

            def look():
                found[:] = [w for w in QApplication.topLevelWidgets() if isinstance(w, QFileDialog)]
                return bool(found)

            await until(look)
            found[0].fileSelected.emit(str(tmp_path / "report.md"))
            found[0].reject()
            await until(lambda: any("Saved" in note for note in ctx.notes))
            assert "Unsigned installers: ok" in (tmp_path / "report.md").read_text(encoding="utf-8")

    run(story())
