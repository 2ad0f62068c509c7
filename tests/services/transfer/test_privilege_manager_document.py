"""Privilege Manager servers, actions and policies in a configuration document."""

import pytest
import yaml

from models.action import Action
from models.kinds import Kind
from models.policy import Policy
from models.privilege_manager_server import PrivilegeManagerServer
from services.common.errors import InUseError
from services.transfer.apply_plan import apply_plan, plan_document
from services.transfer.document_reader import DocumentError, read_document
from services.transfer.document_writer import export_document

pytestmark = pytest.mark.every_database

GUID = "9c41d7e0-52b8-4f6a-8e13-7b0a64c2d915"
DOCUMENT = """\
version: 1
credentials:
  - {name: PM API Client, account: client-1}
foreign_systems:
  - {name: PM, kind: privilege_manager, base_url: "https://pm.example.com/TMS/", credential: PM API Client}
  - {name: PM, base_url: "https://acme.service-now.com/"}
approval_processes:
  - {name: Process, server: PM}
approval_types:
  - {name: Type, process_handler: Process}
actions:
  - name: Form
    server: PM
    approval_type: Type
    approval_type_id: "{9C41D7E0-52B8-4F6A-8E13-7B0A64C2D915}"
    texts:
      information_section: Give a reason.
      de: {InformationTextSection: Grund angeben., FlowDirection: LeftToRight}
  - {name: Second, server: PM}
policies:
  - {name: Installers, server: PM, platform: windows, actions: [Form, second], active: true}
"""


def applied(source, configuration):
    made = plan_document(read_document(source), configuration)
    apply_plan(made, configuration)
    return made


def mistakes_of(source, configuration):
    with pytest.raises(DocumentError) as caught:
        plan_document(read_document(source), configuration)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_objects_of_both_kinds_of_server_are_created(configuration):
    applied(DOCUMENT, configuration)
    server = configuration.named(PrivilegeManagerServer, "PM")
    form, second = configuration.named(Action, "Form"), configuration.named(Action, "Second")
    policy = configuration.named(Policy, "Installers")
    assert configuration.named(Kind.APPROVAL_PROCESS, "Process").server_id == (
        configuration.named(Kind.FOREIGN_SYSTEM, "PM").id
    )
    assert (form.server_id, policy.server_id) == (server.id, server.id)
    assert form.approval_type_guid == GUID
    assert form.window_texts == {
        "": {"InformationTextSection": "Give a reason."},
        "de": {"InformationTextSection": "Grund angeben.", "FlowDirection": "LeftToRight"},
    }
    assert policy.references_to_actions == [form.id, second.id]
    assert policy.active


def test_export_and_apply_change_nothing(configuration):
    applied(DOCUMENT, configuration)
    text = export_document(configuration)
    assert plan_document(read_document(text), configuration).empty
    document = yaml.safe_load(text)
    assert [one["kind"] for one in document["foreign_systems"]] == ["servicenow", "privilege_manager"]
    assert document["policies"][0]["actions"] == ["Form", "Second"]
    assert document["actions"][0]["texts"]["de"]["FlowDirection"] == "LeftToRight"
    assert document["actions"][0]["approval_type_id"] == GUID


def test_an_action_used_by_a_policy_is_not_deleted(configuration):
    applied(DOCUMENT, configuration)
    form, second = configuration.named(Action, "Form"), configuration.named(Action, "Second")
    assert [user.name for user in configuration.used_by(Kind.ACTION, form.id)] == ["Installers"]
    with pytest.raises(InUseError):
        configuration.delete(Kind.ACTION, form.id, form.version)
    policy = configuration.named(Policy, "Installers")
    policy.action_ids = f'["{second.id}"]'
    configuration.save(policy)
    configuration.delete(Kind.ACTION, form.id, form.version)


def test_a_policy_refers_to_actions_that_exist(configuration):
    policy = configuration.new(Policy, name="P", action_ids=f'["{GUID}"]')
    assert [error.name for error in configuration.check(policy)] == ["action_ids"]


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("kind: privilege_manager", "kind: privilegemanager", "kind must be one of servicenow, privilege_manager"),
        ("[Form, second]", "[Form, Secnd]", "no Action is called “Secnd”; did you mean “Second”"),
        ("[Form, second]", "{Form: 1}", "actions must be a list of names"),
        ("[Form, second]", "[Form, [second]]", "actions must be a list of names"),
        ("platform: windows", "platform: linux", "must be one of windows, macos"),
        ("information_section:", "information_sectoin:", "texts has the unknown text information_sectoin"),
        ("Give a reason.", "[a, b]", "texts must have a text for information_section"),
        ("de: {", '"../x": {', "texts has the language ../x"),
        ("9C41D7E0-52B8-4F6A-8E13-7B0A64C2D915", "9C41", "approval_type_id must be a GUID"),
        ("https://pm.example.com/TMS/", "https://pm.example.com/TMS/PrivilegeManager/#/item", "is the address of a page"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(configuration, old, new, mistake):
    assert old in DOCUMENT
    [found] = mistakes_of(DOCUMENT.replace(old, new), configuration)
    assert mistake in found
