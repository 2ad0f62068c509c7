"""Damaged exports end in a correct copy or in a refusal with a reason, and in nothing else."""

import random
from collections import Counter

import pytest

from services.privilege_manager.items.action_copy import ActionEdits, make_copy
from services.privilege_manager.items.approval_action import read_action
from services.privilege_manager.items.archive import read_upload, write_archive
from services.privilege_manager.items.compare import compare_items
from services.privilege_manager.items.document_error import ItemDocumentError
from services.privilege_manager.items.parameters import task_parameters_of
from tests.services.privilege_manager.items.exports import COPY_ID, FORMS, MACOS, OWN_TYPE_ID, Form, export

TOKENS = (
    b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?", b"?>", b"&", b"&amp;", b"&#0;", b"&#xD800;", b"&#99999999;", b"&x;",
    b"<", b">", b"/", b'"', b"'", b"=", b" ", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\n",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b'<?xml version="1.0" encoding="utf-7"?>', b"xmlns:adc=''", b' i:nil="true"',
    b"<adc:Name>x</adc:Name>", b"<a/>", b"/approvalTypeId:", b'Language="es"', b'Key="UserLabel"', b"<Section/>",
    b"<Paragraph/>", b"<List/>", b"{Binding X}", b"\xe2\x80\xa8", b"PK\x03\x04",
)  # fmt: skip
SOURCES = [
    *(export(form) for name, form in FORMS.items() if name != "several languages"),
    MACOS.encode(),
    export(Form(languages=())),
    write_archive(export()),
    write_archive(export(Form(cdata=False, byte_order_mark=b"\xef\xbb\xbf"))),
]
EDITS = (
    ActionEdits(name="Copy", approval_type_id=OWN_TYPE_ID, item_id=COPY_ID),
    ActionEdits(
        name="Kopie für ] > Ω",
        approval_type_id=OWN_TYPE_ID,
        description="Neu",
        require_authentication=True,
        texts={
            "": {"InformationTextSection": "a **b** ]]> c", "UserLabel": "{Ω}\n\t"},
            "es": {"CancelButtonLabel": "No", "ApprovalStatusTextSection": ""},
            "de": {"UserLabel": "Wer?"},
        },
        item_id=COPY_ID,
    ),
)


def mutate(source, chance):
    """Return the source with one to four damages; half of them keep the XML well formed for the most part."""
    if chance.random() < 0.5:
        return mutate_lines(source, chance)
    data = bytearray(source)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        size = min(chance.choice((1, 1, 2, 5, 30, 400)), len(data) - at)
        kind = chance.randrange(7)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del data[at : at + size]
        elif kind == 2:
            data[at:at] = data[at : at + size]
        elif kind == 3:
            data[at:at] = chance.choice(TOKENS)
        elif kind == 4:
            data[at : at + size] = chance.randbytes(size)
        elif kind == 5 and chance.random() < 0.2:
            del data[at:]
        else:
            # A token inside a tag or between two: where it changes the structure rather than a text.
            place = data.find(chance.choice((b">", b"<", b'"')), at)
            if place >= 0:
                data[place : place + chance.randrange(2)] = chance.choice(TOKENS)
    return bytes(data)


def mutate_lines(source, chance):
    """Return the source with lines moved, repeated or left out, or letters changed."""
    lines = source.split(b"\n")
    for _ in range(chance.randint(1, 3)):
        at, to = chance.randrange(len(lines)), chance.randrange(len(lines))
        kind = chance.randrange(5)
        if kind == 0:
            lines[at], lines[to] = lines[to], lines[at]
        elif kind == 1:
            lines.insert(to, lines[at])
        elif kind == 2 and len(lines) > 1:
            del lines[at]
        else:
            letters = [index for index, byte in enumerate(lines[at]) if chr(byte).isalnum()]
            if letters:
                line = bytearray(lines[at])
                line[chance.choice(letters)] = chance.choice(b"aZ0-_. ")
                lines[at] = bytes(line)
    return b"\n".join(lines)


@pytest.mark.parametrize("count", [600, pytest.param(10_000, marks=pytest.mark.long)])
@pytest.mark.timeout(1200)
def test_mutated_exports_end_in_a_copy_or_a_reason(count):
    chance = random.Random(count)
    copied = 0
    refusals = []
    for number in range(count):
        source = mutate(SOURCES[number % len(SOURCES)], chance)
        edits = EDITS[chance.randrange(2)]
        try:
            copy = make_copy(source, edits)
        except ItemDocumentError as error:
            refusals.append(error)
            continue
        copied += 1
        assert_correct(copy, edits)
    assert copied > count / 10
    faults = Counter(error.problem.fault.value for error in refusals)
    assert faults.total() > count / 10
    assert all(fault.startswith("action-") for fault in faults)
    assert "action-copy-not-verified" not in faults
    assert all(error.reason for error in refusals)


def assert_correct(copy, edits):
    """The copy is what was asked for, and has the source's bytes everywhere else."""
    action = read_action(copy.xml)
    assert (action.item.item_id, action.item.name) == (edits.item_id, edits.name)
    assert action.approval_type_id == edits.approval_type_id.lower()
    for language, texts in edits.texts.items():
        for key, value in texts.items():
            assert action.texts[language][key] == value
    source_at = copy_at = 0
    for span in sorted(
        (span for change in copy.changes for span in change.spans),
        key=lambda span: (span.source_start, span.copy_start),
    ):
        assert copy.source_xml[source_at : span.source_start] == copy.xml[copy_at : span.copy_start]
        source_at, copy_at = span.source_end, span.copy_end
    assert copy.source_xml[source_at:] == copy.xml[copy_at:]


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.long)])
@pytest.mark.timeout(1200)
def test_mutated_items_are_compared_and_searched_for_parameters_or_refused(count):
    chance = random.Random(count + 1)
    done = 0
    for number in range(count):
        source = mutate(SOURCES[number % len(SOURCES)], chance)
        try:
            task_parameters_of(source)
            compare_items(export(), source)
            done += 1
        except ItemDocumentError:
            continue
    assert done


@pytest.mark.parametrize("source", SOURCES[-2:])
def test_an_archive_cut_anywhere_is_refused(source):
    for length in range(0, len(source), 7):
        cut = source[:length]
        if cut.startswith(b"PK\x03\x04"):
            with pytest.raises(ItemDocumentError) as caught:
                read_upload(cut)
            assert caught.value.problem.fault == "action-export-archive"


@pytest.mark.parametrize("form", ["plain UTF-8", "escaped window", "UTF-16 LE"])
def test_an_export_cut_anywhere_is_refused(form):
    source = export(FORMS[form])
    end = len(source.rstrip(b"\n\x00")) - 4
    for length in range(0, end, max(1, end // 150)):
        with pytest.raises(ItemDocumentError):
            read_action(source[:length])
