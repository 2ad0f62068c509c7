"""Home and Requests over a real store: ticks follow changes, the next step has the button."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtGui import QFontMetrics
from PyQt6.QtWidgets import QPushButton, QWidget

from console.design import theme
from console.runtime.page_targets import Target
from console.setup.home_guide import GuideView
from console.shell.page_registry import create_page
from console.widgets.badge import Badge
from console.widgets.data_table import distribute_widths, elided_path, file_name
from console.widgets.labels import Label, LinkLabel
from models.api_call import ApiCall
from models.approval_request import ApprovalRequest
from models.kinds import Kind, RequestState
from services.common.secret import Secret
from services.practice import PracticeInstance
from tests.console.page_support import until


async def opened(ctx, kind):
    page = create_page(Target(kind), ctx)
    page.resize(900, 700)
    page.show()
    page.load()
    return page


async def closed(page):
    page.close()
    page.deleteLater()
    await asyncio.sleep(0)


def in_tab_order(widgets):
    """Return widgets in the order in which Tab comes to them, from the first one."""
    chain, at = [], widgets[0]
    for _ in range(1000):
        if at in widgets:
            chain.append(at)
        at = at.nextInFocusChain()
        if at is widgets[0]:
            break
    return chain


def test_home_counts_what_is_done_and_offers_what_is_next(run, ctx, configuration):
    async def story():
        page = await opened(ctx, "home")
        await until(lambda: page.phases)
        assert len([s for phase in page.phases for s in phase.steps]) == 25
        [button] = [
            b for b in page.findChildren(QPushButton) if b.accessibleName().startswith("Create: User")
        ]
        before = sum(phase.done for phase in page.phases)
        button.click()
        await until(lambda: ctx.visited)
        assert ctx.visited[-1].kind == "user_credential"
        configuration.save(configuration.new(Kind.APPROVAL_PROCESS))
        await until(lambda: sum(phase.done for phase in page.phases) > before)
        await closed(page)

    run(story())


def test_what_is_known_before_the_phases_is_no_window_of_its_own(qapp):
    """Expiry dates may be known before the steps are; a card without a parent kept the program from ending."""
    guide = GuideView(print, QWidget())
    guide.show_expiries([])
    assert [part.isWindow() for part in (guide.expiries, guide.servers)] == [False, False]


def test_the_items_steps_open_the_task_with_the_server_chosen(run, ctx, configuration):
    server = configuration.save(
        configuration.new(Kind.FOREIGN_SYSTEM, name="Practice", base_url="http://127.0.0.1:9/")
    )

    async def story():
        page = await opened(ctx, "home")
        await until(lambda: page.phases)
        steps = {s.number: s for phase in page.phases for s in phase.steps}
        for number in (7, 8):
            page._step_action(steps[number]).act()
            assert ctx.visited[-1] == Target("provisioning", tab=str(server.id))
        doors = [w.accessibleName() for w in page.findChildren(QWidget)]
        assert "Review plan: Create the request items" in doors
        await closed(page)

    run(story())


def test_home_shows_the_count_of_steps_and_where_they_were_read(run, ctx):
    async def story():
        page = await opened(ctx, "home")
        await until(lambda: page.settled)
        [badge] = page.head.findChildren(Badge)
        assert badge.text == "4 of 25 steps done"
        assert "read from the store at" in page.head.caption.accessibleName()
        page.resize(500, 700)
        await until(lambda: page.head.findChildren(Badge)[-1].text == "4 of 25")
        assert page.head.title.width() >= page.head.title.sizeHint().width()
        await closed(page)

    run(story())


def test_the_wizard_is_offered_above_the_guide_until_something_is_set_up(run, ctx, configuration):
    async def story():
        page = await opened(ctx, "home")
        await until(lambda: page.settled)
        assert page.intro_panel.isVisible()
        assert page.intro_panel.isAncestorOf(page.wizard_button)
        configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account="a"))
        await until(lambda: not page.intro_panel.isVisible())
        assert page.head.isAncestorOf(page.wizard_button)
        assert page.wizard_button.isVisible()
        await closed(page)

    run(story())


def test_only_the_next_step_has_the_primary_button(run, ctx):
    async def story():
        page = await opened(ctx, "home")
        await until(lambda: page.settled)
        primary = [b for b in page.findChildren(QPushButton) if b.property("kind") == "primary"]
        assert [b.accessibleName() for b in primary] == ["Create: User Credential"]
        await closed(page)

    run(story())


def rows(page):
    return [row for block in page.guide.blocks for row in block.rows]


def test_rows_stay_when_steps_change(run, ctx, configuration):
    """Each change of the store built all 25 rows again, in one long step of the UI thread."""

    async def story():
        page = await opened(ctx, "home")
        await until(lambda: page.settled)
        phases, blocks, before = page.phases, list(page.guide.blocks), rows(page)
        contents, offered = [row.content for row in before], [row.offered for row in before]
        configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account="a"))
        await until(lambda: page.phases != phases and page.settled)
        after = rows(page)
        assert page.guide.blocks == blocks
        assert after == before
        kept = [old is row.content for old, row in zip(contents, after, strict=True)]
        assert kept == [old == row.content for old, row in zip(contents, after, strict=True)]
        assert any(kept)
        assert not all(kept)
        for old, content, row in zip(offered, contents, after, strict=True):
            same_kind = content.is_next == row.content.is_next and bool(old) == bool(row.offered)
            assert (row.offered is old) == same_kind
        assert [row.content.step for row in after] == [step for phase in page.phases for step in phase.steps]
        for block in blocks:
            places = [block.layout().indexOf(row) for row in block.rows]
            assert places == sorted(places)
            assert -1 not in places
            assert all(row.isVisibleTo(page.guide) for row in block.rows)
            assert all(widget.isVisible() for widget in block.focusable)
        places = [page.guide._left.indexOf(b) + page.guide._right.indexOf(b) for b in blocks]
        assert -2 not in places
        await closed(page)

    run(story())


def test_a_kept_row_of_the_guide_uses_the_facts_of_the_click(run, ctx, configuration):
    async def story():
        page = await opened(ctx, "home")
        await until(lambda: page.settled)
        [number] = [s.number for phase in page.phases for s in phase.steps if s.kind is Kind.ACTION][:1]
        step = next(s for phase in page.phases for s in phase.steps if s.number == number)
        row = page._step_action(step)
        server = configuration.save(
            configuration.new(
                Kind.PRIVILEGE_MANAGER_SERVER, name="Privilege Manager", base_url="http://127.0.0.1:9/"
            )
        )
        await until(lambda: page.facts.privilege_manager.server is not None)
        row.act()
        await until(lambda: ctx.visited)
        draft = ctx.drafts.get(Kind.ACTION.value, ctx.visited[-1].id)
        assert draft.values["server_id"] == server.id
        await closed(page)

    run(story())


def test_the_keyboard_stays_in_the_guide_and_goes_through_the_steps_in_order(run, ctx, configuration):
    async def story():
        page = await opened(ctx, "home")
        await until(lambda: page.settled)
        page.activateWindow()
        phases, offered = page.phases, [w for block in page.guide.blocks for w in block.focusable]
        kept = offered[-1]
        kept.setFocus()
        await until(kept.hasFocus)
        configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account="a"))
        await until(lambda: page.phases != phases and page.settled)
        assert kept.hasFocus()
        offered = [w for block in page.guide.blocks for w in block.focusable]
        assert in_tab_order(offered) == offered
        await closed(page)

    run(story())


@pytest.mark.parametrize(
    ("width", "shape"), [(500, "one"), (620, "one"), (880, "beside"), (1100, "two"), (1600, "two")]
)
def test_steps_and_typical_facts_fit_at_every_width(run, ctx, configuration, width, shape):
    configuration.save(configuration.new(Kind.FOREIGN_SYSTEM, name="Server", base_url="https://a.example/"))

    async def story():
        page = await opened(ctx, "home")
        page.resize(width, 700)
        await until(lambda: page.settled and page.guide.shape == shape)
        await asyncio.sleep(0)
        for label in page.guide.findChildren(Label):
            if label.isVisible() and not label.wordWrap():
                metrics = label.fontMetrics()
                assert metrics.horizontalAdvance(label.text()) <= label.width(), label.text()
        strong = QFontMetrics(theme.font("strong"))
        for row in rows(page):
            assert row.text
            assert row.fact
            assert not row.is_elided, row.fact
            assert strong.horizontalAdvance(row.text) <= row.content.step_width, row.text
            if row.offered is not None:
                assert row.rect().contains(row.offered.geometry())
        await closed(page)

    run(story())


def test_each_server_has_a_card_with_its_status_and_links(run, ctx, configuration, store):
    server = configuration.save(
        configuration.new(Kind.FOREIGN_SYSTEM, name="Live", base_url="https://a.example/", production=True)
    )
    for number in range(5):
        configuration.save(
            configuration.new(
                Kind.FOREIGN_SYSTEM, name=f"Test {number}", base_url=f"https://t{number}.example/"
            )
        )
    process = configuration.save(
        configuration.new(Kind.APPROVAL_PROCESS, name="P", server_id=server.id, check_every_s=20)
    )
    with store.write() as work:
        work.insert(ApprovalRequest(process_id=process.id, state=RequestState.PENDING))
        work.insert(ApprovalRequest(process_id=process.id, state=RequestState.APPROVED))
        for minutes in (5, 59, 61):
            at = datetime.now(UTC) - timedelta(minutes=minutes)
            work.session.add(ApiCall(server_id=server.id, at=at, purpose="look"))

    async def story():
        page = await opened(ctx, "home")
        await until(lambda: page.settled and page.guide.servers.cards)
        cards = page.guide.servers.cards
        assert [c.accessibleName() for c in cards] == [
            "Live: No credential",
            *(f"Test {n}: No credential" for n in range(3)),
        ]

        def said():
            return {label.text() for label in page.guide.servers.cards[0].findChildren(Label)}

        # What is counted in the store comes a moment after the cards.
        await until(lambda: {"1", "2 of 120", "a.example"} <= said())
        cards = page.guide.servers.cards
        assert [b.text for b in cards[0].findChildren(Badge)] == ["Production"]
        links = {link.text(): link for link in cards[0].findChildren(LinkLabel)}
        assert list(links) == ["Check", "Open", "Requests"]
        links["Check"].clicked.emit()
        assert ctx.visited[-1] == Target("foreign_system", server.id, tab="Check", run="check")
        [more] = [w for w in page.guide.servers.findChildren(LinkLabel) if w.text() == "2 more"]
        more.clicked.emit()
        assert ctx.visited[-1].kind == "folder:foreign_system"
        await closed(page)

    run(story())


def test_cards_stay_when_their_servers_change(run, ctx, configuration, store):
    """Each change of the store built all cards again, and took the keyboard from their links."""
    servers = [
        configuration.save(
            configuration.new(Kind.FOREIGN_SYSTEM, name=f"Test {n}", base_url=f"https://t{n}.example/")
        )
        for n in range(2)
    ]
    manager = configuration.save(
        configuration.new(Kind.PRIVILEGE_MANAGER_SERVER, name="PM", base_url="https://pm.example/TMS/")
    )
    process = configuration.save(
        configuration.new(Kind.APPROVAL_PROCESS, name="P", server_id=servers[0].id, check_every_s=20)
    )

    def offered(card):
        return [link.text() for link in card.links if link.isVisible()]

    async def story():
        page = await opened(ctx, "home")
        await until(lambda: page.settled and page.guide.servers.manager_cards)
        overview = page.guide.servers
        cards, [manager_card] = list(overview.cards), overview.manager_cards
        page.activateWindow()
        [link] = [w for w in cards[1].links if w.text() == "Open"]
        link.setFocus()
        await until(link.hasFocus)
        servers[0].name, servers[0].production = "Test 0 of R&D", True
        manager.name = "Privilege Manager"
        configuration.save(servers[0])
        configuration.save(manager)
        with store.write() as work:
            work.insert(ApprovalRequest(process_id=process.id, state=RequestState.PENDING))
        page.refresh()
        await until(lambda: page.settled and "Requests" in offered(cards[0]))
        await until(lambda: manager_card.accessibleName() == "Privilege Manager")
        assert (overview.cards, overview.manager_cards) == (cards, [manager_card])
        assert link.hasFocus()
        assert cards[0].accessibleName() == "Test 0 of R&D: No credential"
        assert [w.accessibleName() for w in cards[0].links] == [
            f"{word}: Test 0 of R&D" for word in ("Check", "Open", "Requests")
        ]
        assert [badge.isVisible() for badge in cards[0].findChildren(Badge)] == [True]
        assert offered(cards[1]) == ["Check", "Open"]
        links = [w for card in (*cards, manager_card) for w in card.links]
        assert in_tab_order(links) == links
        configuration.delete(Kind.FOREIGN_SYSTEM, servers[1].id, servers[1].version)
        await until(lambda: overview.cards == cards[:1])
        await closed(page)

    run(story())


def test_the_guide_follows_the_server_that_is_chosen(run, ctx, configuration):
    for name in ("Live", "Test"):
        configuration.save(
            configuration.new(Kind.FOREIGN_SYSTEM, name=name, base_url=f"https://{name.lower()}.example/")
        )

    async def story():
        page = await opened(ctx, "home")
        await until(lambda: page.settled)
        assert page.server_box.isVisible()
        assert page.server_box.box.currentText() == "Live"
        page.server_box.box.setCurrentIndex(1)
        page.server_box.box.activated.emit(1)
        await until(lambda: page.facts.server.name == "Test")
        await closed(page)

    run(story())


FILES = (r"C:\Users\b.okafor\Downloads\vs_setup.exe", "/opt/tools/bin/run", "setup.exe")


@pytest.mark.parametrize("path", FILES)
def test_an_elided_path_keeps_the_file_name_longest(qapp, path):
    metrics = QFontMetrics(theme.font("body"))
    name = file_name(path)
    for width in range(20, 400, 7):
        shown = elided_path(metrics, path, width)
        assert metrics.horizontalAdvance(shown) <= width
        if width >= metrics.horizontalAdvance(f"…\\{name}"):
            assert shown.endswith(name)


@given(
    st.lists(
        st.tuples(st.integers(1, 300), st.integers(0, 300), st.integers(0, 3), st.integers(0, 3)), min_size=1
    ),
    st.integers(0, 3000),
)
def test_column_widths_fill_the_table(columns, room):
    natural = [n for n, *_ in columns]
    least = [min(n, smallest) for n, smallest, *_ in columns]
    take, give = [c[2] for c in columns], [c[3] for c in columns]
    widths = distribute_widths(natural, least, take, give, room)
    assert all(w >= smallest for w, smallest in zip(widths, least, strict=True))
    fixed = sum(n if not g else low for n, low, g in zip(natural, least, give, strict=True))
    if sum(natural) > room >= fixed or (sum(natural) <= room and any(take)):
        assert sum(widths) == room


def test_every_column_of_requests_is_visible_in_the_smallest_window(run, ctx, store):
    with store.write() as work:
        work.insert(
            ApprovalRequest(
                state=RequestState.PENDING,
                policy_name="Visual Studio installer",
                initiator_name="b.okafor",
                agent_name="LT-40213",
                file_path=FILES[0],
                reason="Tools for release 8",
                process_name="ServiceNow Approval Process",
                number="RITM0010001",
                times_out_at=datetime.now(UTC) + timedelta(minutes=20),
            )
        )

    async def story():
        page = await opened(ctx, "requests")
        page.resize(880, 700)
        await until(lambda: page.model.rowCount() == 1 and page.table.isVisible())
        bar = page.table.horizontalScrollBar()
        assert bar.maximum() == 0
        header = page.table.horizontalHeader()
        wide = QFontMetrics(theme.font("body")).horizontalAdvance
        assert header.sectionSize(9) > wide("RITM0010001")
        assert header.sectionSize(5) > wide("vs_setup.exe")
        assert header.sectionSize(8) > wide("in 19:59")
        await closed(page)

    run(story())


def test_changed_requests_cause_no_call_to_the_instance(run, ctx, configuration, store):
    practice = PracticeInstance(password="practice-password").start()
    save, new = configuration.save, configuration.new
    credential = save(new(Kind.USER_CREDENTIAL, account="privman.integration"))
    server = save(new(Kind.FOREIGN_SYSTEM, base_url=practice.base_url, credential_id=credential.id))
    ctx.workspace.vault.put(
        credential.id, credential.name, credential.account, Secret("practice-password"), [server.origin]
    )

    async def story():
        page = await opened(ctx, "home")
        await until(lambda: page.settled and page.facts.services_found)
        asked = len(practice.log)
        with store.write() as work:
            work.insert(ApprovalRequest(state="pending"))
        page.refresh()
        await until(lambda: page.settled)
        assert len(practice.log) == asked
        page.check_all()
        await until(lambda: page.settled and len(practice.log) > asked)
        asked = len(practice.log)
        server.description = "Moved to another rack"
        save(server)
        await until(lambda: page.settled and len(practice.log) > asked)
        await closed(page)
        await (await ctx.workspace.instance(server.id)).aclose()

    try:
        run(story())
    finally:
        practice.stop()


def test_home_opens_the_process_where_services_were_renamed(run, ctx, configuration):
    practice = PracticeInstance(password="practice-password").start()
    practice.faults.set("service_renamed")
    save, new = configuration.save, configuration.new
    credential = save(new(Kind.USER_CREDENTIAL, account="privman.integration"))
    server = save(new(Kind.FOREIGN_SYSTEM, base_url=practice.base_url, credential_id=credential.id))
    [item] = practice.records("sc_cat_item", name="Execute Application Request")
    process = save(
        new(
            Kind.APPROVAL_PROCESS,
            server_id=server.id,
            request_item_id=item["sys_id"],
            request_item_name=item["name"],
        )
    )
    ctx.workspace.vault.put(
        credential.id, credential.name, credential.account, Secret("practice-password"), [server.origin]
    )

    async def story():
        page = await opened(ctx, "home")
        await until(lambda: page.settled and page.facts.meant)
        primary = [b for b in page.findChildren(QPushButton) if b.property("kind") == "primary"]
        assert [b.accessibleName() for b in primary] == ["Open: Name the three services"]
        primary[0].click()
        await until(lambda: ctx.visited)
        assert ctx.visited[-1] == Target(Kind.APPROVAL_PROCESS.value, process.id)
        steps = {s.number: s for phase in page.phases for s in phase.steps}
        assert steps[14].fact.startswith("Use CreateExecuteAppApprovalRequestV2, ")
        await closed(page)
        await (await ctx.workspace.instance(server.id)).aclose()

    try:
        run(story())
    finally:
        practice.stop()
