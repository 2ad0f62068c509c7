"""How payloads are read: pointers, constants and joins, and a reason for everything that is wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import InvalidError
from services.intake.http_problems import HttpProblem
from services.intake.payload_mapping import (
    CLIENT_VARIABLES,
    JsonPointer,
    default_mapping,
    document_from_arguments,
    mapping_from_json,
    parse_mapping,
)
from services.intake.request_body import parse_body
from services.requests.domain.validation import validate_fields

RFC = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    ("pointer", "text"),
    [("/foo/0", "bar"), ("/", "0"), ("/a~1b", "1"), ("/c%d", "2"), ("/e^f", "3"), ("/g|h", "4"), ("/i\\j", "5"),
     ('/k"l', "6"), ("/ ", "7"), ("/m~0n", "8")],
)  # fmt: skip
def test_the_examples_of_the_standard(pointer, text):
    assert JsonPointer(pointer).read(RFC) == text


@pytest.mark.parametrize(
    "pointer", ["/foo/00", "/foo/-", "/foo/2", "/foo/+1", "/foo/bar", "/nothing", "/foo/0/0"]
)
def test_what_is_not_there_is_named(pointer):
    with pytest.raises(ValueError, match="has nothing at"):
        JsonPointer(pointer).read(RFC)
    assert JsonPointer(pointer, optional=True).read(RFC) == ""


def tree(names):
    return st.recursive(
        st.text(max_size=5) | st.integers() | st.booleans(),
        lambda inner: st.dictionaries(names, inner, max_size=4) | st.lists(inner, max_size=4),
        max_leaves=12,
    )


def places(value, way=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, f"{way}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, f"{way}/{index}")
    else:
        yield way, value


@given(tree(st.text(max_size=6)))
def test_every_place_of_any_document_is_reached(document):
    for pointer, value in places(document):
        if pointer:
            wanted = str(value).lower() if isinstance(value, bool) else str(value)
            assert JsonPointer(pointer).read(document) == wanted


def test_constants_and_joins_are_put_together_and_nothing_is_evaluated():
    mapping = mapping_from_json(
        {
            "PMPolicyName": {"const": "{file} ${x} %s"},
            "PMInitiatorName": {"join": ["/user/domain", {"const": "\\"}, {"pointer": "/user/name"}]},
            "PMFilePath": "/file/path",
            "PMUserReason": {"pointer": "/reason", "optional": True},
        }
    )
    payload = {"user": {"domain": "ACME", "name": "{ada}"}, "file": {"path": "C:\\x"}}
    assert mapping.read(payload) == {
        "PMPolicyName": "{file} ${x} %s",
        "PMInitiatorName": "ACME\\{ada}",
        "PMFilePath": "C:\\x",
        "PMUserReason": "",
        "id": "",
    }


@pytest.mark.parametrize(
    ("payload", "name", "reason"),
    [
        ({}, "PMFilePath", "has nothing at /f"),
        ({"f": None}, "PMFilePath", "has nothing at /f"),
        ({"f": {}}, "PMFilePath", "has an object or a list at /f"),
        ({"f": [1]}, "PMFilePath", "has an object or a list at /f"),
        ({"f": "a\0b"}, "PMFilePath", "holds U+0000"),
        ({"f": "\ud800"}, "PMFilePath", "holds U+D800"),
        ({"f": "x" * 100_001}, "PMFilePath", "has 100001 characters"),
        ({"f": json.loads("1e999")}, "PMFilePath", "too large"),
        ({"f": "x", "id": "y" * 201}, "id", "has 201 characters"),
    ],
)
def test_a_payload_that_cannot_be_read_says_which_variable_and_why(payload, name, reason):
    with pytest.raises(InvalidError) as caught:
        mapping_from_json({"PMFilePath": "/f"}).read(payload)
    [wrong] = caught.value.fields
    assert wrong.name == name
    assert reason in wrong.message


@pytest.mark.parametrize(
    ("document", "name", "reason"),
    [
        ({"PMShoeSize": "/x"}, "PMShoeSize", "no variable of the contract"),
        ({"PMApprovalId": "/x"}, "PMApprovalId", "filled in by this console"),
        ({"PMFilePath": "x"}, "PMFilePath", "does not begin with /"),
        ({"PMFilePath": ""}, "PMFilePath", "does not begin with /"),
        ({"PMFilePath": "/a~2"}, "PMFilePath", "followed by neither"),
        ({"PMFilePath": "/" + "a" * 500}, "PMFilePath", "at most 500"),
        ({"PMFilePath": 5}, "PMFilePath", "no pointer, constant or join"),
        ({"PMFilePath": {"const": 5}}, "PMFilePath", "no pointer, constant or join"),
        ({"PMFilePath": {"eval": "1"}}, "PMFilePath", "no pointer, constant or join"),
        ({"PMFilePath": {"join": []}}, "PMFilePath", "1 to 20"),
        ({"PMFilePath": {"join": [{"join": ["/a"]}]}}, "PMFilePath", "no pointer, constant or join"),
        ({"PMFilePath": {"const": "\x01"}}, "PMFilePath", "holds U+0001"),
        ({"id": {"const": "x"}}, "id", "could not be told apart"),
        ([], "mapping", "is not an object"),
    ],
)  # fmt: skip
def test_a_mapping_is_validated_when_it_is_set(document, name, reason):
    with pytest.raises(InvalidError) as caught:
        mapping_from_json(document)
    assert [(wrong.name, reason in wrong.message) for wrong in caught.value.fields] == [(name, True)]


def test_words_of_the_command_line_become_a_document():
    words = ["PMFilePath=/file/path", "PMUserReason?=/reason", "PMPolicyName=Webhook = one", 'PMPolicyId="/const"',
             'PMAgentName=["/host", {"const": "."}, "/domain"]', "id=/number"]  # fmt: skip
    document = document_from_arguments(words)
    assert document == {
        "PMFilePath": "/file/path",
        "PMUserReason": {"pointer": "/reason", "optional": True},
        "PMPolicyName": {"const": "Webhook = one"},
        "PMPolicyId": {"const": "/const"},
        "PMAgentName": ["/host", {"const": "."}, "/domain"],
        "id": "/number",
    }
    payload = {"file": {"path": "p"}, "host": "h", "domain": "d", "number": 7}
    assert parse_mapping(json.dumps(document)).read(payload)["PMAgentName"] == "h.d"


@pytest.mark.parametrize(
    "words", [["PMFilePath"], ["=/x"], ["PMFilePath=/a", "PMFilePath=/b"], ["PMFilePath={"]]
)
def test_words_that_are_no_mapping_are_refused(words):
    with pytest.raises(InvalidError):
        document_from_arguments(words)


def test_without_a_mapping_variables_have_their_own_names():
    assert parse_mapping("{}") == default_mapping()
    read = default_mapping().read({"id": 5, "PMFilePath": "x", "PMFileSha1Hash": "ab", "more": []})
    assert (read["id"], read["PMFilePath"], read["PMFileSha1Hash"], read["PMUserReason"]) == (
        "5",
        "x",
        "ab",
        "",
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def outcome_of(work, error):
    """Return what `work` gives, and the error in place of it."""
    try:
        return work(), None
    except error as refused:
        return None, refused


@given(st.dictionaries(st.sampled_from([*CLIENT_VARIABLES, "id", "more"]), JSON, max_size=6))
def test_any_payload_is_read_or_refused_by_its_fields(payload):
    read, refused = outcome_of(lambda: default_mapping().read(payload), InvalidError)
    if refused:
        assert refused.fields
        assert {wrong.name for wrong in refused.fields} <= set(payload)
        return
    assert set(read) == {"id", *CLIENT_VARIABLES}
    assert all(isinstance(text, str) for text in read.values())
    assert validate_fields({name: text for name, text in read.items() if name != "id"})


@given(st.dictionaries(st.text(max_size=12) | st.sampled_from([*CLIENT_VARIABLES, "id"]), JSON, max_size=4))
def test_any_document_is_a_mapping_or_refused_by_its_entries(document):
    mapping, refused = outcome_of(lambda: mapping_from_json(document), InvalidError)
    if refused:
        assert {wrong.name for wrong in refused.fields} <= {*document, "mapping"}
    else:
        assert parse_mapping(json.dumps(document)) == mapping


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_an_object_or_refused(content):
    payload, refused = outcome_of(lambda: parse_body(content), HttpProblem)
    assert isinstance(payload, dict) if refused is None else refused.status == 400
