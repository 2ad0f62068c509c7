"""The items that a new practice server has.

Built-in approval actions are written here from the public structure of their contract, with texts and a window of
this program's own. Not public and therefore chosen: the contract and the member names of the macOS action
(`PracticeMessageActionContract`), and the value of OfflineApprovalType that permits the offline way
(`OfflineAllowed`). Items whose contract is not public have no XML and cannot be exported.
"""

import base64
import json
from functools import cache
from html import escape

from resources import path_of, read_text
from services.common.json_types import JsonObject, JsonValue
from services.practice.privilege_manager import built_in_ids as ids
from services.practice.privilege_manager.item_xml import read_import
from services.practice.privilege_manager.items import TYPE_NAMES, Item, ItemKind, kind_of

_FOLDER = "practice/privilege_manager"
_SECTIONS = ("InformationTextSection", "InstructionTextSection", "ApprovalStatusTextSection")
DEFAULT_PRIORITY = 50


def initial_items(*, with_policies: bool) -> list[Item]:
    """Return the built-in items, and some policies and filters of a customer."""
    items = [*_actions(), *_filters()]
    return [*items, *_policies()] if with_policies else items


# -- actions ---------------------------------------------------------------


def _actions() -> list[Item]:
    form = "Shows a form in which the user asks for a program and gives a reason."
    return [
        _form(ids.APPROVAL_FORM, "Approval Request Form Action", form),
        _form(ids.APPROVAL_FORM_LOCALIZED, "Approval Request Form Action (with Localization)", form),
        _form(
            ids.APPROVAL_FORM_OFFLINE,
            "Approval Request (with Offline Fallback) Form Action",
            f"{form} Without a connection it shows a request code.",
            offline="OfflineAllowed",
        ),
        _form(
            ids.APPROVAL_FORM_ITEM_NUMBER,
            "Approval Request (with ServiceNow Request Item Number) Form Action",
            f"{form} It then shows the number of the request in ServiceNow.",
        ),
        _macos_message(),
        _plain(
            ItemKind.ACTION,
            ids.ADD_ADMINISTRATIVE_RIGHTS,
            "Add Administrative Rights",
            "Gives the process administrative rights.",
            attributes="NoModify NoDelete System",
            platform="windows",
        ),
    ]


def _form(item_id: str, name: str, description: str, *, offline: str = "OfflineNotAllowed") -> Item:
    document = read_text(f"{_FOLDER}/approval_action.xml").rstrip("\n")
    for mark, value in {
        "@DESCRIPTION@": escape(description),
        "@ITEM@": item_id,
        "@NAME@": escape(name),
        "@TYPE@": ids.DEFAULT_APPROVAL_TYPE.upper(),
        "@OFFLINE@": offline,
        "@XAML@": _window(),
    }.items():
        document = document.replace(mark, value)
    return _from_xml(document)


@cache
def _window() -> str:
    texts: dict[str, dict[str, str]] = json.loads(read_text(f"{_FOLDER}/texts.json"))
    logo = base64.b64encode(path_of(f"{_FOLDER}/logo.png").read_bytes()).decode()
    window = read_text(f"{_FOLDER}/approval_window.xaml").rstrip("\n")
    sets = "\n".join(_locale_set(language, values) for language, values in texts.items())
    return window.replace("@LOCALES@", sets).replace("@LOGO@", logo)


def _locale_set(language: str, texts: dict[str, str]) -> str:
    indent = " " * 12
    lines = [
        f'{indent}<axc:LocaleResourceSet Language="{language}">'
        if language
        else f"{indent}<axc:LocaleResourceSet>"
    ]
    for key, text in texts.items():
        if key in _SECTIONS:
            lines += [
                f'{indent}    <axc:StringKeyedResource Key="{key}">',
                f"{indent}        <axc:StringKeyedResource.Value>",
                f'{indent}            <Section xml:space="preserve">',
                f"{indent}                <Paragraph>{_runs(text)}</Paragraph>",
                f"{indent}            </Section>",
                f"{indent}        </axc:StringKeyedResource.Value>",
                f"{indent}    </axc:StringKeyedResource>",
            ]
        else:
            lines.append(f'{indent}    <axc:StringKeyedResource Key="{key}" Value="{escape(text)}" />')
    return "\n".join([*lines, f"{indent}</axc:LocaleResourceSet>"])


def _runs(text: str) -> str:
    """Return the runs of a paragraph; a part between <b> and </b> is bold."""
    runs = []
    for number, part in enumerate(text.replace("</b>", "<b>").split("<b>")):
        run = f"<Run>{escape(part)}</Run>"
        runs.append(f"<Bold>{run}</Bold>" if number % 2 else run)
    return "".join(runs)


def _macos_message() -> Item:
    texts: dict[str, dict[str, str]] = json.loads(read_text(f"{_FOLDER}/texts.json"))
    document = read_text(f"{_FOLDER}/message_action.xml").rstrip("\n")
    for mark, value in {
        "@DESCRIPTION@": "Shows a message on a Mac in which the user asks for a program.",
        "@ITEM@": ids.MACOS_MESSAGE,
        "@NAME@": "Application Approval Request Message Action",
        "@TYPE@": ids.DEFAULT_APPROVAL_TYPE.upper(),
        "@TITLE@": texts[""]["ApplicationTitle"],
        "@INFORMATION@": texts[""]["InformationTextSection"],
        "@INSTRUCTION@": texts[""]["InstructionTextSection"],
    }.items():
        document = document.replace(mark, value)
    return _from_xml(document)


