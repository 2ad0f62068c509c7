"""The index for parts of words on PostgreSQL. It needs the extension pg_trgm, which not every account may install."""

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

INDEX_NAME = "ix_request_text_held"
EXTENSION_MISSING = (
    "The database has no extension pg_trgm and this account may not install it, so every search reads all requests;"
    " a database administrator types CREATE EXTENSION pg_trgm once"
)

_INSTALLED = text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
_STATE = text(
    "SELECT to_regclass(:index) IS NOT NULL AS made,"
    " EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm') AS installed"
)


def create_text_index(connection: Connection) -> bool:
    """Index the texts, with the extension where it may be had; return whether they are indexed. Raises DBAPIError."""
    if connection.execute(_INSTALLED).first() is None:
        try:
            with connection.begin_nested():
                connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except DBAPIError:
            return False
    # The schema of the extension need not be on the path. A short list of what is not sorted in yet: every search reads it.
    schema = connection.execute(
        text(
            "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
            " WHERE e.extname = 'pg_trgm'"
        )
    ).scalar_one()
    connection.exec_driver_sql(
        f"CREATE INDEX IF NOT EXISTS {INDEX_NAME} ON request_text"
        f" USING gin (held {schema}.gin_trgm_ops) WITH (gin_pending_list_limit = 256)"
    )
    return True


def has_text_index(connection: Connection) -> bool:
    """Return whether the texts are indexed."""
    return bool(connection.execute(_STATE, {"index": INDEX_NAME}).one().made)


def can_create_text_index(connection: Connection) -> bool:
    """Return whether the index is missing and could be made now: somebody installed the extension since."""
    state = connection.execute(_STATE, {"index": INDEX_NAME}).one()
    return state.installed and not state.made
