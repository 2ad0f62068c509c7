"""What Home shows before the store is open is what it shows afterwards."""

import hashlib
import json
import shutil
import subprocess
import sys
from datetime import timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from models.action_progress import ActionProgress
from models.api_call import ApiCall
from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import Kind, RequestState, TaskState
from models.reference_lists import dump_references
from models.server_item import ItemKind
from models.store_meta import StoreMeta
from models.task_names import CHECK_TASK, ENDPOINTS_TASK
from models.task_run import TaskRun
from services.configuration import Configuration
from services.policies.item_copies import ItemCopies
from services.privilege_manager.api_items import ItemList, read_policy
from services.setup.checklist import load_setup_facts
from services.setup.guide_outline import OutlineSource, read_home_outline
from services.setup.guide_source import GuideSource, StoredGuideSource
from services.setup.setup_objects import GuideManager
from services.statistics.server_statistics import load_server_statistics
from services.store import Store

COPY, POLICY = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
NAMES = st.sampled_from(["Élan", "elan", "Zeta", "  ", "x" * 60, "ServiceNow’s"])


@pytest.fixture
def configuration(tmp_path):
    store = Store.open(str(tmp_path / "console.db"), actor="ada")
    yield Configuration(store)
    store.close()


def assert_same(store):
    """Both ways of reading say the same, and one of them does so without the open store."""
    outline = read_home_outline(store.url)
    assert outline is not None
    assert outline.servers == load_server_statistics(store)
    assert outline.facts == load_setup_facts(store)
    assert outline.managers == StoredGuideSource(store).all(GuideManager)
    return outline


def test_an_empty_store_says_the_same(configuration):
    outline = assert_same(configuration.store)
    assert outline.servers == []


def check_report(states):
    return json.dumps({"stages": [{"stage": stage, "state": state} for stage, state in states.items()]})


STATES = st.sampled_from(["ok", "warning", "failed", "skipped"])
REPORTS = st.lists(
    st.dictionaries(st.sampled_from(["authentication", "account", "roles", "status_call"]), STATES),
    max_size=4,
)


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory):
    path = tmp_path_factory.mktemp("empty") / "console.db"
    Store.open(str(path), actor="ada").close()
    return path


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(data=st.data())
def test_every_store_says_the_same(empty_store, tmp_path_factory, data):
    path = tmp_path_factory.mktemp("outline") / "console.db"
    shutil.copy(empty_store, path)  # making one takes longer than all that follows
    store = Store.open(str(path), actor="ada")
    try:
        fill(store, data.draw)
        assert_same(store)
    finally:
        store.close()


class Filled:
    """Objects that the guide may meet, in any combination."""

    def __init__(self, store, draw):
        self.store, self.draw = store, draw
        self.configuration = Configuration(store)
        self.count = 0

    def make(self, kind, most, **values):
        """Make up to `most` objects of a kind, and return the last one."""
        made = None
        for _ in range(self.draw(st.integers(0, most))):
            self.count += 1
            name = f"{self.draw(NAMES).strip() or 'N'} {self.count}"
            drawn = {key: value() if callable(value) else value for key, value in values.items()}
            made = self.configuration.save(self.configuration.new(kind, name=name, **drawn))
        return made

    def maybe(self, item):
        """Return what draws the id of an object, or None."""
        return lambda: item.id if item is not None and self.draw(st.booleans()) else None

    def address(self):
        self.count += 1
        return f"https://host{self.count}.example/"


def fill(store, draw):
    """Make what the guide may meet."""
    made = Filled(store, draw)
    credential = made.make(Kind.USER_CREDENTIAL, 2, account="a")
    server = made.make(
        Kind.FOREIGN_SYSTEM,
        3,
        base_url=made.address,
        credential_id=made.maybe(credential),
        production=lambda: draw(st.booleans()),
    )
    process = made.make(Kind.APPROVAL_PROCESS, 2, server_id=made.maybe(server))
    kind = made.make(Kind.APPROVAL_TYPE, 2, process_id=made.maybe(process))
    manager = made.make(Kind.PRIVILEGE_MANAGER_SERVER, 2, base_url=made.address)
    action = made.make(Kind.ACTION, 2, server_id=made.maybe(manager), type_id=made.maybe(kind))
    used = made.maybe(action)
    policy = made.make(
        Kind.POLICY,
        1,
        server_id=made.maybe(manager),
        action_ids=lambda: dump_references([one for one in [used()] if one is not None]),
        item_id=lambda: POLICY if draw(st.booleans()) else "",
    )
    if server is not None:
        fill_checks(store, draw, server)
    for state in draw(st.lists(st.sampled_from(RequestState), max_size=4)) if process is not None else ():
        insert(store, ApprovalRequest(process_id=process.id, state=state))
    if action is not None and draw(st.booleans()):
        fill_progress(store, draw, action, manager)
    if manager is not None:
        fill_copies(store, draw, manager, policy)


