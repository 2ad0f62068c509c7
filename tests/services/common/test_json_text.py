"""JSON from other systems: halves of characters, and depth."""

import pytest

from services.common.json_text import JSON_DEPTH_MAX, read_json


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": "\\ud800", "\\uDC00": 1}', {"a": "\ufffd", "\ufffd": 1}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\xed\xa0\x80"', "\ufffd"),
        ('\ufeff"\\ud800"'.encode(), "\ufffd"),
        ('"\\ud800"'.encode("utf-16"), "\ufffd"),
    ],
)
def test_halves_of_characters_are_replaced(content, value):
    assert read_json(content) == value


def test_what_is_nested_too_deeply_is_refused():
    assert read_json(b"[" * JSON_DEPTH_MAX + b"]" * JSON_DEPTH_MAX)
    for levels in (JSON_DEPTH_MAX + 1, 900, 990, 100_000):
        with pytest.raises(ValueError, match="nested"):
            read_json(b"[" * levels + b"]" * levels)
