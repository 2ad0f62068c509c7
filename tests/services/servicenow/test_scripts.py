"""The scripts for an instance: their markers, what is put into them, and that an ES5 engine takes them."""

import re

import dukpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.servicenow.contract import FURTHER_VARIABLES, VARIABLES, ServiceRole
from services.servicenow.script_templates import (
    MARKER_MAX,
    add_marker,
    has_marker,
    is_unmodified_script,
    item_marker,
    javascript_string,
    render_script,
)

NAMES = ["", "standard", "STANDARD", "pm", "PM", "pm-2", "pm 2", "pm_2", "Ä", "ä", "-", "😀", "x" * 40, "x" * 41, "it's",
         "a,b", "a^b", "</script>"]  # fmt: skip


@pytest.mark.parametrize("role", ServiceRole)
def test_a_script_parses_and_runs_as_es5(role):
    """Run each in an engine that knows nothing newer, with as little of an instance as it needs to get through."""
    script = render_script(role, marker=item_marker(""))
    stub = """
        var sn_sc = {CartJS: function () { this.orderNow = function (item) { ordered = item; return {request_id: 'q'}; }; }};
        var gs = {getProperty: function () { return null; }, warn: function (text) { warned.push(text); }};
        var ordered = null, warned = [], written = {};
        function GlideRecord(table) {
            var left = 1;
            this.addQuery = this.query = this.orderByDesc = this.setLimit = function () {};
            this.get = function () { return true; };
            this.next = function () { left -= 1; return left >= 0; };
            this.getUniqueValue = function () { return table + '-id'; };
            this.getValue = function (name) {
                return {meta: 'words, approval-console:standard', active: '1', name: 'PMUserReason', approval: 'requested',
                        state: '1', value: 'comment', max_length: '', sys_id: '0123456789abcdef0123456789abcdef'}[name] || null;
            };
            this.setValue = function (name, value) { written[table + '.' + name] = value; };
            this.update = function () { written[table] = true; };
        }
        var request = {PMUserReason: 'because', PMFilePath: 'x', PMGetRequestId: '0123456789abcdef0123456789abcdef',
                       PMCancelRequestId: '0123456789abcdef0123456789abcdef', PMCancelComment: 'late'};
        var response = {};
    """
    seen = dukpy.evaljs(
        f"{stub}\n{script}\n;({{response: response, ordered: ordered, warned: warned, written: written}})"
    )
    match role:
        case ServiceRole.CREATE:
            assert seen["response"] == {"PMRequestId": "sc_req_item-id"}
            assert seen["ordered"] == {
                "sysparm_id": "sc_cat_item-id",
                "sysparm_quantity": "1",
                "variables": {"PMUserReason": "because"},
            }
            assert seen["warned"] == ["Approval request: the catalog item has no variable PMFilePath."]
            assert seen["written"] == {}
        case ServiceRole.STATUS:
            assert seen["response"] == {"PMApprovalStatus": "pending", "PMComment": "comment"}
            assert seen["written"] == {}
        case ServiceRole.CANCEL:
            assert seen["response"] == {"TmsCancelResult": "Success", "PMCancelResult": "Success"}
            assert seen["written"]["sysapproval_approver.state"] == "cancelled"
            assert seen["written"]["sc_req_item.approval"] == "cancelled"


@pytest.mark.parametrize("role", ServiceRole)
def test_a_script_is_short_ascii_and_filled_in(role):
    script = render_script(role, marker="m" * MARKER_MAX)
    # A length that script columns are commonly known to hold.
    assert len(script) < 8000
    assert script.isascii()
    assert "{{" not in script
    assert "\t" not in script
    assert script.count("(function scriptedWebServiceOperation(request, response) {") == 1
    assert script.rstrip().endswith("})(request, response);")
    assert max(map(len, script.splitlines())) <= 120
    assert not re.search(r"[0-9a-f]{32}", script), "a sys_id has no place in a script"


def test_only_the_create_script_knows_its_set():
    for role in ServiceRole:
        differs = render_script(role, marker="one") != render_script(role, marker="two")
        assert differs == (role is ServiceRole.CREATE)
    assert render_script(ServiceRole.CREATE, marker="a:b.c_d-1").count("'a:b.c_d-1'") == 1


@pytest.mark.parametrize(
    "marker", ["", " ", "a b", "a,b", "a'b", "a^b", "ä", "a\n", "-a", "x" * (MARKER_MAX + 1), "a;b"]
)
def test_a_marker_that_a_query_would_misread_is_refused(marker):
    with pytest.raises(ValueError, match="cannot be a marker"):
        render_script(ServiceRole.CREATE, marker=marker)


def test_every_set_has_a_marker_of_its_own():
    markers = [item_marker(name) for name in NAMES]
    assert len({marker.lower() for marker in markers}) == len(NAMES)
    assert (item_marker(""), item_marker("pm-2")) == ("approval-console:standard", "approval-console:pm-2")
    assert item_marker(" pm ") == item_marker("pm")


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_marker_can_be_rendered_and_tells_names_apart(one, other):
    render_script(ServiceRole.CREATE, marker=item_marker(one))
    assert (item_marker(one) == item_marker(other)) == (one.strip() == other.strip())


@given(st.text())
def test_a_string_literal_means_its_text(text):
    text = text.encode(errors="replace").decode()
    literal = javascript_string(text)
    assert literal.isascii()
    assert "</" not in literal
    assert dukpy.evaljs(literal) == text


@pytest.mark.parametrize(
    ("meta", "found"),
    [
        ("approval-console:pm", True),
        ("Approval-Console:PM", True),
        ("run, approval-console:pm;other", True),
        (" \n approval-console:pm\t", True),
        ("approval-console:pm-2", False),
        ("xapproval-console:pm", False),
        ("", False),
    ],
)
def test_a_marker_is_a_word_of_its_own(meta, found):
    marker = item_marker("pm")
    assert has_marker(meta, marker) == found
    added = add_marker(meta, marker)
    assert has_marker(added, marker)
    assert added.startswith(meta.rstrip())
    assert (added == meta) == found


def test_the_further_variables_are_those_seen_in_the_field():
    assert len(VARIABLES) == 11
    assert len(FURTHER_VARIABLES) == 17
    assert len({*VARIABLES, *FURTHER_VARIABLES}) == 28


@pytest.mark.parametrize("role", ServiceRole)
@pytest.mark.parametrize("name", ["", "dev", "Größe O'Neill"])
def test_a_script_is_known_as_stock_whatever_its_set_and_however_a_form_stored_it(role, name):
    script = render_script(role, marker=item_marker(name))
    assert is_unmodified_script(role, script)
    assert is_unmodified_script(role, "\n" + script.replace("\n", "  \r\n") + "\n\n")


@pytest.mark.parametrize("role", ServiceRole)
def test_a_script_that_was_altered_is_not(role):
    script = render_script(role, marker=item_marker(""))
    assert not is_unmodified_script(role, script.replace("var ", "var  ", 1))
    assert not is_unmodified_script(role, script + "\ngs.info('seen');")
    assert not is_unmodified_script(role, "")
    others = [other for other in ServiceRole if other is not role]
    assert not any(is_unmodified_script(other, script) for other in others)
