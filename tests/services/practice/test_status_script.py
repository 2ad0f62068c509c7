"""The status script, row by row: which stored values mean which of the four words, and which comment is told."""

import pytest

from services.practice.glide_api import GlideBridge
from tests.services.practice.soaping import CANCEL, STATUS, call, order, status

OPEN, CLOSED = ("1", "true"), [("3", "false"), ("4", "false"), ("7", "false"), ("1", "false"), ("4", "true")]
WORDS = {
    # approval: while the record is open, once it is closed
    "approved": ("approved", "approved"),
    "rejected": ("rejected", "rejected"),
    "requested": ("pending", "invalid"),
    "not requested": ("pending", "invalid"),
    "": ("pending", "invalid"),
    "cancelled": ("invalid", "invalid"),
    "not_required": ("invalid", "invalid"),
    "duplicate": ("invalid", "invalid"),
    "skipped": ("invalid", "invalid"),
    "more_information": ("invalid", "invalid"),
    "constructor": ("invalid", "invalid"),
}
ROWS = [(word, *OPEN, ends[0]) for word, ends in WORDS.items()] + [
    (word, *closed, ends[1]) for word, ends in WORDS.items() for closed in CLOSED
]


@pytest.fixture
def pm(signed_in):
    return signed_in("privman.integration")


@pytest.mark.parametrize(
    "sent",
    ["javascript:gs.getUserID()", " javascript:gs.log(1)", "JavaScript:x", "a^ORactive=true", "0" * 31, "0" * 33, "g" * 32,
     ""],
)  # fmt: skip
def test_nothing_but_a_sys_id_reaches_a_query(pm, monkeypatch, sent):
    """An instance runs what begins with “javascript:”, with the rights of the system: whoever may call may do all."""
    asked, query = [], GlideBridge._query

    def remembering(self, name, groups, *rest):
        asked.append((name, groups))
        return query(self, name, groups, *rest)

    monkeypatch.setattr(GlideBridge, "_query", remembering)
    assert status(pm, "0" * 32) == "invalid"
    assert "0" * 32 in str(asked)
    asked.clear()
    assert status(pm, sent) == "invalid"
    cancelled = call(pm, CANCEL, PMCancelRequestId=sent, PMCancelComment="why")
    assert set(cancelled.values()) == {"Not found"}
    unasked = [groups for _, groups in asked if sent.strip() and sent.strip() in str(groups)]
    assert unasked == []


@pytest.fixture
def placed(practice, pm):
    """The sys_ids of a new requested item and of its request."""
    item = order(pm)
    return item, practice.records("sc_req_item", sys_id=item)[0]["request"]


def put(practice, table, sys_id, **values):
    """Write past the business rules."""
    assert practice._database.update(table, sys_id, values)


@pytest.mark.parametrize(("approval", "state", "active", "word"), ROWS)
def test_a_stored_value_means_one_of_four_words(practice, pm, placed, approval, state, active, word):
    item, request = placed
    put(practice, "sc_req_item", item, approval=approval, state=state, active=active)
    assert status(pm, item) == word
    assert status(pm, request) == word


@pytest.mark.parametrize(
    ("whole", "word"),
    [
        ({"approval": "requested"}, "pending"),
        ({"approval": "not requested"}, "pending"),
        ({"approval": "approved"}, "pending"),
        ({"approval": "rejected", "state": "4"}, "rejected"),
        ({"approval": "cancelled"}, "invalid"),
        ({"approval": "requested", "state": "4"}, "invalid"),
    ],
)
def test_the_approval_of_the_request_can_end_its_item(practice, pm, placed, whole, word):
    item, request = placed
    put(practice, "sc_req_item", item, approval="not requested")
    put(practice, "sc_request", request, **whole)
    assert status(pm, item) == word
    put(practice, "sc_req_item", item, approval="approved")
    assert status(pm, item) == "approved"


