"""A store on PostgreSQL: made by several at once, over networks that fail, for accounts that may not do everything."""

import os
import subprocess
import sys
import threading
import time
import uuid
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert

from models.approval_request import ApprovalRequest
from models.kinds import Kind
from services.configuration import Configuration
from services.requests.inbox.filters import Filter
from services.requests.inbox.inbox import Inbox
from services.store import Store, StoreError, StoreTooNewError, postgresql_connections, postgresql_trigrams
from tests.databases import SERVERS
from tests.limits import PROGRAM_S, WAIT_S
from tests.relaying import Relay

ROOT = Path(__file__).resolve().parents[3]
ENDS_S = 5
"""What the limits of a connection add up to at most. A busy machine takes longer, without them a call takes minutes."""
ROUNDS = 24


@pytest.fixture(params=SERVERS)
def server(request, servers):
    return servers(request.param)


@pytest.fixture
def name(server):
    """The name of an empty database."""
    made = server.make()
    yield made
    server.drop(made)


@pytest.fixture
def url(server, name):
    return server.url(name)


@pytest.fixture
def relay(server):
    made = Relay(server.socket_file)
    yield made
    made.close()


@pytest.fixture
def through_relay(server, name, relay):
    return server.url(name, host="127.0.0.1", port=relay.port)


def make(configuration, name="One"):
    return configuration.save(configuration.new(Kind.USER_CREDENTIAL, name=name, account="a"))


def problem_of(call):
    """Return the problem that a call ends with, and the seconds that it took."""
    began = time.monotonic()
    with pytest.raises(StoreError) as caught:
        call()
    problem = caught.value.problem
    assert all(problem.as_dict().values())
    assert "damaged" not in problem.as_text()
    return problem, time.monotonic() - began