def _from_xml(document: str) -> Item:
    contract = read_import(f"<items>\n{document}\n</items>".encode())[0]
    return Item(
        kind_of(contract.name), contract.members, TYPE_NAMES.get(contract.name, ""), contract.document
    )


# -- filters and policies --------------------------------------------------


def _filters() -> list[Item]:
    built_in = "NoModify NoDelete System"
    windows, macos = ids.WINDOWS_FILTERS_FOLDER, ids.MACOS_FILTERS_FOLDER
    return [
        _plain(
            ItemKind.FILTER, ids.ADMINISTRATIVE_RIGHTS_REQUIRED, "Administrative Rights Required",
            "Programs that ask for administrative rights.", attributes=built_in, folder=windows, platform="windows",
        ),
        _plain(
            ItemKind.FILTER, ids.fixed_id("filter", "Setup Programs"), "Setup Programs",
            "Files called setup or install.", folder=windows, platform="windows", type_name="Win32 Executable Filter",
        ),
        _plain(
            ItemKind.FILTER, ids.fixed_id("filter", "Service Desk Staff"), "Service Desk Staff",
            "Members of the service desk.", folder=windows, platform="windows", type_name="User Context Filter",
        ),
        _plain(
            ItemKind.FILTER, ids.fixed_id("filter", "Installer Packages"), "Installer Packages",
            "Packages of the macOS installer.", folder=macos, platform="macos",
        ),
    ]  # fmt: skip


def _plain(
    kind: ItemKind, item_id: str, name: str, description: str, *, attributes: str = "",
    folder: str = ids.ACTIONS_FOLDER, platform: str = "", type_name: str = "",
) -> Item:  # fmt: skip
    """Return an item without XML."""
    members: JsonObject = {
        "Attributes": attributes,
        "Description": description,
        "FolderId": folder,
        "ItemId": item_id,
        "Name": name,
        "ProductId": ids.APPLICATION_CONTROL_PRODUCT,
        "Tags": [f"pm.platform.{platform}"] if platform else [],
    }
    if not attributes:
        del members["Attributes"]
    return Item(kind, members, type_name)


def new_policy(name: str, description: str, *, macos: bool, targeted: bool, item_id: str = "") -> Item:
    """Return a policy as the API makes it: inactive, with priority 50 and without filters and actions."""
    targets: list[JsonValue] = [ids.MACOS_TARGET if macos else ids.WINDOWS_TARGET] if targeted else []
    members: JsonObject = {
        "Description": description,
        "FolderId": ids.MACOS_POLICIES_FOLDER if macos else ids.WINDOWS_POLICIES_FOLDER,
        "ItemId": item_id or ids.new_id(),
        "Name": name,
        "ProductId": ids.APPLICATION_CONTROL_PRODUCT,
        "Tags": ["pm.platform.macos" if macos else "pm.platform.windows"],
        "ApplyToResourcesSettings": {
            "AllowedTargetRoleTypeId": ids.TARGET_ROLE_TYPE,
            "RequiresScopingSecurity": False,
            "RestrictionCollectionId": None,
            "ScopingSecurityOperationId": None,
        },
        "DefaultResourceTargetIds": targets,
        "Enabled": False,
        "ApplicationActionIds": [],
        "AppliesToAllProcesses": False,
        "ChildApplicationActionIds": [],
        "ChildAssociations": [],
        "EndsProcessing": True,
        "EndsProcessingChild": False,
        "ManditoryFilterIds": [],
        "NegativeFileFilterIds": [],
        "OwnsItemIds": [],
        "PositiveFileFilterIds": [],
        "Priority": DEFAULT_PRIORITY,
        "SendActionEvent": True,
        "SkipDuringSystemStartup": False,
        "Stage2Processing": False,
    }
    return Item(ItemKind.POLICY, members)


def _policies() -> list[Item]:
    elevate = new_policy(
        "Elevate Service Desk Tools", "Runs tools of the service desk with administrative rights.",
        macos=False, targeted=True, item_id=ids.fixed_id("policy", "Elevate Service Desk Tools"),
    )  # fmt: skip
    elevate.members.update(
        Enabled=True,
        Priority=10,
        ApplicationActionIds=[ids.ADD_ADMINISTRATIVE_RIGHTS],
        ManditoryFilterIds=[ids.fixed_id("filter", "Service Desk Staff")],
        PositiveFileFilterIds=[ids.ADMINISTRATIVE_RIGHTS_REQUIRED],
    )
    remove = new_policy(
        "Elevate Privilege Manager Remove Programs Utility Policy", "A template that is read only.",
        macos=False, targeted=False, item_id=ids.REMOVE_PROGRAMS_POLICY,
    )  # fmt: skip
    remove.members = {"Attributes": "NoModify NoDelete System", **remove.members}
    remove.members["ApplicationActionIds"] = [ids.ADD_ADMINISTRATIVE_RIGHTS]
    mac = new_policy(
        "Ask for Installer Packages", "Asks before a package is installed on a Mac.",
        macos=True, targeted=True, item_id=ids.fixed_id("policy", "Ask for Installer Packages"),
    )  # fmt: skip
    mac.members.update(
        ApplicationActionIds=[ids.MACOS_MESSAGE],
        PositiveFileFilterIds=[ids.fixed_id("filter", "Installer Packages")],
    )
    return [elevate, remove, mac]
