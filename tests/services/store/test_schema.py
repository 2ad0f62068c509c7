"""The schema: what the migrations make is what the models say; upgrades keep everything or change nothing."""

import shutil
import sqlite3
import stat
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from sqlmodel import SQLModel

from models.kinds import KINDS, Kind
from models.tables import all_models, model_for_kind
from services.common.store_location import to_database_url
from services.configuration import Configuration
from services.store import Store, StoreError, upgrade
from services.store.engine import make_engine
from services.store.row_values import get_table
from services.store.schema_version import SCHEMA_REVISION
from services.store.tree_outline import read_outline
from tests.services.store.invariants import assert_sound

# Indexes of expressions are compared by their SQL: nobody reads them back into objects.
pytestmark = pytest.mark.filterwarnings("ignore:.*expression-based index", "ignore:autogenerate skipping")

MIGRATION = '''"""A change of a later release."""

import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema from the revision before to this one."""
    with op.batch_alter_table("user_credential", recreate="always") as batch:
        batch.add_column(sa.Column("hint", sa.String(20), nullable=False, server_default="none"))
    {more}
'''


@pytest.fixture
def path(tmp_path):
    return tmp_path / "console.db"


@pytest.fixture
def store(path):
    opened = Store.open(str(path), actor="ada")
    yield opened
    opened.close()


@pytest.fixture
def later_release(tmp_path, monkeypatch):
    """Pretend to be a release with one more migration; `more` is what it does besides."""

    def pretend(more="pass"):
        folder = tmp_path / "migrations"
        shutil.copytree(upgrade.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "versions" / "9001_later.py").write_text(MIGRATION.format(head=SCHEMA_REVISION, more=more))
        monkeypatch.setattr(upgrade, "MIGRATIONS", folder)
        monkeypatch.setattr(upgrade, "SCHEMA_REVISION", "9001")

    return pretend


def fill(path):
    """Make a credential and a server that refers to it."""
    store = Store.open(str(path), actor="ada")
    configuration = Configuration(store)
    credential = configuration.save(
        configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account="a", description="é")
    )
    configuration.save(
        configuration.new(
            Kind.FOREIGN_SYSTEM,
            name="Server",
            base_url="https://a.service-now.com",
            credential_id=credential.id,
        )
    )
    store.close()


def backups(path):
    return [p for p in path.parent.iterdir() if p.name.startswith(f"{path.name}.") and p.suffix == ".bak"]


def dump(path):
    """Return schema and content, with what the full text keeps in tables of its own."""
    with closing(sqlite3.connect(path)) as connection:
        schema = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
        plain = [name for kind, name, sql in schema if kind == "table" and "VIRTUAL" not in sql]
        return [
            *schema,
            *((name, *row) for name in plain for row in connection.execute(f'SELECT * FROM "{name}"')),
        ]


FULL_TEXT = {
    "request_text",
    "request_text_config",
    "request_text_data",
    "request_text_idx",
    "request_text_due",
}
"""Tables of SQLite's full text, which no model describes; the tests of the search hold them against what they promise."""


def test_the_newest_migration_makes_exactly_what_the_models_say(store):
    def described(_thing, name, kind, _reflected, _other):
        return not (kind == "table" and name in FULL_TEXT)

    with store.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "compare_server_default": True, "include_object": described},
        )
        all_models()
        differences = compare_metadata(context, SQLModel.metadata)
    missing = "\n".join(map(repr, differences))
    assert differences == [], f"Write a migration in services/store/migrations/versions for:\n{missing}"


def test_every_index_is_written_as_the_models_say(store):
    def indexes(engine):
        with engine.connect() as connection:
            statement = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            return {name: " ".join(sql.split()) for name, sql in connection.exec_driver_sql(statement)}

    said = create_engine("sqlite://")
    SQLModel.metadata.create_all(said)
    assert indexes(store.engine) == indexes(said)
    said.dispose()


@pytest.mark.every_database
def test_partial_indexes_are_those_of_the_models_on_every_database(store, places):
    said = make_engine(to_database_url(places.empty("said")))
    SQLModel.metadata.create_all(said)
    for engine in (said, store.engine):
        found = inspect(engine).get_indexes("approval_request")
        limited = {
            one["name"]
            for one in found
            if one["dialect_options"].get(f"{engine.dialect.name}_where") is not None
        }
        names = ("mismatch", "answer_fault", "type_id")
        assert limited == {f"ix_approval_request_{name}" for name in names}
    said.dispose()


def test_nothing_but_the_full_text_is_in_the_store_besides_the_models(store):
    with store.engine.connect() as connection:
        found = set(
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars()
        )
        triggers = set(
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars()
        )
    assert found - {str(model.__tablename__) for model in all_models()} == FULL_TEXT | {"alembic_version"}
    own = {"refuse_ids_as_text"}  # of processes of older releases
    assert triggers - own == {"request_text_added", "request_text_changed", "request_text_gone"}
    assert triggers >= own


