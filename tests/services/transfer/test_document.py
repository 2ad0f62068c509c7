"""Reading documents: every mistake with its line and column and the nearest known word, and never anything else raised."""

import contextlib

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from models.kinds import Kind
from services.transfer import DocumentError, read_document
from services.transfer.document_reader import Document
from services.transfer.yaml_nodes import DEPTH_MAX, SIZE_MAX

GOOD = """\
version: 1
credentials:
  - {name: ServiceNow, account: a, description: "# kept: yes"}
foreign_systems:
  - {name: Server, base_url: "https://acme.service-now.com/", credential: ServiceNow, production: true}
approval_processes:
  - name: Process
    server: Server
    request_item: {name: Item, category: C, sys_id: null}
    check_status_every: 20s
    timeout_after: 2 h
approval_types:
  - {name: Type, process_handler: Process, policy_specific: false, file_specific: true}
"""


def mistakes_of(source):
    with pytest.raises(DocumentError) as caught:
        read_document(source)
    assert caught.value.exit_status == 2
    return [str(m) for m in caught.value.mistakes]


def test_every_section_is_read_in_the_order_in_which_it_can_be_stored():
    document = read_document(GOOD)
    assert [(e.kind, e.name, e.place) for e in document.entries] == [
        (Kind.USER_CREDENTIAL, "ServiceNow", (3, 5)),
        (Kind.FOREIGN_SYSTEM, "Server", (5, 5)),
        (Kind.APPROVAL_PROCESS, "Process", (7, 5)),
        (Kind.APPROVAL_TYPE, "Type", (13, 5)),
    ]
    credential, server, process, _ = document.entries
    assert credential.values["description"] == "# kept: yes"
    assert server.references == {"credential_id": (Kind.USER_CREDENTIAL, "ServiceNow")}
    assert (process.values["check_every_s"], process.values["timeout_after_s"]) == (20, 7200)
    assert (process.values["request_item_name"], process.values["request_item_id"]) == ("Item", "")
    assert document.warnings == []


@pytest.mark.parametrize(
    ("source", "mistake"),
    [
        ("", "line 1, column 1: must begin with version: 1 and hold sections"),
        ("- 1\n", "line 1, column 1: must begin with version: 1 and hold sections"),
        ("credentials: []\n", "line 1, column 1: version must be 1"),
        ("credentials: []\nversion: 2\n", "line 2, column 10: version must be 1"),
        ("version: '1'\n", "line 1, column 10: version must be 1"),
        ("version: true\n", "line 1, column 10: version must be 1"),
        ("version: 1.0\n", "line 1, column 10: version must be 1"),
        ("version: 1\nversion: 1\n", "line 2, column 1: version stands there twice"),
        (
            "version: 1\ncredentails: []\n",
            "line 2, column 1: unknown section credentails; did you mean credentials",
        ),
        ("version: 1\ncredentials: {name: A}\n", "line 2, column 14: credentials must be a list"),
        (
            "version: 1\ncredentials: [A]\n",
            "line 2, column 15: a User Credential must have keys such as name",
        ),
        ("version: 1\ncredentials: [{name: A}]\n", "line 2, column 15: account is missing"),
        ("version: 1\ncredentials: [{account: A}]\n", "line 2, column 15: name is missing"),
        (
            "version: 1\ncredentials: [{name: A, account: a, acount: b}]\n",
            "line 2, column 37: unknown key acount; did you mean account",
        ),
        (
            "version: 1\ncredentials: [{name: A, account: a, zzz: b}]\n",
            "line 2, column 37: unknown key zzz; known are name, account, sign_in, client_id,",
        ),
        (
            "version: 1\ncredentials: [{name: A, account: a, password: hunter2}]\n",
            "line 2, column 37: password has no place in a document: keep it with credential set",
        ),
        (
            "version: 1\ncredentials: [{name: A, account: a, Secret: hunter2}]\n",
            "line 2, column 37: Secret has no place in a document: keep it with credential set",
        ),
        (
            "version: 1\ncredentials:\n- {name: A, account: 7}\n",
            "line 3, column 22: account must be a text, not int",
        ),
        (
            "version: 1\ncredentials:\n- {name: yes, account: a}\n",
            "line 3, column 10: name must be a text, not bool",
        ),
        (
            "version: 1\ncredentials:\n- {name: 2026-01-31, account: a}\n",
            "line 3, column 10: name must be a text, not date",
        ),
        (
            "version: 1\ncredentials:\n- {name: A, account: ~}\n",
            "line 3, column 22: account must be a text, not null",
        ),
        (
            'version: 1\ncredentials:\n- {name: "\\uD800", account: a}\n',
            "line 3, column 13: not YAML: found invalid Unicode character escape code",
        ),
        (
            "version: 1\nforeign_systems:\n- {name: A, base_url: u, production: 'true'}\n",
            "line 3, column 38: production must be true or false, not “true”",
        ),
        (
            "version: 1\nforeign_systems:\n- {name: A, base_url: u, kind: jira}\n",
            "line 3, column 32: kind must be one of servicenow, privilege_manager",
        ),
        (
            "version: 1\napproval_processes:\n- {name: A, timeout_after: 20}\n",
            "line 3, column 28: timeout_after must be a duration such as 20s, 20m or 1h, not int",
        ),
        (
            "version: 1\napproval_processes:\n- {name: A, timeout_after: 20 years}\n",
            "line 3, column 28: timeout_after must be a duration such as 20s, 20m or 1h, not “20 years”",
        ),
        (
            "version: 1\napproval_processes:\n- {name: A, request_item: Item}\n",
            "line 3, column 27: request_item must have the keys name, category, sys_id",
        ),
        (
            "version: 1\napproval_processes:\n- {name: A, request_item: {nme: Item}}\n",
            "line 3, column 28: unknown key nme; did you mean name",
        ),
        ("version: 1\n---\nversion: 1\n", "line 2, column 1: not YAML: but found another document"),
        (
            "version: 1\ncredentials: &a []\napproval_types: *a\n",
            "line 3, column 17: aliases (*name) are not used here",
        ),
        ("version: 1\n\tcredentials: []\n", "line 2, column 1: not YAML: "),
        ("version: 1\ncredentials: [\n", "line 3, column 1: not YAML: "),
        (
            "version: 1\ncredentials: \x07\n",
            "line 2, column 14: not YAML: the character U+0007 may not stand there as it is",
        ),
        (
            "version: 1\ncredentials: " + "[" * 500,
            f"line 2, column {13 + DEPTH_MAX}: the document is nested too deeply",
        ),
        ("#" * (SIZE_MAX + 1), "line 1, column 1: the document is larger than 2,000,000 characters"),
    ],
)
def test_a_mistake_is_named_where_it_stands(source, mistake):
    [found] = mistakes_of(source)
    assert found.startswith(mistake)
    assert "hunter2" not in found


