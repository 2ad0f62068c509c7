"""Exports written for the tests, in every form that an export can have; and the vendor's samples where they are."""

import html
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
SAMPLES = ROOT.parent / "shared" / "reference" / "samples" / "privilege-manager"
FORM_SAMPLE = "action_approval-request-form-with-localization.xml"
DAMAGED_SAMPLE = "action_challenge-response-message_2019.xml"

TYPE_ID = "2A3F33C4-15DD-41D0-A620-889EA1E4408A"
OWN_TYPE_ID = "9C41D7E0-52B8-4F6A-8E13-7B0A64C2D915"
SOURCE_ID = "0b9f1c1e-7a4f-4d2c-9d5a-6f6f1d0e2a11"
COPY_ID = "7d1c6e0a-3b5f-4f6e-8a9b-0c1d2e3f4a5b"

NAMESPACES = {
    "adc": "http://schemas.arellia.com/dc/",
    "arr": "http://schemas.microsoft.com/2003/10/Serialization/Arrays",
    "i": "http://www.w3.org/2001/XMLSchema-instance",
}
OWN = "http://schemas.arellia.com/dc/ApplicationControl/ApplicationAction/"
LABELS = (
    ("ApplicationTitle", "Needs a decision"),
    ("UserLabel", "Who:"),
    ("ApplicationLabel", "What:"),
    ("ReasonLabel", "Why:"),
    ("ContinueButtonLabel", "Go on"),
    ("CancelButtonLabel", "Stop"),
    ("RefreshButtonLabel", "Look again"),
    ("TitlePrefix", "Decision"),
    ("FlowDirection", "LeftToRight"),
    ("DefaultFontSize", "11"),
    ("ApprovalStatusLabel", "State:"),
)
SECTIONS = ("InformationTextSection", "InstructionTextSection", "ApprovalStatusTextSection")


def sample(name):
    """Return a sample of the vendor; skips the test where the samples are not there."""
    path = SAMPLES / name
    if not path.is_file():
        pytest.skip("the samples are not on this computer")
    return path.read_bytes()


def sample_names():
    """Return the names of the XML samples that are well formed; empty where they are not there."""
    return sorted(path.name for path in SAMPLES.glob("*.xml") if path.name != DAMAGED_SAMPLE)


def resource_set(language="", note=""):
    """Return the texts of one language; `note` is added to each label."""
    attribute = f' Language="{language}"' if language else ""
    lines = [f"<axc:LocaleResourceSet{attribute}>"]
    for key, value in LABELS:
        shown = value if key in ("FlowDirection", "DefaultFontSize") else value + note
        lines.append(f'  <axc:StringKeyedResource Key="{key}" Value="{html.escape(shown)}" />')
    for key in SECTIONS:
        lines += [
            f'  <axc:StringKeyedResource Key="{key}">',
            "    <axc:StringKeyedResource.Value>",
            '      <Section xml:space="preserve">',
            f'        <Paragraph FontSize="12"><Run>Please </Run><Bold><Run>read{note}</Run></Bold><Run> this.</Run></Paragraph>',
            "      </Section>",
            "    </axc:StringKeyedResource.Value>",
            "  </axc:StringKeyedResource>",
        ]
    return "\n".join((*lines, "</axc:LocaleResourceSet>"))


def window(languages=("es",), logo="aGVsbG8=", note=""):
    """Return a window with the names of the view model."""
    sets = "\n".join((resource_set(note=note), *(resource_set(one, note) for one in languages)))
    names = (
        "ProcessName",
        "UserName",
        "ReasonText",
        "Error",
        "ApprovalStatus",
        "IsPendingApproval",
        "IsRequestApproved",
    )
    commands = ("ContinueWithReasonCommand", "ContinueCommand", "RefreshApprovalCommand", "CloseCommand")
    bound = "\n".join(f'<TextBlock Text="{{Binding {one}}}" />' for one in names + commands)
    return f"""<Window xmlns="http://schemas.microsoft.com/winfx/2006/xaml/presentation"
  xmlns:x="http://schemas.microsoft.com/winfx/2006/xaml"
  xmlns:sys="clr-namespace:System;assembly=mscorlib"
  xmlns:axc="http://schemas.arellia.com/xaml/2014/xaml/common">
<Window.Resources>
<axc:LocaleResourceCollection x:Key="LocaleResources">
{sets}
</axc:LocaleResourceCollection>
<!-- colours -->
<sys:String x:Key="EncodedLogoImage">{logo}</sys:String>
<Style x:Key="TitleHeadingBorderStyle" TargetType="Border"><Setter Property="Background" Value="Orange" /></Style>
<SolidColorBrush x:Key="DeniedBackgroundBrush" Color="#FFCC0000" />
</Window.Resources>
<StackPanel>{bound}</StackPanel>
</Window>"""


@dataclass(frozen=True)
class Form:
    """How an export is written."""

    cdata: bool = True
    encoding: str = "utf-8"
    declared: str = ""
    byte_order_mark: bytes = b""
    base_prefix: str = "adc"
    own_prefix: str = ""
    line_end: str = "\n"
    languages: tuple[str, ...] = ("es",)
    items: bool = False
    state: bool = False
    name: str = "Ask for a decision"
    note: str = ""
    logo: str = "aGVsbG8="
    command: str = f"/verbose /approvalTypeId:{TYPE_ID} /wait:5"
    attributes: str = "NoReplication System NoModify"

    def encode(self, text):
        """Return the text as a file."""
        declaration = f'<?xml version="1.0" encoding="{self.declared}"?>\n' if self.declared else ""
        whole = (declaration + text).replace("\n", self.line_end)
        return self.byte_order_mark + whole.encode(self.encoding, "xmlcharrefreplace")