@pytest.mark.parametrize(
    ("one", "other", "word"),
    [
        ("approved", "approved", "approved"),
        ("approved", "requested", "pending"),
        ("requested", "approved", "pending"),
        ("approved", "rejected", "rejected"),
        ("requested", "rejected", "rejected"),
        ("approved", "cancelled", "invalid"),
        ("cancelled", "rejected", "rejected"),
    ],
)
def test_a_request_of_several_items_is_as_its_gravest(practice, pm, placed, one, other, word):
    item, request = placed
    second = order(pm)
    put(practice, "sc_req_item", item, approval=one)
    put(practice, "sc_req_item", second, approval=other, request=request)
    assert status(pm, request) == word


def test_an_item_without_its_request_is_read_by_itself(practice, pm, placed):
    put(practice, "sc_req_item", placed[0], request="")
    assert status(pm, placed[0]) == "pending"
    put(practice, "sc_req_item", placed[0], request="0" * 32)
    assert status(pm, placed[0]) == "pending"


@pytest.mark.parametrize("inputs", [{}, {"PMGetRequestId": ""}, {"PMGetRequestId": "  "}, {"Other": "x"}])
def test_no_id_is_invalid(pm, inputs):
    assert call(pm, STATUS, **inputs) == {"PMApprovalStatus": "invalid", "PMComment": ""}


def test_blanks_around_an_id_do_not_count(pm, placed):
    assert status(pm, f" {placed[0]}\n") == "pending"


def test_a_query_that_an_instance_cannot_read_finds_nothing_by_chance(practice, pm, placed):
    put(practice, "sc_req_item", placed[0], approval="approved")
    for odd in (
        "ISNOTEMPTY",
        "javascript:gs.getUserID()",
        "x^ORactive=true",
        placed[0][:-1],
        placed[0] + "0",
    ):
        assert status(pm, odd) == "invalid"


def test_an_item_that_was_deleted_is_invalid(practice, pm, placed):
    practice._database.delete("sc_req_item", placed[0])
    assert status(pm, placed[0]) == "invalid"
    assert status(pm, placed[1]) == "invalid"


# -- comments -----------------------------------------------------------------------


def comment(practice, element_id, text, name="sysapproval_approver", element="comments", at=None):
    made = practice._database.insert(
        "sys_journal_field", {"name": name, "element": element, "element_id": element_id, "value": text}
    )
    if at:
        practice._database.execute(
            "UPDATE sys_journal_field SET sys_created_on = ? WHERE sys_id = ?", [at, made]
        )


def told(pm, item):
    return call(pm, STATUS, PMGetRequestId=item)["PMComment"]


def test_the_newest_comment_of_the_approvers_is_told(practice, pm, placed):
    item, request = placed
    approval = practice.records("sysapproval_approver", sysapproval=item)[0]["sys_id"]
    assert told(pm, item) == ""
    comment(practice, approval, "newer", at="2026-01-02 00:00:00")
    comment(practice, approval, "older", at="2026-01-01 00:00:00")
    comment(practice, approval, "a note", element="work_notes")
    comment(practice, item, "on the item", name="sc_req_item")
    assert told(pm, item) == told(pm, request) == "newer"
    above = practice._database.insert("sysapproval_approver", {"sysapproval": request, "state": "rejected"})
    comment(practice, above, "from above")
    assert told(pm, item) == told(pm, request) == "from above"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x" * 4000, "x" * 4000),
        ("x" * 4001, "x" * 3999 + "…"),
        ("x" * 3998 + "😀😀", "x" * 3998 + "…"),
        ("x" * 3997 + "😀😀", "x" * 3997 + "😀…"),
        ("a\x00b\x1bc\ufffed", "abcd"),
        ("& < > \" ' ]]> <b>", "& < > \" ' ]]> <b>"),
    ],
    ids=range(6),
)
def test_a_comment_is_cut_where_a_character_ends(practice, pm, placed, text, shown):
    approval = practice.records("sysapproval_approver", sysapproval=placed[0])[0]["sys_id"]
    comment(practice, approval, text)
    assert told(pm, placed[0]) == shown