@pytest.mark.parametrize("second", ["servicenow", "SERVICENOW", "Service  Now", "service now"])
def test_a_name_that_stands_twice_is_refused_as_the_store_would(second):
    first = "Service Now" if " " in second else "ServiceNow"
    source = f"version: 1\ncredentials:\n- {{name: {first}, account: a}}\n- {{name: {second}, account: b}}\n"
    assert mistakes_of(source) == [f"line 4, column 3: “{second}” stands at line 3 already"]


def test_all_mistakes_come_at_once_in_the_order_of_the_document():
    source = "version: 3\napproval_types: [{}]\ncredentials: [{nam: A}]\nnonsense: 1\n"
    assert [m.partition(":")[0] for m in mistakes_of(source)] == [
        "line 1, column 10",
        "line 2, column 18",
        "line 3, column 15",
        "line 3, column 15",
        "line 3, column 16",
        "line 4, column 1",
    ]


@pytest.mark.parametrize(
    "tag", ["!!bool", "!!int", "!!float", "!!timestamp", "!!binary", "!!set", "!!omap", "!!null"]
)
@pytest.mark.parametrize("value", ["x", "''", "[1]", "{a: 1}", "[[1, 2]]"])
def test_a_tag_that_does_not_fit_is_a_mistake_like_any_other(tag, value):
    with contextlib.suppress(DocumentError):
        read_document(f"version: 1\ncredentials:\n- {{name: A, account: {tag} {value}}}\n")
    with contextlib.suppress(DocumentError):
        read_document(f"version: 1\n{tag} {value}: []\n")


def test_objects_of_python_are_never_made(tmp_path):
    target = tmp_path / "made"
    source = (
        f"version: 1\ncredentials:\n- {{name: A, account: !!python/object/apply:os.mkdir ['{target}']}}\n"
    )
    with pytest.raises(DocumentError):
        read_document(source)
    assert not target.exists()


plain = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False)
keys = (
    st.sampled_from(["name", "account", "base_url", "kind", "request_item", "sys_id", "timeout_after", "x"])
    | plain
)
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=8
)
sections = st.sampled_from(
    ["version", "credentials", "foreign_systems", "approval_processes", "approval_types"]
)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_count_them(ending):
    source = ending.join(["credentials: '\x85\u2028\u2029'", "version: 2", ""])
    with pytest.raises(DocumentError) as caught:
        read_document(source)
    assert [(m.place.line, m.place.column) for m in caught.value.mistakes] == [(1, 14), (2, 10)]


@given(st.dictionaries(sections | plain, values, max_size=5))
def test_whatever_a_document_holds_it_is_read_or_its_mistakes_are_named(content):
    source = yaml.safe_dump({"version": 1, **content}, allow_unicode=True)
    entries, mistakes = read(source)
    assert all(isinstance(entry.name, str) for entry in entries)
    assert all(1 <= m.place.line <= source.count("\n") + 1 for m in mistakes)


def read(source):
    """Return the entries of a document and no mistake, or its mistakes and no entry."""
    try:
        return read_document(source).entries, []
    except DocumentError as error:
        return [], error.mistakes


pieces = st.lists(
    st.sampled_from(GOOD.split(" "))
    | st.sampled_from(list("{}[]&*!|>%@`\"'#,?:-\n\t"))
    | st.text(max_size=3),
    max_size=30,
)


