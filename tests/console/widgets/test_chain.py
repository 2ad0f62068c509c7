"""The chain in the rail of a page: as long as there is room for, and quiet while it is worked in."""

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from console.widgets.link_chain import MAX_LINKS, ChainLink, LinkRow, ObjectChain, truncate_links


def link(key, name="", **given):
    return ChainLink(
        key=key, icon="tag", kind="Approval Type", name=name or key, state="good", word="Bound", **given
    )


@pytest.fixture
def chain(qtbot):
    made = ObjectChain()
    qtbot.addWidget(made)
    made.show()
    return made


def rows(chain):
    return [chain._row(place) for place in range(len(chain.links))]


def test_a_changed_link_leaves_rows_and_keyboard_where_they_are(chain, qtbot):
    chain.set_links([link("a"), link("b", current=True), link("c")])
    before = rows(chain)
    qtbot.waitUntil(before[2].isVisible)
    before[2].setFocus()
    chain.set_links([link("a"), link("b", "Typed", current=True), link("c")])
    assert rows(chain) == before
    assert chain.focusWidget() is before[2]
    assert before[1].accessibleName() == "Approval Type Typed, Bound"


def test_links_come_and_go(chain, qtbot):
    opened = []
    chain.clicked.connect(opened.append)
    chain.set_links([link("a"), link("b"), link("c")])
    chain.set_links([link("b")])
    assert [row.link.key for row in rows(chain)] == ["b"]
    qtbot.waitUntil(lambda: len(chain.findChildren(LinkRow)) == 1)
    chain.set_links([link("b"), link("d")])
    QTest.mouseClick(rows(chain)[1], Qt.MouseButton.LeftButton)
    assert opened == ["d"]


def test_a_thousand_links_are_told_in_a_few(qapp):
    assert truncate_links([link("a")], "more", "Approval Types") == [link("a")]
    links = [link(f"{n}") for n in range(1000)]
    shown = truncate_links(links, "more", "Approval Types")
    assert len(shown) == MAX_LINKS
    assert (shown[-1].key, shown[-1].name) == ("more", "and 993 more")
