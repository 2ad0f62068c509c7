"""Opening a store: new and old files, files of others, locked and read-only ones, and addresses with passwords."""

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from models.kinds import Kind
from services.common.errors import Owner
from services.common.store_location import mask_password, sqlite_file, to_database_url
from services.configuration import Configuration
from services.store import Store, StoreError, StoreTooNewError
from services.store import engine as engine_module
from services.store.tree_outline import read_outline
from tests.limits import PROGRAM_S
from tests.services.store.invariants import assert_sound

ROOT = Path(__file__).resolve().parents[3]
NOBODY = 65534


@pytest.fixture
def path(tmp_path):
    return tmp_path / "console.db"


@contextmanager
def opened(path, actor="ada"):
    store = Store.open(str(path), actor=actor)
    try:
        yield store
    finally:
        store.close()


def filled(path, name="ServiceNow"):
    """Make a store with one object."""
    with opened(path) as store:
        configuration = Configuration(store)
        configuration.save(configuration.new(Kind.USER_CREDENTIAL, name=name, account="a"))


def plain(path, *statements):
    """Run statements with a plain SQLite; the file is in the rollback journal's mode afterwards."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.execute("PRAGMA journal_mode=DELETE")


def refused(path):
    """Return the problem that opening `path` ends with, whole in its five parts."""
    with pytest.raises(StoreError) as caught:
        Store.open(str(path), actor="ada").close()
    problem = caught.value.problem
    parts = problem.as_dict()
    assert all(parts.values()), parts
    assert problem.owner is Owner.CONSOLE
    assert caught.value.exit_status == 3
    return problem


def in_another_program(code, path, times=1):
    """Run Python code with the path as its argument, in as many programs at once; return what they said."""
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(times)
    ]
    said = [program.communicate(timeout=PROGRAM_S)[0] for program in programs]
    assert [program.returncode for program in programs] == [0] * times
    return said


def names(folder):
    return [entry.name for entry in folder.iterdir()]


@contextmanager
def without_privileges():
    """Be somebody whom file modes bind."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


class TestNewStores:
    def test_a_store_is_made_with_its_folders_and_keeps_its_identity(self, tmp_path):
        path = tmp_path / "a" / "b" / "console.db"
        with opened(path) as store:
            first = store.id
        with opened(path) as store:
            assert store.id == first
            assert store.verify_audit().ok
        with opened(tmp_path / "other.db") as store:
            assert store.id != first

    @pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
    def test_only_the_owner_may_look_into_it_whatever_the_umask(self, tmp_path, umask):
        path = tmp_path / "a" / "b" / "console.db"
        before = os.umask(umask)
        try:
            with opened(path) as store:
                with store.write() as work:
                    work.event("export")
                modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
        finally:
            os.umask(before)
        assert modes == {"console.db": 0o600, "console.db-wal": 0o600, "console.db-shm": 0o600}
        for folder in (path.parent, path.parent.parent):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_an_empty_file_becomes_a_store(self, path):
        path.touch()
        with opened(path) as store:
            assert store.verify_audit().ok

    def test_every_connection_has_what_the_store_relies_on(self, path):
        with opened(path) as store, store.engine.connect() as one, store.engine.connect() as two:
            for connection in (one, two):
                ask = lambda pragma: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()  # noqa: B023, E731
                assert ask("journal_mode") == "wal"
                assert ask("foreign_keys") == 1
                assert ask("synchronous") == 2
                assert ask("trusted_schema") == 0
                assert ask("busy_timeout") == engine_module.BUSY_TIMEOUT_MS

    def test_threads_that_open_a_new_store_at_once_get_the_same(self, path):
        ids, failures, start = [], [], threading.Barrier(6)

        def work():
            start.wait()
            try:
                with opened(path) as store:
                    ids.append(store.id)
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert len(ids) == 6
        assert len(set(ids)) == 1
        assert_sound(path)

    def test_programs_that_open_a_new_store_at_once_get_the_same(self, path):
        code = "import sys; from services.store import Store; s = Store.open(sys.argv[1]); print(s.id); s.close()"
        said = in_another_program(code, path, times=4)
        assert len(set(said)) == 1
        assert_sound(path)

    def test_opening_it_again_leaves_the_locks_of_the_first_alone(self, path):
        """A process that opens and closes the file by other means than SQLite loses its locks, and then its log."""
        with opened(path) as first:
            configuration = Configuration(first)
            with opened(path, "grace"):
                read_outline(str(path))
            code = (
                "import sys; from services.store import Store; s = Store.open(sys.argv[1], actor='other')\n"
                "with s.write() as work: work.event('export')\n"
                "s.close()"
            )
            for expected in (1, 3):
                in_another_program(code, path)
                assert path.with_name("console.db-wal").exists()
                assert first.verify_audit().checked == expected
                configuration.save(configuration.new(Kind.USER_CREDENTIAL, account="a"))
        assert_sound(path)


