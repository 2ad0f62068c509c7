"""What the Privilege Manager step of the wizard says, and how a pasted sign-in is read."""

import pytest

from console.setup.wizard_pasted_sign_in import split_sign_in
from console.setup.wizard_privilege_manager_fields import PrivilegeManagerFields
from console.setup.wizard_privilege_manager_presenter import Phase, PrivilegeManagerPresenter


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("https://pm.example/TMS/ id secret", ["https://pm.example/TMS/", "id", "secret"]),
        ("https://pm.example/TMS/\nid\n secret\ntask\n", ["https://pm.example/TMS/", "id", "secret", "task"]),
        ("https://pm.example/TMS/", None),
        ("https://pm.example/TMS/ id", None),
        ("one two three", None),
        ("https://pm.example/TMS/ a b c d", None),
    ],
)
def test_a_pasted_text_is_split_only_when_it_is_a_sign_in(text, values):
    assert split_sign_in(text, 4) == values


def test_a_pasted_sign_in_fills_the_fields_and_the_secret_cannot_be_brought_back_by_undo(qtbot):
    fields = PrivilegeManagerFields()
    qtbot.addWidget(fields)
    fields.address.insert("https://pm.example/TMS/ my-client my-secret")
    assert (fields.address.text(), fields.client_id.text()) == ("https://pm.example/TMS/", "my-client")
    assert fields.secret.text() == "my-secret"
    assert not fields.address.isUndoAvailable()
    assert fields.missing() == ""


def test_without_an_address_nothing_is_missing(qtbot):
    fields = PrivilegeManagerFields()
    qtbot.addWidget(fields)
    assert fields.missing() == ""
    fields.address.setText("https://pm.example/")
    assert fields.missing() == "Fill in Client ID, Client Secret"


def test_lines_are_ticked_only_by_what_was_seen():
    presenter = PrivilegeManagerPresenter(policy="ServiceNow Approvals")
    assert {line[0] for line in presenter.lines()} == {"off"}
    presenter.copy_id = "1f0e6f0a-3a57-4c0e-9d0b-2f7a5b7f1c11"
    assert [line[1] for line in presenter.lines() if line[0] == "good"] == ["Copy on the server"]


def test_a_phase_that_stopped_can_be_tried_again():
    presenter = PrivilegeManagerPresenter()
    assert presenter.busy
    presenter.stopped = True
    assert not presenter.busy
    assert presenter.primary_text() == "Try again"
    presenter.phase, presenter.stopped = Phase.WAITING, False
    assert presenter.primary_text() == "Finish later"
