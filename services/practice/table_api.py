"""The Table API: records in JSON, with queries, access rules and recorded error bodies."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.common.json_types import JsonLike
from services.practice import orders_and_approvals
from services.practice.accounts_and_sessions import User
from services.practice.database import Database, Row, quote_identifier, to_column_text
from services.practice.encoded_query import QueryCompiler, parse_query
from services.practice.fault_effects import (
    VARIABLE_TABLES,
    apply_faults,
    apply_faults_to_list,
    are_roles_visible,
    hidden_row_ids,
    is_field_hidden,
)
from services.practice.faults import FaultRegistry
from services.practice.schema import CHOICES, TABLES, ColumnType, Table

LIMIT_DEFAULT = 10_000
LIMIT_MAX = 10**9
WRITE_METHODS = ("POST", "PUT", "PATCH")

READ_ROLES: dict[str, tuple[str, ...]] = {
    "sys_web_service": ("web_service_admin",),
    "sys_web_service_input": ("web_service_admin",),
    "sys_web_service_output": ("web_service_admin",),
    "sys_user_has_role": ("admin",),
    "sys_user_certificate": ("admin",),
    "sys_dictionary": ("admin", "web_service_admin"),
    "sys_audit_delete": ("admin",),
    "syslog": ("admin",),
    "sys_user_basic_auth_exception": ("admin",),
}
"""Who may read a table; tables that are not named here are readable for every signed-in account."""

FORBIDDEN_TABLES = ("sys_plugins",)
"""Tables that answer 403 to everybody but admin, and not an empty list."""
SWITCH_PREFIXES = ("glide.authenticate.", "glide.oauth.")
"""System properties of the sign-in: their rows are hidden from everybody but admin."""

WRITE_ROLES: dict[str, tuple[str, ...]] = {
    "sys_web_service": ("web_service_admin",),
    "sys_web_service_input": ("web_service_admin",),
    "sys_web_service_output": ("web_service_admin",),
    "sysapproval_approver": ("approval_admin", "approver_user"),
    "sc_req_item": ("itil", "approval_admin"),
    "sc_category": ("catalog_admin",),
    "sc_cat_item": ("catalog_admin",),
    "item_option_new": ("catalog_admin",),
    "item_option_new_set": ("catalog_admin",),
    "io_set_item": ("catalog_admin",),
}
"""Who may write to a table; every other table takes admin."""

ADMIN_DELETE_TABLES = ("sysapproval_approver", "sc_req_item")
"""Tables whose rows only admin may delete, whoever may change them."""

_REFUSED_OPERATIONS = {"POST": "Insert", "DELETE": "Delete"}


class TableResponse(JSONResponse):
    """A JSON response with the content type of an instance."""

    media_type = "application/json;charset=UTF-8"


def error_response(status: int, message: str, detail: str) -> TableResponse:
    """Return an error response of the Table API."""
    return TableResponse({"error": {"message": message, "detail": detail}, "status": "failure"}, status)


def not_authenticated(challenge: str = "") -> TableResponse:
    """Return the response to wrong credentials; `challenge` is its header `WWW-Authenticate`."""
    response = error_response(401, "User Not Authenticated", "Required to provide Auth information")
    if challenge:
        response.headers["WWW-Authenticate"] = challenge
    return response


class RowCache:
    """Cache of referenced rows for one response."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows: dict[tuple[str, str], Row | None] = {}
        self._variables: dict[str, dict[str, str]] = {}

    def get(self, table: str, sys_id: str) -> Row | None:
        """Return a row, or None."""
        key = (table, sys_id)
        if key not in self._rows:
            self._rows[key] = self._database.get(table, sys_id)
        return self._rows[key]

    def variables(self, requested_item: str) -> dict[str, str]:
        """Return the variables of a requested item by name."""
        if requested_item not in self._variables:
            self._variables[requested_item] = orders_and_approvals.variable_values(
                self._database, requested_item
            )
        return self._variables[requested_item]


