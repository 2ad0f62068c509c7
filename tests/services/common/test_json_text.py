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


def test_what_could_not_be_written_as_json_again_is_refused():
    assert read_json(b'{"a": [1.5, -2e3, 12345678901234567890]}') == {
        "a": [1.5, -2000.0, 12345678901234567890]
    }
    for text in (b"NaN", b"[Infinity]", b'{"a": -Infinity}', b"1e999", b'{"a": -1e400}'):
        with pytest.raises(ValueError, match=r"no JSON|too large"):
            read_json(text)
