"""Fixtures for stores on every database: a file of SQLite, or a database of a PostgreSQL server of this test process."""

import shutil

import pytest

from services.store import Store
from tests import postgres

SQLITE, POSTGRESQL = "sqlite", "postgresql"
SERVERS = postgres.available()
DATABASES = [SQLITE, *([POSTGRESQL] if SERVERS else [])]
"""What the tests marked with `every_database` run on."""


def pytest_generate_tests(metafunc):
    """Run tests of modules marked with `every_database` once on each; those of others on SQLite."""
    if "database" in metafunc.fixturenames and metafunc.definition.get_closest_marker("every_database"):
        metafunc.parametrize("database", DATABASES, indirect=True, scope="session")


@pytest.fixture(scope="session")
def database(request):
    """Which database a test's stores are on."""
    return getattr(request, "param", SQLITE)


@pytest.fixture(scope="session")
def servers():
    """Start PostgreSQL servers as they are asked for, by kind; they are stopped at the end."""
    running = {}

    def started(kind):
        if kind not in running:
            running[kind] = postgres.start(kind)
        return running[kind]

    yield started
    for server in running.values():
        server.stop()


class Places:
    """Where new stores may be made, on one database."""

    def __init__(self, database, folder, servers):
        self.database = database
        self._folder = folder
        self._servers = servers
        self._template = None
        self._made = []

    @property
    def server(self):
        """The PostgreSQL server of these places."""
        return self._servers(SERVERS[0])

    def empty(self, name="console"):
        """Return the address of a store that is not there yet."""
        if self.database == SQLITE:
            return str(self._folder / f"{name}.db")
        return self.server.url(self._make("template0"))

    def copy_of(self, template):
        """Return the address of a new store that is a copy of one that nobody has open."""
        if self.database == SQLITE:
            target = self._folder / "console.db"
            shutil.copy(template, target)
            return str(target)
        return self.server.url(self._make(template.partition("?")[0].rpartition("/")[2]))

    def _make(self, template):
        self._made.append(self.server.make(template))
        return self._made[-1]

    def clear(self):
        """Remove the databases that were made."""
        while self._made:
            self.server.drop(self._made.pop())


@pytest.fixture(scope="session")
def empty_stores(tmp_path_factory, servers):
    """Stores with nothing in them, by database: copying one takes less time than making it each time."""
    made = {}
    places = {
        one: Places(one, tmp_path_factory.mktemp(f"template-{one}"), servers) for one in (SQLITE, POSTGRESQL)
    }

    def of(database):
        if database not in made:
            made[database] = places[database].empty("empty")
            Store.open(made[database], actor="ada").close()
        return made[database]

    yield of
    for one in places.values():
        one.clear()


@pytest.fixture
def places(database, tmp_path, servers):
    """Where this test may make stores."""
    made = Places(database, tmp_path, servers)
    yield made
    made.clear()


@pytest.fixture
def store_url(places, database, empty_stores):
    """The address of a store with nothing in it."""
    return places.copy_of(empty_stores(database))


@pytest.fixture
def store(store_url):
    """A store with nothing in it, opened."""
    opened = Store.open(store_url, actor="ada")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def module_store(database, tmp_path_factory, servers):
    """A store that the tests of a module share."""
    places = Places(database, tmp_path_factory.mktemp("store"), servers)
    opened = Store.open(places.empty(), actor="ada")
    yield opened
    opened.close()
    places.clear()
