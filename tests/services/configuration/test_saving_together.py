"""Objects that are saved together: as one after the other, with as many statements for many as for a few."""

import contextlib
import uuid
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, insert
from sqlmodel import select

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.approval_type import ApprovalType
from models.audit_entry import AuditEntry
from models.foreign_system import ForeignSystem
from models.kinds import OPEN_STATES, Kind, RequestState
from models.revision import Revision
from models.user_credential import UserCredential
from services.common.errors import ConflictError, ConsoleError, InvalidError
from services.configuration.open_requests_guard import count_open_requests_of
from services.store.object_batch import BATCH_SIZE
from services.store.row_values import row_to_dict
from tests.services.store.invariants import assert_sound

pytestmark = pytest.mark.every_database

KINDS = (UserCredential, ForeignSystem, ApprovalProcess, ApprovalType)
REFERENCES = {
    UserCredential: {},
    ForeignSystem: {"credential_id": UserCredential, "proxy_credential_id": UserCredential},
    ApprovalProcess: {"server_id": ForeignSystem},
    ApprovalType: {"process_id": ApprovalProcess},
}
NEEDED = {UserCredential: {"account": "a"}, ForeignSystem: {"base_url": "https://acme.service-now.com/"}}
PER_KIND = 3
SLOW = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def id_of(model, number):
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{model.__name__} {number}")


def new(model, number, name, **values):
    return model(id=id_of(model, number), name=name, **NEEDED.get(model, {}), **values)


@pytest.fixture
def filled(configuration, chain):
    """A store with a few objects of each kind, all in one chain, and requests of every route."""
    del chain
    with configuration.store.write() as work:
        for model in KINDS:
            refers = {name: id_of(target, 0) for name, target in REFERENCES[model].items()}
            for number in range(PER_KIND):
                configuration.save_in(work, new(model, number, f"{model.__name__} {number}", **refers))
        work.insert(ApprovalRequest(type_id=id_of(ApprovalType, 1), state=RequestState.PENDING))
        work.insert(ApprovalRequest(server_id=id_of(ForeignSystem, 1), state=RequestState.SUBMITTING))
        work.insert(ApprovalRequest(process_id=id_of(ApprovalProcess, 1), state=RequestState.PENDING))
    return configuration


@contextlib.contextmanager
def taken_back(configuration):
    """Give a unit of work whose changes do not stay."""
    with contextlib.suppress(_TakenBackError), configuration.store.write("together") as work:
        yield work
        raise _TakenBackError


class _TakenBackError(Exception):
    """Ends a transaction whose changes are not to stay."""


def outcome(configuration, save):
    """Save in a transaction that is taken back; return what it left, or the error that it raised."""
    try:
        with taken_back(configuration) as work:
            before = work.session.exec(select(AuditEntry.seq).order_by(AuditEntry.seq.desc())).first()
            save(work)
            work.finish()
            return _rows(work.session), _entries(work.session, before)
    except ConsoleError as error:
        return type(error), {n: v for n, v in error.problem.as_dict().items() if n != "correlation_id"}


def _rows(session):
    times = ("created_at", "changed_at")
    return {
        (model, row.id): {n: v for n, v in row_to_dict(row).items() if n not in times}
        for model in KINDS
        for row in session.exec(select(model).execution_options(populate_existing=True))
    }


def _entries(session, before):
    entries = session.exec(select(AuditEntry).where(AuditEntry.seq > before).order_by(AuditEntry.seq)).all()
    revisions = {one.id: one for one in session.exec(select(Revision))}
    return [
        (one.operation, one.object_id, one.object_name, revisions[one.revision_id].number) for one in entries
    ]


@st.composite
def changes(draw):
    """Some objects, each at most once, in the order in which kinds refer to each other or in any."""
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from(KINDS), st.integers(0, PER_KIND + 2)),
            unique=True,
            min_size=1,
            max_size=8,
        )
    )
    if draw(st.booleans()):
        keys.sort(key=lambda key: KINDS.index(key[0]))
    found = []
    for model, number in keys:
        name = draw(st.sampled_from([f"{model.__name__} {n}" for n in range(PER_KIND + 1)] + ["", "Free"]))
        refers = {
            field: id_of(target, draw(st.integers(0, PER_KIND + 2)))
            for field, target in REFERENCES[model].items()
            if draw(st.booleans())
        }
        version = draw(st.sampled_from([0, 1, 1, 1, 7] if number < PER_KIND else [0, 0, 0, 1]))
        found.append((model, number, name, refers, version))
    return found


@given(changes=changes(), confirmed=st.sampled_from([None, 1, 9]))
@settings(max_examples=60, **SLOW)
def test_together_is_the_same_as_one_after_the_other(filled, changes, confirmed):
    def items():
        made = []
        for model, number, name, refers, version in changes:
            item = new(model, number, name, **refers)
            item.version = version
            made.append(item)
        return made

    def one_by_one(work):
        for item in items():
            filled.save_in(work, item, confirmed=confirmed)

    separate = outcome(filled, one_by_one)
    together = outcome(filled, lambda work: filled.save_all_in(work, items(), confirmed=confirmed))
    assert together == separate


def test_a_name_is_free_for_who_comes_after_the_one_that_gave_it_up(filled):
    first = filled.get(UserCredential, id_of(UserCredential, 0))
    former, first.name = first.name, "Renamed"
    second = UserCredential(name=former, account="b")
    with pytest.raises(InvalidError), filled.store.write() as work:
        filled.save_all_in(work, [second, first])
    with filled.store.write() as work:
        filled.save_all_in(work, [first, second], confirmed=9)
    assert filled.named(Kind.USER_CREDENTIAL, former).id == second.id
    assert filled.get(UserCredential, first.id).name == "Renamed"
    assert_sound(filled.store.url)