class TestOtherFiles:
    def test_a_store_of_a_newer_release_is_refused_and_stays_as_it_is(self, path):
        filled(path)
        plain(
            path, "UPDATE alembic_version SET version_num = '9999'", "ALTER TABLE user_credential ADD x TEXT"
        )
        before = path.read_bytes()
        with pytest.raises(StoreTooNewError) as caught:
            Store.open(str(path))
        assert caught.value.problem.fault == "store-too-new"
        assert "9999" in caught.value.problem.evidence
        assert path.read_bytes() == before
        assert names(path.parent) == ["console.db"]

    def test_a_newer_store_with_an_open_log_keeps_its_log(self, path):
        filled(path)
        with closing(sqlite3.connect(path)) as newer:
            newer.execute("UPDATE alembic_version SET version_num = '9999'")
            newer.commit()
            log = path.with_name("console.db-wal")
            before = path.read_bytes(), log.read_bytes()
            with pytest.raises(StoreTooNewError):
                Store.open(str(path))
            assert (path.read_bytes(), log.read_bytes()) == before

    @pytest.mark.parametrize(
        "content",
        [b"name: value\n" * 200, b"name: value\n", b"x", b"SQLite format 3\0" + b"\xff" * 4080],
        ids=["a text", "a short text", "one byte", "rubbish that begins like SQLite"],
    )
    def test_a_file_that_is_no_database_is_refused_and_stays_as_it_is(self, path, content):
        path.write_bytes(content)
        assert refused(path).fault == "store-unusable"
        assert path.read_bytes() == content

    @pytest.mark.parametrize(
        "statements",
        [
            ["CREATE TABLE notes (text)"],
            ["CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES ('0001')"],
            ["CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES ('f00')"],
        ],
        ids=["notes", "the same number by chance", "another number"],
    )
    def test_a_database_of_another_program_is_refused_and_stays_as_it_is(self, path, statements):
        plain(path, *statements)
        before = path.read_bytes()
        problem = refused(path)
        assert "is not a store" in problem.evidence
        assert problem.fault == "store-unusable"
        assert path.read_bytes() == before
        assert names(path.parent) == ["console.db"]

    def test_a_folder_is_refused(self, tmp_path):
        assert refused(tmp_path).fault == "store-unusable"

    def test_a_path_below_a_file_is_refused(self, path):
        path.write_text("x")
        assert refused(path / "console.db").fault == "store-unusable"

    def test_a_store_cut_in_half_is_refused_or_says_so_when_read(self, path):
        filled(path)
        plain(path)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])

        def use():
            with opened(path) as store:
                configuration = Configuration(store)
                for kind in Kind:
                    configuration.all(kind)
                configuration.save(configuration.new(Kind.USER_CREDENTIAL, account="a"))

        with pytest.raises(StoreError) as caught:
            use()
        assert all(caught.value.problem.as_dict().values())