class TestBeginning:
    @pytest.mark.parametrize("consoles", [2, 5])
    def test_consoles_that_begin_at_once_get_the_same_store(self, server, consoles):
        often = consoles == 2 and server.kind == SERVERS[0]
        for _ in range(ROUNDS if often else 3):
            name = server.make()
            ids, failures, start = set(), [], threading.Barrier(consoles)

            def begin(name=name, ids=ids, failures=failures, start=start):
                start.wait()
                try:
                    with closing(Store.open(server.url(name), actor="ada")) as store:
                        ids.add(store.id)
                        make(Configuration(store), f"By {threading.get_ident()}")
                except Exception as error:
                    failures.append(error)

            threads = [threading.Thread(target=begin) for _ in range(consoles)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert not failures
            assert len(ids) == 1
            server.drop(name)

    def test_programs_that_begin_at_once_get_the_same_store(self, url):
        code = "import sys; from services.store import Store; s = Store.open(sys.argv[1]); print(s.id); s.close()"
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        programs = [
            subprocess.Popen([sys.executable, "-c", code, url], cwd=ROOT, env=environ, stdout=subprocess.PIPE)
            for _ in range(3)
        ]
        said = {program.communicate(timeout=PROGRAM_S)[0] for program in programs}
        assert [program.returncode for program in programs] == [0, 0, 0]
        assert len(said) == 1

    def test_a_database_of_another_program_is_refused_and_stays_as_it_is(self, server, name, url):
        server.run(name, "CREATE TABLE notes (a text)")
        problem, _ = problem_of(lambda: Store.open(url))
        assert problem.fault == "store-unusable"
        assert "is not a store" in problem.evidence
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        assert server.run(name, tables) == [("notes",)]

    def test_a_store_of_a_newer_release_is_refused(self, server, name, url):
        Store.open(url).close()
        server.run(name, "UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(StoreTooNewError):
            Store.open(url)

    @pytest.mark.parametrize("missing", ["database", "user"])
    def test_what_the_server_does_not_let_in_is_told_so(self, server, name, missing):
        address = server.url("nowhere") if missing == "database" else server.url(name, user="nobody_here")
        problem, _ = problem_of(lambda: Store.open(address))
        assert problem.fault == "store-sign-in"

    def test_names_are_in_one_order_page_by_page_whatever_the_language(self, server):
        """Collations of other languages put letters elsewhere; nothing is shown twice or left out."""
        import random

        from services.requests.inbox.filters import SORTABLE_COLUMNS, Sort
        from tests.services.requests.inbox_rows import NOW, add_rows, drawn_row, processes_of

        name = server.make(more="LOCALE 'C.UTF-8' ENCODING 'UTF8'")
        with closing(Store.open(server.url(name), actor="ada")) as store:
            processes, drawn = processes_of(store), random.Random(3)
            rows = [drawn_row(drawn, number, processes) for number in range(60)]
            add_rows(store, rows)
            inbox = Inbox(store)
            for column in SORTABLE_COLUMNS:
                found = []
                while piece := inbox.rows(Filter(), Sort(column), len(found), 7, at=NOW).rows:
                    found += [row.id for row in piece]
                assert len(found) == len(set(found)) == 60
        server.drop(name)


def test_limits_end_a_command_in_time():
    assert postgresql_connections.PROBE_AFTER_S + postgresql_connections.PROBE_TIMEOUT_S < ENDS_S
    assert postgresql_connections.CONNECT_TIMEOUT_S < ENDS_S


class TestNetworks:
    @pytest.fixture(autouse=True)
    def soon(self, monkeypatch):
        """Leave a slow machine time."""
        monkeypatch.setattr(postgresql_connections, "PROBE_AFTER_S", 0.3)
        monkeypatch.setattr(postgresql_connections, "CONNECT_TIMEOUT_S", 2)

    def test_a_server_that_takes_a_connection_and_says_nothing(self, through_relay, relay):
        relay.silent.set()
        problem, seconds = problem_of(lambda: Store.open(through_relay))
        assert problem.fault == "store-silent"
        assert seconds < WAIT_S

    def test_a_network_that_stops_under_an_open_store(self, through_relay, relay, monkeypatch):
        with closing(Store.open(through_relay, actor="ada")) as store:
            configuration = Configuration(store)
            make(configuration)
            relay.silent.set()
            for call in (
                lambda: configuration.all(Kind.USER_CREDENTIAL),
                lambda: make(configuration, "Two"),
                store.feed.poll,
                lambda: Inbox(store).count(Filter(text="okafor")),
            ):
                problem, seconds = problem_of(call)
                assert problem.fault == "store-silent"
                assert seconds < WAIT_S
            relay.silent.clear()
            store.engine.dispose()
            monkeypatch.setattr(postgresql_connections, "UNRESPONSIVE_BACKOFF_S", 0)
            make(configuration, "Three")
            assert [one.name for one in configuration.all(Kind.USER_CREDENTIAL)] == ["One", "Three"]

    def test_a_connection_that_freezes_while_others_can_be_made(self, through_relay, relay):
        with closing(Store.open(through_relay, actor="ada")) as store:
            configuration = Configuration(store)
            make(configuration)
            relay.freeze()
            make(configuration, "Two")
            assert len(configuration.all(Kind.USER_CREDENTIAL)) == 2
            assert store.verify_audit().ok

    def test_a_connection_that_freezes_in_the_middle_of_a_transaction(self, through_relay, relay):
        with closing(Store.open(through_relay, actor="ada")) as store:

            def work():
                with store.write() as work:
                    work.event("export")
                    relay.freeze()
                    work.event("export")

            problem, seconds = problem_of(work)
            assert problem.fault == "store-silent"
            assert seconds < WAIT_S
            assert store.verify_audit().checked == 0

    def test_a_slow_statement_is_waited_for(self, url, monkeypatch):
        monkeypatch.setattr(postgresql_connections, "PROBE_AFTER_S", 0.1)
        with closing(Store.open(url, actor="ada")) as store, store.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT 1 FROM pg_sleep(1)").scalar() == 1

    def test_a_refused_connection_is_told_as_one(self, server, name, through_relay, relay):
        store = Store.open(through_relay, actor="ada")
        store.close()
        relay.close()
        for call in (lambda: Configuration(store).all(Kind.USER_CREDENTIAL), lambda: make(Configuration(store)),
                     lambda: Store.open(through_relay)):  # fmt: skip
            problem, seconds = problem_of(call)
            assert problem.fault == "store-unreachable"
            assert seconds < WAIT_S


class TestEndedConnections:
    def end(self, server, name):
        own = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        return server.run(name, own, name)

    def test_an_ended_connection_is_replaced(self, server, name, url):
        with closing(Store.open(url, actor="ada")) as store:
            configuration = Configuration(store)
            for number in range(3):
                make(configuration, f"Number {number}")
                assert self.end(server, name)
                assert len(configuration.all(Kind.USER_CREDENTIAL)) == number + 1
                assert self.end(server, name)
                store.feed.poll()

    def test_one_that_ends_in_the_middle_takes_its_work_with_it(self, server, name, url):
        with closing(Store.open(url, actor="ada")) as store:

            def work():
                with store.write() as work:
                    work.event("export")
                    self.end(server, name)
                    work.event("export")

            problem, _ = problem_of(work)
            assert problem.fault == "store-disconnected"
            make(Configuration(store))
            assert store.verify_audit().checked == 1

    def test_a_reader_that_loses_its_connection_says_so(self, server, name, url):
        with closing(Store.open(url, actor="ada")) as store:

            def look():
                with store.read() as session:
                    session.connection()
                    self.end(server, name)
                    session.connection().exec_driver_sql("SELECT 1")

            problem, _ = problem_of(look)
            assert problem.fault == "store-disconnected"


class TestAccounts:
    @pytest.fixture
    def reader(self, server, name, url):
        """A store with one object, as an account sees it that may only read."""
        with closing(Store.open(url, actor="ada")) as store:
            make(Configuration(store))
        role = f"reader_{name}"
        server.run(name, f"CREATE ROLE {role} LOGIN")
        server.run(name, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
        yield server.url(name, user=role)
        server.run(name, f"DROP OWNED BY {role}")
        server.run(name, f"DROP ROLE {role}")

    def test_an_account_that_may_only_read_reads_and_is_told_what_it_may_not(self, reader):
        with closing(Store.open(reader, actor="grace")) as store:
            configuration = Configuration(store)
            assert [one.name for one in configuration.all(Kind.USER_CREDENTIAL)] == ["One"]
            assert Inbox(store).count(Filter(text="okafor")) == (0, True)
            assert store.verify_audit().ok
            assert store.feed.poll() == []
            problem, _ = problem_of(lambda: make(configuration, "Two"))
        assert problem.fault == "store-not-writable"
        assert "may only read" in problem.cause

    def test_an_account_that_may_only_read_is_told_that_its_search_is_not_complete(
        self, server, name, reader
    ):
        """What another program wrote is indexed by whoever may write."""
        with closing(Store.open(server.url(name))) as store, store.write() as work:
            work.session.execute(insert(ApprovalRequest), [{"id": uuid.uuid4(), "reason": "Indexed"}])
        server.run(name, "INSERT INTO request_text_due (request_id) SELECT id FROM approval_request")
        with closing(Store.open(reader, actor="grace")) as store:
            assert Inbox(store).count(Filter(text="indexed")) == (1, False)
        with closing(Store.open(server.url(name))) as store:
            assert Inbox(store).count(Filter(text="indexed")) == (1, True)

    def test_an_account_that_may_not_read_is_told_so(self, server, name, url):
        Store.open(url).close()
        server.run(name, f"CREATE ROLE stranger_{name} LOGIN")
        problem, _ = problem_of(lambda: Store.open(server.url(name, user=f"stranger_{name}")))
        server.run(name, f"DROP ROLE stranger_{name}")
        assert "permission" in problem.evidence.lower() or "not a store" in problem.evidence
        assert "account" in problem.cause
        assert "folder" not in problem.remedy

    @pytest.mark.parametrize("wrong", ["?service=nobody", "?connect_timeout=soon"])
    def test_an_address_that_the_driver_does_not_take_is_told_so(self, wrong):
        problem, _ = problem_of(lambda: Store.open(f"postgresql+psycopg:///{wrong}"))
        assert "service or a setting" in problem.cause
        assert "folder" not in problem.remedy

    def test_without_the_extension_the_search_works_and_the_console_says_so(self, server, name, caplog):
        """The index is made as soon as somebody has installed the extension."""
        role, told = f"owner_{name}", []
        server.run(name, f"CREATE ROLE {role} LOGIN")
        server.run(name, f"GRANT ALL ON SCHEMA public TO {role}")
        address = server.url(name, user=role)
        with closing(Store.open(address, progress=lambda text, *_: told.append(text))) as store:
            assert told == [postgresql_trigrams.EXTENSION_MISSING]
            assert Inbox(store).count(Filter(text="okafor")) == (0, True)
            with store.engine.connect() as connection:
                assert not postgresql_trigrams.has_text_index(connection)
        caplog.clear()
        server.run(name, "CREATE EXTENSION pg_trgm")
        with closing(Store.open(address)) as store, store.engine.connect() as connection:
            assert postgresql_trigrams.has_text_index(connection)
        server.run(name, f"DROP OWNED BY {role} CASCADE")
        server.run(name, f"DROP ROLE {role}")
