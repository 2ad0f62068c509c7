"""Any text round-trips to the variables of the instance, or is refused by name before anything is stored or sent."""

import asyncio
import shutil
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlmodel import func, select

from models.approval_request import ApprovalRequest
from models.kinds import Kind, RequestState
from services.common.errors import InputError
from services.configuration import Configuration
from services.practice import PracticeInstance
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.servicenow import ConnectionSettings, ServiceNowClient
from services.servicenow.contract import CREATE_INPUTS
from services.store import Store
from tests.services.requests.conftest import PASSWORD, sign_in

SHORT, FULL = 150, 10_000
FILLED_IN = ("PMApprovalId", "PMProcessId", "PMProcessName")
GIVEN = [name for name in CREATE_INPUTS if name not in FILLED_IN]
NASTY = ["&", "<", ">", '"', "'", "]]>", "<![CDATA[", "&amp;", "&#0;", "😀", "👩‍👩‍👧", "\0", "\x0b", "\u202e", "שלום", "مرحبا",
         "\ud83d", "\uffff", "\ufffe", "\r\n", "\r", "\t", " ", "\u2028", "\x85", "\x9f", "e\u0301", "^", "javascript:",
         "%s", "${x}", "\\", "../", "\U0010ffff"]  # fmt: skip

nasty = st.lists(st.sampled_from(NASTY) | st.characters(), max_size=12).map("".join)
plain = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\uffff\ufffe"), max_size=60
)
whole = st.lists(st.sampled_from([n for n in NASTY if n not in ("\0", "\x0b", "\ud83d", "\uffff", "\ufffe")]),
                 min_size=1, max_size=6).map(lambda parts: ("".join(parts) * 4000)[:4000])  # fmt: skip
texts = nasty | plain | whole
requests = st.dictionaries(st.sampled_from(GIVEN), texts, min_size=1, max_size=len(GIVEN))


def unsendable(text):
    """Say it in other words than the code does: what the Char production of XML 1.0 leaves out."""
    return any(
        not (c in "\t\n\r" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000")
        for c in text
    )


class Bench:
    """A practice instance, a store, and the life of requests between them, driven from a test that is no coroutine."""

    def __init__(self, folder, empty_store):
        self.carried = self.refused = 0
        shutil.copy(empty_store, folder / "console.db")
        self.practice = PracticeInstance(password=PASSWORD).start()
        self.store = Store.open(str(folder / "console.db"), actor="ada")
        configuration = Configuration(self.store)
        process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, name="Process"))
        self.type = configuration.save(
            configuration.new(Kind.APPROVAL_TYPE, name="Type", process_id=process.id)
        )
        self.runner = asyncio.Runner()
        settings_of = ConnectionSettings("Practice", self.practice.base_url)
        self.instance = ServiceNowClient(settings_of, sign_in("privman.integration"))
        self.life = RequestLifecycle(self.store, self.instance, process)

    def close(self):
        self.runner.run(self.instance.aclose())
        self.runner.close()
        self.store.close()
        self.practice.stop()

    def variables(self, item):
        found = self.practice._database.execute(
            "SELECT v.name, o.value FROM sc_item_option_mtom m JOIN sc_item_option o ON o.sys_id = m.sc_item_option "
            "JOIN item_option_new v ON v.sys_id = o.item_option_new WHERE m.request_item = ?",
            [item],
        )
        return {row[0]: row[1] for row in found}

    def counts(self):
        with self.store.read() as session:
            kept = session.exec(select(func.count()).select_from(ApprovalRequest)).one()
        return (
            self.practice._database.execute("SELECT count(*) FROM sc_item_option_mtom")[0][0],
            kept,
        )

    def round_trip(self, fields):
        wrong = [name for name, text in fields.items() if unsendable(text)]
        if wrong:
            before, calls = self.counts(), len(self.practice.log)
            with pytest.raises(InputError) as caught:
                self.runner.run(self.life.submit(self.type, fields))
            problem = caught.value.problem
            assert problem.fault == "field-unsendable"
            assert all(name in problem.evidence for name in wrong)
            assert not any(name in problem.evidence for name in set(fields) - set(wrong))
            assert (self.counts(), len(self.practice.log)) == (before, calls)
            self.refused += 1
            return
        row = self.runner.run(self.life.submit(self.type, fields))
        assert row.state == RequestState.PENDING
        seen = self.variables(row.external_id)
        assert {name: seen[name] for name in fields} == fields
        assert seen["PMApprovalId"] == str(row.id)
        self.carried += 1


@contextmanager
def bench(folder, empty_store):
    made = Bench(folder, empty_store)
    try:
        yield made
    finally:
        made.close()


def fuzz(bench, examples):
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(requests)
    @example(dict.fromkeys(GIVEN, "& < > \" ' ]]> 😀 שלום \u202eabc"))
    @example({"PMUserReason": "&<>😀" * 1000})
    @example({"PMUserReason": "a\0b", "PMFilePath": "C:\\fine"})
    def run(fields):
        bench.round_trip(fields)

    run()
    # Neither side of it may pass because it never came up.
    assert min(bench.carried, bench.refused) > examples // 10, (bench.carried, bench.refused)
    print(f"{bench.carried} carried, {bench.refused} refused")


def test_any_text_round_trips_or_is_refused(tmp_path, empty_store):
    with bench(tmp_path, empty_store) as made:
        fuzz(made, SHORT)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_10000_requests_round_trip_or_are_refused(tmp_path, empty_store):
    with bench(tmp_path, empty_store) as made:
        fuzz(made, FULL)
