"""What there is to follow on a server, read from the store: its processes, and where the following stands."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.foreign_system import ForeignSystem
from models.kinds import OPEN_STATES, RequestOrigin
from models.store_meta import StoreMeta
from models.user_credential import UserCredential
from services.requests.polling.cursor import PollCursor
from services.requests.polling.sync import MatchContext
from services.store.row_values import get_table

_META, _REQUESTS = get_table(StoreMeta), get_table(ApprovalRequest)


@dataclass(frozen=True, slots=True)
class PollTarget:
    """A server that is followed: its processes, and how often it may be asked."""

    server_id: uuid.UUID
    base_url: str
    minimum_interval_s: int
    ground: MatchContext
    scripts: Mapping[uuid.UUID, "ScriptCheck"]
    signs_in: str = ""
    """Id and version of the User Credential: another account may see other records."""

    @property
    def processes(self) -> tuple[ApprovalProcess, ...]:
        """The processes that go through the server."""
        return self.ground.processes

    @property
    def cat_items(self) -> tuple[str, ...]:
        """The request items of the processes."""
        return tuple(sorted({one.request_item_id for one in self.processes if one.request_item_id}))


@dataclass(frozen=True, slots=True)
class ScriptCheck:
    """What was found out about the status script of a process: the service's name, and whether it is this console's own."""

    service: str
    stock: bool
    updated_on: str = ""
    mod_count: str = ""
    checked: float = 0.0
    """Seconds since 1970."""


def load_target(session: Session, server_id: uuid.UUID) -> PollTarget | None:
    """Return a server with its processes, or None when nothing goes through it."""
    server = session.get(ForeignSystem, server_id)
    table = get_table(ApprovalProcess)
    rows = session.execute(
        select(table).where(table.c.server_id == server_id).order_by(table.c.id)
    ).mappings()
    processes = tuple(ApprovalProcess(**row) for row in rows)
    if server is None or not processes:
        return None
    scripts = {
        one.id: script for one in processes if (script := _load_script_check(session, one)) is not None
    }
    stock = frozenset(key for key, script in scripts.items() if script.stock)
    place = MatchContext(server_id, processes, stock)
    credential = session.get(UserCredential, server.credential_id) if server.credential_id else None
    signs_in = f"{credential.id}:{credential.version}" if credential is not None else ""
    return PollTarget(server_id, server.base_url, server.minimum_interval_s, place, scripts, signs_in)


def _load_script_check(session: Session, process: ApprovalProcess) -> ScriptCheck | None:
    text = session.execute(select(_META.c.value).where(_META.c.key == _script_key(process.id))).scalar()
    try:
        stored = json.loads(text) if text else None
        script = ScriptCheck(**stored) if stored else None
    except (ValueError, TypeError):
        return None
    return script if script is not None and script.service == _digest(process.status_service) else None


def store_script_check(session: Session, process: ApprovalProcess, script: ScriptCheck) -> None:
    """Remember what was found out about a process, inside a transaction that writes."""
    values = {"service": _digest(process.status_service), "stock": script.stock, "updated_on": script.updated_on[:32],
              "mod_count": script.mod_count[:16], "checked": round(script.checked)}  # fmt: skip
    _store_meta(session, _script_key(process.id), json.dumps(values))


def load_cursor(session: Session, server_id: uuid.UUID, base_url: str) -> PollCursor:
    """Return where the following of a server stands, with the open requests that are known."""
    position = session.execute(select(_META.c.value).where(_META.c.key == _cursor_key(server_id))).scalar()
    made = PollCursor.at(position or "", base_url)
    columns = (_REQUESTS.c.record_id, _REQUESTS.c.waits_for, _REQUESTS.c.origin, _REQUESTS.c.policy_name)
    known = select(*columns).where(
        _REQUESTS.c.server_id == server_id, _REQUESTS.c.state.in_(OPEN_STATES), _REQUESTS.c.record_id != ""
    )
    for row in session.execute(known):
        made.open.add(row.record_id)
        if row.waits_for:
            made.asked[row.record_id] = None
        if row.origin == RequestOrigin.CONSOLE or row.policy_name:
            made.read.add(row.record_id)
    return made


def open_records(session: Session, server_id: uuid.UUID) -> set[str]:
    """Return the records of the requests of a server that are open here."""
    known = select(_REQUESTS.c.record_id).where(
        _REQUESTS.c.server_id == server_id, _REQUESTS.c.state.in_(OPEN_STATES), _REQUESTS.c.record_id != ""
    )
    return set(session.execute(known).scalars())


def store_cursor(session: Session, server_id: uuid.UUID, position: str) -> None:
    """Keep where the following of a server stands, inside a transaction that writes."""
    _store_meta(session, _cursor_key(server_id), position)


def _store_meta(session: Session, key: str, value: str) -> None:
    if session.execute(select(_META.c.key).where(_META.c.key == key)).first() is None:
        session.execute(_META.insert().values(key=key, value=value))
    else:
        session.execute(_META.update().where(_META.c.key == key).values(value=value))


def _digest(name: str) -> str:
    """Return a short form of a service's name that tells it from others: names are longer than a fact may be."""
    return uuid.uuid5(uuid.NAMESPACE_OID, name).hex


def _cursor_key(server_id: uuid.UUID) -> str:
    return f"follow:{server_id.hex}"


def _script_key(process_id: uuid.UUID) -> str:
    return f"script:{process_id.hex}"