def test_every_constraint_has_a_name_so_that_it_can_be_altered(store):
    found = inspect(store.engine)
    for model in all_models():
        table = str(model.__tablename__)
        assert found.get_pk_constraint(table)["name"] == f"pk_{table}"
        for constraint in [*found.get_foreign_keys(table), *found.get_unique_constraints(table)]:
            assert constraint["name"], (table, constraint)


def test_the_schema_number_is_that_of_the_newest_migration():
    assert ScriptDirectory(str(upgrade.MIGRATIONS)).get_heads() == [SCHEMA_REVISION]


def test_every_kind_has_its_table_and_the_outline_knows_its_reference():
    for kind, info in KINDS.items():
        table = get_table(model_for_kind(kind))
        assert info.kind is kind
        assert table.name == info.table
        assert model_for_kind(kind).__tablename__ == info.table
        kinds = {i.table for i in KINDS.values()}
        references = {
            c.name for c in table.columns for key in c.foreign_keys if key.column.table.name in kinds
        }
        parent = KINDS[kind].parent
        assert bool(references) == (parent is not None)
        assert parent is None or parent.field in references


def test_opening_a_store_of_this_release_makes_no_backup(path):
    fill(path)
    fill_again = Store.open(str(path))
    fill_again.close()
    assert backups(path) == []


def test_an_upgrade_keeps_what_is_there_and_the_file_as_it_was(path, later_release):
    fill(path)
    before = dump(path)
    later_release()
    store = Store.open(str(path), actor="grace")
    configuration = Configuration(store)
    (server,) = configuration.all(Kind.FOREIGN_SYSTEM)
    assert configuration.get(Kind.USER_CREDENTIAL, server.credential_id).description == "é"
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT hint FROM user_credential").scalar() == "none"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert store.verify_audit().ok
    store.close()
    (backup,) = backups(path)
    assert dump(backup) == before
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_an_upgrade_tells_that_it_takes_long_and_the_usual_start_tells_nothing(path, later_release):
    told = []
    progress = lambda text, done=0, total=None: told.append(text)  # noqa: E731
    Store.open(str(path), progress=progress).close()
    Store.open(str(path), progress=progress).close()
    assert told == []
    later_release()
    Store.open(str(path), progress=progress).close()
    assert len(told) == 2
    assert told[0].startswith("Copying the store")


def test_a_backup_holds_what_is_still_in_the_log_of_another_console(path, later_release):
    fill(path)
    other = Store.open(str(path), actor="grace")
    configuration = Configuration(other)
    configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="In the log", account="a"))
    assert path.with_name("console.db-wal").stat().st_size > 0
    later_release()
    Store.open(str(path), actor="ada").close()
    other.close()
    (backup,) = backups(path)
    assert any("In the log" in line for line in dump(backup))


def test_each_upgrade_has_a_backup_of_its_own(path):
    fill(path)
    assert upgrade.back_up(path) != upgrade.back_up(path)
    assert len(backups(path)) == 2


@pytest.mark.parametrize(
    ("more", "evidence"),
    [
        ('op.execute("INSERT INTO nowhere VALUES (1)")', "no such table"),
        ('op.execute("DELETE FROM user_credential")', "would break 1 references"),
        ('op.drop_table("nowhere")', "no such table"),
    ],
    ids=["wrong statement", "broken reference", "wrong operation"],
)
def test_a_failed_upgrade_changes_nothing_and_says_so(path, later_release, more, evidence):
    fill(path)
    before = dump(path)
    later_release(more)
    with pytest.raises(StoreError) as caught:
        Store.open(str(path))
    problem = caught.value.problem
    assert evidence in problem.evidence
    assert all(problem.as_dict().values())
    assert dump(path) == before
    assert [dump(backup) for backup in backups(path)] == [before]


def test_a_failed_upgrade_leaves_a_store_that_the_release_before_opens(path, later_release, monkeypatch):
    fill(path)
    here = upgrade.MIGRATIONS
    later_release('op.execute("INSERT INTO nowhere VALUES (1)")')
    with pytest.raises(StoreError):
        Store.open(str(path))
    monkeypatch.setattr(upgrade, "MIGRATIONS", here)
    monkeypatch.setattr(upgrade, "SCHEMA_REVISION", SCHEMA_REVISION)
    assert_sound(path)


def test_a_later_release_s_store_is_refused_by_this_one(path, later_release, monkeypatch):
    fill(path)
    here = upgrade.MIGRATIONS
    later_release()
    Store.open(str(path)).close()
    before = dump(path)
    monkeypatch.setattr(upgrade, "MIGRATIONS", here)
    monkeypatch.setattr(upgrade, "SCHEMA_REVISION", SCHEMA_REVISION)
    with pytest.raises(StoreError) as caught:
        Store.open(str(path))
    assert caught.value.problem.fault == "store-too-new"
    assert dump(path) == before
    assert read_outline(str(path)) is None
