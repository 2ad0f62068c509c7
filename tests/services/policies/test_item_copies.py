"""Copies of a server's items: complete and incomplete lists, age, search, deletion."""

import httpx
import pytest
from sqlmodel import func, select

from models.audit_entry import AuditEntry
from models.kinds import Kind
from models.server_item import ItemKind, ServerItem
from models.store_meta import StoreMeta
from services.policies import ItemCopies, refresh_copies
from services.policies.endpoints import EndpointSettings, save_endpoint_settings
from services.practice.privilege_manager import built_in_ids as ids
from services.practice.privilege_manager.items import ItemKind as PracticeKind
from services.privilege_manager.api_items import FilterRole, ItemList, read_action
from services.privilege_manager.api_replies import parse_reply
from services.store import NotFoundError
from tests.services.policies.conftest import ELEVATE, FORM

pytestmark = pytest.mark.every_database
ALL = tuple(ItemKind)


@pytest.fixture
async def copies(world):
    service = await world.service()
    await refresh_copies(world.store, world.server, service.client, ALL)
    return ItemCopies(world.store, world.server)


async def refresh(world, kind):
    return await refresh_copies(world.store, world.server, (await world.service()).client, (kind,))


def count(world, model):
    with world.store.read() as session:
        return session.exec(select(func.count()).select_from(model)).one()


async def test_what_was_read_is_there_with_its_age(world, copies):
    policies = copies.policies()
    assert policies.complete
    assert policies.age_s() < 60
    (elevate,) = policies.find(ELEVATE.lower())
    assert (elevate.active, elevate.priority) == (True, 10)
    assert elevate.filter_ids[FilterRole.EXCLUSION] == ()
    assert policies.find(elevate.item_id.upper()) == [elevate]
    assert [one.name for one in copies.actions().items] == sorted(one.name for one in copies.actions().items)
    assert copies.filters().items


async def test_copies_make_no_audit_entries(world, copies):
    before = count(world, AuditEntry)
    await refresh(world, ItemKind.ACTION)
    assert count(world, AuditEntry) == before


async def test_nothing_read_is_not_an_empty_list(world):
    nothing = ItemCopies(world.store, world.server)
    assert nothing.policies().read_at is None
    assert nothing.policies().age_s() is None
    assert nothing.search("", ItemKind.POLICY, 10) == []


async def test_a_complete_list_removes_what_is_gone(world, copies):
    world.items.remove(world.policy(ELEVATE).id)
    await refresh(world, ItemKind.POLICY)
    assert copies.policies().find(ELEVATE) == []
    assert copies.actions().items, "other kinds stay"


async def test_an_incomplete_list_removes_nothing(world, copies):
    before = copies.policies().items
    world.policy(ELEVATE).members["Priority"] = 99
    world.practice.faults.read("list_truncated:operation=policies")
    await refresh(world, ItemKind.POLICY)
    after = copies.policies()
    assert not after.complete
    assert not copies.has_whole_list(ItemKind.POLICY)
    assert {one.item_id for one in after.items} == {one.item_id for one in before}
    assert after.find(ELEVATE)[0].priority == 99


async def test_a_name_that_two_policies_have_finds_both(world, copies):
    world.add_policy(ELEVATE.upper())
    await refresh(world, ItemKind.POLICY)
    assert len(copies.find_policies("", ELEVATE)) == 2
    own = world.items.of_kind(PracticeKind.POLICY)[0].id
    assert [one.item_id for one in copies.find_policies(own, "")] == [own]


async def test_an_empty_list_has_an_age(world, copies):
    for one in copies.policies().items:
        world.items.remove(one.item_id)
    await refresh(world, ItemKind.POLICY)
    assert copies.policies().items == ()
    assert copies.policies().complete


async def test_halves_of_characters_from_the_server_are_replaced(world, copies):
    body = parse_reply(
        httpx.Response(200, content=b'{"Id": "%s", "Text": "\\ud83d"}' % ids.APPROVAL_FORM.encode(),
                       request=httpx.Request("GET", "https://pm.example.com/")), "Read",
    ).body  # fmt: skip
    copies.put(ItemKind.ACTION, read_action(body))
    (found,) = copies.actions().find(ids.APPROVAL_FORM)
    assert found.document["Text"] == "\ufffd"


async def test_a_search_is_by_part_of_the_name(world, copies):
    assert (FORM, ids.APPROVAL_FORM) in copies.search("request FORM", ItemKind.ACTION, 10)
    assert len(copies.search("a", ItemKind.ACTION, 2)) == 2
    assert copies.search("%", ItemKind.ACTION, 10) == []


async def test_copies_of_another_address_do_not_count(world, copies):
    world.server.base_url = "https://pm.example.com/TMS/"
    elsewhere = ItemCopies(world.store, world.server)
    assert elsewhere.policies().read_at is None
    assert elsewhere.search("", ItemKind.POLICY, 10) == []


async def test_a_server_is_deleted_with_its_copies(world, copies):
    save_endpoint_settings(world.store, world.server, EndpointSettings("a", "b"))
    meta, read = count(world, StoreMeta), ItemList(copies.policies().items)
    configuration = world.workspace.configuration
    assert configuration.used_by(Kind.PRIVILEGE_MANAGER_SERVER, world.server.id) == []
    configuration.delete(Kind.PRIVILEGE_MANAGER_SERVER, world.server.id, world.server.version)
    assert count(world, ServerItem) == 0
    assert count(world, StoreMeta) == meta - 4
    # What is read or entered meanwhile leaves nothing behind.
    for listed in (read, ItemList(())):
        copies.replace(ItemKind.POLICY, listed)
    with pytest.raises(NotFoundError):
        save_endpoint_settings(world.store, world.server, EndpointSettings("a", "b"))
    assert (count(world, ServerItem), count(world, StoreMeta)) == (0, meta - 4)
