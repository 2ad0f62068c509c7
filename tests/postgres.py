"""PostgreSQL servers for tests: one embedded in a package, and one that the system has installed, where there are any."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import warnings
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

EMBEDDED, INSTALLED = "embedded", "installed"
ADMINISTRATOR = "postgres"
START_S = 60
SETTINGS = {
    # Tests outlive no power cut, and open a few connections each.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
}
_MADE = count(1)


def _installed_programs():
    """Return the folder of the newest PostgreSQL of the system, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if folders:
        return folders[-1]
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def available():
    """Return the servers that this machine can run."""
    found = [EMBEDDED] if importlib.util.find_spec("pgserver") else []
    if _installed_programs() is not None and (os.geteuid() != 0 or _helper() is not None):
        found.append(INSTALLED)
    return found


def _helper():
    """Return how to become the user that may run a server, which the administrator may not."""
    if shutil.which("runuser"):
        with suppress(KeyError):
            import pwd

            pwd.getpwnam(ADMINISTRATOR)
            return ["runuser", "-u", ADMINISTRATOR, "--"]
    return None


class Server:
    """A running server. Databases are made from templates, which takes hundredths of a second."""

    def __init__(self, kind, folder, host, stop):
        self.kind = kind
        self.folder = folder
        self.host = host
        self._stop = stop

    def url(self, database, user=ADMINISTRATOR, host=None, port=None):
        """Return the address of a database for `Store.open`."""
        if host is not None:
            return f"postgresql+psycopg://{user}@{host}:{port}/{database}"
        return f"postgresql+psycopg://{user}@/{database}?host={self.host}"

    def connect(self, database=ADMINISTRATOR):
        """Return a plain connection of the administrator."""
        return psycopg.connect(host=self.host, user=ADMINISTRATOR, dbname=database, autocommit=True)

    def make(self, template="template0", *, more=""):
        """Make a database and return its name."""
        name = f"console_{os.getpid()}_{next(_MADE)}"
        with closing(self.connect()) as connection:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} " + more)
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name):
        """Remove a database, whoever is still connected."""
        with closing(self.connect()) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def run(self, database, statement, *values):
        """Run one statement, and return its rows where it has some."""
        with closing(self.connect(database)) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    @property
    def socket_file(self):
        """The file of the socket on which the server listens."""
        return str(Path(self.host) / ".s.PGSQL.5432")

    def stop(self):
        """Stop the server and remove what it kept."""
        self._stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(kind):
    """Start a server of a kind that is available."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    server = _embedded(folder) if kind == EMBEDDED else _of_the_system(folder)
    with closing(server.connect()) as connection:
        for name, value in SETTINGS.items():
            if name != "max_connections":
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        connection.execute("SELECT pg_reload_conf()")
    return server


def _embedded(folder):
    with warnings.catch_warnings():
        # It keeps a lock in the folder for running programs, and says so where a session has none.
        warnings.simplefilter("ignore")
        import pgserver

        running = pgserver.get_server(folder / "data", cleanup_mode="stop")
    found = psycopg.conninfo.conninfo_to_dict(running.get_uri())
    return Server(EMBEDDED, folder, found["host"], running.cleanup)


def _of_the_system(folder):
    programs, become = _installed_programs(), []
    if os.geteuid() == 0:
        become = _helper()
        shutil.chown(folder, ADMINISTRATOR, ADMINISTRATOR)
    data = folder / "data"

    def call(*command):
        subprocess.run(
            [*become, *map(str, command)],
            check=True, cwd=folder, timeout=START_S, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    user = ADMINISTRATOR
    call(programs / "initdb", "-D", data, "-U", user, "--auth=trust", "--encoding=UTF8", "--no-sync",
         "--locale=C.UTF-8")  # fmt: skip
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    call(programs / "pg_ctl", "-D", data, "-w", "-o", options, "-l", folder / "log", "start")
    return Server(
        INSTALLED,
        folder,
        str(folder),
        lambda: call(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"),
    )
