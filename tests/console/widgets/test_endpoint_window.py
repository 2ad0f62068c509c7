"""The window of the endpoint: the same colours in every theme, texts that never leave it, and a reason that is never too long."""

from dataclasses import replace

import pytest
from PyQt6.QtCore import QBuffer, QIODevice, QPoint, QSize, Qt
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QAbstractButton

from console.design import theme
from console.design.colours import ENDPOINT_WINDOW, SCHEMES
from console.widgets.endpoint_layout import LOGO_BYTES_MAX, WIDTH, decode_logo, lay_out
from console.widgets.endpoint_window import EndpointWindow, Mode, WindowContent, WindowState, WindowText
from console.widgets.utf16 import utf16_length
from console.widgets.window_content import REASON_MAX, WINDOW_BUTTONS
from tests.console.accessibility import complaints

TEXTS = {key: [(f"{key.value} ", False), ("bold", True)] for key in WindowText} | {
    WindowText.FONT_SIZE: [("11", False)],
    WindowText.FLOW_DIRECTION: [("LeftToRight", False)],
}
CONTENT = WindowContent(TEXTS, application="C:\\Temp\\setup.exe", user="ACME\\ada", status="Pending")
MIRRORED = replace(CONTENT, texts=TEXTS | {WindowText.FLOW_DIRECTION: [("RightToLeft", False)]})
LONG = replace(CONTENT, texts={key: [("long words " * 30, False)] for key in WindowText}, error="wrong " * 60)


def picture(width=263, height=88, form="PNG"):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("blue"))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, form)
    return bytes(buffer.data())


@pytest.fixture
def make(qtbot):
    def made(content, mode=Mode.WORKING, width=WIDTH):
        window = EndpointWindow(mode)
        qtbot.addWidget(window)
        window.set_content(content)
        window.resize(width, window.heightForWidth(width))
        window.show()
        return window

    return made


def buttons(window):
    return {key: button for key, button in window._buttons.items() if button.isVisibleTo(window)}


@pytest.mark.parametrize("state", WindowState)
def test_each_state_has_its_buttons(make, state):
    window = make(replace(CONTENT, state=state))
    assert set(buttons(window)) == set(WINDOW_BUTTONS[state])
    assert window.reason_edit.isVisibleTo(window) is (state is WindowState.ASKING)
    assert complaints(window) == {}


def test_continue_needs_a_reason_and_carries_it(make):
    window, reasons = make(CONTENT), []
    window.continue_clicked.connect(reasons.append)
    button = buttons(window)[WindowText.CONTINUE]
    for text, allowed in (("", False), ("  \n", False), ("because", True)):
        window.reason_edit.setPlainText(text)
        assert button.isEnabled() is allowed
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    window.set_content(replace(CONTENT, state=WindowState.APPROVED))
    assert buttons(window)[WindowText.CONTINUE].isEnabled()
    assert reasons == ["because"]


def test_refresh_cancel_and_the_cross_say_so(make):
    window, heard = make(replace(CONTENT, state=WindowState.PENDING)), []
    window.refresh_clicked.connect(lambda: heard.append("refresh"))
    window.cancel_clicked.connect(lambda: heard.append("cancel"))
    QTest.keyClick(buttons(window)[WindowText.REFRESH], Qt.Key.Key_Return)
    QTest.keyClick(buttons(window)[WindowText.CANCEL], Qt.Key.Key_Space)
    QTest.mouseClick(window._close, Qt.MouseButton.LeftButton)
    assert heard == ["refresh", "cancel", "cancel"]


@pytest.mark.parametrize("letter", ["x", "\N{GRINNING FACE}"])
def test_a_reason_is_cut_where_it_was_entered(make, letter):
    window = make(CONTENT)
    edit = window.reason_edit
    most = REASON_MAX // utf16_length(letter)
    edit.setPlainText(letter * (most - 2) + "END"[: 2 * utf16_length(letter) - 1])
    edit.moveCursor(edit.textCursor().MoveOperation.Start)
    edit.insertPlainText("a" * 300)
    text = window.reason
    assert utf16_length(text) <= REASON_MAX
    assert text.startswith("a")
    assert letter * (most - 2) in text
    QTest.keyClicks(edit, "bbbb")
    assert utf16_length(window.reason) <= REASON_MAX


def test_what_was_typed_stays_when_texts_change(make):
    window = make(CONTENT)
    window.reason_edit.setPlainText("typed")
    window.set_content(replace(CONTENT, error="The service did not answer."))
    assert window.reason == "typed"
    assert "did not answer" in window.accessibleName()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("state", "name"),
    [
        (WindowState.PENDING, "status-pending"),
        (WindowState.APPROVED, "status-approved"),
        (WindowState.DENIED, "status-denied"),
    ],
)
def test_colours_are_those_of_the_endpoint_in_every_theme(make, qapp, scheme, state, name):
    theme.apply(qapp, scheme)
    try:
        window = make(replace(CONTENT, state=state, logo=picture()))
        image = window.grab().toImage()
        ratio = image.width() / WIDTH
        for place, expected in (
            (window._layout.heading.topLeft() + QPoint(4, 3).toPointF(), ENDPOINT_WINDOW["heading"]),
            (window._layout.logo.center(), "#0000ff"),
            (window._layout.status.topRight() - QPoint(9, -5).toPointF(), ENDPOINT_WINDOW[name]),
            (window._layout.status.topRight() - QPoint(9, 4).toPointF(), ENDPOINT_WINDOW["body"]),
        ):
            found = image.pixelColor(int(place.x() * ratio), int(place.y() * ratio))
            assert found == QColor(expected), (place, expected)
    finally:
        theme.apply(qapp, "light")


