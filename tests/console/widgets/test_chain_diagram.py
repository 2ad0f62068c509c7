"""The diagram of a chain: what is broken stands out, keys and the mouse agree, and a rail takes over where it is narrow."""

from itertools import pairwise

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from console.design import theme
from console.design.colours import COLOURS, SCHEMES
from console.widgets.chain_diagram import GAP, HEIGHT, LEAST_WIDTH, WIDTH, ChainDiagram, ChainTile, TileState
from console.widgets.chain_tiles import first_broken
from console.widgets.link_chain import LinkRow
from tests.console.accessibility import complaints
from tests.console.clipping import cut_off

WIDE = 991
"""The content of a page at 1280."""
NARROW = 7 * LEAST_WIDTH + 6 * GAP - 1
STRANGER = '<img src="x"> & \u202eexe'


def tile(number, state=TileState.GOOD, name="", word="Ready"):
    return ChainTile("tag", f"Kind {number}", name or f"Name {number}", state, word)


def chain(broken=None, count=7):
    return [tile(i, TileState.BROKEN if i == broken else TileState.GOOD) for i in range(count)]


@pytest.fixture
def page(qtbot):
    root = QWidget()
    qtbot.addWidget(root)
    layout = QVBoxLayout(root)
    layout.setContentsMargins(0, 0, 0, 0)
    root.diagram = ChainDiagram()
    layout.addWidget(root.diagram)
    layout.addStretch(1)
    root.resize(WIDE, 400)
    root.show()
    return root


def tiles_of(diagram):
    return diagram._row.tiles


def test_seven_tiles_fill_the_page_exactly(page):
    page.diagram.set_tiles(chain())
    boxes = [button.geometry() for button in tiles_of(page.diagram)]
    assert {(box.width(), box.height()) for box in boxes} == {(WIDTH, HEIGHT)}
    gaps = {after.left() - before.right() - 1 for before, after in pairwise(boxes)}
    assert gaps == {24}
    assert boxes[-1].right() + 1 == WIDE
    assert not page.diagram.is_narrow


def test_tiles_give_way_before_the_rail_takes_over(page):
    page.diagram.set_tiles(chain())
    page.resize(NARROW + 1, 400)
    QTest.qWait(0)
    boxes = [button.geometry() for button in tiles_of(page.diagram)]
    assert not page.diagram.is_narrow
    assert {box.width() for box in boxes} == {LEAST_WIDTH}
    assert boxes[-1].right() < page.diagram.width()


def test_the_first_broken_link_selects_itself_until_somebody_selects_another(page):
    diagram, selected = page.diagram, []
    diagram.selected.connect(selected.append)
    diagram.set_tiles([tile(i, TileState.TODO) for i in range(7)])
    diagram.set_tile(4, tile(4, TileState.BROKEN))
    diagram.set_tile(2, tile(2, TileState.BROKEN))
    assert selected == [4, 2]
    QTest.mouseClick(tiles_of(diagram)[0], Qt.MouseButton.LeftButton)
    diagram.set_tile(1, tile(1, TileState.BROKEN))
    assert selected == [4, 2, 0]
    diagram.reset_selection()
    assert selected == [4, 2, 0, 1]
    diagram.set_tiles(chain())
    assert selected[-1] == -1


def test_keys_go_through_the_tiles_and_open_them(page, qtbot):
    diagram, selected, opened = page.diagram, [], []
    diagram.set_tiles(chain(broken=2))
    diagram.selected.connect(selected.append)
    diagram.activated.connect(opened.append)
    tiles_of(diagram)[2].setFocus(Qt.FocusReason.TabFocusReason)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_Left, Qt.Key.Key_End, Qt.Key.Key_Return):
        QTest.keyClick(page.focusWidget(), key)
    assert selected == [3, 0, 6]
    assert opened == [6]
    assert page.focusWidget() is tiles_of(diagram)[6]
    stops = [b for b in tiles_of(diagram) if b.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert stops == [tiles_of(diagram)[6]]


def test_a_screen_reader_hears_kind_name_state_and_place(page):
    page.diagram.set_tiles(chain(broken=1))
    assert [button.accessibleName() for button in tiles_of(page.diagram)[:3]] == [
        "Kind 0 Name 0, Ready, 1 of 7",
        "Kind 1 Name 1, Ready, first broken link, selected, 2 of 7",
        "Kind 2 Name 2, Ready, 3 of 7",
    ]
    assert "Kind 6 Name 6, Ready" in page.diagram.accessibleName()
    assert complaints(page) == {}


def test_tiles_finish_in_place_and_the_keyboard_stays(page):
    page.diagram.set_tiles([tile(i, TileState.RUNNING) for i in range(7)])
    before = list(tiles_of(page.diagram))
    before[0].setFocus()
    page.diagram.set_tiles(chain(broken=3))
    assert tiles_of(page.diagram) == before
    assert page.focusWidget() is before[0]
    page.diagram.set_tiles(chain(count=3))
    assert len(tiles_of(page.diagram)) == 3


def test_a_narrow_page_has_a_rail_with_the_same_links(page):
    diagram, selected, opened = page.diagram, [], []
    diagram.set_tiles(chain(broken=2))
    diagram.selected.connect(selected.append)
    diagram.activated.connect(opened.append)
    page.resize(NARROW, 500)
    QTest.qWait(0)
    assert diagram.is_narrow
    rows = [row for row in diagram.findChildren(LinkRow) if row.isVisible()]
    assert [row.link.name for row in rows] == [f"Name {i}" for i in range(7)]
    assert (rows[2].link.state, rows[3].link.state) == ("bad", "good")
    QTest.mouseClick(rows[5], Qt.MouseButton.LeftButton)
    rows = [row for row in diagram.findChildren(LinkRow) if row.isVisible()]
    QTest.mouseClick(rows[5], Qt.MouseButton.LeftButton)
    assert (selected, opened) == ([5], [5])
    assert cut_off(page) == []
    page.resize(WIDE, 500)
    assert not diagram.is_narrow


def test_a_long_name_is_cut_after_four_lines_and_whole_in_the_tooltip(page):
    name = "many words that do not fit " * 6
    page.diagram.set_tiles([tile(0, name=name), tile(1, name=STRANGER), tile(2)])
    assert name in tiles_of(page.diagram)[0].toolTip()
    assert tiles_of(page.diagram)[2].toolTip() == ""
    assert "\u202e" not in tiles_of(page.diagram)[1].accessibleName()
    assert not Qt.mightBeRichText(tiles_of(page.diagram)[0].toolTip())
    assert cut_off(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_only_the_first_broken_tile_has_the_border_of_what_is_bad(page, qapp, scheme):
    theme.apply(qapp, scheme)
    try:
        tiles = chain(broken=2)
        tiles[4] = tile(4, TileState.BROKEN)
        page.diagram.set_tiles(tiles)
        borders = []
        for button in tiles_of(page.diagram):
            picture = button.grab().toImage()
            borders.append(picture.pixelColor(0, picture.height() // 2))
        bad = QColor(COLOURS["bad"][SCHEMES.index(scheme)])
        assert [place for place, colour in enumerate(borders) if colour == bad] == [2]
    finally:
        theme.apply(qapp, "light")


def test_the_first_broken_link_is_found():
    assert first_broken(chain()) == -1
    assert first_broken([]) == -1
    assert first_broken(chain(broken=3)) == 3