def fill_checks(store, draw, server):
    for place, states in enumerate(draw(REPORTS)):
        at = utcnow() - timedelta(minutes=place)
        run = TaskRun(task=CHECK_TASK, object_id=server.id, started_at=at, report=check_report(states))
        insert(store, run)
    for ago in draw(st.lists(st.integers(1, 119), max_size=3)):
        at = utcnow() - timedelta(minutes=ago, seconds=7)
        insert(store, ApiCall(server_id=server.id, at=at, purpose="x"))


def fill_progress(store, draw, action, manager):
    seen = draw(st.booleans())
    progress = ActionProgress(
        action_id=action.id,
        item_id=COPY,
        written_at=utcnow() if draw(st.booleans()) else None,
        imported_at=utcnow() if seen else None,
        imported_to=manager.base_url if seen and manager is not None else "",
    )
    insert(store, progress)


def fill_copies(store, draw, manager, policy):
    if policy is not None and draw(st.booleans()):
        name = policy.name if draw(st.booleans()) else policy.name.upper()
        document = {
            "ItemId": POLICY,
            "Name": name,
            "Actions": [{"ItemId": COPY}],
            "Enabled": draw(st.booleans()),
        }
        items = tuple(filter(None, [read_policy(document)]))
        ItemCopies(store, manager).replace(ItemKind.POLICY, ItemList(items, draw(st.sampled_from([None, 5]))))
    if draw(st.booleans()):
        run = TaskRun(
            task=ENDPOINTS_TASK,
            object_id=manager.id,
            state=draw(st.sampled_from([TaskState.SUCCEEDED, TaskState.FAILED])),
            ended_at=utcnow() if draw(st.booleans()) else None,
        )
        insert(store, run)


def insert(store, row):
    with store.write() as work:
        work.session.add(row)


def test_copies_of_another_address_are_not_believed(configuration):
    """A key of the copies names the address they were made at; without it a moved server would show old policies."""
    store = configuration.store
    manager = configuration.save(
        configuration.new(Kind.PRIVILEGE_MANAGER_SERVER, name="PM", base_url="https://pm.example/")
    )
    configuration.save(
        configuration.new(Kind.POLICY, name="P", server_id=manager.id, item_id=POLICY, action_ids="[]")
    )
    place = hashlib.sha256(b"https://elsewhere.example/").hexdigest()[:16]
    value = json.dumps({"at": utcnow().isoformat(), "complete": True, "place": place})
    insert(store, StoreMeta(key=f"server_items:{manager.id}:policy", value=value))
    assert assert_same(store).facts.privilege_manager.policy_found is None


@pytest.mark.parametrize("damage", ["missing", "empty", "foreign", "older"])
def test_what_is_no_store_of_this_release_is_left_to_the_open_store(tmp_path, damage):
    path = tmp_path / "console.db"
    if damage == "foreign":
        path.write_bytes(b"no database" * 100)
    elif damage == "empty":
        path.touch()
    elif damage == "older":
        store = Store.open(str(path), actor="ada")
        with store.write() as work:
            work.session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        store.close()
    assert read_home_outline(f"sqlite:///{path}") is None


def test_the_outline_is_read_without_the_database_library(tmp_path):
    store = Store.open(str(tmp_path / "console.db"), actor="ada")
    store.close()
    code = f"""
import sys
from services.setup.guide_outline import read_home_outline
assert read_home_outline("sqlite:///{tmp_path / "console.db"}") is not None
print(sorted({{"sqlalchemy", "sqlmodel", "pydantic", "httpx", "lxml", "keyring"}} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_both_answer_the_same_questions():
    questions = {name for name in vars(GuideSource) if not name.startswith("_")}
    for source in (OutlineSource, StoredGuideSource):
        assert questions <= set(vars(source))