def test_nothing_is_stored_when_one_was_changed_by_somebody_else(filled, other):
    items = filled.all(UserCredential)
    theirs = other.get(UserCredential, items[-1].id)
    theirs.description = "Theirs"
    other.save(theirs)
    for item in items:
        item.description = "Mine"
    with pytest.raises(ConflictError) as caught, filled.store.write() as work:
        filled.save_all_in(work, items)
    assert (caught.value.mine["id"], caught.value.theirs["description"]) == (items[-1].id, "Theirs")
    assert {item.description for item in filled.all(UserCredential)} == {"", "Theirs"}


def test_an_object_that_comes_twice_is_a_conflict(filled):
    item = filled.get(UserCredential, id_of(UserCredential, 0))
    item.description = "Twice"
    with pytest.raises(ConflictError), filled.store.write() as work:
        filled.save_all_in(work, [item, item], confirmed=9)
    assert filled.get(UserCredential, item.id).version == 1


def test_what_comes_back_goes_on_counting(filled):
    item = filled.get(ApprovalType, id_of(ApprovalType, 2))
    filled.delete(Kind.APPROVAL_TYPE, item.id, 1)
    item.version = 0
    with filled.store.write() as work:
        [stored] = filled.save_all_in(work, [item])
    assert stored.version == 3
    assert_sound(filled.store.url)


def test_more_than_one_statement_may_carry_are_saved(configuration):
    items = [UserCredential(name=f"Credential {number}", account="a") for number in range(BATCH_SIZE + 3)]
    with configuration.store.write() as work:
        stored = configuration.save_all_in(work, items)
    for item in stored:
        item.name = f"{item.name} again"
    with configuration.store.write() as work:
        configuration.save_all_in(work, stored)
    assert {item.version for item in configuration.all(UserCredential)} == {2}
    assert configuration.store.verify_audit().checked == 2 * len(items)


def test_many_objects_take_as_many_statements_as_a_few(filled):
    with filled.store.write() as work:
        many = [
            new(model, PER_KIND + number, f"{model.__name__} of many {number}")
            for model in KINDS
            for number in range(40)
        ]
        filled.save_all_in(work, many)
    asked = []
    event.listen(filled.store.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))

    def statements(items):
        asked.clear()
        for item in items:
            item.name += " again"
        assert filled.open_requests_errors(items) == []
        with filled.store.write() as work:
            filled.save_all_in(work, items)
            filled.save_all_in(
                work, [type(one).of_values({**one.model_dump(), **_as_new(one)}) for one in items]
            )
        return Counter(one.split()[0] for one in asked)

    stored = {model: [one for one in filled.all(model) if "of many" in one.name] for model in KINDS}
    few = [one for model in KINDS for one in stored[model][:2]]
    rest = [one for model in KINDS for one in stored[model][2:]]
    assert statements(few) == statements(rest)


def _as_new(item):
    return {"id": uuid.uuid4(), "version": 0, "name": f"Copy of {item.name}"}


NUMBERS = st.sampled_from([None, 0, 1, 2])


def id_or_none(model, number):
    return None if number is None else id_of(model, number)


def point(session, model, values):
    """Let the objects of a kind refer to others, by their numbers."""
    for number, targets in enumerate(values):
        row = session.get(model, id_of(model, number))
        for (field, target), refers in zip(REFERENCES[model].items(), targets, strict=True):
            setattr(row, field, id_or_none(target, refers))
        session.add(row)
    session.flush()


def replace_requests(session, requests):
    session.execute(delete(ApprovalRequest))
    for of_type, process, server, state in requests:
        row = {
            "id": uuid.uuid4(),
            "type_id": id_or_none(ApprovalType, of_type),
            "process_id": id_or_none(ApprovalProcess, process),
            "server_id": id_or_none(ForeignSystem, server),
            "state": state,
        }
        session.execute(insert(ApprovalRequest), [row])


def count_one_by_one(requests, servers, processes):
    """Count open requests as the guard is documented: by kind, by number and state."""
    found = {model: Counter() for model in KINDS}
    for of_type, process, server, state in requests:
        if state not in OPEN_STATES:
            continue
        found[ApprovalType][of_type, state] += 1
        found[ApprovalProcess][process, state] += 1
        reached = processes[process][0] if server is None and process is not None else server
        found[ForeignSystem][reached, state] += 1
        for credential in set(servers[reached] if reached is not None else ()):
            found[UserCredential][credential, state] += 1
    return found


@given(
    requests=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, st.sampled_from(list(RequestState))), max_size=12),
    servers=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=PER_KIND, max_size=PER_KIND),
    processes=st.lists(st.tuples(NUMBERS), min_size=PER_KIND, max_size=PER_KIND),
)
@settings(max_examples=40, **SLOW)
def test_open_requests_are_counted_for_each_object_they_depend_on(filled, requests, servers, processes):
    counted = {model: Counter() for model in KINDS}
    ids = {model: [id_of(model, number) for number in range(PER_KIND)] for model in KINDS}
    with taken_back(filled) as work:
        point(work.session, ForeignSystem, servers)
        point(work.session, ApprovalProcess, processes)
        replace_requests(work.session, requests)
        for model in KINDS:
            for number, found in enumerate(
                count_open_requests_of(work.session, model.kind, ids[model]).values()
            ):
                counted[model][number, RequestState.PENDING] = found.pending
                counted[model][number, RequestState.SUBMITTING] = found.submitting
    expected = count_one_by_one(requests, servers, processes)
    for model in KINDS:
        assert counted[model] == Counter({key: n for key, n in expected[model].items() if key[0] is not None})