def state_block(base):
    """Return what a running server adds to an item."""
    return f'  <{base}:State i:type="{base}:ItemState"><{base}:IsCreated>true</{base}:IsCreated></{base}:State>\n'


def action_element(form, item_id=SOURCE_ID):
    """Return the contract of an approval action."""
    base, own = form.base_prefix, f"{form.own_prefix}:" if form.own_prefix else ""
    xaml = window(form.languages, form.logo, form.note)
    inner = f"<![CDATA[{xaml}]]>" if form.cdata else html.escape(xaml, quote=False)
    declared = "".join(
        f' xmlns:{base if prefix == "adc" else prefix}="{uri}"' for prefix, uri in NAMESPACES.items()
    )
    own_declared = f' xmlns:{form.own_prefix}="{OWN}"' if form.own_prefix else f' xmlns="{OWN}"'
    attributes = f"  <{base}:Attributes>{form.attributes}</{base}:Attributes>\n" if form.attributes else ""
    return f"""<{own}CustomXamlExecutionActionContract{declared}{own_declared}>
{attributes}  <{base}:Description>Asks before a program starts.</{base}:Description>
  <{base}:FolderId>cf02777a-86b3-4450-b5af-1dcbee252071</{base}:FolderId>
  <{base}:ItemId>{item_id}</{base}:ItemId>
  <{base}:Name>{html.escape(form.name)}</{base}:Name>
  <{base}:ProductId>27bedb8a-db37-4d53-b748-bc6651461fe4</{base}:ProductId>
{state_block(base) if form.state else ""}  <{base}:Strings />
  <{base}:Tags />
  <{own}AdjustSession>false</{own}AdjustSession>
  <{own}Commandline>{form.command}</{own}Commandline>
  <{own}Executable>.\\ArelliaDisplayXamlAction.exe</{own}Executable>
  <{own}TerminateExitCode>1</{own}TerminateExitCode>
  <{own}WaitOnApplication>true</{own}WaitOnApplication>
  <{own}ChildAssociations />
  <{own}OfflineApprovalType>OfflineNotAllowed</{own}OfflineApprovalType>
  <{own}OwnsItemIds />
  <{own}RequireLogon>false</{own}RequireLogon>
  <{own}UserGroupId i:nil="true" />
  <{own}Xaml>{inner}</{own}Xaml>
</{own}CustomXamlExecutionActionContract>"""


FILTER = """<CommandlineFilterContract xmlns:adc="http://schemas.arellia.com/dc/" xmlns="http://schemas.arellia.com/dc/ApplicationControl/ApplicationFilter/">
  <adc:ItemId>5f0a2c58-6d2e-4a55-8f37-1f2c3d4e5f60</adc:ItemId>
  <adc:Name>Some program</adc:Name>
  <adc:ProductId>27bedb8a-db37-4d53-b748-bc6651461fe4</adc:ProductId>
  <Commandline>install</Commandline>
</CommandlineFilterContract>"""


def export(form=None, **changes):
    """Return an export of one action in this form."""
    form = Form(**changes) if form is None else form
    text = action_element(form)
    return form.encode(
        f"<items>\n{FILTER}\n{text}\n{FILTER.replace('5f0a', '5f0b')}\n</items>\n" if form.items else text
    )


MACOS = f"""<items>
<MacMessageActionContract xmlns:b="http://schemas.arellia.com/dc/" xmlns:arr="{NAMESPACES["arr"]}" xmlns="urn:unknown:mac">
  <b:Attributes>System</b:Attributes>
  <b:ItemId>{SOURCE_ID}</b:ItemId>
  <b:Name>Ask on a Mac</b:Name>
  <b:ProductId>27bedb8a-db37-4d53-b748-bc6651461fe4</b:ProductId>
  <b:Tags><arr:string>pm.platform.macos</arr:string></b:Tags>
  <Arguments>/approvalTypeId:{TYPE_ID}</Arguments>
  <Html><![CDATA[<p>Please wait.</p>]]></Html>
</MacMessageActionContract>
</items>
"""

FORMS = {
    "plain UTF-8": Form(),
    "byte order mark": Form(byte_order_mark=b"\xef\xbb\xbf"),
    "escaped window": Form(cdata=False),
    "foreign prefixes": Form(base_prefix="q7", own_prefix="z"),
    "ISO-8859-1": Form(encoding="iso-8859-1", declared="ISO-8859-1", name="Entscheidung für Größe"),
    "ISO-8859-1, escaped window": Form(encoding="iso-8859-1", declared="ISO-8859-1", cdata=False),
    "Windows-1252": Form(encoding="cp1252", declared="windows-1252", name="Fünf €"),
    "US-ASCII": Form(encoding="ascii", declared="us-ascii", name="Größe", note=""),
    "UTF-16 LE": Form(encoding="utf-16-le", byte_order_mark=b"\xff\xfe", declared="utf-16", name="決定"),
    "UTF-16 BE": Form(encoding="utf-16-be", byte_order_mark=b"\xfe\xff", declared="utf-16"),
    "UTF-16 without mark": Form(encoding="utf-16-le", declared="utf-16"),
    "UTF-32": Form(encoding="utf-32-le", byte_order_mark=b"\xff\xfe\x00\x00"),
    "Windows line ends": Form(line_end="\r\n"),
    "Windows line ends, escaped window": Form(line_end="\r\n", cdata=False),
    "old Macintosh line ends": Form(line_end="\r"),
    "several languages": Form(languages=("es", "de", "fr", "pt-BR", "ar")),
    "several items": Form(items=True),
    "several items, mark": Form(items=True, byte_order_mark=b"\xef\xbb\xbf", line_end="\r\n"),
    "state of a server": Form(state=True),
    "no attributes": Form(attributes=""),
    "only built-in attributes": Form(attributes="System NoDelete"),
}
