"""Editing without widgets: drafts, checks, saving, and what happens when somebody else saves first."""

import asyncio
import contextlib

import pytest
from PyQt6 import sip
from PyQt6.QtCore import QObject, pyqtSignal

from console.forms.edit_session import EditSession, as_sentence
from console.forms.edited_object import field_values
from console.runtime.drafts import Draft
from models.kinds import Kind
from services.common.errors import ConflictError, InvalidError
from tests.console.page_support import until

SERVER = Kind.FOREIGN_SYSTEM


class Tasks(QObject):
    """The tasks of a widget, as far as a session needs them."""

    failed = pyqtSignal(object)

    def __init__(self):
        super().__init__()
        self.groups = {}

    def start(self, coroutine, *, group=None):
        if (old := self.groups.get(group)) is not None:
            old.cancel()
        task = self.groups[group] = asyncio.get_running_loop().create_task(coroutine)
        return task

    async def settle(self):
        for session in self.findChildren(EditSession):
            session.stop()
        for task in list(self.groups.values()):
            with contextlib.suppress(asyncio.CancelledError):
                await task


@pytest.fixture
def tasks(qapp):
    made = Tasks()
    yield made
    sip.delete(made)  # with the sessions under it and their timers, as a page does


def stored_server(configuration, **values):
    given = {"name": "ServiceNow Server", "base_url": "https://acme.service-now.com/", **values}
    return configuration.save(configuration.new(SERVER, **given))


@pytest.fixture
def session(ctx, tasks, configuration):
    return EditSession(ctx, tasks, SERVER, stored_server(configuration).id, tasks)


def test_typing_makes_a_draft_and_undoing_it_ends_it(run, ctx, session, tasks):
    async def story():
        await session.load()
        assert not session.dirty
        session.edit({"description": "All sites"})
        assert session.changed_names == ["description"]
        assert ctx.drafts.get(SERVER, session.id).values["description"] == "All sites"
        session.edit({"description": ""})
        assert not session.dirty
        assert not ctx.drafts.has(SERVER, session.id)
        await tasks.settle()

    run(story())


def test_a_draft_waits_for_the_next_session(run, ctx, session, tasks):
    async def story():
        await session.load()
        session.edit({"name": "Other"})
        again = EditSession(ctx, tasks, SERVER, session.id, tasks)
        await again.load()
        assert again.values["name"] == "Other"
        assert again.base["name"] == "ServiceNow Server"
        await tasks.settle()

    run(story())


def test_cheap_rules_hold_at_once_and_those_of_the_store_follow(run, configuration, session, tasks):
    stored_server(configuration, name="Taken")

    async def story():
        await session.load()
        session.edit({"base_url": "http://acme.service-now.com/"})
        assert "http://" in session.errors["base_url"]
        session.edit({"base_url": "https://acme.service-now.com/", "name": "taken"})
        assert session.errors == {}
        await until(lambda: "name" in session.errors)
        assert "already in use" in session.errors["name"]
        await tasks.settle()

    run(story())


def test_a_new_object_is_saved_once_and_then_edited(run, ctx, configuration, tasks):
    item = configuration.new(SERVER, base_url="https://acme.service-now.com/")
    ctx.drafts.put(Draft(SERVER, item.id, field_values(item)))

    async def story():
        session = EditSession(ctx, tasks, SERVER, item.id, tasks)
        await session.load()
        assert session.is_new
        assert session.dirty
        stored = await session.save()
        assert stored.version == 1
        assert not session.dirty
        assert ctx.drafts.all() == []
        session.edit({"description": "Second"})
        assert (await session.save()).version == 2
        await tasks.settle()

    run(story())


def test_what_is_typed_while_saving_stays_a_draft(run, ctx, configuration, session, tasks):
    async def story():
        await session.load()
        session.edit({"description": "First"})
        more = [{"description": "First and more"}]
        session.changed.connect(lambda: session.saving and more and session.edit(more.pop()))
        stored = await session.save()
        assert stored.description == "First"
        assert session.values["description"] == "First and more"
        assert session.changed_names == ["description"]
        assert ctx.drafts.get(SERVER, session.id).values["description"] == "First and more"
        assert (await session.save()).description == "First and more"
        assert ctx.drafts.all() == []
        await tasks.settle()

    run(story())


