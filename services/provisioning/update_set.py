"""A plan as an update set: XML that an administrator loads, previews and commits by hand in ServiceNow.

The same plan makes the same bytes: ids come from names, the order is that of the plan, and no time is in it.
Source of the form: what an instance itself writes for “Export to XML” of a completed update set.
"""

import hashlib

from lxml import etree

from services.provisioning.plan_changes import ProvisionPlan, RecordChange
from services.provisioning.required_records import FieldValue, RecordReference
from services.servicenow.script_templates import MARKER_PREFIX

TABLE_LABELS = {
    "sc_category": "Category",
    "sc_cat_item": "Catalog Item",
    "item_option_new": "Variable",
    "sys_web_service": "Scripted SOAP Service",
    "sys_web_service_input": "Web Service Input Parameter",
    "sys_web_service_output": "Web Service Output Parameter",
}
"""What ServiceNow calls the records of a table in the list of an update set."""
APPLICATION, SCOPE = "global", "global"


def stable_id(*words: str) -> str:
    """Return a sys_id, 32 hexadecimal digits, that the same words always give."""
    return hashlib.blake2b("\x1f".join(words).encode(), digest_size=16).hexdigest()


def render_update_set(plan: ProvisionPlan) -> bytes:
    """Return the update set of everything that `plan` would write; conflicts and what is kept are not in it."""
    return _UpdateSetWriter(plan).write()


class _UpdateSetWriter:
    """Writes one update set."""

    def __init__(self, plan: ProvisionPlan) -> None:
        self._plan = plan
        self._set = stable_id(plan.names.marker, *plan.names.identity.splitlines())
        self._ids = {change.key: change.sys_id or stable_id(self._set, change.key) for change in plan.changes}

    def write(self) -> bytes:
        root = etree.Element("unload")
        names = self._plan.names
        self._record(
            root,
            "sys_remote_update_set",
            {
                "application": APPLICATION,
                "application_name": "Global",
                "application_scope": SCOPE,
                "description": "What Privilege Manager needs for approvals through ServiceNow: "
                f"{len(self._plan.writes)} records. Preview before you commit.",
                "name": f"Approval items {names.marker.removeprefix(MARKER_PREFIX)}: {names.item}",
                "remote_sys_id": self._set,
                "state": "loaded",
                "sys_id": self._set,
            },
        )
        for change in self._plan.writes:
            self._update(root, change)
        etree.indent(root, space="")
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")

    def _update(self, root: etree._Element, change: RecordChange) -> None:
        sys_id = self._ids[change.key]
        self._record(
            root,
            "sys_update_xml",
            {
                "action": "INSERT_OR_UPDATE",
                "application": APPLICATION,
                "category": "customer",
                "name": f"{change.table}_{sys_id}",
                "payload": self._payload(change, sys_id),
                "remote_update_set": self._set,
                "sys_id": stable_id(self._set, "update", change.key),
                "table": "",
                "target_name": change.name,
                "type": TABLE_LABELS[change.table],
                "update_domain": "global",
            },
        )

    def _payload(self, change: RecordChange, sys_id: str) -> str:
        root = etree.Element("record_update", table=change.table)
        record = etree.SubElement(root, change.table, action="INSERT_OR_UPDATE")
        fields = {column: self._value(to) for column, (_, to) in change.fields.items()}
        fields |= {"sys_id": sys_id, "sys_scope": APPLICATION}
        for column in sorted(fields):
            etree.SubElement(record, column).text = fields[column]
        body = etree.tostring(root, encoding="unicode")
        return f'<?xml version="1.0" encoding="UTF-8"?>{body}'

    def _value(self, value: FieldValue) -> str:
        return self._ids[value.key] if isinstance(value, RecordReference) else value

    @staticmethod
    def _record(root: etree._Element, table: str, fields: dict[str, str]) -> None:
        record = etree.SubElement(root, table, action="INSERT_OR_UPDATE")
        for column, value in fields.items():
            child = etree.SubElement(record, column)
            # Instances write payloads as CDATA; one that would end it early is left to the serializer's escapes.
            child.text = etree.CDATA(value) if column == "payload" and "]]>" not in value else value
