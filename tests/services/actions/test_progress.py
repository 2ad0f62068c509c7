"""Actions on their way into Privilege Manager: export, copy, import, and what the server shows of it."""

import asyncio
import hashlib

import pytest

from models.kinds import Kind
from services.actions import progress as progresses
from services.actions import server_actions
from services.actions.awaited_copies import list_awaited
from services.common.errors import InputError
from services.configuration import Configuration
from services.practice.privilege_manager import PracticePrivilegeManager
from services.practice.privilege_manager.built_in_ids import APPROVAL_FORM_LOCALIZED
from services.privilege_manager.api_items import ActionItem, ItemList
from services.privilege_manager.items.approval_action import read_action
from services.privilege_manager.items.document_error import ItemDocumentError
from services.store import Store
from tests.services.privilege_manager.client_support import connect

GUID = "9c41d7e0-52b8-4f6a-8e13-7b0a64c2d915"


@pytest.fixture
def store(tmp_path):
    opened = Store.open(str(tmp_path / "console.db"), actor="ada")
    yield opened
    opened.close()


def make_action(store, **values):
    configuration = Configuration(store)
    given = {"name": "ServiceNow form", "approval_type_guid": GUID, **values}
    return configuration.save(configuration.new(Kind.ACTION, **given))


@pytest.fixture(scope="module")
def export():
    with_items = PracticePrivilegeManager()
    return with_items.export_item(APPROVAL_FORM_LOCALIZED)


def test_a_copy_keeps_its_item_id_when_it_is_written_again(store, export):
    action = make_action(
        store, texts='{"": {"TitlePrefix": "Please ask"}, "nl": {"UserLabel": "Gebruiker:"}}'
    )
    progresses.store_export(store, action.id, "form.zip", export)
    first = progresses.make_action_copy(action, progresses.load_progress(store, action.id))
    progresses.record_written(store, action.id, first)
    kept = progresses.load_progress(store, action.id)
    assert (kept.item_id, kept.written_size) == (first.item_id, len(first.content))
    assert kept.written_digest == progresses.digest_of(action, kept.export_content)
    second = progresses.make_action_copy(action, kept)
    assert second == first
    copied = read_action(second.content)
    assert copied.approval_type_id == GUID
    assert copied.texts[""]["TitlePrefix"] == "Please ask"
    assert copied.texts["nl"]["UserLabel"] == "Gebruiker:"
    assert copied.item.item_id == first.item_id != APPROVAL_FORM_LOCALIZED


@pytest.mark.parametrize(
    "change",
    [{"name": "Other"}, {"description": "x"}, {"require_authentication": True}, {"texts": '{"de": {}}'}],
)
def test_an_edit_changes_the_digest(store, export, change):
    action = make_action(store)
    before = progresses.digest_of(action, export)
    for name, value in change.items():
        setattr(action, name, value)
    assert progresses.digest_of(action, export) != before
    assert progresses.digest_of(action, export) == progresses.digest_of(action, export)
    assert progresses.digest_of(action, export + b" ") != progresses.digest_of(action, export)


def test_a_copy_needs_an_export_and_the_guid_of_its_approval_type(store, export):
    action = make_action(store, approval_type_guid="")
    with pytest.raises(InputError) as refused:
        progresses.make_action_copy(action, progresses.load_progress(store, action.id))
    assert refused.value.problem.fault == "action-export-missing"
    progresses.store_export(store, action.id, "form.zip", export)
    with pytest.raises(InputError) as refused:
        progresses.make_action_copy(action, progresses.load_progress(store, action.id))
    assert refused.value.problem.fault == "action-type-id-missing"


def test_a_refused_export_leaves_the_one_that_was_there(store, export):
    action = make_action(store)
    progresses.store_export(store, action.id, "form.zip", export)
    with pytest.raises(ItemDocumentError) as refused:
        progresses.store_export(store, action.id, "bad.xml", b"<items>\n  <broken")
    assert refused.value.line is not None
    kept = progresses.load_progress(store, action.id)
    assert kept.export_name == "form.zip"
    assert hashlib.sha256(kept.export_content).digest() == hashlib.sha256(export).digest()


def test_only_the_item_id_proves_that_a_copy_has_arrived(store, export):
    action = make_action(store)
    progresses.store_export(store, action.id, "form.zip", export)
    copy = progresses.make_action_copy(action, progresses.load_progress(store, action.id))
    progresses.record_written(store, action.id, copy)
    assert list_awaited(store) == [action.id]
    assert progresses.record_asked(store, action.id, copy.item_id, found=False) is None
    assert progresses.load_progress(store, action.id).asked_at is not None
    assert progresses.record_asked(store, action.id, "another id", found=True) is None
    seen = progresses.record_asked(store, action.id, copy.item_id, found=True)
    assert seen is not None
    assert progresses.record_asked(store, action.id, copy.item_id, found=True) == seen
    assert list_awaited(store) == []
    progresses.record_written(store, action.id, copy)
    assert progresses.load_progress(store, action.id).imported_at is None


def test_a_deleted_action_takes_its_progress_along(store, export):
    action = make_action(store)
    progresses.store_export(store, action.id, "form.zip", export)
    configuration = Configuration(store)
    assert configuration.used_by(Kind.ACTION, action.id) == []
    configuration.delete(Kind.ACTION, action.id, action.version)
    assert progresses.load_progress(store, action.id).export_name == ""


