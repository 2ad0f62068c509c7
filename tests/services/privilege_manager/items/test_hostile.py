"""Hostile and unusable uploads are refused with the fault, and where there is a place, line and column."""

import io
import struct
import zipfile
import zlib

import pytest

from services.privilege_manager.items import approval_action, xml_tree
from services.privilege_manager.items.action_copy import ActionEdits, make_copy
from services.privilege_manager.items.approval_action import read_action
from services.privilege_manager.items.archive import ENTRY_NAME, SIZE_MAX, read_upload, write_archive
from services.privilege_manager.items.document_error import ItemDocumentError
from services.privilege_manager.items.reader import read_items
from tests.services.privilege_manager.items import exports
from tests.services.privilege_manager.items.exports import Form, action_element, export

EDITS = ActionEdits(name="Copy", approval_type_id=exports.OWN_TYPE_ID)


def refused(source, fault):
    """Copy the source, which must be refused with this fault; return the error."""
    with pytest.raises(ItemDocumentError) as caught:
        make_copy(source, EDITS)
    assert caught.value.problem.fault == fault
    assert caught.value.exit_status == 2
    assert caught.value.problem.remedy
    return caught.value


def place_of(source, part, encoding="utf-8"):
    """Return line and column of a part of a text."""
    before = source.decode(encoding).split(part)[0]
    lines = before.split("\n")
    return len(lines), len(lines[-1]) + 1


LAUGHS = """<!DOCTYPE a [<!ENTITY l "ha">
<!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;&l;&l;">
<!ENTITY n "&m;&m;&m;&m;&m;&m;&m;&m;&m;&m;">]>
<a>&n;</a>"""


@pytest.mark.parametrize(
    "source",
    [
        LAUGHS,
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><a/>',
        "<!DOCTYPE a><a/>",
    ],
)
def test_a_dtd_is_refused(source):
    assert refused(source.encode(), "action-export-dtd").line == 1
    error = refused(export().replace(b"<CustomXaml", b"\n<!DOCTYPE a>\n<CustomXaml", 1), "action-export-dtd")
    assert error.line in (2, 3)
    inside = export().replace(b"<Window ", b"<!DOCTYPE Window><Window ")
    assert refused(inside, "action-export-dtd").line == place_of(inside, "<!DOCTYPE")[0]


def test_an_entity_is_refused_with_its_place():
    source = export(name="PLACE").replace(b"PLACE", b"a&unknown;b")
    error = refused(source, "action-export-not-well-formed")
    assert (error.line, error.column) == place_of(source, "&unknown;")


def test_nesting_is_bounded():
    deep = xml_tree.DEPTH_MAX + 1
    assert refused(b"<a>" * deep + b"</a>" * deep, "action-export-too-large").column == 3 * (deep - 1) + 1
    refused(b"<a>" * 1_000_000, "action-export-too-large")
    inside = export().replace(b"<StackPanel>", b"<a>" * deep + b"</a>" * deep + b"<StackPanel>")
    refused(inside, "action-export-too-large")


def test_the_number_of_elements_is_bounded(monkeypatch):
    monkeypatch.setattr(xml_tree, "ELEMENTS_MAX", 1_000)
    refused(b"<items>" + b"<a/>" * 1_000 + b"</items>", "action-export-too-large")
    attributes = b"".join(b' a%d=""' % number for number in range(xml_tree.ATTRIBUTES_MAX + 1))
    refused(b"<items" + attributes + b"/>", "action-export-too-large")


def test_the_number_of_references_is_bounded(monkeypatch):
    monkeypatch.setattr(approval_action, "PIECES_MAX", 100)
    refused(export(Form(cdata=False)), "action-export-too-large")
    refused(export(Form(command="&amp;" * 101 + "/approvalTypeId:")), "action-export-too-large")
    make_copy(export(), EDITS)