class TableApi:
    """Handles calls of /api/now/table."""

    def __init__(self, database: Database, faults: FaultRegistry) -> None:
        self._database = database
        self._faults = faults

    async def answer(self, request: Request, user: User, table_name: str, sys_id: str) -> Response:
        """Handle one call of an authenticated user."""
        if table_name in FORBIDDEN_TABLES and not user.has("admin"):
            return error_response(403, "Insufficient rights to query records", "")
        table = TABLES.get(table_name)
        if table is None:
            return error_response(400, f"Invalid table {table_name}", "")
        try:
            return await self._answer(request, user, table, sys_id)
        except sqlite3.IntegrityError:
            return error_response(
                403, "Operation Failed", f"Error during insert of {table_name} (Unique Key violation)"
            )
        except sqlite3.Error as error:
            return error_response(400, "Invalid query", str(error))

    async def _answer(self, request: Request, user: User, table: Table, sys_id: str) -> Response:
        if request.method == "GET":
            return self._one(request, user, table, sys_id) if sys_id else self._list(request, user, table)
        kept = request.method == "DELETE" and table.name in ADMIN_DELETE_TABLES
        kept = kept or (table.name == "sc_req_item" and self._faults.on("items_read_only"))
        if not user.has(*(() if kept else WRITE_ROLES.get(table.name, ())), "admin"):
            return _acl_refused(request.method)
        if request.method == "DELETE":
            found = self._database.delete(table.name, sys_id, by=user.user_name)
            return Response(status_code=204) if found else _no_record()
        try:
            values = json.loads(await request.body() or b"{}")
        except (ValueError, RecursionError):
            return error_response(400, "Exception while reading request", "Invalid JSON")
        if not isinstance(values, dict):
            return error_response(400, "Exception while reading request", "The payload is not valid JSON.")
        if request.method not in WRITE_METHODS:
            return error_response(400, f"Method {request.method} is not supported", "")
        empty = _empty_mandatory(table, values, only_sent=request.method != "POST")
        if empty:
            text = f"Data Policy Exception: The following fields are mandatory: {', '.join(empty)}"
            return error_response(403, "Operation Failed", text)
        if request.method == "POST":
            made = self._database.insert(table.name, values, by=user.user_name)
            orders_and_approvals.write_journals(self._database, table.name, made, values, user.user_name)
            return self._record(request, table, made, 201)
        return self._change(request, user, table, sys_id, values)

    # -- reading -----------------------------------------------------------

    def _list(self, request: Request, user: User, table: Table) -> Response:
        params = request.query_params
        query = parse_query(params.get("sysparm_query", ""))
        compiler = QueryCompiler(table, user.sys_id, user.user_name)
        where, values = compiler.where(query)
        if self._faults.on("query_ignored"):
            where, values = ("1", []) if not table.is_class else (f"t0.sys_class_name = '{table.name}'", [])
        strict = self._database.is_set("glide.invalid_query.returns_no_rows", default=False)
        if compiler.invalid and strict:
            where, values = "0", []
        where, values = self._without_hidden(table, where, values)
        order = compiler.order(query)
        limit = _parse_number(params.get("sysparm_limit"), LIMIT_DEFAULT)
        offset = _parse_number(params.get("sysparm_offset"), 0)
        source = compiler.source()
        total = self._database.execute(f"SELECT count(*) FROM {source} WHERE {where}", values)[0][0]  # noqa: S608
        names = ", ".join(f"t0.{quote_identifier(n)}" for n in table.columns)
        found = self._database.execute(
            f"SELECT {names} FROM {source} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608
            [*values, limit, offset],
        )
        # The limit applies before access rules: a page may be short or empty although more rows follow.
        rows = [dict(row) for row in found if self._readable(user, table, dict(row))]
        if (
            self._faults.on("empty_pages")
            and offset == 0
            and "sys_id>" not in params.get("sysparm_query", "")
        ):
            rows = []
        asked = params.get("sysparm_query", "")
        rows = apply_faults_to_list(self._faults, table.name, rows, asked.startswith)
        lookups = RowCache(self._database)
        shown = [self._shown(table, row, params, lookups) for row in rows]
        headers = {} if params.get("sysparm_no_count") == "true" else {"X-Total-Count": str(total)}
        if params.get("sysparm_suppress_pagination_header") != "true":
            headers |= _link_header(request, limit, offset, total)
        if self._faults.on("error_in_200"):
            text = "Transaction cancelled: maximum execution time exceeded"
            return TableResponse(
                {"result": shown[:1], "error": {"message": text, "detail": text}, "status": "failure"}
            )
        if self._faults.on("lists_cut"):
            return _truncated_list(shown)
        gone = self._faults.on("approvers_missing") and not asked.startswith("ORDERBY")
        if table.name == "sys_user_grmember" and gone:
            headers["X-Total-Count"] = "0"
        return TableResponse({"result": shown}, headers=headers)

    def _without_hidden(self, table: Table, where: str, values: list[str]) -> tuple[str, list[str]]:
        """Return a condition without the rows that rules for queries hide."""
        hidden = hidden_row_ids(self._faults, table.name)
        if hidden is None:
            return "0", []
        if not hidden:
            return where, values
        marks = ", ".join("?" for _ in hidden)
        return f"({where}) AND t0.sys_id NOT IN ({marks})", [*values, *hidden]

    def _one(self, request: Request, user: User, table: Table, sys_id: str) -> Response:
        row = self._database.get(table.name, sys_id)
        if row is None or not self._readable(user, table, row):
            return error_response(
                404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval"
            )
        return self._record(request, table, sys_id, 200)

    def _record(self, request: Request, table: Table, sys_id: str, status: int) -> Response:
        row = self._database.get(table.name, sys_id)
        if row is None:
            return _no_record()
        return TableResponse(
            {"result": self._shown(table, row, request.query_params, RowCache(self._database))}, status
        )

    def _readable(self, user: User, table: Table, row: Row) -> bool:
        roles = READ_ROLES.get(table.name)
        if (
            table.name == "sys_properties"
            and row["name"].startswith(SWITCH_PREFIXES)
            and not user.has("admin")
        ):
            return False
        shown = table.name == "sys_user_has_role" and are_roles_visible(self._faults)
        if roles is not None and not shown and not user.has(*roles, "admin"):
            return False
        if table.name in VARIABLE_TABLES and self._faults.on("variables_hidden"):
            return False
        if table.name == "sysapproval_approver":
            return user.has("approval_admin") or row["approver"] == user.sys_id
        return True

    # -- writing -----------------------------------------------------------

    def _change(
        self, request: Request, user: User, table: Table, sys_id: str, values: Mapping[str, JsonLike]
    ) -> Response:
        row = self._database.get(table.name, sys_id)
        if row is None or not self._readable(user, table, row):
            return error_response(
                404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval"
            )
        own = row.get("approver") == user.sys_id
        if table.name == "sysapproval_approver" and not own and not user.has("approval_admin"):
            return _acl_refused(request.method)
        orders_and_approvals.update_record(self._database, table.name, sys_id, values, by=user.user_name)
        return self._record(request, table, sys_id, 200)

    # -- showing -----------------------------------------------------------

    def _shown(
        self, table: Table, row: Row, params: Mapping[str, str], lookups: RowCache
    ) -> Mapping[str, JsonLike]:
        wanted = [n.strip() for n in params.get("sysparm_fields", "").split(",") if n.strip()] or list(
            table.columns
        )
        shown: dict[str, JsonLike] = {}
        for path in wanted:
            hidden = is_field_hidden(self._faults, table.name, path)
            value = "" if hidden else self._value(table, row, path, params, lookups)
            if value is not None:
                shown[path] = value
        return shown

    def _value(
        self, table: Table, row: Row, path: str, params: Mapping[str, str], lookups: RowCache
    ) -> JsonLike:
        """Return the value of a field, which may be dot-walked; None for an unknown field."""
        name, _, rest = path.partition(".")
        if name == "variables" and table.name == "sc_req_item":
            return lookups.variables(row["sys_id"]).get(rest, "")
        if rest and name.startswith("ref_") and name[4:] in TABLES:
            # The same record, read through a table that extends this one.
            extended = lookups.get(name[4:], row["sys_id"])
            if extended is None:
                return ""
            return self._value(TABLES[name[4:]], extended, rest, params, lookups)
        column = table.columns.get(name)
        if column is None:
            return None
        if rest:
            target = TABLES.get(column.reference)
            other = lookups.get(target.name, row[name]) if target is not None and row[name] else None
            if target is None:
                return None
            if other is None:
                return ""
            return self._value(target, apply_faults(self._faults, target.name, other), rest, params, lookups)
        value = row[name]
        words = CHOICES.get((table.stored_in, name), {})
        display = words.get(value, value)
        mode = params.get("sysparm_display_value", "false")
        if column.type is ColumnType.REFERENCE and value:
            if mode != "false":
                display = self._display(column.reference, value, lookups)
            if mode == "false" and params.get("sysparm_exclude_reference_link") != "true":
                return {"link": f"/api/now/table/{column.reference}/{value}", "value": value}
        if mode == "all":
            return {"display_value": display, "value": value}
        return display if mode == "true" else value

    def _display(self, table_name: str, sys_id: str, lookups: RowCache) -> str:
        table = TABLES.get(table_name)
        row = lookups.get(table_name, sys_id) if table is not None else None
        return row[table.display] if table is not None and row is not None else ""


