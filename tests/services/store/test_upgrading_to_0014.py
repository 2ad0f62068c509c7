"""Stores of revision 0013 keep their requests, history and references when these take less room, on every database."""

import random
import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import column, insert, inspect, select, table

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.base import name_key
from models.foreign_system import ForeignSystem
from models.kinds import Kind, RequestOrigin, RequestState
from models.request_event import RequestEvent
from services.common.store_location import sqlite_file, to_database_url
from services.configuration import Configuration
from services.coordination.worker_presence import announce_worker, list_active_workers
from services.requests.inbox.filters import SORTABLE_COLUMNS, Filter, Sort
from services.requests.inbox.inbox import Inbox
from services.requests.inbox.lookup import find_request
from services.store import Store, upgrade
from services.store.engine import make_engine
from services.store.row_values import get_table, row_to_dict
from tests.services.requests.inbox_rows import in_order, stored_rows

BEFORE = "0013"
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
OTHER_IDS = (
    "",
    "PMR-17",
    "4F6C2A1B9D3E4F6A8B7C0123456789AB",
    "{4f6c2a1b-9d3e-4f6a-8b7c-0123456789ab}",
    "äöü",
)


def request(drawn, number, process, server):
    """Return a request with ids in every spelling and times with and without fractions."""
    key = uuid.UUID(int=drawn.getrandbits(128))
    raised = NOON + timedelta(microseconds=drawn.choice((0, 1, 999_999, drawn.randrange(10**12))))
    return ApprovalRequest(
        id=key,
        process_id=process,
        server_id=server,
        origin=drawn.choice(list(RequestOrigin)),
        state=drawn.choice(list(RequestState)),
        approval_id=str(key),
        external_id=drawn.choice((*OTHER_IDS, f"{drawn.getrandbits(128):032x}")),
        record_id=drawn.choice(("", f"{drawn.getrandbits(128):032x}")),
        order_id=f"{drawn.getrandbits(128):032x}",
        number=f"RITM{number:07}",
        initiator_name=drawn.choice(("b.okafor", "Émile")),
        requested_at=raised,
        times_out_at=drawn.choice((None, raised + timedelta(minutes=20))),
        ended_at=drawn.choice((None, raised + timedelta(seconds=1))),
        intake_client_id=drawn.choice((None, uuid.UUID(int=drawn.getrandbits(128)))),
    )