def test_an_item_may_bring_its_own_heading(make):
    window = make(replace(CONTENT, heading_background="#102030", heading_text="no colour"), Mode.PREVIEW)
    assert window.grab().toImage().pixelColor(4, 40) == QColor("#102030")


@pytest.mark.parametrize("content", [CONTENT, MIRRORED, LONG])
@pytest.mark.parametrize("state", WindowState)
def test_everything_stands_inside_and_nothing_on_top_of_another(content, state, qapp):
    made = lay_out(replace(content, state=state), QSize(263, 88))
    boxes = [block.box for block in (*made.blocks, *made.buttons.values()) if not block.box.isEmpty()]
    for place, box in enumerate(boxes):
        assert box.left() >= 0
        assert box.right() <= WIDTH
        assert 0 <= box.top() <= box.bottom() <= made.height
        assert not any(box.intersects(other) for other in boxes[place + 1 :])
    for block in (*made.blocks, *made.buttons.values()):
        lines = block.lines
        widest = max((lines.lineAt(i).naturalTextWidth() for i in range(lines.lineCount())), default=0)
        assert widest <= block.box.width() + 1


def test_a_mirrored_window_is_the_mirror_image(qapp):
    plain, mirrored = (lay_out(content, QSize(263, 88)) for content in (CONTENT, MIRRORED))
    assert mirrored.logo.left() == WIDTH - plain.logo.right()
    assert mirrored.place_of(WindowText.CANCEL).left() == WIDTH - plain.place_of(WindowText.CANCEL).right()
    assert mirrored.height == plain.height


@pytest.mark.parametrize("width", [240, 375, 500])
def test_less_room_makes_everything_smaller(make, width):
    window = make(CONTENT, width=width)
    assert window.height() == round(window._layout.height * width / WIDTH)
    for button in window.findChildren(QAbstractButton):
        assert window.rect().contains(button.geometry()) or not button.isVisibleTo(window)
    assert window.heightForWidth(2000) == window._layout.height


def test_a_click_into_the_preview_names_the_text(make):
    window, clicked = make(CONTENT, Mode.PREVIEW, width=375), []
    window.text_clicked.connect(clicked.append)
    keys = [
        WindowText.TITLE_PREFIX, WindowText.HEADING, WindowText.INFORMATION, WindowText.USER_LABEL,
        WindowText.APPLICATION_LABEL, WindowText.INSTRUCTION, WindowText.REASON_LABEL, WindowText.CONTINUE,
    ]  # fmt: skip
    for key in keys:
        QTest.mouseClick(window, Qt.MouseButton.LeftButton, pos=window.place_of(key).center())
    assert clicked == keys
    assert window.focusPolicy() == Qt.FocusPolicy.NoFocus
    assert window.findChildren(QAbstractButton) == []
    assert window.place_of(WindowText.STATUS_LABEL).isEmpty()


def test_the_text_that_is_edited_is_marked(make):
    window = make(CONTENT, Mode.PREVIEW)
    before = window.grab().toImage()
    window.set_highlighted(WindowText.INFORMATION)
    after = window.grab().toImage()
    place = window.place_of(WindowText.INFORMATION)
    ratio = after.width() / WIDTH
    edge = (int((place.left() - 4) * ratio), int(place.center().y() * ratio))
    assert after.pixelColor(*edge) == QColor(ENDPOINT_WINDOW["mark"]) != before.pixelColor(*edge)
    window.set_highlighted("")
    assert window.grab().toImage() == before


def test_a_logo_is_a_picture_of_a_bounded_size(qapp):
    assert decode_logo(picture()).size() == QSize(263, 88)
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    huge = picture(2100, 2000)
    for refused in (b"", b"nonsense", svg, huge, picture()[:60], b"\x00" * (LOGO_BYTES_MAX + 1)):
        assert decode_logo(refused) is None


def test_sizes_of_letters_are_read_with_care():
    def sized(text):
        return WindowContent({WindowText.FONT_SIZE: [(text, False)]}).font_size

    assert [sized(text) for text in ("12", "", "x", "0", "999", "-3", "٣")] == [12, 11, 11, 6, 36, 11, 11]


def test_a_stranger_cannot_reverse_a_line_or_bring_markup(make):
    window = make(replace(CONTENT, application="C:\\\u202egpj.exe", user="<b>x</b>"))
    assert "\u202e" not in window.accessibleName()
    assert "<b>x</b>" in window.accessibleName()
    drawn = "".join(block.lines.text() for block in window._layout.blocks)
    assert "\u202e" not in drawn
    assert "<b>x</b>" in drawn
