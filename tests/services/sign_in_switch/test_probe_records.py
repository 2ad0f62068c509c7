"""Probes that are kept: what they are about, how long they count, and what the switch asks of them."""

from dataclasses import replace

import pytest
from sqlmodel import select

from models.foreign_system import ForeignSystem
from models.task_run import TaskRun
from services.common.errors import RefusedError
from services.practice.oauth import CLIENT_CREDENTIALS_PROPERTY
from services.sign_in_probe import ProbeRow, RowState
from services.sign_in_switch.probe_records import (
    TASK_ID,
    VALID_FOR,
    keep_probe,
    last_probe,
    probe_for_switch,
    read_probed_sign_in,
)
from services.sign_in_switch.switch import plan_switch, switch_sign_in
from tests.services.sign_in_switch.conftest import good_probe, put_client_secret


def age(workspace, server, oauth):
    with workspace.store.write() as work:
        run = work.session.exec(select(TaskRun).where(TaskRun.task == TASK_ID)).one()
        run.started_at -= VALID_FOR
        work.session.add(run)


def enter_secret_again(workspace, server, oauth):
    put_client_secret(workspace.vault, oauth, [])


def change_credential(workspace, server, oauth):
    oauth.client_id = "another"
    workspace.configuration.save(oauth)


def change_way(workspace, server, oauth):
    stored = workspace.configuration.get(ForeignSystem, server.id)
    stored.base_url = "https://other.service-now.com/"
    workspace.configuration.save(stored)


def probe_again(workspace, server, oauth):
    found = good_probe(server, oauth)
    unclear = replace(found.rows[-1], state=RowState.CANNOT_BE_DISTINGUISHED)
    keep_probe(workspace, server, oauth, replace(found, rows=(*found.rows[:-1], unclear)))


@pytest.mark.parametrize(
    "meanwhile", [None, age, enter_secret_again, change_credential, change_way, probe_again]
)
def test_a_switch_needs_a_good_probe_of_what_is_stored_now(workspace, server, oauth, basic, meanwhile):
    if meanwhile is not None:
        keep_probe(workspace, server, oauth, good_probe(server, oauth))
        meanwhile(workspace, server, oauth)
    plan = plan_switch(workspace, server.id, oauth.id)
    with pytest.raises(RefusedError) as refused:
        switch_sign_in(workspace, plan, confirmed=0)
    problem = refused.value.problem
    assert problem.fault.value == "sign-in-switch-refused"
    assert all((problem.tried, problem.evidence, problem.cause, problem.remedy))
    assert workspace.configuration.get(ForeignSystem, server.id).credential_id == basic.id


async def test_a_probe_is_kept_with_its_problem(workspace, practice, practised):
    server, _, oauth = practised
    practice.set_property(CLIENT_CREDENTIALS_PROPERTY, "false")
    found = await probe_for_switch(workspace, server, oauth)
    kept = last_probe(workspace.store, server, read_probed_sign_in(workspace.vault, server, oauth))
    assert kept.as_dict() == found.as_dict()
    assert kept.row(ProbeRow.TOKEN).problem == found.row(ProbeRow.TOKEN).problem
    with pytest.raises(RefusedError) as refused:
        switch_sign_in(workspace, plan_switch(workspace, server.id, oauth.id), confirmed=0)
    assert refused.value.problem.candidates == found.findings[0].problem.candidates != ()
