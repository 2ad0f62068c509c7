"""Possible causes of a failure: the same text in page, dialog, panel, notice and finding card."""

import pytest

from console.chain.chain_presenter import LinkFinding
from console.forms.notice import Notice
from console.widgets.failure_panel import FailurePanel
from console.widgets.placeholders import ErrorState
from console.widgets.possible_causes import PossibleCauses, format_possible_causes
from console.widgets.stage_list import FindingCard
from services.approval_chain import ChainLink, LinkKind, LinkState
from services.approval_chain.report_text import link_lines
from services.common.fault_ids import FaultId
from services.servicenow.faults import make_problem
from services.servicenow.sign_in_candidates import REFUSED_PASSWORD

PROBLEM = make_problem(
    FaultId.AUTHENTICATION_REFUSED, "Read records", "status 401", candidates=REFUSED_PASSWORD
)
TEXT = format_possible_causes(REFUSED_PASSWORD)


def causes_of(widget):
    return [one for one in widget.findChildren(PossibleCauses) if not one.isHidden()]


def shown_text(causes):
    return causes.text.text().replace("\u200b", "")


@pytest.mark.parametrize("width", [320, 640])
def test_a_failure_lists_them_without_growing_out_of_the_screen(qtbot, width):
    state = ErrorState(PROBLEM)
    qtbot.addWidget(state)
    state.resize(width, 500)
    state.show()
    [causes] = causes_of(state)
    assert shown_text(causes) == TEXT
    assert causes.height() > 0
    assert state.minimumSizeHint().height() < 300
    assert TEXT.splitlines()[1] in causes.accessibleName()


def test_a_panel_shows_those_of_the_newest_problem(qtbot):
    panel = FailurePanel()
    qtbot.addWidget(panel)
    panel.show_problem(PROBLEM)
    assert [shown_text(one) for one in causes_of(panel)] == [TEXT]
    panel.show_problem(make_problem(FaultId.TIMEOUT, "Read records", "no answer"))
    assert causes_of(panel) == []


def test_a_notice_shows_them_when_its_button_is_pressed(qtbot):
    notice = Notice()
    qtbot.addWidget(notice)
    notice.show_problem(PROBLEM)
    assert causes_of(notice) == []
    notice.show_causes.click()
    assert [shown_text(one) for one in causes_of(notice)] == [TEXT]
    notice.tell("Saved")
    assert causes_of(notice) == []
    assert notice.show_causes.isHidden()


def test_a_broken_link_of_a_chain_has_them_in_card_text_and_json(qtbot):
    link = ChainLink(LinkKind.SERVER).failed(PROBLEM, LinkState.BROKEN)
    card = FindingCard(LinkFinding.of(link), "Server", [])
    qtbot.addWidget(card)
    labels = [one.text().replace("\u200b", "") for one in card.findChildren(type(PossibleCauses().text))]
    assert TEXT in labels
    assert [one["id"] for one in link.as_dict()["candidates"]] == [one.id for one in REFUSED_PASSWORD]
    lines = list(link_lines(link))
    assert sum("Possible cause" in line for line in lines) == len(REFUSED_PASSWORD)