class TestUnwritable:
    @pytest.fixture
    def locked_away(self):
        """A folder outside of pytest's own, which only its owner may enter."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            filled(folder / "console.db")
            if os.geteuid() == 0:
                os.chown(folder, NOBODY, NOBODY)
                os.chown(folder / "console.db", NOBODY, NOBODY)
            yield folder
            folder.chmod(0o700)

    def test_a_read_only_file_can_be_read_and_says_so_when_written(self, locked_away):
        path = locked_away / "console.db"
        path.chmod(0o400)
        with without_privileges(), opened(path) as store:
            configuration = Configuration(store)
            assert [c.name for c in configuration.all(Kind.USER_CREDENTIAL)] == ["ServiceNow"]
            with pytest.raises(StoreError) as caught:
                configuration.save(configuration.new(Kind.USER_CREDENTIAL, account="a"))
            problem = caught.value.problem
            assert problem.fault == "store-not-writable"
            assert "readonly" in problem.evidence
            assert all(problem.as_dict().values())

    def test_a_file_that_may_not_be_read_is_refused(self, locked_away):
        path = locked_away / "console.db"
        path.chmod(0o000)
        with without_privileges():
            assert refused(path).fault == "store-unusable"

    def test_a_new_store_in_a_read_only_folder_is_refused(self, locked_away):
        locked_away.chmod(0o500)
        with without_privileges():
            problem = refused(locked_away / "new" / "console.db")
        assert "PermissionError" in problem.evidence
        assert problem.fault == "store-unusable"


class TestLocked:
    @pytest.fixture(autouse=True)
    def soon(self, monkeypatch):
        """Wait for locks a fifth of a second only."""
        monkeypatch.setattr(engine_module, "BUSY_TIMEOUT_MS", 200)
        monkeypatch.setattr("services.store.upgrade.BUSY_TIMEOUT_MS", 200)

    def test_a_write_beside_another_one_gives_up_after_its_time_and_works_later(self, path):
        filled(path)
        with opened(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
            configuration = Configuration(store)
            item = configuration.new(Kind.USER_CREDENTIAL, account="a")
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError) as caught:
                configuration.save(item)
            problem = caught.value.problem
            assert problem.fault == "store-locked"
            assert "database is locked" in problem.evidence
            assert all(problem.as_dict().values())
            assert configuration.get(Kind.USER_CREDENTIAL, configuration.all(Kind.USER_CREDENTIAL)[0].id)
            other.execute("ROLLBACK")
            assert configuration.save(item).version == 1

    def test_a_new_store_that_another_program_holds_is_refused(self, path):
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            other.execute("CREATE TABLE t (a)")
            assert refused(path).fault == "store-locked"
            other.execute("ROLLBACK")
        with opened(path) as store:
            assert store.verify_audit().ok

    def test_reading_what_another_program_holds_says_so(self, path):
        filled(path)
        store = Store.open(str(path), actor="ada")
        store.close()  # so that the next read connects anew
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("PRAGMA locking_mode=EXCLUSIVE")
            other.execute("BEGIN IMMEDIATE")
            other.execute("UPDATE store_meta SET value = value")
            other.execute("COMMIT")
            for act in (lambda: Configuration(store).outline(), store.feed.poll, store.verify_audit):
                with pytest.raises(StoreError) as caught:
                    act()
                assert caught.value.problem.fault == "store-locked"
            assert refused(path).fault == "store-locked"
        assert store.feed.poll() == []
        store.close()


class TestAddresses:
    @pytest.mark.parametrize(
        "name", ["a b.db", "50%.db", "%41.db", "what?.db", "a#b.db", "a@b:c.db", "ä€.db"]
    )
    def test_a_path_means_the_file_of_that_name(self, tmp_path, name):
        path = tmp_path / name
        filled(path)
        assert path.is_file()
        assert sqlite_file(to_database_url(str(path))) == path
        assert {p.name for p in tmp_path.iterdir()} == {name}
        for text in (str(path), to_database_url(str(path))):
            outline = read_outline(text)
            assert [row.name for row in outline.rows] == ["ServiceNow"]

    def test_a_tilde_is_the_home(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        assert sqlite_file(to_database_url("~/console.db")) == (tmp_path / "console.db").resolve()

    @pytest.mark.parametrize(
        "url",
        [
            "nonsense://there",
            "sqlite://",
            "sqlite:///:memory:",
            "postgresql+psycopg://ada:hunter2@127.0.0.1:1/console",
            "postgresql+psycopg://ada:p@hunter2@127.0.0.1:1/console",
            "postgresql+psycopg://127.0.0.1:1/console?user=ada&password=hunter2",
            "mysql+nothing://ada:hunter2@there/db",
            "://",
        ],
    )
    def test_an_address_that_is_no_store_is_refused_without_its_password(self, url, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        problem = refused(url)
        assert "hunter2" not in problem.as_text()
        assert names(tmp_path) == []

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql+psycopg://ada:hunter2@127.0.0.1:port/console",
            "postgresql+psycopg://ada:hunter2@127.0.0.1:/console",
            "postgresql+psycopg://ada:hunter2@127.0.0.1:-1/console",
            "postgresql+psycopg://ada:hunter2@127.0.0.1:0/console",
            "postgresql+psycopg://ada:hunter2@127.0.0.1:99999/console",
            "postgresql+psycopg://ada:hunter2@127.0.0.1:54 32/console",
            "postgresql+psycopg://ada@[::1/console?password=hunter2",
            "postgresql+psycopg://ada:hunter2/x",
            "postgresql+psycopg://ada:hunter2",
            "postgresql+psycopg://ada:hunter2@x@127.0.0.1:1/console",
            "sqlite://host:port/hunter2",
        ],
    )
    def test_an_address_that_is_mistyped_is_named_so(self, url):
        problem = refused(url)
        assert problem.fault == "store-address"
        assert "hunter2" not in problem.as_text()

    @pytest.mark.parametrize(
        "secret", ["hunter2/", "/hunter2", "hun:ter2", "hun?ter2", "hun#ter2", "hun%40ter2"]
    )
    def test_a_password_may_hold_what_means_something_elsewhere(self, secret):
        problem = refused(f"postgresql+psycopg://ada:{secret}@127.0.0.1:1/console")
        assert problem.fault == "store-unreachable"
        assert secret not in problem.as_text()

    @pytest.mark.parametrize("kind", ["postgres", "postgresql", "postgresql+psycopg"])
    def test_postgresql_is_known_by_its_other_names(self, kind):
        problem = refused(f"{kind}://ada@127.0.0.1:1/console")
        assert problem.fault == "store-unreachable"
        assert "damaged" not in problem.as_text()

    def test_a_driver_that_is_missing_is_named_with_its_remedy(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "psycopg", None)
        problem = refused("postgresql+psycopg://ada:hunter2@127.0.0.1:1/console")
        assert problem.fault == "store-driver-missing"
        assert "approval-console[postgresql]" in problem.remedy
        assert "hunter2" not in problem.as_text()

    def test_what_is_no_password_stays_readable(self):
        assert mask_password("postgresql://ada@host:5432/db?x=1") == "postgresql://ada@host:5432/db?x=1"
        assert mask_password("postgresql://ada:secret@host/db") == "postgresql://ada:***@host/db"
        assert mask_password("sqlite:////tmp/a@b:c.db") == "sqlite:////tmp/a@b:c.db"


def move(folder, old, new):
    for path in folder.glob(f"{old}*"):
        path.rename(folder / path.name.replace(old, new))


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_was_deleted_or_replaced_under_an_open_store_takes_no_more(tmp_path, replaced):
    path = tmp_path / "console.db"
    with closing(Store.open(str(path), actor="ada")) as store:
        configuration = Configuration(store)
        configuration.save(configuration.new(Kind.APPROVAL_PROCESS, name="Kept"))
        move(tmp_path, "console.db", "aside.db")
        if replaced:
            Store.open(str(path), actor="grace").close()
        with pytest.raises(StoreError) as caught:
            configuration.save(configuration.new(Kind.APPROVAL_PROCESS, name="Lost"))
        assert caught.value.problem.fault == "store-gone"
        move(tmp_path, "console.db", "other.db")
        move(tmp_path, "aside.db", "console.db")
        configuration.save(configuration.new(Kind.APPROVAL_PROCESS, name="Kept too"))
    with closing(Store.open(str(path), actor="ada")) as store:
        names = [one.name for one in Configuration(store).all(Kind.APPROVAL_PROCESS)]
    assert sorted(names) == ["Kept", "Kept too"]
