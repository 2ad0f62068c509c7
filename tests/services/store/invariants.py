"""What must hold of every store at any time, whatever happened to the programs that wrote it."""

import json
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing

from sqlmodel import select

from models.revision import Revision
from models.tables import all_models
from services.common.store_location import sqlite_file, to_database_url
from services.store import Store
from services.store.row_values import get_table, row_to_dict, to_json


def versioned():
    """Return the tables whose rows carry a version, and with it a history."""
    return [model for model in all_models() if "version" in get_table(model).columns]


def faults_of(path):
    """Return everything that is wrong with the store at `path`, as sentences; an empty list is what is wanted."""
    file = sqlite_file(to_database_url(str(path)))
    # A store that is not there must not be made here: a new one is sound, whatever became of the other.
    assert file is None or file.exists(), f"there is no {file}"
    store = Store.open(str(path), actor="auditor")
    found = _faults_of_file(file)
    try:
        verdict = store.verify_audit()
        if not verdict.ok:
            found.append(f"audit: {verdict.problem}")
        with store.read() as session:
            histories = defaultdict(list)
            for revision in session.exec(select(Revision).order_by(Revision.number)):
                histories[revision.object_kind, revision.object_id].append(revision)
            rows = {
                (str(model.__tablename__), row.id): row
                for model in versioned()
                for row in session.exec(select(model))
            }
    finally:
        store.close()
    found += [f"{key} has no history" for key in rows.keys() - histories.keys()]
    for key, history in histories.items():
        found += [f"{key[0]} {key[1]}: {fault}" for fault in _faults_of_history(history, rows.get(key))]
    return found


def _faults_of_file(path):
    if path is None:
        return []  # a server looks after its own files
    with closing(sqlite3.connect(path)) as raw:
        found = [f"integrity: {row[0]}" for row in raw.execute("PRAGMA integrity_check") if row[0] != "ok"]
        return found + [f"foreign key: {row}" for row in raw.execute("PRAGMA foreign_key_check")]


def _faults_of_history(history, row):
    for number, count in Counter(r.number for r in history).items():
        if count > 1:
            yield f"version {number} was made {count} times"
    state = None
    for revision in history:
        if revision.before != state:
            yield f"version {revision.number} does not begin where the one before ended"
        if (revision.operation == "delete") != (revision.after is None):
            yield f"version {revision.number} is called {revision.operation}"
        state = revision.after
    if row is None:
        if state is not None:
            yield "the row is gone, its last revision is no deletion"
        return
    if state is None:
        yield "the row is there, its last revision is a deletion"
    elif state != to_json(row_to_dict(row)):
        yield "the row is not what its last revision says"
    elif json.loads(state)["version"] != history[-1].number:
        yield "the row's version is not the number of its last revision"


def assert_sound(path):
    """Fail with everything that is wrong with the store at `path`."""
    faults = faults_of(path)
    assert not faults, "\n".join(faults[:20])
