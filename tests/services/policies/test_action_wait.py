"""Waiting for an imported action, in time that a test moves."""

import pytest
from sqlmodel import select

from models.action_progress import ActionProgress
from models.base import utcnow
from services.actions.server_actions import record_copies_seen
from services.common.errors import ConsoleError
from services.policies.action_wait import wait_for_action
from services.practice.privilege_manager import built_in_ids as ids
from services.privilege_manager.api_items import ActionItem
from tests.services.policies.conftest import FORM

COPY_ID, OTHER_ID = "1f0e6f0a-3a57-4c0e-9d0b-2f7a5b7f1c11", "2f0e6f0a-3a57-4c0e-9d0b-2f7a5b7f1c11"


class SteeredClock:
    """A clock whose waits take no time; `then` is called with the number of each wait."""

    def __init__(self, then=None):
        self.passed, self.waits, self.then = 0.0, [], then or (lambda number: None)

    def monotonic(self):
        return self.passed

    async def sleep(self, seconds):
        self.passed += seconds
        self.waits.append(seconds)
        self.then(len(self.waits))


async def wait(world, name, clock, timeout_s=1800.0):
    told = []
    client = (await world.service()).client
    done = await wait_for_action(client, name, clock, timeout_s=timeout_s, report=told.append)
    return done, told


async def test_an_action_that_is_there_is_found_at_once(world):
    clock = SteeredClock()
    done, _ = await wait(world, FORM.lower(), clock)
    assert ([one.item_id for one in done.found], done.asked, clock.waits) == ([ids.APPROVAL_FORM], 1, [])


async def test_it_is_asked_every_10_s_and_later_every_60_s(world):
    clock = SteeredClock()
    done, _ = await wait(world, "Never", clock, 600.0)
    assert done.found == ()
    assert clock.waits == [10.0] * 30 + [60.0] * 5
    assert done.asked == 36


async def test_it_ends_when_the_action_appears(world):
    def appear(number):
        if number == 3:
            world.items.get(ids.APPROVAL_FORM).members["Name"] = "Mine"

    done, _ = await wait(world, "Mine", SteeredClock(appear))
    assert done.asked == 4


async def test_what_passes_by_itself_is_reported_and_asked_again(world):
    world.practice.faults.read("html_500:operation=actions,times=2")
    done, told = await wait(world, FORM, SteeredClock())
    assert done.found
    assert len(told) == 2
    world.practice.faults.read("forbidden:operation=actions")
    with pytest.raises(ConsoleError):
        await wait(world, FORM, SteeredClock())


async def test_the_stored_action_knows_when_it_was_asked_for_and_seen(world):
    action = world.save_action(FORM)
    with world.store.write() as work:
        work.session.add(ActionProgress(action_id=action.id, item_id=COPY_ID, written_at=utcnow()))

    def progress():
        with world.store.read() as session:
            return session.exec(select(ActionProgress)).one()

    await record_copies_seen(world.store, world.server.id, FORM.upper(), [])
    assert progress().asked_at is not None
    assert progress().imported_at is None
    await record_copies_seen(world.store, world.server.id, FORM, [ActionItem(OTHER_ID, FORM)])
    assert progress().imported_at is None, "an action of the same name is not the copy"
    await record_copies_seen(world.store, world.server.id, FORM, [ActionItem(COPY_ID, FORM)])
    first = progress().imported_at
    assert first is not None
    await record_copies_seen(world.store, world.server.id, FORM, [ActionItem(COPY_ID, FORM)])
    assert progress().imported_at == first
