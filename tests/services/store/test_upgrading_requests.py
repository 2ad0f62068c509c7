"""Stores of the release before keep their requests, and find them by the same letters afterwards, on every database."""

import unicodedata
import uuid
from contextlib import closing

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import column, insert, inspect, table, text

from models.approval_request import ApprovalRequest
from services.common.store_location import to_database_url
from services.requests.inbox import index_selection
from services.requests.inbox.filters import Filter, Sort
from services.requests.inbox.inbox import Inbox
from services.store import Store, upgrade
from services.store.engine import make_engine
from services.store.full_text import TEXT_COLUMNS
from services.store.row_values import get_table
from services.store.schema_version import SCHEMA_REVISION
from tests.services.store.invariants import assert_sound

pytestmark = pytest.mark.every_database

BEFORE = "0003"
NAME = "Émile Öztürk"


@pytest.fixture
def before(places):
    """A store of the release before, with a request in each form of a name; its address and the ids."""
    place = places.empty()
    engine = make_engine(to_database_url(place), upgrades=True)
    config = Config()
    config.set_main_option("script_location", str(upgrade.MIGRATIONS))
    keys = [uuid.uuid4() for _ in range(2)]
    with engine.execution_options(write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        if connection.dialect.name == "postgresql":
            # What that release made where it might.
            connection.execute(text("CREATE EXTENSION pg_trgm"))
            held = " || chr(10) || ".join(TEXT_COLUMNS)
            connection.execute(
                text(f"CREATE INDEX request_text ON approval_request USING gin (({held}) gin_trgm_ops)")
            )
        forms = [unicodedata.normalize(form, NAME) for form in ("NFC", "NFD")]
        # Only the columns that a request had then.
        had = {one["name"] for one in inspect(connection).get_columns("approval_request")}
        then = table(
            "approval_request",
            *(column(c.name, c.type) for c in get_table(ApprovalRequest).columns if c.name in had),
        )
        rows = [
            ApprovalRequest(id=key, initiator_name=name).model_dump(include=had)
            for key, name in zip(keys, forms, strict=True)
        ]
        connection.execute(insert(then), rows)
        if connection.dialect.name == "sqlite":
            # As that release indexed them: by the letters that were typed.
            connection.exec_driver_sql(
                "INSERT INTO request_text (rowid, held) SELECT request, held FROM request_text_due"
            )
            connection.exec_driver_sql("DELETE FROM request_text_due")
    engine.dispose()
    return place, set(keys)


def test_requests_are_found_by_the_same_letters_after_an_upgrade(before, monkeypatch):
    place, keys = before
    monkeypatch.setattr(index_selection, "IN_MEMORY_SORT_MAX", 0)
    with closing(Store.open(place, actor="ada")) as store:
        with store.engine.connect() as connection:
            assert (
                connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
                == SCHEMA_REVISION
            )
        inbox = Inbox(store)
        for form in ("NFC", "NFD"):
            typed = unicodedata.normalize(form, NAME.upper())
            assert {row.id for row in inbox.rows(Filter(text=typed), Sort(), 0, 9).rows} == keys
        with store.write() as work:
            work.session.execute(text("DELETE FROM approval_request"))
        assert inbox.count(Filter(text="öztürk")) == (0, True)
    assert_sound(place)


def test_an_upgraded_store_opens_again_without_an_upgrade(before):
    place, _ = before
    told = []
    for expected in (True, False):
        told.clear()
        Store.open(place, progress=lambda said, *_: told.append(said)).close()
        assert bool(told) == expected
