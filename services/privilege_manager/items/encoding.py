"""Decodes exported items and encodes their copies: byte order mark, encoding and declaration stay as they are.

Everything else in this package works on the text in UTF-8 without byte order mark, whatever the file is encoded in:
one kind of offset, and characters of which every encoding gives the same bytes back.
"""

import codecs
import re
from dataclasses import dataclass

from services.common.fault_ids import FaultId
from services.language import tr_message
from services.privilege_manager.items.document_error import ItemDocumentError, position_of

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""UTF-32 first: its little-endian mark begins with that of UTF-16."""
_DECLARATION = re.compile(rb"""\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
_LEADING_SPACE = re.compile(rb"\s*(?=<\?xml\s)")
_ALLOWED_CODEC = re.compile(
    r"utf-8|ascii|iso8859-\d+|latin_?1|cp125\d|cp437|cp85\d|cp932|cp949|koi8-[rtu]|mac-roman"
    r"|shift_jis|euc_jp|euc_kr|gb2312|gbk|gb18030|big5"
)
"""Encodings of text, extending ASCII and without state. Python knows others: transformations, and ones with state."""
DECLARATION_MAX = 1024


@dataclass(frozen=True, slots=True)
class SourceText:
    """The text of a file in UTF-8, and how the file encodes it.

    `xml_start` is where the XML begins: white space in front of an XML declaration does not belong to it.
    """

    text: bytes
    codec: str
    byte_order_mark: bytes
    xml_start: int

    def encode(self, text: bytes) -> bytes:
        """Return `text`, in UTF-8, as the file encodes it; `can_express` must hold for all of it."""
        return self.byte_order_mark + self.encoded(text)

    def encoded(self, text: bytes) -> bytes:
        """Return a part of the text as the file encodes it, without byte order mark."""
        return text if self.codec == "utf-8" else text.decode().encode(self.codec)

    def can_express(self, character: str) -> bool:
        """Return whether the encoding has the character; one that it has not becomes a character reference."""
        try:
            return character.encode(self.codec).decode(self.codec) == character
        except UnicodeError:
            return False


def decode_source(data: bytes) -> SourceText:
    """Decode a file by byte order mark, declared encoding, or as UTF-8.

    Raises ItemDocumentError (action-export-encoding) for an unknown encoding, bytes that are not of it, and texts of
    which the encoding would not give the same bytes back.
    """
    mark, codec = _find_codec(data)
    content = data[len(mark) :]
    try:
        decoded = content.decode(codec)
    except UnicodeDecodeError as error:
        read = content[: error.start].decode(codec, "replace").encode()
        raise ItemDocumentError(
            FaultId.ACTION_EXPORT_ENCODING,
            tr_message(
                "Byte {index} is not text in {encoding}.", index=len(mark) + error.start, encoding=codec
            ),
            position=position_of(read, len(read)),
            evidence=content[error.start : error.start + 8].hex(" "),
        ) from error
    try:
        same = decoded.encode(codec) == content
        text = decoded.encode()
    except UnicodeEncodeError:
        same = False
    if not same:
        raise ItemDocumentError(
            FaultId.ACTION_EXPORT_ENCODING,
            tr_message("The text cannot be written in {encoding} as it was.", encoding=codec),
        )
    leading = _LEADING_SPACE.match(text)
    return SourceText(text, codec, mark, leading.end() if leading else 0)


def _find_codec(data: bytes) -> tuple[bytes, str]:
    """Return the byte order mark and the codec."""
    for mark, codec in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return mark, codec
    if len(data) > 1 and (data[0] == 0) != (data[1] == 0):
        return b"", "utf-16-be" if data[0] == 0 else "utf-16-le"
    declared = _DECLARATION.match(data[:DECLARATION_MAX])
    if declared is None:
        return b"", "utf-8"
    name = declared[1].decode()
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        codec = ""
    if not _ALLOWED_CODEC.fullmatch(codec):
        raise ItemDocumentError(
            FaultId.ACTION_EXPORT_ENCODING,
            tr_message(
                "The file declares the encoding {encoding}, which it cannot be read in.", encoding=name
            ),
            position=position_of(data, declared.start(1)),
        )
    return b"", codec
