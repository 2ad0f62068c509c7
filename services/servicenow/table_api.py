"""Records of an instance through the Table API, in JSON, paged by key."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import httpx

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId, FaultTrait
from services.common.json_types import JsonValue
from services.common.plain_text import replace_unstorable
from services.servicenow.encoded_query import AnyQuery, Operator, TableQuery, where
from services.servicenow.faults import make_error
from services.servicenow.http_session import HttpSession
from services.servicenow.response_checks import parse_json_result, raise_for_failure
from services.transport.http_channel import GET_ATTEMPTS
from services.transport.response_headers import integer_header

PAGE_SIZE = 200
PAGE_SIZE_MAX = 1000
"""A list that goes on is read in pages that double up to this size: a call takes its time for any number of rows."""
PARSE_IN_THREAD_BYTES = 256 * 1024
TOTAL_COUNT_HEADER = "x-total-count"
ROWS_MAX = 250_000
"""In one list: what goes on for longer has no end, or is not what was meant to be asked for."""
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class TablePage:
    """The rows of one call, whether more follow, and how many there are, hidden ones included (None: not told)."""

    rows: list[Row]
    more: bool
    total: int | None


def field_text(value: JsonValue) -> str:
    """Return a field of an answer as text; references come as objects or as an empty text."""
    if isinstance(value, dict):
        value = value.get("value", value.get("display_value", ""))
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return replace_unstorable(str(value))


class Table:
    """The records of one table, as far as the account may see them."""

    def __init__(self, session: HttpSession, name: str) -> None:
        self._session = session
        self.name = name
        self._path = f"api/now/table/{quote(name, safe='')}"

    async def rows(
        self,
        query: TableQuery | None = None,
        *,
        fields: Sequence[str],
        page_size: int | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Row]:
        """Yield rows in the order of their sys_id, page by page, to the end or to `limit`.

        Without `page_size` the first page is small, so that its rows come soon, and the pages after it grow.
        The limit of a page is applied before access rules, so a short page is not the end: the key goes on until a
        page comes back empty with nothing hidden behind it. Raises ConsoleError; a row that does not meet the query
        raises `query-ignored` instead of being passed on.
        """
        query = query or TableQuery()
        self._validate_query(query)
        wanted = list(dict.fromkeys(["sys_id", *fields, *query.fields()]))
        last, given, hidden, size, grows = "", 0, 0, page_size or PAGE_SIZE, page_size is None
        while True:
            try:
                answer = await self._page(query, wanted, last, size, hidden)
            except ConsoleError as error:
                if (
                    not grows
                    or size == PAGE_SIZE
                    or FaultTrait.SMALLER_PAGE_HELPS not in error.problem.fault.traits
                ):
                    raise
                size, grows = PAGE_SIZE, False
                continue
            page, before = answer.rows, last
            for row in page:
                self._check(query, row, before)
                before = row["sys_id"]
                yield row
                given += 1
                if limit is not None and given >= limit:
                    return
            if not answer.more:
                return
            # A page whose rows are all hidden gives no key to go on from; step over it by its size instead.
            # It may be shorter than asked for where the instance allows less, which no row tells here.
            last, hidden = (page[-1]["sys_id"], 0) if page else (last, hidden + min(size, PAGE_SIZE))
            size = min(2 * size, PAGE_SIZE_MAX) if grows else size
            if given + hidden > ROWS_MAX:
                raise make_error(
                    FaultId.ANSWER_TOO_LARGE, f"Read records of {self.name}", f"more than {ROWS_MAX} rows"
                )

    async def page(
        self, query: AnyQuery, *, fields: Sequence[str], limit: int, after: str = "", tries: int = 1
    ) -> TablePage:
        """Return up to `limit` rows behind the sys_id `after` with a single call, for work that counts its calls.

        Raises like `rows`. A page without rows that says more follow is one whose rows are all hidden.
        """
        self._validate_query(query)
        wanted = list(dict.fromkeys(["sys_id", *fields, *query.fields()]))
        page = await self._page(query, wanted, after, limit, 0, tries)
        if len(page.rows) > PAGE_SIZE:
            await asyncio.to_thread(self._verify_rows, query, page.rows, after)
        else:
            self._verify_rows(query, page.rows, after)
        return page

    async def first(self, query: TableQuery, fields: Sequence[str]) -> Row | None:
        """Return the first row that meets `query`, or None."""
        async for row in self.rows(query, fields=fields, page_size=2, limit=1):
            return row
        return None

    async def count(self, query: TableQuery) -> int | None:
        """Return how many rows meet `query` before access rules hide some, or None when the instance does not say."""
        tried = f"Count records of {self.name}"
        self._validate_query(query)
        encoded = query.encode()
        params = _query_params(sysparm_query=encoded, sysparm_fields="sys_id", sysparm_limit="1")
        response = await self._session.get(self._path, tried=tried, params=params, accept="application/json")
        parse_json_result(response, tried)
        return integer_header(response.headers, TOTAL_COUNT_HEADER)

    async def get(self, sys_id: str, fields: Sequence[str]) -> Row | None:
        """Return one record, or None when it is missing or hidden."""
        return await self.first(where("sys_id", Operator.IS, sys_id), fields)

    async def update(self, sys_id: str, values: Mapping[str, str]) -> Row:
        """Change fields of a record and return it as the instance has it afterwards."""
        tried = f"Change a record of {self.name}"
        path = f"{self._path}/{quote(sys_id, safe='')}"
        response = await self._session.send_json(
            "PATCH", path, dict(values), tried=tried, params=_query_params()
        )
        return self._record(parse_json_result(response, tried), tried)

    async def insert(self, values: Mapping[str, str]) -> Row:
        """Add a record and return it as the instance stored it."""
        tried = f"Add a record to {self.name}"
        response = await self._session.send_json(
            "POST", self._path, dict(values), tried=tried, params=_query_params()
        )
        row = self._record(parse_json_result(response, tried), tried)
        if not row.get("sys_id"):
            # Whatever is done with the record next would be done with none in particular.
            raise make_error(FaultId.REPLY_MALFORMED, tried, "the record has no sys_id")
        return row

    async def delete(self, sys_id: str) -> bool:
        """Remove a record; returns whether it was there (and could be seen)."""
        tried = f"Remove a record of {self.name}"
        path = f"{self._path}/{quote(sys_id, safe='')}"
        response = await self._session.send_delete(path, tried=tried)
        if response.status_code == 404:
            return False
        raise_for_failure(response, tried)
        return True

    async def _page(
        self,
        query: AnyQuery,
        fields: Sequence[str],
        last: str,
        size: int,
        skip: int,
        tries: int = GET_ATTEMPTS,
    ) -> TablePage:
        tried = f"Read records of {self.name}"
        if last:
            query = query.where("sys_id", Operator.GREATER, last)
        encoded = "^".join(part for part in (query.encode(), "ORDERBYsys_id") if part)
        params = _query_params(
            sysparm_query=encoded, sysparm_fields=",".join(fields), sysparm_limit=str(size)
        )
        if skip:
            params["sysparm_offset"] = str(skip)
        response = await self._session.get(
            self._path, tried=tried, params=params, accept="application/json", tries=tries
        )
        if response.status_code == 404 and "no record" in response.text[:2000].lower():
            return TablePage([], more=False, total=0)
        if len(response.content) > PARSE_IN_THREAD_BYTES:
            # Taking it apart is felt in a window.
            rows = await asyncio.to_thread(_parse_rows, response, fields, tried)
        else:
            rows = _parse_rows(response, fields, tried)
        total = integer_header(response.headers, TOTAL_COUNT_HEADER)
        # The count covers what lies behind this page's start, as a rule hidden rows included. A short page may have
        # lost its rest to access rules, or to a page size that the instance allows: as long as rows are missing from
        # the count, and where there is none, only an empty page ends the list.
        if total is None:
            return TablePage(rows, more=bool(rows), total=None)
        behind = total - skip
        step = size if rows else min(size, PAGE_SIZE)
        return TablePage(rows, more=behind > step or 0 < len(rows) < behind, total=total)

    def _validate_query(self, query: AnyQuery) -> None:
        try:
            query.encode()
        except ValueError as error:
            raise make_error(
                FaultId.INPUT_UNSENDABLE,
                f"Read records of {self.name}",
                str(error),
                cause="A query cannot carry this text.",
                remedy="Search for another part of the text.",
            ) from error

    def _verify_rows(self, query: AnyQuery, rows: Sequence[Row], last: str) -> None:
        for row in rows:
            self._check(query, row, last)
            last = row["sys_id"]

    def _check(self, query: AnyQuery, row: Row, last: str) -> None:
        if not query.holds(row) or row["sys_id"].casefold() <= last.casefold():
            tried = f"Read records of {self.name}"
            raise make_error(
                FaultId.QUERY_IGNORED, tried, f"{query.encode()} was answered with {row['sys_id']}"
            )

    def _record(self, result: JsonValue, tried: str) -> Row:
        if not isinstance(result, dict):
            raise make_error(FaultId.REPLY_MALFORMED, tried, "the result is not a record")
        return {name: field_text(value) for name, value in result.items()}


def _parse_rows(response: httpx.Response, fields: Sequence[str], tried: str) -> list[Row]:
    result = parse_json_result(response, tried)
    records = [row for row in result if isinstance(row, dict)] if isinstance(result, list) else []
    if not isinstance(result, list) or len(records) != len(result):
        raise make_error(FaultId.REPLY_MALFORMED, tried, "the result is not a list of records")
    return [{name: field_text(row.get(name, "")) for name in fields} for row in records]


def _query_params(**more: str) -> dict[str, str]:
    return {"sysparm_exclude_reference_link": "true", "sysparm_suppress_pagination_header": "true", **more}
