"""Ids in every usual spelling."""

import uuid

import pytest

from models.compact_columns import pack_id
from services.common.uuid_text import id_prefix_variants, id_variants, parse_uuid
from services.store.full_text import matches_words

ID = uuid.UUID("4f6c2a1b-9d3e-4f6a-8b7c-0123456789ab")
WRITTEN = [
    str(ID), str(ID).upper(), ID.hex, ID.hex.upper(), f"{{{ID}}}", f"{{{str(ID).upper()}}}", f"({ID})", f"urn:uuid:{ID}",
    f"URN:UUID:{str(ID).upper()}", f"  {ID}\t", f" {{{ID.hex}}} ", f'"{ID}"', f"“{ID}”",
    f'"{{{ID}}}"', f"'{{{ID.hex}}}'", f"<{ID}>", f"[{ID}]", f"`{ID}`", f"„{ID}“", f"«{ID}»", f"\u200b{ID}", f"\ufeff{{{ID}}}",
    *(str(ID).replace("-", dash) for dash in "\u2010\u2011\u2013\u2212"),
    str(ID).translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}),
]  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_an_id_is_the_same_however_it_is_written(written):
    assert parse_uuid(written) == ID
    assert {str(ID), ID.hex, ID.hex.upper(), f"{{{str(ID).upper()}}}"} <= set(id_variants(written))


@pytest.mark.parametrize(
    "text", ["", "RITM0010001", "4f6c2a1b", f"{ID}0", f"x{ID}", "4f6c-2a1b9d3e4f6a8b7c0123456789ab"]
)
def test_what_is_no_id_stays_what_it_is(text):
    assert parse_uuid(text) is None
    assert id_variants(f" {text} ") == (text,)


@pytest.mark.parametrize("kept", [str(ID), str(ID).upper(), ID.hex, f"{{{ID}}}", f"{{{str(ID).upper()}}}"])
@pytest.mark.parametrize(
    "written", [*WRITTEN, "4F6C2A1B", "{4f6c2a1b-9d", "4f6c2a1b9d3e4f", "urn:uuid:4f6c2a"]
)
def test_a_search_finds_an_id_however_it_is_kept_and_written(kept, written):
    [word] = written.lower().split()
    assert matches_words("", ("other", pack_id(kept)), word)
    assert id_prefix_variants(word)
