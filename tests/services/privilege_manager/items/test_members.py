"""Members of the copy: ids, name, description, attributes, approval type; and actions of an unknown contract."""

import uuid

import pytest

from services.privilege_manager.items.action_copy import ActionEdits, make_copy, write_copy
from services.privilege_manager.items.approval_action import ActionField, read_action
from services.privilege_manager.items.document_error import ItemDocumentError
from services.privilege_manager.items.encoding import SourceText
from services.privilege_manager.items.names import BUILT_IN_IDS
from tests.services.privilege_manager.items import exports
from tests.services.privilege_manager.items.exports import COPY_ID, MACOS, OWN_TYPE_ID, TYPE_ID, export


def refusal(source, **edits):
    """Return the fault with which a copy is refused."""
    with pytest.raises(ItemDocumentError) as caught:
        make_copy(source, ActionEdits(**{"name": "Copy", **edits}))
    return caught.value.problem.fault


def test_a_copy_gets_a_random_id_in_lower_case():
    ids = {make_copy(export(), ActionEdits(name="Copy")).item_id for _ in range(20)}
    assert len(ids) == 20
    assert all(uuid.UUID(one).version == 4 and one == one.lower() for one in ids)


@pytest.mark.parametrize("item_id", [*sorted(BUILT_IN_IDS)[:3], "{5D4E0CB0-604B-4FC4-968C-E68A8B5C7838}"])
def test_the_id_of_a_built_in_item_is_refused(item_id):
    assert refusal(export(), item_id=item_id) == "action-copy-id-built-in"


@pytest.mark.parametrize("text", ["x", "{" + COPY_ID, COPY_ID + "0", COPY_ID.replace("-", "")])
def test_what_is_no_guid_is_refused(text):
    assert refusal(export(), item_id=text) == "action-copy-value-invalid"
    assert refusal(export(), approval_type_id=text) == "action-copy-value-invalid"


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\tb", "x" * 256, "a\x01"])
def test_a_name_is_one_line(name):
    assert refusal(export(), name=name) == "action-copy-value-invalid"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (f"/approvalTypeId:{TYPE_ID}", f"/approvalTypeId:{OWN_TYPE_ID}"),
        (f"/approvalTypeId:{TYPE_ID.lower()} /x", f"/approvalTypeId:{OWN_TYPE_ID.lower()} /x"),
        (f'/a "b" /APPROVALTYPEID:{{{TYPE_ID}}} /c', f'/a "b" /APPROVALTYPEID:{{{OWN_TYPE_ID}}} /c'),
        (f'/approvalTypeId:"{TYPE_ID}"', f'/approvalTypeId:"{OWN_TYPE_ID}"'),
        ("/approvalTypeId:", f"/approvalTypeId:{OWN_TYPE_ID}"),
        ("/approvalTypeId: /x:1", f"/approvalTypeId:{OWN_TYPE_ID} /x:1"),
    ],
)
def test_only_the_guid_of_the_command_line_changes(command, expected):
    action = read_action(
        write_copy(export(command=command), ActionEdits(name="Copy", approval_type_id=OWN_TYPE_ID))
    )
    assert action.item.text("Commandline", exports.OWN) == expected


def test_a_command_line_in_cdata_and_references_is_edited():
    command = f"<![CDATA[/a&b /approvalTypeId:2A3F]]>&#51;{TYPE_ID[5:]} &amp;"
    xml = write_copy(export(command=command), ActionEdits(name="Copy", approval_type_id=OWN_TYPE_ID))
    action = read_action(xml)
    assert action.item.text("Commandline", exports.OWN) == f"/a&b /approvalTypeId:{OWN_TYPE_ID} &"
    assert b"<![CDATA[/a&b /approvalTypeId:" in xml


@pytest.mark.parametrize(
    "member",
    [
        b"",
        b"  <adc:Description />\n",
        b"  <adc:Description></adc:Description>\n",
        b'  <adc:Description i:nil="true" />\n',
        b"  <adc:Description i:nil='1' ></adc:Description>\n",
        b"  <adc:Description>a<!-- b -->c<![CDATA[d]]></adc:Description>\n",
    ],
)
def test_a_description_is_written_in_its_place(member):
    source = export().replace(b"  <adc:Description>Asks before a program starts.</adc:Description>\n", member)
    copy = make_copy(source, ActionEdits(name="Copy", description="New & <shiny>\r\nline"))
    item = read_action(copy.xml).item
    assert item.description == "New & <shiny>\nline"
    names = [name for _, name in item.member_order]
    assert names[:4] == ["Attributes", "Description", "FolderId", "ItemId"]


def test_a_description_is_written_beside_a_state_out_of_place():
    source = export(state=True).decode()
    state = exports.state_block("adc")
    moved = source.replace(state, "").replace("  <adc:FolderId>", state + "  <adc:FolderId>")
    moved = moved.replace("  <adc:Description>Asks before a program starts.</adc:Description>\n", "")
    copy = make_copy(moved.encode(), ActionEdits(name="Copy", description="New"))
    names = [name for _, name in read_action(copy.xml).item.member_order]
    assert names[:3] == ["Attributes", "Description", "FolderId"]


