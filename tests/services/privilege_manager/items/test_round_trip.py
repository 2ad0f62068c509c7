"""Export, copy, import, export: the copy differs from the export in the intended spans and nowhere else."""

import base64
import random

import pytest

from services.privilege_manager.items.action_copy import ActionEdits, ChangeKind, make_copy, write_copy
from services.privilege_manager.items.approval_action import read_action
from services.privilege_manager.items.archive import read_upload, write_archive
from services.privilege_manager.items.compare import compare_items
from services.privilege_manager.items.reader import read_items
from tests.services.privilege_manager.items import exports
from tests.services.privilege_manager.items.exports import COPY_ID, FORMS, OWN_TYPE_ID, Form, export

TEXTS = {
    "": {
        "ApplicationTitle": "{Nicht <so> \"schnell\"} & 'mehr'",
        "InformationTextSection": "Erst **fragen ]]>**, dann\nweiter",
    },
    "ES": {"UserLabel": "¿Quién?"},
    "he": {
        "UserLabel": "משתמש \U0001f600",
        "FlowDirection": "RightToLeft",
        "InstructionTextSection": "**קרא**",
    },
}
EDITS = ActionEdits(
    name="Ask ServiceNow – 尋ねる <1>",
    approval_type_id="{" + OWN_TYPE_ID.lower() + "}",
    description="Zeile & mehr ]]> Ω",
    require_authentication=True,
    texts=TEXTS,
    item_id=COPY_ID,
)


def unchanged_parts(copy):
    """Return what both files have outside the changes."""
    spans = sorted(span for change in copy.changes for span in map(_as_tuple, change.spans))
    source_parts, copy_parts = [], []
    source_at = copy_at = 0
    for source_start, source_end, copy_start, copy_end in spans:
        source_parts.append(copy.source_xml[source_at:source_start])
        copy_parts.append(copy.xml[copy_at:copy_start])
        source_at, copy_at = source_end, copy_end
    return [*source_parts, copy.source_xml[source_at:]], [*copy_parts, copy.xml[copy_at:]]


def _as_tuple(span):
    return span.source_start, span.source_end, span.copy_start, span.copy_end


def import_and_export(copy):
    """Return what a server would export of an imported copy: the item as it is, with a state."""
    uploaded = read_upload(write_archive(copy.xml)).xml
    assert uploaded == copy.xml
    item = read_items(uploaded).items[0]
    name = item.document.text[item.element.start :].split(b"Name>")[0].rsplit(b"<", 1)[1]
    prefix = name.decode().rstrip(":")
    text = item.document.text[slice(*item.span)].decode()
    closing = f"</{prefix}:ProductId>"
    return text.replace(closing, closing + exports.state_block(prefix)).encode()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_only_intended_spans_change(form):
    source = export(form)
    copy = make_copy(source, EDITS)
    assert copy.source_xml == source
    before, after = unchanged_parts(copy)
    assert before == after
    texts = [change for change in copy.changes if change.kind is not ChangeKind.OTHER_ITEM]
    replaced = sum(span.source_end - span.source_start for change in texts for span in change.spans)
    assert replaced < len(source) / 10


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_copy_reads_as_asked_for(form):
    copy = read_action(write_copy(export(form), EDITS))
    assert (copy.item.item_id, copy.item.name, copy.item.description) == (
        COPY_ID,
        EDITS.name,
        EDITS.description,
    )
    assert (copy.approval_type_id, copy.require_logon) == (OWN_TYPE_ID.lower(), True)
    assert copy.item.attributes == (("NoReplication",) if "NoReplication" in form.attributes else ())
    assert copy.item.member("State") is None
    assert set(copy.texts) == {"", *form.languages, "he"}
    default = copy.texts[""]
    assert default["ApplicationTitle"] == TEXTS[""]["ApplicationTitle"]
    assert default["InformationTextSection"] == TEXTS[""]["InformationTextSection"]
    assert default["UserLabel"] == "Who:"
    assert copy.texts["es"]["UserLabel"] == "¿Quién?"
    assert copy.texts["es"]["ApplicationTitle"] == "Needs a decision"
    hebrew = copy.texts["he"]
    assert hebrew == {**default, **TEXTS["he"]}
    command = copy.item.text("Commandline", exports.OWN)
    assert command == f"/verbose /approvalTypeId:{OWN_TYPE_ID} /wait:5"


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_copy_of_a_copy_is_written_too(form):
    first = write_copy(export(form), EDITS)
    assert write_copy(first, EDITS) == first
    again = make_copy(write_archive(first), ActionEdits(name="Second"))
    assert [change.kind for change in again.changes] == [ChangeKind.ITEM_ID, ChangeKind.NAME]
    assert read_action(again.xml).texts == read_action(first).texts
    assert again.item_id not in (COPY_ID, exports.SOURCE_ID)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_what_the_server_exports_after_the_import_equals_the_copy(form):
    copy = make_copy(export(form), EDITS)
    assert compare_items(write_archive(copy.xml), import_and_export(copy)) == ()