def archive(*entries, method=zipfile.ZIP_DEFLATED):
    """Return a zip with these names and contents."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as made:
        for name, content in entries:
            made.writestr(zipfile.ZipInfo(name), content, method)
    return target.getvalue()


@pytest.mark.parametrize(
    "name",
    ["item.xml", "Items.xml", "../items.xml", "/items.xml", "a/items.xml", "items.xml/", "C:\\items.xml", "items.xml@.exe", "", "..\\items.xml"],
)  # fmt: skip
def test_another_entry_is_refused(name):
    data = archive((name, export())).replace(b"xml@", b"xml\x00")
    error = refused(data, "action-export-archive")
    assert error.position is None


def test_several_entries_and_none_are_refused():
    assert (
        "2 entries"
        in refused(archive((ENTRY_NAME, export()), ("b.xml", b"")), "action-export-archive").reason
    )
    assert "0 entries" in refused(archive(), "action-export-archive").reason
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = archive((ENTRY_NAME, export()), (ENTRY_NAME, export()))
    refused(twice, "action-export-archive")


def test_a_zip_in_a_zip_is_refused():
    refused(archive((ENTRY_NAME, archive((ENTRY_NAME, export())))), "action-export-archive")


def test_bombs_are_refused():
    assert refused(archive((ENTRY_NAME, bytes(8_000_000))), "action-export-too-large").position is None
    refused(archive((ENTRY_NAME, bytes(SIZE_MAX + 1))), "action-export-too-large")
    refused(bytes(SIZE_MAX + 1), "action-export-too-large")


def test_a_size_that_lies_is_refused():
    """The directory declares 10 bytes for 8 MB of zeros."""
    data = bytearray(archive((ENTRY_NAME, bytes(8_000_000))))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(signature) + offset
        data[at : at + 4] = struct.pack("<I", 10)
    refused(bytes(data), "action-export-archive")


def test_a_wrong_checksum_is_refused():
    good = write_archive(export())
    checksum = struct.pack("<I", zlib.crc32(export()))
    assert good.count(checksum) == 2
    refused(good.replace(checksum, b"\x01\x02\x03\x04"), "action-export-archive")


def test_encryption_and_other_methods_are_refused():
    data = bytearray(write_archive(export()))
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1
    data[6] |= 1
    assert "encrypted" in refused(bytes(data), "action-export-archive").reason
    assert (
        "deflate"
        in refused(archive((ENTRY_NAME, export()), method=zipfile.ZIP_BZIP2), "action-export-archive").reason
    )


def test_the_written_archive_has_one_deflated_entry_without_a_folder():
    data = write_archive(export())
    assert data == write_archive(export())
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        [entry] = read.infolist()
    assert (entry.filename, entry.compress_type) == (ENTRY_NAME, zipfile.ZIP_DEFLATED)
    upload = read_upload(data)
    assert (upload.xml, upload.was_archive) == (export(), True)
    assert not read_upload(export()).was_archive


def test_a_text_that_is_not_well_formed_is_refused_with_its_place():
    source = export().replace(b"<AdjustSession>", b"<AdjustSession", 1)
    error = refused(source, "action-export-not-well-formed")
    assert error.line == place_of(source, "<AdjustSession")[0]
    refused(b"", "action-export-not-well-formed")
    refused(b"Not found", "action-export-not-well-formed")
    assert refused(b"<a>\n\x00</a>", "action-export-not-well-formed").line == 2


def test_the_damaged_sample_is_refused():
    error = refused(exports.sample(exports.DAMAGED_SAMPLE), "action-export-not-well-formed")
    assert error.line == 3


@pytest.mark.parametrize("cdata", [True, False])
def test_a_window_that_is_not_well_formed_is_refused_with_its_place_in_the_file(cdata):
    source = export(Form(cdata=cdata, line_end="\r\n"))
    closing = b"</Window.Resources>" if cdata else b"&lt;/Window.Resources&gt;"
    source = source.replace(closing, closing.replace(b"Resources", b"Resource"))
    error = refused(source, "action-export-window-not-well-formed")
    line, column = place_of(source, "/Window.Resource&gt;" if not cdata else "/Window.Resource>")
    assert error.line == line
    assert abs(error.column - column) < 30


def test_bytes_that_are_no_text_are_refused_with_their_place():
    source = export().replace(b"Asks before", b"Asks\xff before")
    error = refused(source, "action-export-encoding")
    assert (error.line, error.column) == place_of(export(), " before a program")
    odd = export(Form(encoding="utf-16-le", byte_order_mark=b"\xff\xfe")) + b"\x20"
    refused(odd, "action-export-encoding")


@pytest.mark.parametrize(
    "name", ["utf-7", "rot13", "idna", "unicode_escape", "no-such", "utf-16", "iso2022_jp", "hex"]
)
def test_encodings_that_are_none_are_refused(name):
    error = refused(export(Form(declared=name)), "action-export-encoding")
    assert (error.line, error.column) == (1, 31)


def test_members_that_are_missing_or_twice_are_refused_with_their_place():
    missing = export().replace(b"adc:ItemId>", b"adc:Other>")
    assert "ItemId" in refused(missing, "action-export-member-missing").reason
    twice = export().replace(b"  <RequireLogon>", b"  <Xaml />\n  <RequireLogon>")
    assert refused(twice, "action-export-member-twice").line == place_of(twice, "<Xaml><![")[0]
    nested = export().replace(b"<adc:Name>", b"<adc:Name><a/>")
    refused(nested, "action-export-member-form")
    command = export(command="/approvalTypeId:nothing")
    assert refused(command, "action-export-member-form").line == place_of(command, "nothing")[0]
    refused(
        export(command=f"/approvalTypeId:{exports.TYPE_ID} /approvaltypeid:"), "action-export-member-twice"
    )


def test_languages_and_texts_that_are_twice_are_refused():
    error = refused(export(languages=("es", "ES")), "action-export-member-twice")
    assert "ES" in error.reason
    refused(export().replace(b'Key="UserLabel"', b'Key="ReasonLabel"', 1), "action-export-member-twice")


def test_exports_without_one_approval_action_are_refused():
    refused(b"<items/>", "action-export-no-item")
    refused(exports.FILTER.encode(), "action-export-not-approval-action")
    refused(f"<items>{exports.FILTER}</items>".encode(), "action-export-not-approval-action")
    refused(export(command="/other"), "action-export-not-approval-action")
    second = action_element(Form(name="Second"), exports.COPY_ID)
    two = f"<items>\n{action_element(Form())}\n{second}</items>".encode()
    error = refused(two, "action-export-several-actions")
    assert "2 actions" in error.reason
    absent = "00000000-0000-0000-0000-000000000000"
    with pytest.raises(ItemDocumentError, match=f"no item with the id {absent}"):
        make_copy(two, ActionEdits(name="Copy", source_item_id=absent))
    chosen = make_copy(two, ActionEdits(name="Copy", source_item_id="{" + exports.COPY_ID.upper() + "}"))
    assert [item.name for item in read_items(chosen.xml).items] == ["Copy"]
    assert b"Ask for a decision" not in chosen.xml
    with pytest.raises(ItemDocumentError):
        read_action(two, item_id=exports.OWN_TYPE_ID)