def test_a_duplicate_begins_without_progress(store, export):
    action = make_action(store)
    progresses.store_export(store, action.id, "form.zip", export)
    configuration = Configuration(store)
    copy = configuration.save(configuration.duplicate(Kind.ACTION, action.id))
    assert progresses.load_progress(store, copy.id).exported_at is None


def test_the_server_shows_an_imported_copy(store, export):
    configuration = Configuration(store)

    async def story():
        async with PracticePrivilegeManager() as practice:
            client = connect(practice.base_url, practice.client_id, practice.client_secret)
            try:
                action = make_action(store)
                progresses.store_export(
                    store, action.id, "form.zip", practice.export_item(APPROVAL_FORM_LOCALIZED)
                )
                copy = progresses.make_action_copy(action, progresses.load_progress(store, action.id))
                before = await client.actions()
                assert not server_actions.find_copy(before.items, copy.item_id, action.name).has_copy
                practice.import_items(copy.content)
                after = await client.actions()
                assert server_actions.find_copy(after.items, copy.item_id, action.name).has_copy
                server = configuration.save(
                    configuration.new(
                        Kind.PRIVILEGE_MANAGER_SERVER, name="PM", base_url="https://pm.example.com/TMS/"
                    )
                )
                server_actions.keep_server_actions(store, server.id, before)
                server_actions.keep_server_actions(store, server.id, after)
                kept = server_actions.load_server_actions(store, server.id)
                assert {one.item_id for one in kept.actions} == {one.item_id for one in after.items}
                assert copy.item_id in {one.item_id for one in kept.approval_actions}
                configuration.delete(Kind.PRIVILEGE_MANAGER_SERVER, server.id, server.version)
                assert server_actions.load_server_actions(store, server.id).read_at is None
                other = server_actions.find_copy(after.items, "", "SERVICENOW form")
                assert (other.has_copy, other.namesake_id) == (False, copy.item_id)
            finally:
                await client.aclose()

    asyncio.run(story())


def test_a_copy_that_was_corrected_is_not_seen_before_it_is_imported(store, export):
    """It has the id of the earlier one, which the server shows with another approval type or name."""
    configuration = Configuration(store)
    made = configuration.new(Kind.PRIVILEGE_MANAGER_SERVER, name="PM", base_url="https://pm.example.com/TMS/")
    server = configuration.save(made)
    action = make_action(store, server_id=server.id)
    progresses.store_export(store, action.id, "form.zip", export)

    def write(**changes):
        nonlocal action
        for name, value in changes.items():
            setattr(action, name, value)
        action = configuration.save(action) if changes else action
        copy = progresses.make_action_copy(action, progresses.load_progress(store, action.id))
        progresses.record_written(store, action.id, copy)

    class Source:
        async def actions(self):
            return ItemList((self.item,))

    source = Source()

    def shows(name, guid):
        progress = progresses.load_progress(store, action.id)
        source.item = ActionItem(progress.item_id, name, command_line=f"/approvalTypeId:{guid.upper()}")
        asking = server_actions.ask_for_copy(store, source, server.id, progress, action.name)
        has_copy = asyncio.run(asking).has_copy
        assert (progresses.load_progress(store, action.id).imported_at is not None) is has_copy
        return has_copy

    def waited(name, guid):
        progress = progresses.load_progress(store, action.id)
        found = [ActionItem(progress.item_id, name, command_line=f"/approvalTypeId:{guid.upper()}")]
        asyncio.run(server_actions.record_copies_seen(store, server.id, action.name.upper(), found))
        return progresses.load_progress(store, action.id).imported_at is not None

    write()
    assert shows(action.name, GUID)
    other = GUID.replace("9", "8")
    write(approval_type_guid=other)
    assert not shows(action.name, GUID)
    assert not waited(action.name, GUID)
    assert waited(action.name, other)
    assert shows(action.name, other)
    write(name="Another name")
    assert not shows("ServiceNow form", other)
    assert shows("Another name", other)


def test_a_copy_on_another_server_is_not_imported_here(store, export):
    configuration = Configuration(store)

    def make_server(name):
        made = configuration.new(
            Kind.PRIVILEGE_MANAGER_SERVER, name=name, base_url=f"https://{name}.example.com/TMS/"
        )
        return configuration.save(made)

    first, second = make_server("one"), make_server("two")
    action = make_action(store, server_id=first.id)
    progresses.store_export(store, action.id, "form.zip", export)
    copy = progresses.make_action_copy(action, progresses.load_progress(store, action.id))
    progresses.record_written(store, action.id, copy)
    assert progresses.record_asked(store, action.id, copy.item_id, found=True) is not None
    assert list_awaited(store) == []
    action.server_id = second.id
    action = configuration.save(action)
    assert progresses.load_progress(store, action.id).imported_at is None
    assert list_awaited(store) == [action.id]
    assert progresses.record_asked(store, action.id, copy.item_id, found=False) is None
    assert progresses.record_asked(store, action.id, copy.item_id, found=True) is not None
    second = configuration.get(Kind.PRIVILEGE_MANAGER_SERVER, second.id)
    second.base_url = "https://moved.example.com/TMS/"
    configuration.save(second)
    assert progresses.load_progress(store, action.id).imported_at is None
