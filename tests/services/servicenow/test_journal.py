"""Comments that ServiceNow shows as HTML are read as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.servicenow.journal_text import journal_to_text


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("[code]<p>Use the <b>store</b> version</p>[/code]", "Use the store version"),
        ("[CODE]a<br/>b[/CODE]", "a\nb"),
        ("[code]<ul><li>one</li><li>two &amp; three</li></ul>[/code]", "- one\n- two & three"),
        (
            "See [code]<a href='https://kb.example/1'>KB1</a>[/code], please",
            "See KB1 (https://kb.example/1), please",
        ),
        ("[code]<a href='https://kb.example/1'>https://kb.example/1</a>[/code]", "https://kb.example/1"),
        ("[code]<a href='javascript:x()'>here</a>[/code]", "here"),
        ("[code]<script>x()</script><style>p{}</style>Denied: 1 &lt; 2[/code]", "Denied: 1 < 2"),
        ("[code]<table><tr><td>a</td><td>b</td></tr></table>[/code]", "a b"),
        ("[code]first[/code]\n[code]second[/code]", "first\nsecond"),
        ("[code]<p>cut off in the mid", "cut off in the mid"),
        ("[code]<p>one [/code] two [/code]", "one two"),
        ("plain <b>text</b> &amp; so on", "plain <b>text</b> &amp; so on"),
        ("a < b and c > d", "a < b and c > d"),
        ("[code][code]<b>a</b>[/code]b[/code]", "ab"),
        ("[code][/code]", ""),
        ("", ""),
    ],
)
def test_what_stands_in_code_is_read_as_it_is_shown(stored, text):
    assert journal_to_text(stored) == text


@given(st.text())
def test_any_markup_is_read_and_no_code_is_left(text):
    assert "[code]" not in journal_to_text(f"[code]{text}").lower() or "[code]" in text.lower()
    if "[code]" not in text.lower():
        assert journal_to_text(text) == text
