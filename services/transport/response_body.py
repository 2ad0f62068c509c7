"""Reads the body of a response, within limits."""

import codecs

import httpx

from services.common.fault_ids import FaultId
from services.transport.faults import FaultTable

RESPONSE_MAX_BYTES = 32 * 1024 * 1024
"""The limit for servers whose lists come in pages."""


async def read_limited_body(
    faults: FaultTable, response: httpx.Response, tried: str, *, limit: int = RESPONSE_MAX_BYTES
) -> None:
    """Read the body of a `response` that was asked for as a stream; raises `answer-too-large` beyond `limit` bytes."""
    if len(response.headers.get_list("content-encoding", split_commas=True)) > 1:
        # Packed twice, a small answer becomes one that no memory holds before it can be measured.
        cause = (
            "The answer is packed more than once, which no server here does; how large it is cannot be seen."
        )
        raise faults.error(
            FaultId.ANSWER_TOO_LARGE, tried, "the answer is packed more than once", cause=cause
        )
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > limit:
            raise faults.error(FaultId.ANSWER_TOO_LARGE, tried, f"more than {limit // 2**20} MiB")
        parts.append(part)
    response._content = b"".join(parts)  # noqa: SLF001 -- httpx has no public way to read with a bound
    ensure_decodable(response)


def ensure_decodable(response: httpx.Response) -> None:
    """See to it that the text of `response` can be looked at, whatever character set its headers name."""
    try:
        named = response.charset_encoding
        readable = named is None or _is_text_codec(named)
    except Exception:  # noqa: BLE001 -- what reads the header raises whatever its content makes it raise
        readable = False
    if not readable:
        response.encoding = "utf-8"


def _is_text_codec(name: str) -> bool:
    """Return whether Python's codec of this name reads every byte as text: some do another work, some give up."""
    try:
        return isinstance(codecs.decode(b"<\xff>", name, "replace"), str)
    except Exception:  # noqa: BLE001 -- codecs raise what their own libraries raise
        return False
