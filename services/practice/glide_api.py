"""Host side of the simulated Glide API (resources/practice/glide.js).

A script runs as the system: access rules do not apply, and rows it writes name the caller.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence

from lxml import etree

from services.common.json_types import JsonLike
from services.practice import orders_and_approvals
from services.practice.accounts_and_sessions import User
from services.practice.database import Database, Row, new_sys_id, quote_identifier
from services.practice.encoded_query import Condition, EncodedQuery, QueryCompiler, parse_query
from services.practice.orders_and_approvals import Order, OrderError
from services.practice.schema import CHOICES, TABLES, ColumnType
from services.practice.shopping_carts import Carts

ROWS_MAX = 100_000
OPERATOR_ALIASES = {"CONTAINS": "LIKE", "DOES NOT CONTAIN": "NOT LIKE", "<>": "!=", "==": "="}
"""Operators that scripts write otherwise than encoded queries."""

ConditionGroup = Sequence[Sequence[str]]


class XmlError(ValueError):
    """A text is not a well-formed XML document without a document type."""


class GlideBridge:
    """Answers the calls of one script: JSON in, JSON out."""

    def __init__(self, database: Database, user: User, source: str) -> None:
        self._database = database
        self._user = user
        self._source = source
        self._carts = Carts(database, user)
        self._known: dict[str, Callable[..., JsonLike]] = {
            "table": self._table, "query": self._query, "load": self._load, "insert": self._insert,
            "update": self._update, "delete": self._delete, "display": self._display, "journal": self._journal,
            "variable": self._variable, "property": self._property, "log": self.log, "now": database.now_text,
            "guid": new_sys_id, "xml": _xml_tree, "order_now": self._order_now, "cart_add": self._carts.add,
            "cart_variable": self._carts.set_variable, "cart_checkout": self._check_out,
            "cart_empty": self._carts.empty, "cart_id": self._carts.cart, "cart_details": self._cart_details,
        }  # fmt: skip

    def answer(self, question: str) -> str:
        """Answer one call; errors of the instance become errors that the script can catch."""
        name, *values = json.loads(question)
        try:
            return json.dumps({"value": self._known[name](*values)})
        except (OrderError, XmlError, sqlite3.Error) as error:
            return json.dumps({"error": str(error)})

    def log(self, level: str, message: str) -> None:
        """Write to the instance's log."""
        values = {"level": level, "message": message, "source": self._source}
        self._database.insert("syslog", values, by=self._user.user_name)

    # -- records -----------------------------------------------------------

    def _table(self, name: str) -> Mapping[str, JsonLike] | None:
        table = TABLES.get(name)
        if table is None:
            return None
        columns = {c.name: {"type": c.type.value, "reference": c.reference} for c in table.columns.values()}
        return {"columns": columns, "display": table.display}

    def _query(
        self,
        name: str,
        groups: Sequence[ConditionGroup],
        encoded: Sequence[str],
        order: Sequence[tuple[str, bool]],
        window: tuple[float | None, float | None] | None,
    ) -> list[str]:
        table = TABLES.get(name)
        if table is None:
            return []
        compiler = QueryCompiler(table, self._user.sys_id, self._user.user_name)
        query = self._read(name, groups, encoded, order)
        where, values = compiler.where(query)
        if compiler.invalid and self._database.is_set("glide.invalid_query.returns_no_rows", default=False):
            return []
        first, last = (int(n or 0) for n in window) if window else (0, ROWS_MAX)
        by = compiler.order(query)
        found = self._database.execute(
            f"SELECT t0.sys_id FROM {compiler.source()} WHERE {where} ORDER BY {by} LIMIT ? OFFSET ?",  # noqa: S608
            [*values, max(0, min(last - first, ROWS_MAX)), max(0, first)],
        )
        return [row[0] for row in found]

    @staticmethod
    def _read(
        name: str, groups: Sequence[ConditionGroup], encoded: Sequence[str], order: Sequence[tuple[str, bool]]
    ) -> EncodedQuery:
        """Combine conditions and encoded queries into one query, joined by AND."""
        own = tuple(tuple(_condition(name, *words) for words in group) for group in groups)
        parts = [parse_query(text) for text in encoded]
        joined: tuple[tuple[tuple[Condition, ...], ...], ...] = (own,)
        for part in parts:
            joined = tuple(one + other for one in joined for other in part.queries or ((),))
        orders = tuple((str(field), bool(down)) for field, down in order)
        return EncodedQuery(
            joined if any(joined) else (),
            orders + tuple(o for part in parts for o in part.order),
            tuple(text for part in parts for text in part.invalid),
        )

    def _load(self, name: str, keys: Sequence[str]) -> list[Row]:
        table = TABLES[name]
        names = ", ".join(quote_identifier(n) for n in table.columns)
        marks = ", ".join("?" for _ in keys)
        found = self._database.execute(
            f"SELECT {names} FROM {quote_identifier(table.stored_in)} WHERE sys_id IN ({marks})",  # noqa: S608
            list(keys),
        )
        return [dict(row) for row in found]

    def _insert(self, name: str, values: Mapping[str, str]) -> Row | None:
        if name not in TABLES:
            return None
        with self._database.transaction():
            key = self._database.insert(name, values, by=self._user.user_name)
            orders_and_approvals.write_journals(self._database, name, key, values, self._user.user_name)
        return self._database.get(name, key)

    def _update(self, name: str, key: str, values: Mapping[str, str]) -> Row | None:
        if name not in TABLES:
            return None
        return orders_and_approvals.update_record(self._database, name, key, values, by=self._user.user_name)

    def _delete(self, name: str, key: str) -> bool:
        return name in TABLES and self._database.delete(name, key, by=self._user.user_name)

    def _display(self, name: str, column_name: str, value: str) -> str:
        table = TABLES[name]
        column = table.columns[column_name]
        if column.type is ColumnType.REFERENCE and column.reference in TABLES:
            row = self._database.get(column.reference, value)
            return row[TABLES[column.reference].display] if row is not None else ""
        return CHOICES.get((table.stored_in, column_name), {}).get(value, value)

    def _journal(self, name: str, element: str, key: str, count: int | None) -> str:
        entries = self._database.rows("sys_journal_field", name=name, element=element, element_id=key)
        entries.reverse()
        texts = [f"{e['sys_created_on']} - {e['sys_created_by']}\n{e['value']}\n\n" for e in entries]
        return "".join(texts[:1] if count == 1 else texts)

    def _variable(self, requested_item: str, name: str) -> str:
        return orders_and_approvals.variable_value(self._database, requested_item, name)

    def _property(self, name: str) -> str | None:
        row = self._database.first("sys_properties", name=name)
        return row["value"] if row else None

    # -- the catalogue -----------------------------------------------------

    def _order_now(self, name: str, item: str, quantity: str, variables: Mapping[str, str]) -> dict[str, str]:
        placed = self._carts.order_now(name, item, quantity, variables)
        return _order_result(placed) if placed else {"cart_id": self._carts.cart(name)}

    def _check_out(self, name: str) -> dict[str, str] | None:
        placed = self._carts.check_out(name)
        return _order_result(placed) if placed else None

    def _cart_details(self, name: str) -> Mapping[str, JsonLike]:
        shown = []
        for row in self._carts.items(name):
            item = self._database.get("sc_cat_item", row["cat_item"]) or {}
            shown.append({"itemName": item.get("name", ""), "quantity": row["quantity"]})
        return {"items": shown}


def _order_result(order: Order) -> dict[str, str]:
    return {"request_id": order.request_id, "request_number": order.request_number, "table": "sc_request"}


def _condition(table: str, field: str, operator: str, value: str) -> Condition:
    column = TABLES[table].columns.get(field)
    if column is not None and column.type is ColumnType.BOOLEAN:
        value = {"1": "true", "0": "false"}.get(value, value)
    return Condition(field, OPERATOR_ALIASES.get(operator.strip().upper(), operator.strip().upper()), value)


def read_xml(text: str) -> etree._Element:
    """Return the root element of a document. Raises XmlError."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode(errors="replace"), parser)
    except etree.XMLSyntaxError as error:
        raise XmlError(str(error)) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlError("A document type is not allowed.")
    return root


def _xml_tree(text: str) -> list[JsonLike]:
    def grown(element: etree._Element) -> list[JsonLike]:
        name = etree.QName(element).localname
        attributes = {str(k): str(v) for k, v in element.attrib.items()}
        return [name, (element.text or "").strip(), attributes, [grown(child) for child in element]]

    return grown(read_xml(text))
