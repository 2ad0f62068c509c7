"""The page of one policy over a practice server on a socket: what the server has, and the plan."""

import pytest

from console.runtime.page_targets import Target
from console.shell.page_registry import create_page
from models.kinds import Kind
from services.practice.privilege_manager.items import ItemKind
from tests.console.page_support import close_connections, until
from tests.console.policies.policies_support import (
    TOOLS,
    settled,
    started,
    stored_action,
    stored_policy,
    stored_server,
)


@pytest.fixture
def practice():
    server = started()
    yield server
    server.stop()


@pytest.fixture
def server(configuration, vault, practice):
    return stored_server(configuration, vault, practice)


@pytest.fixture
def story(run, ctx):
    def runner(body):
        async def whole():
            try:
                await body()
            finally:
                await close_connections(ctx.workspace)

        run(whole())

    return runner


async def shown(ctx, policy):
    page = create_page(Target(Kind.POLICY.value, policy.id), ctx)
    page.resize(1000, 700)
    page.show()
    page.load()
    await until(lambda: page.session.ready)
    await settled(page)
    return page


def side_texts(page):
    return [text.text() for _, _, text, holder in page.side._rows if holder.isVisibleTo(page.side)]


def test_details_show_what_the_server_has(story, ctx, server, configuration):
    policy = stored_policy(configuration, server, TOOLS, [stored_action(configuration, server)], active=True)

    async def body():
        page = await shown(ctx, policy)
        assert side_texts(page) == []
        page.side.refresh_button.click()
        await settled(page)
        texts = side_texts(page)
        assert texts[:3] == ["Inactive", "50", "None"]
        assert page.side.open_button.isEnabled()

    story(body)


def test_the_plan_follows_what_is_saved_and_apply_writes_it(story, ctx, server, practice, configuration):
    policy = stored_policy(configuration, server, TOOLS, [stored_action(configuration, server)])

    async def body():
        page = await shown(ctx, policy)
        page.open_tab("Plan")
        plan = page.plan_controller.presenter
        await until(lambda: plan.plan is not None)
        await settled(page)
        assert page.plan_tab.plan.apply_button.text() == "Apply 1 change"
        page.session.edit({"active": True})
        page.update_state()
        assert plan.controls().apply_reason.startswith("Save first")
        page.save()
        await until(lambda: plan.plan is not None and len(plan.plan.changes) == 2)
        await settled(page)
        page.plan_tab.plan.apply_button.click()
        await until(lambda: plan.result is not None and not plan.work)
        await settled(page)
        [there] = [one for one in practice.state.items.of_kind(ItemKind.POLICY) if one.name == TOOLS]
        assert there.members["Enabled"] is True
        await until(lambda: side_texts(page)[:1] == ["Active"])
        await settled(page)

    story(body)


def test_a_policy_without_a_server_has_no_plan(story, ctx, configuration):
    policy = configuration.save(configuration.new(Kind.POLICY, name="Alone"))

    async def body():
        page = await shown(ctx, policy)
        page.open_tab("Plan")
        await settled(page)
        assert page.plan_tab.elsewhere.isVisibleTo(page.plan_tab)
        assert not page.plan_tab.plan.apply_button.isEnabled()
        assert not page.endpoints_button.isEnabled()

    story(body)