def test_an_invalid_object_is_refused_with_its_fields(run, session, tasks):
    async def story():
        await session.load()
        session.edit({"name": ""})
        with pytest.raises(InvalidError):
            await session.save()
        assert session.errors == {"name": "Is empty"}
        assert session.dirty
        await tasks.settle()

    run(story())


def test_what_another_console_saved_is_taken_in_without_losing_the_draft(run, other, session, tasks):
    told = []
    session.changed_elsewhere.connect(lambda who, conflicts: told.append((who, conflicts)))

    async def story():
        await session.load()
        session.edit({"description": "Mine"})
        theirs = other.get(SERVER, session.id)
        theirs.production = True
        other.save(theirs)
        await session.refresh()
        assert told == [("grace", [])]
        assert session.values["production"] is True
        assert session.changed_names == ["description"]
        assert (await session.save()).version == 3
        await tasks.settle()

    run(story())


def test_a_clash_is_reported_on_save_and_settled_by_adopting(run, other, session, tasks):
    told = []
    session.changed_elsewhere.connect(lambda who, conflicts: told.append((who, conflicts)))

    async def story():
        await session.load()
        session.edit({"description": "Mine", "production": True})
        theirs = other.get(SERVER, session.id)
        theirs.description = "Theirs"
        other.save(theirs)
        await session.refresh()
        assert told == [("grace", ["description"])]
        with pytest.raises(ConflictError) as caught:
            await session.save()
        merged, row, conflicts = session.merge_conflict(caught.value)
        assert conflicts == ["description"]
        assert merged["production"] is True
        session.adopt({**merged, "description": "Theirs"}, row, caught.value.theirs["version"])
        assert session.changed_names == ["production"]
        stored = await session.save()
        assert (stored.description, stored.production) == ("Theirs", True)
        await tasks.settle()

    run(story())


def test_an_old_draft_with_a_clash_still_conflicts_after_a_restart(run, ctx, other, session, tasks):
    async def story():
        await session.load()
        session.edit({"description": "Mine"})
        theirs = other.get(SERVER, session.id)
        theirs.description = "Theirs"
        other.save(theirs)
        again = EditSession(ctx, tasks, SERVER, session.id, tasks)
        await again.load()
        assert again.values["description"] == "Mine"
        with pytest.raises(ConflictError):
            await again.save()
        await tasks.settle()

    run(story())


def test_what_is_typed_outlives_the_deletion_by_another_console(run, ctx, other, session, tasks):
    told = []
    session.deleted.connect(lambda: told.append("deleted"))

    async def story():
        await session.load()
        session.edit({"description": "Mine"})
        await asyncio.to_thread(other.delete, SERVER, session.id, session.base_version)
        await session.refresh()
        assert told == ["deleted"]
        assert session.is_new
        assert ctx.drafts.get(SERVER, session.id).is_new
        stored = await session.save()
        assert (stored.id, stored.description) == (session.id, "Mine")
        await tasks.settle()

    run(story())


def test_a_draft_of_an_object_deleted_while_it_lay_aside_is_not_lost(run, ctx, other, session, tasks):
    told = []

    async def story():
        await session.load()
        session.edit({"description": "Mine"})
        await asyncio.to_thread(other.delete, SERVER, session.id, session.base_version)
        later = EditSession(ctx, tasks, SERVER, session.id, tasks)
        later.deleted.connect(lambda: told.append("deleted"))
        await later.load()
        assert told == ["deleted"]
        assert later.ready
        assert later.is_new
        assert later.values["description"] == "Mine"
        await tasks.settle()

    run(story())


def test_an_object_that_is_gone_can_no_longer_be_worked_on(run, other, session, tasks):
    async def story():
        await session.load()
        await asyncio.to_thread(other.delete, SERVER, session.id, session.base_version)
        await session.refresh()
        assert not session.ready
        assert session.lost is not None
        await tasks.settle()

    run(story())


def test_discarding_returns_to_what_is_stored(run, ctx, session, tasks):
    async def story():
        await session.load()
        session.edit({"name": "Other"})
        session.set_external_error("credential_id", "Password is for another host.", "Enter it again")
        session.discard()
        assert session.values["name"] == "ServiceNow Server"
        assert session.errors == {}
        assert not ctx.drafts.has(SERVER, session.id)
        await tasks.settle()

    run(story())


@pytest.mark.parametrize(("said", "shown"), [("is empty", "Is empty"), ("is taken.", "Is taken"), ("", "")])
def test_sentences_can_stand_alone(said, shown):
    assert as_sentence(said) == shown