@given(pieces.map(" ".join))
@example("? [a, b]\n: 1\n")
@example("<<: {version: 1}\n")
@example("version: !!timestamp x\n")
@example("version: !!int ''\n")
def test_whatever_text_comes_nothing_but_a_document_error_is_raised(source):
    with contextlib.suppress(DocumentError):
        read_document(source)


@pytest.mark.parametrize(
    ("source", "mistake"),
    [
        ("version: 1\n? 0x" + "f" * 100_000 + "\n: 1\n", "line 2, column 3: unknown section 0xfff"),
        ("version: 1\n? " + "9" * 100_000 + "\n: 1\n", "line 2, column 3: unknown section 999"),
        ("version: 1\n? [a, b]\n: 1\n", "line 2, column 3: a section must be a word"),
        ("version: 1\n? {a: b}\n: 1\n", "line 2, column 3: a section must be a word"),
        ("version: 1\n2001-01-01: 1\n", "line 2, column 1: unknown section 2001-01-01"),
        ("version: 1\n12: 1\n", "line 2, column 1: unknown section 12"),
        ("version: " + "9" * 1_000_000, "line 1, column 10: version must be 1"),
        (
            "version: 1\ncredentials:\n- {name: 2001-01-01, account: a}\n",
            "line 3, column 10: name must be a text",
        ),
        (
            "version: 1\ncredentials:\n- {name: 99, account: a}\n",
            "line 3, column 10: name must be a text, not int",
        ),
        ("version: 1\n" + "- " * 100_000, "line 2, column 1: not YAML"),
        ("[{" * 500_000, "line 1, column 21: the document is nested too deeply"),
        ("version: 1\n" + "? " * 100_000, "line 2, column 41: the document is nested too deeply"),
        ("version: 1\na: [&a 1, " + "*a, " * 100_000, "line 2, column 11: aliases"),
        ("version: 1\nname: '\0'\n", "line 2, column 8: not YAML: the character U+0000"),
    ],
    ids=range(14),
)
def test_what_no_person_writes_is_refused_with_its_line(source, mistake):
    found = mistakes_of(source)[0]
    assert found.startswith(mistake)
    assert len(found) < 1000


def test_a_large_document_is_read_without_looking_at_a_node_twice(monkeypatch):
    """Counted, not timed: no value is built that is a text already."""
    built = []
    constructor = yaml.constructor.SafeConstructor

    def counted():
        built.append(1)
        return constructor()

    monkeypatch.setattr(yaml.constructor, "SafeConstructor", counted)
    entries = "".join(f"- {{name: N{number}, account: a.user, description: x}}\n" for number in range(30_000))
    document = read_document(f"version: 1\ncredentials:\n{entries}")
    assert len(document.entries) == 30_000
    assert built == [1]  # the version


def test_very_many_mistakes_end_the_reading():
    with pytest.raises(DocumentError) as caught:
        read_document("version: 1\ncredentials: [" + "a," * 900_000 + "]")
    told = caught.value.problem.evidence.splitlines()
    assert len(told) == 101
    assert told[-1] == "and more: reading stopped there"


PIECES = st.sampled_from(
    [
        *("version: 1\n", "credentials:\n", "- ", "  ", "name: ", "{", "}", "[", "]", ",", ": ", "? ", "&a ", "*a", "!!int ", "!x "),
        *("!!binary ", "!!set ", "<<: ", "|\n", ">-\n", "'", '"', "#", "%YAML 1.1\n", "---\n", "...\n", "0x", "1:1", "2001-01-01"),
        *(".inf", "~", "null", "true", "9" * 5000, "\u2028", "\x85", "\ufeff", "\0", "\ud800", "\t", "\r", "\n", "é", "\U0001f9ff"),
        *("request_item: ", "approval_processes:\n", "foreign_systems:\n", "timeout_after: ", "\\u0000", "\\ud800"),
    ]
)  # fmt: skip


@given(
    st.one_of(
        st.text(max_size=60), st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=14).map("".join)
    )
)
def test_no_text_leads_to_an_unexpected_error(source):
    for text in (source, f"version: 1\ncredentials:\n- name: {source}", f"version: 1\n{source}"):
        with contextlib.suppress(DocumentError):
            assert isinstance(read_document(text), Document)


@pytest.mark.parametrize(
    "written",
    [
        "9e3527eed1024b2674423a9e464a9339",
        "9E3527EED1024B2674423A9E464A9339",
        "'{9E3527EE-D102-4B26-7442-3A9E464A9339}'",
        "'urn:uuid:9e3527ee-d102-4b26-7442-3a9e464a9339'",
    ],
)
def test_a_sys_id_is_taken_in_every_usual_spelling(written):
    source = f"""version: 1
approval_processes:
  - name: P
    kind: servicenow
    request_item: {{name: I, category: C, sys_id: {written}}}
"""
    [entry] = read_document(source).entries
    assert entry.values["request_item_id"] == "9e3527eed1024b2674423a9e464a9339"
