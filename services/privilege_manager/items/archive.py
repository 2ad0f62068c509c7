"""Reads an uploaded export, XML or zip, and writes the zip that *Import Items* accepts.

The zip of an export has one entry, items.xml, without a folder. Whatever else a zip can be is refused: other and
several entries, paths, encryption, damaged data, and data that grows out of proportion.
"""

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass

from services.common.fault_ids import FaultId
from services.language import tr_message
from services.privilege_manager.items.document_error import ItemDocumentError

ENTRY_NAME = "items.xml"
SIZE_MAX = 64 * 1024 * 1024
"""Bytes of an upload, and of the XML in it."""
RATIO_MAX = 250
"""How many times larger than packed an entry may be; exported windows reach about 20."""
RATIO_FROM = 4 * 1024 * 1024
"""Size from which the ratio counts."""
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ENCRYPTED = 0x1
_DAMAGES = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)
"""What zipfile raises for damaged or unusual files; UnicodeDecodeError is a ValueError."""


@dataclass(frozen=True, slots=True)
class Upload:
    """The XML of an upload, and whether it was in a zip."""

    xml: bytes
    was_archive: bool


def read_upload(data: bytes) -> Upload:
    """Return the XML of an upload. Raises ItemDocumentError: action-export-archive or action-export-too-large."""
    if len(data) > SIZE_MAX:
        raise _too_large(len(data))
    if data.startswith(_ZIP_STARTS):
        return Upload(_read_entry(data), was_archive=True)
    return Upload(data, was_archive=False)


def write_archive(xml: bytes) -> bytes:
    """Return the zip for *Import Items*; equal XML gives equal bytes."""
    target = io.BytesIO()
    entry = zipfile.ZipInfo(ENTRY_NAME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(entry, xml)
    return target.getvalue()


def _read_entry(data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entry = _check_entries(archive.infolist())
            with archive.open(entry) as stream:
                xml = stream.read(SIZE_MAX + 1)
                if len(xml) <= SIZE_MAX:
                    stream.read(1)  # the end of the data is where the checksum is compared
    except _DAMAGES as error:
        raise ItemDocumentError(
            FaultId.ACTION_EXPORT_ARCHIVE,
            tr_message("The zip file is damaged."),
            evidence=f"{type(error).__name__}: {error}",
        ) from error
    if len(xml) > SIZE_MAX:
        raise _too_large(len(xml))
    if xml.startswith(_ZIP_STARTS):
        raise _refused(tr_message("{name} in the zip file is a zip file itself.", name=ENTRY_NAME))
    return xml


def _check_entries(entries: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """Return the only entry; raises ItemDocumentError, which none of `_DAMAGES` includes."""
    if len(entries) != 1:
        raise _refused(
            tr_message("The zip file has {count} entries instead of one.", count=len(entries)),
            ", ".join(entry.orig_filename[:80] for entry in entries[:5]),
        )
    entry = entries[0]
    if entry.orig_filename != ENTRY_NAME:
        raise _refused(
            tr_message("The entry of the zip file is not named {name}.", name=ENTRY_NAME),
            entry.orig_filename[:200],
        )
    if entry.flag_bits & _ENCRYPTED:
        raise _refused(tr_message("The zip file is encrypted."))
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refused(
            tr_message("The zip file is packed by a method other than deflate."), str(entry.compress_type)
        )
    if entry.file_size > SIZE_MAX:
        raise _too_large(entry.file_size)
    if entry.file_size > RATIO_FROM and entry.file_size > RATIO_MAX * max(entry.compress_size, 1):
        raise ItemDocumentError(
            FaultId.ACTION_EXPORT_TOO_LARGE,
            tr_message("The zip file grows out of proportion when it is unpacked."),
            evidence=f"{entry.compress_size:,} bytes become {entry.file_size:,}",
        )
    return entry


def _refused(reason: str, evidence: str = "") -> ItemDocumentError:
    return ItemDocumentError(FaultId.ACTION_EXPORT_ARCHIVE, reason, evidence=evidence)


def _too_large(size: int) -> ItemDocumentError:
    return ItemDocumentError(
        FaultId.ACTION_EXPORT_TOO_LARGE,
        tr_message("The file is larger than {limit} MB.", limit=SIZE_MAX // (1024 * 1024)),
        evidence=f"{size:,} bytes",
    )
