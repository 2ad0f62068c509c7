"""Exported requests: CSV that other programs read back as it was, and no formula, no secret and no half file in it."""

import csv
import io
import random
import re
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from models.audit_entry import AuditEntry
from models.kinds import Kind
from services.common.errors import InputError
from services.common.redaction import remember_secret
from services.configuration import Configuration
from services.requests.inbox import export, full_text, index_selection
from services.requests.inbox.export import CSV_COLUMNS, load_base_urls, save_csv, to_export_values, write_csv
from services.requests.inbox.filters import Filter, Sort
from services.requests.inbox.inbox import Inbox
from tests.databases import store
from tests.services.requests.inbox_rows import NOW, add_rows, drawn_row, in_order, processes_of, stored_rows

__all__ = ["store"]

pytestmark = pytest.mark.every_database


@pytest.fixture
def processes(store):
    return processes_of(store)


def put(store, processes, **values):
    row = drawn_row(random.Random(1), 1, processes) | {"id": uuid.uuid4()} | values
    add_rows(store, [row])
    return row


def read_back(store, filter_=Filter(), **options):  # noqa: B008 -- a frozen value
    out = io.StringIO(newline="")
    written = write_csv(Inbox(store), filter_, Sort(), out.write, at=NOW, **options)
    return list(csv.DictReader(io.StringIO(out.getvalue(), newline=""))), written, out.getvalue()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=60))
def test_any_text_comes_back_and_begins_no_formula(store, processes, text):
    row = put(store, processes, reason=text, approval_id="only this one", requested_at=NOW)
    (found,) = [one for one in read_back(store)[0] if one["id"] == str(row["id"])]
    assert not FORMULA.search(found["reason"])
    if not FORMULA.search(text):
        assert found["reason"] == text


SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫−"
FORMULA = re.compile(
    f'(^|[;\\t\\r\\n\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029])[\\s"\u200b\ufeff\u061c\ufe0f\u3164]*[{re.escape(SIGNS)}]|^[\\t\\r\\n]'
)
"""What a spreadsheet may take for a formula, whatever it separates cells by and passes over."""


BEFORE_IT = (
    *(
        "",
        "\n",
        "\n\n",
        "\r\n",
        "\t",
        " ",
        "  \n",
        "\u00a0",
        "\ufeff",
        "\u200b",
        "\u061c",
        "\ufe0f",
        "\u3164",
        '"',
        "“",
        "`",
        "\x0b",
        "\x01",
    ),
    *("word;", "word; ", "word\t", "word\n", "word\r\n  ", 'word;"', "word\u2028"),
)


def test_no_way_into_a_formula_is_open(store, processes):
    texts = [f"{before}{sign}cmd|' /C calc'!A1" for before in BEFORE_IT for sign in SIGNS]
    for text in texts:
        put(store, processes, reason=text, waits_for=f"One\n{text}", policy_name=text)
    rows = read_back(store)[0]
    assert len(rows) == len(texts)
    cells = [row[name] for row in rows for name in ("reason", "waits_for", "policy")]
    assert [cell for cell in cells if FORMULA.search(cell)] == []


def test_other_texts_are_left_alone(store, processes):
    texts = ["a-b", "x = 1", "mail@example.com", "C:\\a+b\\-c.exe", "1 - 2; see RITM1", 'say "-"', "a\nb"]
    for text in texts:
        put(store, processes, reason=text)
    assert sorted(row["reason"] for row in read_back(store)[0]) == sorted(texts)


def test_every_row_is_written_once_in_the_order_of_the_list(store, processes, monkeypatch):
    drawn = random.Random(4)
    add_rows(store, [drawn_row(drawn, number, processes) for number in range(60)])
    wanted = [str(key) for key in in_order(stored_rows(store), Sort())]
    monkeypatch.setattr(export, "PAGE_SIZE", 7)
    for few in (1_000, 3):
        monkeypatch.setattr(index_selection, "IN_MEMORY_SORT_MAX", few)
        monkeypatch.setattr(index_selection, "INDEX_PROBE_MAX", few)
        rows, written, text = read_back(store)
        assert [row["id"] for row in rows] == wanted
        assert written == (60, True)
        assert text.endswith("\r\n")
        rows, written, _ = read_back(store, limit=10)
        assert [row["id"] for row in rows] == wanted[:10]


def test_a_search_that_stopped_says_so(store, processes, monkeypatch):
    drawn = random.Random(4)
    add_rows(store, [drawn_row(drawn, number, processes) for number in range(60)])
    monkeypatch.setattr(index_selection, "IN_MEMORY_SORT_MAX", 0)
    monkeypatch.setattr(full_text, "CANDIDATES_MAX", 5)
    _, written, _ = read_back(store, Filter(text="LT-4"))
    assert written == (5, False)


def test_values_are_those_of_the_public_interface(store, processes):
    row = put(
        store,
        processes,
        record_id="a" * 32,
        waits_for="App Approvers\nD. Whitfield",
        mismatch="order-approved",
        times_out_at=None,
        requested_at=NOW,
    )
    values = to_export_values(Inbox(store).get(row["id"]), load_base_urls(store), NOW)
    assert tuple(values) == CSV_COLUMNS
    assert values["waits_for"] == ["App Approvers", "D. Whitfield"]
    assert (values["age_s"], values["times_out_at"], values["requested_at"]) == (
        0,
        None,
        "2026-03-04T15:00:00Z",
    )
    assert values["mismatch"] == "order-approved"
    assert values["url"] == f"https://a.example/nav_to.do?uri=sc_req_item.do?sys_id={'a' * 32}"


def test_no_secret_is_written(store, processes):
    remember_secret("hunter2-and-more")
    put(store, processes, reason="my password is hunter2-and-more", file_path="C:\\hunter2-and-more\\a.exe")
    assert "hunter2" not in read_back(store)[2]


def test_the_words_of_a_reason_stay(store, processes):
    put(store, processes, reason="my password: please allow KeePass")
    assert read_back(store)[0][0]["reason"] == "my password: please allow KeePass"


@pytest.mark.parametrize("mark", [True, False])
def test_a_file_is_whole_and_the_export_written_down(store, processes, tmp_path, mark):
    put(store, processes, reason="Größe")
    path = tmp_path / "requests.csv"
    path.write_text("older")
    assert save_csv(Inbox(store), Filter(), Sort(), path, byte_order_mark=mark).rows == 1
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf") == mark
    assert "Größe" in content.decode("utf-8-sig")
    with store.read() as session:
        assert [e.detail for e in session.exec(select(AuditEntry)) if e.operation == "export"] == ["1 rows"]


def test_a_file_that_cannot_be_written_leaves_nothing(store, processes, tmp_path):
    put(store, processes)
    folder = tmp_path / "requests.csv"
    folder.mkdir()
    before = sorted(tmp_path.iterdir())
    for path in (folder, tmp_path / "nowhere" / "requests.csv"):
        with pytest.raises(InputError):
            save_csv(Inbox(store), Filter(), Sort(), path)
    assert sorted(tmp_path.iterdir()) == before


def test_a_request_of_no_server_has_no_address(store, processes):
    configuration = Configuration(store)
    assert len(configuration.all(Kind.FOREIGN_SYSTEM)) == 2
    row = put(store, processes, server_id=None, record_id="a" * 32)
    assert to_export_values(Inbox(store).get(row["id"]), load_base_urls(store), NOW)["url"] is None
