"""One sentence for who decided a request, on whose behalf and with which account."""

from types import SimpleNamespace

import pytest

from services.requests.records.request_action import RequestAction, approval_to_decide


@pytest.mark.parametrize(
    ("deed", "sentence"),
    [
        (
            RequestAction("approved", "RITM1", "integration", "ada", "Alex Approver"),
            "RITM1 approved by ada on behalf of Alex Approver, with the account integration",
        ),
        (
            RequestAction("rejected", "RITM1", "app.approver", "ada", "Alex Approver", own=True),
            "RITM1 rejected by ada, with the account app.approver of Alex Approver",
        ),
        (
            RequestAction("approved", "RITM1", "integration", "", "Alex Approver"),
            "RITM1 approved by integration on behalf of Alex Approver",
        ),
        (
            RequestAction("approved", "RITM1", "app.approver", "", "Alex Approver", own=True),
            "RITM1 approved by Alex Approver",
        ),
        (
            RequestAction("cancelled", "RITM1", "integration", "ada"),
            "RITM1 cancelled by ada, with the account integration",
        ),
        (RequestAction("cancelled", "RITM1", person="ada"), "RITM1 cancelled by ada"),
        (RequestAction("closed", "RITM1"), "RITM1 closed"),
    ],
)
def test_the_sentence_names_the_person_the_approver_and_the_account_as_far_as_they_are_known(deed, sentence):
    assert deed.sentence == sentence


def test_json_names_whose_approval_it_was_only_where_it_was_somebody_elses():
    deed = RequestAction("approved", "RITM1", "app.approver", "ada", "Alex Approver", own=True)
    assert deed.as_dict() == {"done_by": "ada", "on_behalf_of": None, "account": "app.approver"}
    deed = RequestAction("approved", "RITM1", "integration", "ada", "Alex Approver")
    assert deed.as_dict() == {"done_by": "ada", "on_behalf_of": "Alex Approver", "account": "integration"}


def test_an_account_decides_its_own_approval_else_that_of_the_order_first():
    item = SimpleNamespace(user_name="olive", is_for_order=False)
    order = SimpleNamespace(user_name="alex", is_for_order=True)
    assert approval_to_decide([item, order], "integration") is order
    assert approval_to_decide([order, item], "OLIVE") is item
    assert approval_to_decide([], "olive") is None