def test_a_description_stays_unless_given():
    assert (
        read_action(write_copy(export(), ActionEdits(name="Copy"))).item.description
        == "Asks before a program starts."
    )
    assert read_action(write_copy(export(), ActionEdits(name="Copy", description=""))).item.description == ""


@pytest.mark.parametrize(
    ("attributes", "kept"),
    [
        ("NoReplication System", "NoReplication"),
        ("NoModify NoReplication NoDelete", "NoReplication"),
        ("NoReplication", "NoReplication"),
        ("  NoReplication\tOther ", "  NoReplication\tOther "),
    ],
)
def test_attributes_of_built_in_items_are_dropped(attributes, kept):
    xml = write_copy(export(attributes=attributes), ActionEdits(name="Copy"))
    assert read_action(xml).item.text("Attributes") == kept


def test_without_other_attributes_the_member_is_dropped():
    xml = write_copy(export(attributes="System NoModify"), ActionEdits(name="Copy"))
    assert b"Attributes" not in xml
    assert xml.splitlines()[1] == b"  <adc:Description>Asks before a program starts.</adc:Description>"


def test_authentication_is_switched_both_ways():
    on = write_copy(export(), ActionEdits(name="Copy", require_authentication=True))
    assert b"<RequireLogon>true</RequireLogon>" in on
    assert (
        write_copy(on, ActionEdits(name="Copy", require_authentication=False)).count(b"<RequireLogon>false<")
        == 1
    )


def test_an_action_of_an_unknown_contract_is_copied_as_far_as_it_is_understood():
    source = MACOS.encode()
    action = read_action(source)
    assert action.platform == "macos"
    assert action.editable == {ActionField.APPROVAL_TYPE}
    assert action.texts == {}
    xml = write_copy(
        source, ActionEdits(name="Mac", approval_type_id=OWN_TYPE_ID, item_id=COPY_ID, description="Added")
    )
    expected = (
        MACOS.replace("  <b:Attributes>System</b:Attributes>\n", "")
        .replace("  <b:ItemId>", "  <b:Description>Added</b:Description>\n  <b:ItemId>")
        .replace(exports.SOURCE_ID, COPY_ID)
        .replace("Ask on a Mac", "Mac")
        .replace(TYPE_ID, OWN_TYPE_ID)
    )
    assert xml.decode() == expected
    assert refusal(source, texts={"": {"UserLabel": "x"}}) == "action-copy-not-editable"
    assert refusal(source, require_authentication=True) == "action-copy-not-editable"
    without = MACOS.replace("/approvalTypeId:", "/other:").encode()
    assert refusal(without, approval_type_id=OWN_TYPE_ID) == "action-copy-not-editable"
    assert read_action(write_copy(without, ActionEdits(name="Mac"))).item.name == "Mac"


def test_white_space_before_the_declaration_is_dropped():
    source = b"\n  " + export(declared="utf-8")
    copy = make_copy(source, ActionEdits(name="Copy", item_id=COPY_ID))
    assert copy.xml == make_copy(export(declared="utf-8"), ActionEdits(name="Copy", item_id=COPY_ID)).xml
    assert make_copy(b"\n\n" + export(), ActionEdits(name="Copy")).xml.startswith(b"\n\n<Custom")


@pytest.mark.parametrize(
    ("written", "damaged", "named"),
    [
        (b"<adc:Name>Copy<", b"<adc:Name>Copies<", "name"),
        (OWN_TYPE_ID.encode(), TYPE_ID.encode(), "approval type"),
        (b"<RequireLogon>true", b"<RequireLogon>false", "require authentication"),
        (b'Value="Me:"', b'Value="You:"', "texts"),
        (b"{Binding Error}", b"{Binding Errors}", "names of the view model"),
        (b"  <adc:Strings />\n", b"", "order of members"),
        (b"NoReplication<", b"System<", "attributes"),
        (b"</CustomXaml", b"</Custom", "line"),
    ],
)
def test_a_copy_that_does_not_read_as_asked_for_is_not_handed_over(monkeypatch, written, damaged, named):
    encode = SourceText.encode

    def encode_damaged(source, text):
        encoded = encode(source, text)
        assert written in encoded
        return encoded.replace(written, damaged)

    monkeypatch.setattr(SourceText, "encode", encode_damaged)
    with pytest.raises(ItemDocumentError) as caught:
        write_copy(
            export(),
            ActionEdits(
                name="Copy",
                approval_type_id=OWN_TYPE_ID,
                require_authentication=True,
                texts={"": {"UserLabel": "Me:"}},
            ),
        )
    assert caught.value.problem.fault == "action-copy-not-verified"
    assert named in caught.value.problem.evidence
