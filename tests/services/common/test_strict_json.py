"""JSON from outside holds nothing that could not be written out as JSON again."""

import json

import pytest

from services.common.strict_json import parse_json


def test_what_json_does_not_know_is_refused():
    assert parse_json(b'{"a": [1.5, -2e3, null, 12345678901234567890]}') == {
        "a": [1.5, -2000.0, None, 12345678901234567890]
    }
    for text in ("NaN", "[Infinity]", '{"a": -Infinity}', "1e999", '{"a": -1e400}'):
        with pytest.raises(ValueError, match=r"no JSON|too large"):
            parse_json(text)
    with pytest.raises(RecursionError):
        parse_json("[" * 100_000)
    assert json.loads("1e999")  # the reason why it is asked for