def fill_before(place, count):
    """Make a store of revision 0013 with requests of one process, every second of them removed; returns those that stay."""
    drawn = random.Random(14)
    server = ForeignSystem(name="Server", name_key=name_key("Server"), base_url="https://a.example")
    process = ApprovalProcess(name="Process", name_key=name_key("Process"), server_id=server.id)
    rows = [request(drawn, number, process.id, server.id) for number in range(count)]
    event = RequestEvent(request_id=rows[1].id, at=NOON, kind="seen", actor="ada")
    engine = make_engine(to_database_url(str(place)), upgrades=True)
    config = Config()
    config.set_main_option("script_location", str(upgrade.MIGRATIONS))
    with engine.execution_options(write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        found = inspect(connection)
        for row in (server, process, *rows, event):
            model = get_table(row)
            known = {one["name"] for one in found.get_columns(model.name)}
            then = table(model.name, *(column(c.name, c.type) for c in model.columns if c.name in known))
            values = {name: value for name, value in row_to_dict(row).items() if name in known}
            connection.execute(insert(then), values)
        keys = [row.id for row in rows[::2]]
        then = table("approval_request", column("id", get_table(ApprovalRequest).c.id.type))
        connection.execute(then.delete().where(then.c.id.in_(keys)))
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            stored = connection.exec_driver_sql(
                "SELECT typeof(id), typeof(requested_at), typeof(record_id) FROM approval_request"
            )
            assert set(stored) == {("text", "text", "text")}
    engine.dispose()
    return {row.id: row for row in rows[1::2]}, event


@pytest.mark.every_database
def test_everything_is_kept_found_and_in_order(places):
    place = places.empty()
    kept, event = fill_before(place, 120)
    with closing(Store.open(place, actor="ada")) as store:
        rows = stored_rows(store)
        assert {row["id"] for row in rows} == set(kept)
        for row in rows:
            before = row_to_dict(kept[row["id"]])
            assert {name: row[name] for name in before} == before
        inbox = Inbox(store)
        for name in SORTABLE_COLUMNS:
            for descending in (False, True):
                sort = Sort(name, descending)
                assert [row.id for row in inbox.rows(Filter(), sort, 0, 99).rows] == in_order(rows, sort)
        for row in rows:
            assert find_request(store, str(row["id"])) == row["id"]
            assert find_request(store, row["number"]) == row["id"]
            assert [one.id for one in inbox.rows(Filter(text=row["number"]), Sort(), 0, 9).rows] == [
                row["id"]
            ]
            if row["record_id"]:
                assert find_request(store, row["record_id"].upper()) == row["id"]
        with store.read() as session:
            joined = select(get_table(RequestEvent).c.id).join(
                get_table(ApprovalRequest),
                get_table(ApprovalRequest).c.id == get_table(RequestEvent).c.request_id,
            )
            assert list(session.execute(joined).scalars()) == [event.id]
        configuration = Configuration(store)
        (server,) = configuration.all(ForeignSystem)
        (user, requests) = configuration.used_by(Kind.FOREIGN_SYSTEM, server.id)
        assert (user.name, requests.name) == ("Process", "60 requests")
    if sqlite_file(to_database_url(place)) is not None:
        found = sqlite3.connect(sqlite_file(to_database_url(place)))
        kinds = "SELECT DISTINCT typeof(id), typeof(process_id), typeof(approval_id), typeof(requested_at) FROM approval_request"
        assert found.execute(kinds).fetchall() == [("blob", "blob", "blob", "integer")]
        assert found.execute("PRAGMA foreign_key_check").fetchall() == []
        found.close()


def test_the_file_gives_back_the_room_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(upgrade, "FREE_BYTES_MIN", 0)
    place, told = tmp_path / "console.db", []
    kept, _ = fill_before(place, 3_000)
    size = place.stat().st_size
    with closing(Store.open(str(place), actor="ada", progress=lambda said, *_: told.append(said))) as store:
        assert "Giving back the room that the store does not need any more" in told
        assert place.stat().st_size < 0.75 * size
        with store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA freelist_count").scalar() == 0
        # The full text knows requests by the numbers of their rows, in which there were gaps.
        wanted = next(iter(kept.values()))
        (found,) = Inbox(store).rows(Filter(text=wanted.number), Sort(), 0, 9).rows
        assert found.id == wanted.id
    # Not one more time, and not for a store that has nothing to give back.
    told.clear()
    Store.open(str(place), progress=lambda said, *_: told.append(said)).close()
    assert told == []


def test_a_file_that_cannot_be_written_anew_stays_as_large_and_it_is_said(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(upgrade, "FREE_BYTES_MIN", 0)
    usage = upgrade.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(upgrade.shutil, "disk_usage", lambda _: usage._replace(free=0))
    place, told = tmp_path / "console.db", []
    kept, _ = fill_before(place, 2_000)
    with closing(Store.open(str(place), actor="ada", progress=lambda said, *_: told.append(said))) as store:
        assert told[-1] == upgrade.FREE_SPACE_KEPT
        assert "the disk has no room" in caplog.text
        caplog.clear()
        assert Inbox(store).count(Filter()).number == len(kept)
    assert_sound_requests(place)


def test_the_full_text_is_filled_anew_where_rows_got_other_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(upgrade, "FREE_BYTES_MIN", 0)
    place = tmp_path / "console.db"
    real = upgrade._write_file_anew

    def renumbered(path, needed):
        real(path, needed)
        with closing(sqlite3.connect(path)) as file:
            file.create_function("same_letters", 1, str)
            file.execute("UPDATE approval_request SET rowid = rowid + 1000000")
            file.commit()
        return True

    monkeypatch.setattr(upgrade, "_write_file_anew", renumbered)
    kept, _ = fill_before(place, 2_000)
    with closing(Store.open(str(place), actor="ada")) as store:
        for wanted in list(kept.values())[:5]:
            (found,) = Inbox(store).rows(Filter(text=wanted.number), Sort(), 0, 9).rows
            assert found.id == wanted.id


def assert_sound_requests(place):
    with closing(sqlite3.connect(place)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.every_database
def test_a_copy_that_replaces_another_stays_in_its_place(places):
    place = places.empty()
    with closing(Store.open(place, actor="ada")) as store:
        copies = [
            ApprovalRequest(origin=RequestOrigin.SERVICENOW, number=f"RITM{number}") for number in range(5)
        ]
        with store.write() as work:
            work.observe(ApprovalRequest, {}, copies)
        before = {row["id"]: row["place"] for row in stored_rows(store)}
        with store.write() as work:
            again = ApprovalRequest(
                id=copies[2].id, origin=RequestOrigin.SERVICENOW, number="RITM9", initiator_name="b.okafor"
            )
            work.observe(ApprovalRequest, {}, [again])
        rows = {row["id"]: row for row in stored_rows(store)}
        assert {key: row["place"] for key, row in rows.items()} == before
        assert (rows[again.id]["number"], rows[again.id]["initiator_name"]) == ("RITM9", "b.okafor")
        assert [row.id for row in Inbox(store).rows(Filter(text="okafor"), Sort(), 0, 9).rows] == [again.id]


def test_one_damaged_id_keeps_no_store_from_opening(tmp_path):
    place = tmp_path / "console.db"
    fill_before(place, 4)
    with closing(sqlite3.connect(place)) as file:
        file.execute("UPDATE request_event SET request_id = 'no id', at = 'no time'")
        file.commit()
    with closing(Store.open(str(place), actor="ada")) as store, store.read() as session:
        stored = session.connection().exec_driver_sql("SELECT request_id, at FROM request_event")
        assert stored.fetchall() == [("no id", "no time")]


def test_a_process_of_an_older_release_stores_nothing_any_more(tmp_path):
    """It had the store open during the upgrade, and goes on to write ids as text, which nobody finds."""
    place = tmp_path / "console.db"
    fill_before(place, 2)
    with closing(Store.open(str(place), actor="ada")) as store:
        configuration = Configuration(store)
        made = configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="A", account="a"))
        with closing(sqlite3.connect(place)) as older:
            names = [row[1] for row in older.execute("PRAGMA table_info(audit_entry)")]
            values = ", ".join(f"'{made.id.hex}'" if name == "object_id" else name for name in names)
            with pytest.raises(sqlite3.IntegrityError, match="newer release"):
                older.execute(f"INSERT INTO audit_entry SELECT {values} FROM audit_entry LIMIT 1")
            far = "2999-01-01 00:00:00.000000"
            older.execute("INSERT INTO worker_presence (holder, until) VALUES ('old.host.1', ?)", (far,))
            older.commit()
        now = datetime(2026, 3, 4, tzinfo=UTC)
        with store.write() as work:
            announce_worker(work.session, "new.host.1", now)
            assert list_active_workers(work.session, now) == ["new.host.1"]
