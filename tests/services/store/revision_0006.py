"""A store as version 0006 left it: made by its migrations, with rows and an audit chain as that version wrote them."""

import json
import uuid
from datetime import UTC, datetime, timedelta

from alembic import command
from alembic.config import Config
from sqlalchemy import column, insert, inspect, select, table, update

from models.approval_request import ApprovalRequest
from models.audit_entry import AuditEntry
from models.intake_client import IntakeClient
from models.lease import Lease
from models.request_event import RequestEvent
from models.revision import Revision
from models.store_meta import StoreMeta
from models.task_run import TaskRun
from services.common.store_location import to_database_url
from services.store import timeline_hash_chain, upgrade
from services.store.audit_trail import GENESIS, HEAD_KEY, entry_hash, parse_head, revision_detail
from services.store.engine import create_private_file, make_engine, sqlite_path
from services.store.row_values import get_table, row_to_dict, to_json

REVISION = "0006"
NOON = datetime(2026, 11, 2, 12, 0, 0, 123456, tzinfo=UTC)


class OldStore:
    """Writes rows into a store of revision 0006, in one transaction."""

    def __init__(self, place):
        url = to_database_url(str(place))
        if (path := sqlite_path(url)) is not None:
            create_private_file(path)
        self._engine = make_engine(url, upgrades=True)

    def __enter__(self):
        self._begun = self._engine.execution_options(write=True).begin()
        self.connection = self._begun.__enter__()
        config = Config()
        config.set_main_option("script_location", str(upgrade.MIGRATIONS))
        config.attributes["connection"] = self.connection
        command.upgrade(config, REVISION)
        found = inspect(self.connection)
        self._columns = {
            name: {one["name"] for one in found.get_columns(name)} for name in found.get_table_names()
        }
        self._last_line = 0
        return self

    def __exit__(self, *error):
        self._begun.__exit__(*error)
        self._engine.dispose()

    def add(self, *rows):
        """Insert rows without history."""
        for row in rows:
            self.connection.execute(insert(self._table(row)), self._values(row))

    def add_versioned(self, row):
        """Insert a row with its revision and audit entry."""
        self.add(row)
        revision = Revision(
            object_kind=str(get_table(row).name),
            object_id=row.id,
            object_name="",
            number=row.version,
            operation="create",
            after=to_json(self._values(row)),
            changed_at=NOON,
            changed_by="ada",
        )
        self.add(revision)
        self._append(
            AuditEntry(
                operation="create",
                object_kind=revision.object_kind,
                object_id=row.id,
                revision_id=revision.id,
                detail=revision_detail(revision),
            )
        )

    def add_request(self, lines, **values):
        """Insert a request with its timeline: kind, text and actor of each line; returns the id."""
        row = ApprovalRequest(**{"requested_at": NOON, **values})
        if row.version:
            self.add_versioned(row)
        else:
            self.add(row)
        self.add_lines(
            RequestEvent(
                request_id=row.id, at=NOON + timedelta(seconds=number), kind=kind, detail=detail, actor=actor
            )
            for number, (kind, detail, actor) in enumerate(lines)
        )
        return row.id

    def add_lines(self, lines):
        """Insert numbered lines and the audit entry that covers them."""
        first, rows = self._last_line + 1, []
        for line in lines:
            self._last_line += 1
            line.line = self._last_line
            rows.append(line)
        if not rows:
            return
        self.connection.execute(insert(self._table(rows[0])), [self._values(row) for row in rows])
        hashes = (
            timeline_hash_chain.line_hash(r.line, r.id, r.request_id, r.at, r.kind, r.actor, r.detail)
            for r in rows
        )
        detail = timeline_hash_chain.added_detail(first, self._last_line, hashes)
        self._append(AuditEntry(operation="timeline", object_kind="request_event", detail=detail))

    def _append(self, entry):
        meta = get_table(StoreMeta)
        head = self.connection.execute(select(meta.c.value).where(meta.c.key == HEAD_KEY)).scalar()
        seq, last = parse_head(head or f"0:{GENESIS}")
        entry.seq, entry.at, entry.actor, entry.previous_hash, entry.hash = seq + 1, NOON, "ada", last, ""
        entry.hash = entry_hash(entry)
        self.add(entry)
        value = f"{entry.seq}:{entry.hash}"
        if head is None:
            self.connection.execute(insert(meta).values(key=HEAD_KEY, value=value))
        else:
            self.connection.execute(update(meta).where(meta.c.key == HEAD_KEY).values(value=value))

    def _table(self, row):
        now = get_table(row)
        columns = (column(c.name, c.type) for c in now.columns if c.name in self._columns[now.name])
        return table(now.name, *columns)

    def _values(self, row):
        kept = self._columns[get_table(row).name]
        return {name: value for name, value in row_to_dict(row).items() if name in kept}


def lease(name, holder, until, token=0):
    """Return a row of the table of leases."""
    return Lease(name=name, holder=holder, token=token, until=until)


def check_run(server_id, at, *, mark="", process_id=None, evidence=None):
    """Return the task run of a check, with its report as version 0006 wrote it."""
    stages = [{"stage": "authentication", "state": "ok", "fault": None, "evidence": "Signed in"}]
    if evidence:
        stages.append({"stage": "limits", "state": "ok", "fault": None, "evidence": evidence})
    sign_in = {"account": "api", "origin": "https://a.example", "mark": mark} if mark else None
    report = {
        "verdict": "ok",
        "stages": stages,
        "process_id": str(process_id or ""),
        "sign_in": sign_in,
    }
    return TaskRun(
        task="check",
        object_kind="foreign_system",
        object_id=server_id,
        state="succeeded",
        started_at=at,
        ended_at=at,
        report=json.dumps(report),
    )


def intake_client(name, type_id):
    """Return a client of the intake."""
    return IntakeClient(id=uuid.uuid4(), name=name, name_key=name, type_id=type_id, token_digest=name)