@pytest.mark.parametrize("name", exports.sample_names())
def test_samples_survive_the_archive(name):
    data = exports.sample(name)
    assert read_upload(write_archive(data)).xml == data
    document = read_items(data)
    assert document.source.encode(document.text) == data
    assert compare_items(data, write_archive(data)) == ()


def test_the_sample_of_the_form_is_copied():
    source = exports.sample(exports.FORM_SAMPLE)
    copy = make_copy(source, EDITS)
    before, after = unchanged_parts(copy)
    assert before == after
    assert compare_items(copy.xml, import_and_export(copy)) == ()
    action = read_action(copy.xml)
    assert action.texts["he"]["UserLabel"] == TEXTS["he"]["UserLabel"]
    assert action.window.missing_bindings == ()
    assert action.window.look.heading_background == "Yellow"
    assert action.window.look.logo.startswith(b"\x89PNG")


def test_the_sample_of_the_challenge_is_copied_without_texts():
    copy = make_copy(
        exports.sample("action_challenge-response-message.xml"),
        ActionEdits(name="Ĉu?", require_authentication=True, item_id=COPY_ID),
    )
    before, after = unchanged_parts(copy)
    assert before == after
    assert compare_items(copy.xml, import_and_export(copy)) == ()
    assert read_action(copy.xml).item.name == "Ĉu?"


@pytest.mark.parametrize("cdata", [True, False])
def test_ten_megabytes_are_copied(cdata):
    logo = base64.b64encode(random.Random(7).randbytes(7_500_000)).decode()
    source = export(Form(cdata=cdata, logo=logo, languages=("es", "de")))
    assert len(source) > 10_000_000
    copy = make_copy(write_archive(source), EDITS)
    before, after = unchanged_parts(copy)
    assert before == after
    assert read_upload(write_archive(copy.xml)).xml == copy.xml


def test_without_texts_only_the_members_named_change():
    copy = make_copy(
        export(attributes="NoReplication"), ActionEdits(name="New", approval_type_id=OWN_TYPE_ID)
    )
    assert [change.kind for change in copy.changes] == [
        ChangeKind.ITEM_ID,
        ChangeKind.NAME,
        ChangeKind.APPROVAL_TYPE,
    ]
    assert all(len(change.spans) == 1 for change in copy.changes)
    source, written = copy.source_xml, copy.xml
    id_at = source.index(exports.SOURCE_ID.encode())
    expected = (
        source.replace(exports.SOURCE_ID.encode(), copy.item_id.encode())
        .replace(b"Name>Ask for a decision<", b"Name>New<")
        .replace(exports.TYPE_ID.encode(), OWN_TYPE_ID.encode())
    )
    assert written == expected
    span = copy.changes[0].spans[0]
    assert (span.source_start, span.source_end) == (id_at, id_at + 36)


def test_equal_values_are_not_written():
    source = export(attributes="")
    action = read_action(source)
    copy = make_copy(
        source,
        ActionEdits(
            name=action.item.name,
            approval_type_id=action.approval_type_id,
            description=action.item.description,
            require_authentication=False,
            texts=action.texts,
            item_id=action.item.item_id,
        ),
    )
    assert copy.changes == ()
    assert copy.xml == source
