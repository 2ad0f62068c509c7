"""A session that another node does not know: reads are asked once more with a new one, changes are not."""

import pytest

from services.common.errors import ConsoleError
from services.servicenow.encoded_query import equals
from tests.services.servicenow.support import connect, services_of


async def signed_in(instance):
    """Begin a session."""
    await instance.table("sys_user").first(equals(user_name="app.approver"), ("name",))


def statuses(practice, method="GET"):
    return [one.status for one in practice.log if one.method == method]


async def test_a_read_that_is_refused_with_an_old_session_is_asked_once_more(practice):
    async with connect(practice, "privman.integration") as instance:
        await signed_in(instance)
        practice.log.clear()
        practice.faults.set("node_switched")
        row = await instance.table("sys_user").first(equals(user_name="app.approver"), ("name",))
        assert row["name"] == "Alex Approver"
        assert statuses(practice) == [403, 200]
        await signed_in(instance)
        assert statuses(practice) == [403, 200, 200]


async def test_the_status_service_is_asked_once_more(practice):
    async with connect(practice, "privman.integration") as instance:
        services = services_of(instance)
        made = await services.create({"PMFilePath": "a.exe"})
        await services.status(made)
        practice.log.clear()
        practice.faults.set("node_switched")
        assert (await services.status(made)).status == "pending"
        assert statuses(practice, "POST") == [403, 200]


@pytest.mark.parametrize("door", ["update", "create", "cancel"])
async def test_a_change_is_not_repeated_and_the_next_one_goes_through(practice, door):
    async with connect(practice, "privman.integration") as instance:
        services = services_of(instance)
        made = await services.create({"PMFilePath": "a.exe"})
        await services.status(made)
        await instance.service("CancelExecuteAppApprovalRequest").describe()
        calls = {
            "update": lambda: instance.table("sc_req_item").update(made, {"description": "changed"}),
            "create": lambda: services.create({"PMFilePath": "b.exe"}),
            "cancel": lambda: services.cancel(made, "not needed"),
        }
        practice.log.clear()
        practice.faults.set("node_switched")
        with pytest.raises(ConsoleError) as caught:
            await calls[door]()
        assert caught.value.problem.fault == "rights-missing"
        assert [one.status for one in practice.log] == [403]
        await calls[door]()


async def test_what_is_refused_for_missing_rights_is_not_asked_twice_each_time(practice):
    async with connect(practice, "no.roles") as instance:
        await signed_in(instance)
        practice.faults.set("forbidden")
        practice.log.clear()
        for _ in range(3):
            with pytest.raises(ConsoleError) as caught:
                await signed_in(instance)
            assert caught.value.problem.fault == "rights-missing"
        assert statuses(practice) == [403] * 4
