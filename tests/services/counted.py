"""Counts the statements that a store executes, so that a test can hold them against a number."""

from contextlib import contextmanager

from sqlalchemy import event


@contextmanager
def statements(store):
    """Give a list that the statements of the block are added to; the beginning of a transaction is none."""
    seen = []

    def note(_connection, _cursor, statement, _parameters, _context, _many):
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
