"""What others changed since a set was last found good: which record, which columns, who and when."""

from dataclasses import dataclass
from typing import Any

from services.errors import ConsoleError
from services.provisioning.planning import Baseline, Remembered, fingerprint
from services.provisioning.reading import COLUMNS, PAGE, STAMPS, Present
from services.provisioning.wanted import INPUTS, OUTPUTS
from services.servicenow.instance import Instance
from services.servicenow.queries import Operator, where
from services.servicenow.records import Row

PREFIXES = {
    "category": "sc_category",
    "item": "sc_cat_item",
    "variable": "item_option_new",
    "service": "sys_web_service",
    "input": INPUTS,
    "output": OUTPUTS,
}
"""Table of a key by its first word."""
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Drift:
    """One record that was edited, added, deleted or replaced. `fields` is column to (fingerprint before, after)."""

    change: str
    table: str
    name: str
    sys_id: str
    by: str
    at: str
    fields: dict[str, tuple[str, str]]

    def as_dict(self) -> dict[str, Any]:
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


def remember(present: Present) -> Baseline:
    """Return what was found as it is remembered; names that are not unique are left out."""
    found: dict[str, Remembered] = {}
    for key in present.records:
        row = present.one(key)
        if row is not None:
            found[key] = Remembered(row["sys_id"], _fingerprints(row))
    return found


def _fingerprints(row: Row) -> dict[str, str]:
    return {column: fingerprint(value) for column, value in row.items() if column not in ("sys_id", *STAMPS)}


async def find_drift(instance: Instance, present: Present, baseline: Baseline) -> list[Drift]:
    """Compare what is there with the baseline; what is no longer in its place is looked for by its sys_id."""
    if not baseline:
        return []
    found: list[Drift] = []
    here = {row["sys_id"]: (key, row) for key, rows in present.records.items() for row in rows}
    missing: dict[str, dict[str, Remembered]] = {}
    names = {known.sys_id: key for key, known in baseline.items()}
    for key, known in baseline.items():
        if known.sys_id in here:
            edited = _edited(key, known, here[known.sys_id][1])
            found += [edited] if edited else []
        else:
            missing.setdefault(PREFIXES[key.partition(":")[0]], {})[key] = known
    for table, records in missing.items():
        found += await _elsewhere(instance, table, records)
    found += [_added(key, row) for sys_id, (key, row) in here.items() if sys_id not in names]
    return found


def _edited(key: str, known: Remembered, row: Row) -> Drift | None:
    now = _fingerprints(row)
    fields = {
        column: (before, now[column])
        for column, before in known.fields.items()
        if column in now and now[column] != before
    }
    if not fields:
        return None
    return Drift(
        "edited", _table(key), _name(key, row), row["sys_id"], row["sys_updated_by"], _at(row), fields
    )


def _added(key: str, row: Row) -> Drift:
    return Drift(
        "added",
        _table(key),
        _name(key, row),
        row["sys_id"],
        row["sys_created_by"],
        f"{row['sys_created_on']} UTC",
        {},
    )


async def _elsewhere(instance: Instance, table: str, records: dict[str, Remembered]) -> list[Drift]:
    """Tell records that were moved or renamed from those that are gone."""
    wanted = list(next(iter(records.values())).fields)
    columns = (*(COLUMNS.get(table) or wanted), *STAMPS)
    query = where("sys_id", Operator.IN, *(known.sys_id for known in records.values()))
    rows = {
        row["sys_id"]: row async for row in instance.table(table).rows(query, fields=columns, page_size=PAGE)
    }
    gone = {key: known for key, known in records.items() if known.sys_id not in rows}
    deleted = await _deletions(instance, table, [known.sys_id for known in gone.values()])
    found = []
    for key, known in records.items():
        if known.sys_id in rows:
            edited = _edited(key, known, rows[known.sys_id])
            found += [edited] if edited else []
            continue
        by, at = deleted.get(known.sys_id, (UNKNOWN, UNKNOWN))
        found.append(Drift("deleted", table, _name(key, known.fields), known.sys_id, by, at, {}))
    return found


async def _deletions(instance: Instance, table: str, sys_ids: list[str]) -> dict[str, tuple[str, str]]:
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


def _table(key: str) -> str:
    return PREFIXES[key.partition(":")[0]]


def _name(key: str, row: Any) -> str:
    return str(row.get("name") or row.get("title") or key)


def _at(row: Row) -> str:
    return f"{row['sys_updated_on']} UTC"
