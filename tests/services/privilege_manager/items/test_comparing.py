"""Comparison of an imported item with the written copy, and parameters of tasks."""

import pytest

from services.privilege_manager.items.compare import compare_items
from services.privilege_manager.items.document_error import ItemDocumentError
from services.privilege_manager.items.parameters import task_parameters_of
from tests.services.privilege_manager.items import exports
from tests.services.privilege_manager.items.exports import Form, export


@pytest.mark.parametrize("form", exports.FORMS.values(), ids=exports.FORMS)
def test_another_form_of_the_same_item_is_equal(form):
    same = {"name": form.name, "attributes": form.attributes, "languages": form.languages}
    assert (
        compare_items(
            export(Form(**same)),
            export(Form(**same, state=True, cdata=False, base_prefix="n1", own_prefix="n2")),
        )
        == ()
    )
    if not form.items:
        assert compare_items(export(Form(**same)), export(form)) == ()


def test_what_differs_is_named_with_both_values():
    [name, command] = compare_items(export(), export(name="Other", command="/x"))
    assert (name.path, name.written, name.exported) == (("Name",), "Ask for a decision", "Other")
    assert command.path == ("Commandline",)
    [missing] = compare_items(export(), export().replace(b"  <adc:Name>Ask for a decision</adc:Name>\n", b""))
    assert (missing.path, missing.exported) == (("Name",), None)
    [text] = compare_items(export(), export().replace(b'Value="Who:"', b'Value="Whom:"', 1))
    assert text.path == ("Xaml",)
    [null] = compare_items(export(), export().replace(b'<UserGroupId i:nil="true" />', b"<UserGroupId />"))
    assert null.path == ("UserGroupId",)


def test_differences_below_a_member_are_named():
    one = export().replace(
        b"<adc:Tags />", b"<adc:Tags><arr:string>a</arr:string><arr:string>b</arr:string></adc:Tags>"
    )
    [tag] = compare_items(one, one.replace(b">b<", b">c<"))
    assert (tag.path, tag.written, tag.exported) == (("Tags", "string"), "b", "c")
    [more] = compare_items(one, one.replace(b"<arr:string>b</arr:string>", b""))
    assert (more.path, more.written, more.exported) == (("Tags",), "a b", "a")


def test_empty_members_attribute_order_and_case_of_guids_do_not_count():
    changed = (
        export()
        .replace(b"  <adc:Strings />\n", b"")
        .replace(b"NoReplication System NoModify", b"System NoModify NoReplication")
        .replace(b"27bedb8a-db37-4d53-b748-bc6651461fe4", b"27BEDB8A-DB37-4D53-B748-BC6651461FE4")
    )
    assert compare_items(export(), changed) == ()


def test_an_export_without_the_item_is_refused():
    with pytest.raises(ItemDocumentError) as caught:
        compare_items(export(), exports.FILTER.encode())
    assert caught.value.problem.fault == "action-export-no-item"


TASK = """<items><CreateItemsTaskContract xmlns:adc="http://schemas.arellia.com/dc/" xmlns:p="http://schemas.arellia.com/dc/Parameters/"
 xmlns:mss="http://schemas.microsoft.com/2003/10/Serialization/" xmlns:arr="http://schemas.microsoft.com/2003/10/Serialization/Arrays"
 xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:v="urn:v">
<adc:ItemId>AAAAAAAA-1111-4222-8333-444444444444</adc:ItemId>
<InputParameters>
<p:Parameter><p:DataType>System.Guid</p:DataType><p:DefaultValue i:nil="true" /><p:DisplayOrder>2</p:DisplayOrder><p:Name>SystemId</p:Name><p:Nullable>false</p:Nullable><p:Prompt>Which system</p:Prompt><p:Visible>true</p:Visible></p:Parameter>
<p:Parameter><p:DataType>System.Boolean</p:DataType><p:DefaultValue mss:type="mss:boolean">false</p:DefaultValue><p:DisplayOrder>1</p:DisplayOrder><p:Name>Force</p:Name><p:Nullable>true</p:Nullable><p:Visible>false</p:Visible></p:Parameter>
<p:Parameter><p:DefaultValue><arr:guid>a</arr:guid><arr:guid>b</arr:guid></p:DefaultValue><p:DisplayOrder>x</p:DisplayOrder><p:Name>List</p:Name></p:Parameter>
</InputParameters>
<InputParameterValues><v:ParameterValue><v:Name>Other</v:Name><v:Value mss:type="mss:string">text</v:Value></v:ParameterValue>
<v:ParameterValue><v:Name>Force</v:Name><v:Value mss:type="mss:boolean">true</v:Value></v:ParameterValue></InputParameterValues>
</CreateItemsTaskContract></items>"""


def test_parameters_are_read_in_display_order():
    force, system, several, other = task_parameters_of(TASK.encode())
    assert (system.name, system.prompt, system.data_type, system.default_values) == (
        "SystemId", "Which system", "System.Guid", None,
    )  # fmt: skip
    assert (system.is_nullable, system.is_visible, system.display_order) == (False, True, 2)
    assert (force.name, force.prompt, force.default_values, force.is_visible) == (
        "Force",
        None,
        ("false",),
        False,
    )
    assert (several.default_values, several.display_order, several.data_type) == (("a", "b"), None, None)
    assert (other.name, other.default_values) == ("Other", ("text",))
    assert system.item_id == "aaaaaaaa-1111-4222-8333-444444444444"
    assert task_parameters_of(export()) == ()


def test_parameters_of_the_sample_are_read():
    data = exports.sample("items_script+scheduled-command_agent-hardening-rollback.xml")
    assert [one.name for one in task_parameters_of(data)] == [
        "ServiceIds",
        "SecurityDescriptorId",
        "ServiceNames",
        "Sddl",
    ]
