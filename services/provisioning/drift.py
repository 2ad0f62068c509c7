"""What others changed since a set was last found good: which record, which columns, who and when."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.common.errors import ConsoleError
from services.common.json_types import JsonLike
from services.provisioning.current_records import AUDIT_COLUMNS, PAGE_SIZE, TABLE_COLUMNS, InstanceState
from services.provisioning.plan_changes import Baseline, RecordFingerprint, fingerprint
from services.provisioning.required_records import INPUT_TABLE, OUTPUT_TABLE
from services.servicenow.encoded_query import Operator, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.table_api import Row

TABLE_BY_KEY_PREFIX = {
    "category": "sc_category",
    "item": "sc_cat_item",
    "variable": "item_option_new",
    "service": "sys_web_service",
    "input": INPUT_TABLE,
    "output": OUTPUT_TABLE,
}
"""Table of a key by its first word."""
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Drift:
    """One record that was edited, added, deleted or replaced, or is missing: deleted or hidden. `fields` is column to (fingerprint before, after)."""

    change: str
    table: str
    name: str
    sys_id: str
    by: str
    at: str
    fields: dict[str, tuple[str, str]]

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the change for JSON."""
        return {
            "change": self.change,
            "table": self.table,
            "name": self.name,
            "sys_id": self.sys_id,
            "by": self.by,
            "at": self.at,
            "fields": {
                column: {"from": before, "to": after} for column, (before, after) in self.fields.items()
            },
        }


def make_baseline(present: InstanceState) -> Baseline:
    """Return what was found as it is remembered; names that are not unique are left out."""
    found: dict[str, RecordFingerprint] = {}
    for key in present.records:
        row = present.one(key)
        if row is not None:
            found[key] = RecordFingerprint(row["sys_id"], _fingerprints(row))
    return found


def _fingerprints(row: Row) -> dict[str, str]:
    return {
        column: fingerprint(value)
        for column, value in row.items()
        if column not in ("sys_id", *AUDIT_COLUMNS)
    }


async def find_drift(instance: ServiceNowClient, present: InstanceState, baseline: Baseline) -> list[Drift]:
    """Compare what is there with the baseline; what is no longer in its place is looked for by its sys_id."""
    if not baseline:
        return []
    found: list[Drift] = []
    here = {row["sys_id"]: (key, row) for key, rows in present.records.items() for row in rows}
    missing: dict[str, dict[str, RecordFingerprint]] = {}
    names = {known.sys_id: key for key, known in baseline.items()}
    for key, known in baseline.items():
        if known.sys_id in here:
            edited = _edited_drift(key, known, here[known.sys_id][1])
            found += [edited] if edited else []
        else:
            missing.setdefault(TABLE_BY_KEY_PREFIX[key.partition(":")[0]], {})[key] = known
    for table, records in missing.items():
        found += await _find_moved_or_deleted(instance, table, records)
    found += [_added_drift(key, row) for sys_id, (key, row) in here.items() if sys_id not in names]
    return found


def _edited_drift(key: str, known: RecordFingerprint, row: Row) -> Drift | None:
    now = _fingerprints(row)
    fields = {
        column: (before, now[column])
        for column, before in known.fields.items()
        if column in now and now[column] != before
    }
    if not fields:
        return None
    return Drift(
        "edited",
        _table_of_key(key),
        _record_name(key, row),
        row["sys_id"],
        row["sys_updated_by"],
        _updated_at(row),
        fields,
    )


def _added_drift(key: str, row: Row) -> Drift:
    return Drift(
        "added",
        _table_of_key(key),
        _record_name(key, row),
        row["sys_id"],
        row["sys_created_by"],
        f"{row['sys_created_on']} UTC",
        {},
    )


async def _find_moved_or_deleted(
    instance: ServiceNowClient, table: str, records: dict[str, RecordFingerprint]
) -> list[Drift]:
    """Tell records that were moved or renamed from those that are gone."""
    wanted = list(next(iter(records.values())).fields)
    columns = (*(TABLE_COLUMNS.get(table) or wanted), *AUDIT_COLUMNS)
    query = where("sys_id", Operator.IN, *(known.sys_id for known in records.values()))
    rows = {
        row["sys_id"]: row
        async for row in instance.table(table).rows(query, fields=columns, page_size=PAGE_SIZE)
    }
    gone = {key: known for key, known in records.items() if known.sys_id not in rows}
    deleted = await _read_deletions(instance, table, [known.sys_id for known in gone.values()])
    found = []
    for key, known in records.items():
        if known.sys_id in rows:
            edited = _edited_drift(key, known, rows[known.sys_id])
            found += [edited] if edited else []
            continue
        by, at = deleted.get(known.sys_id, (UNKNOWN, UNKNOWN))
        # Without an entry in the list of deletions it may as well be hidden from the account.
        change = "deleted" if known.sys_id in deleted else "missing"
        found.append(Drift(change, table, _record_name(key, known.fields), known.sys_id, by, at, {}))
    return found


async def _read_deletions(
    instance: ServiceNowClient, table: str, sys_ids: list[str]
) -> dict[str, tuple[str, str]]:
    """Return who deleted what and when, as far as the account may read the instance's list of deletions."""
    if not sys_ids:
        return {}
    query = where("documentkey", Operator.IN, *sys_ids).where("tablename", Operator.IS, table)
    fields = ("documentkey", "sys_created_by", "sys_created_on")
    try:
        rows = [row async for row in instance.table("sys_audit_delete").rows(query, fields=fields)]
    except ConsoleError:
        # That it is gone stands without knowing who did it.
        return {}
    return {row["documentkey"]: (row["sys_created_by"], f"{row['sys_created_on']} UTC") for row in rows}


def _table_of_key(key: str) -> str:
    return TABLE_BY_KEY_PREFIX[key.partition(":")[0]]


def _record_name(key: str, row: Mapping[str, str]) -> str:
    return str(row.get("name") or row.get("title") or key)


def _updated_at(row: Row) -> str:
    return f"{row['sys_updated_on']} UTC"