def _truncated_list(shown: Sequence[Mapping[str, JsonLike]]) -> Response:
    """Return the response of a transaction cancelled by a quota: an unterminated array followed by an error."""
    text = "Transaction cancelled: maximum execution time exceeded"
    error = json.dumps({"error": {"message": text, "detail": text}, "status": "failure"})[1:]
    content = json.dumps({"result": shown[:1]})[:-2] + ("," if shown else "") + error
    return Response(content, media_type=TableResponse.media_type)


def _acl_refused(method: str) -> TableResponse:
    what = _REFUSED_OPERATIONS.get(method, "Update")
    return error_response(403, "Operation Failed", f"ACL Exception {what} Failed due to security constraints")


def _empty_mandatory(table: Table, values: Mapping[str, JsonLike], *, only_sent: bool) -> list[str]:
    """Return the labels of mandatory columns that are empty after a write."""
    return [
        column.label
        for column in table.columns.values()
        if column.mandatory
        and not (only_sent and column.name not in values)
        and not to_column_text(values.get(column.name)).strip()
    ]


def _no_record() -> TableResponse:
    return error_response(
        404, "No Record found", "Records matching query not found. Check query parameter or offset parameter"
    )


def _parse_number(text: str | None, default: int) -> int:
    return min(int(text), LIMIT_MAX) if text is not None and text.isdecimal() and len(text) < 20 else default


def _link_header(request: Request, limit: int, offset: int, total: int) -> dict[str, str]:
    """Return the Link header of a page."""
    kept = [
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in ("sysparm_limit", "sysparm_offset")
    ]
    base = f"{request.url.path}?{urlencode(kept, quote_via=quote)}"
    places = {"first": 0, "last": max(0, (total - 1) // max(limit, 1) * limit)}
    if offset + limit < total:
        places["next"] = offset + limit
    if offset:
        places["prev"] = max(0, offset - limit)
    parts = [
        f'<{base}&sysparm_limit={limit}&sysparm_offset={start}>;rel="{name}"'
        for name, start in sorted(places.items())
    ]
    return {"Link": ",".join(parts)}
