"""Texts that are too long for the window of the endpoint."""

from console.widgets.endpoint_cuts import cut_texts
from console.widgets.window_content import WindowContent, WindowText


def test_only_texts_of_one_line_are_cut(qapp):
    long = "Approval needed " * 20
    texts = {
        key: [(long, False)] for key in (WindowText.HEADING, WindowText.CONTINUE, WindowText.INFORMATION)
    }
    texts[WindowText.CANCEL] = [("Cancel", False)]
    cut = cut_texts(WindowContent(texts), None)
    assert set(cut) == {WindowText.HEADING, WindowText.CONTINUE}
    assert long.startswith(cut[WindowText.CONTINUE])
    assert 0 < len(cut[WindowText.CONTINUE]) < len(cut[WindowText.HEADING]) < len(long)
