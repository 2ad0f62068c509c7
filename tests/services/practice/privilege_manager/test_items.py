"""Export and Import Items: what is exported, what an import does, and what it refuses."""

import io
import json
import re
import uuid
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from resources import read_text
from services.practice.privilege_manager import ImportRefusedError
from services.practice.privilege_manager import built_in_ids as ids
from services.practice.privilege_manager.initial_items import initial_items
from services.practice.privilege_manager.item_xml import pack, read_import
from services.practice.privilege_manager.items import ItemKind, ItemStore
from services.practice.privilege_manager.state import approval_type_of
from services.privilege_manager.items.action_copy import ActionEdits, make_copy

API = "services/api/v1"
SAMPLES = Path("../shared/reference/samples/privilege-manager")
FORMS = (
    ids.APPROVAL_FORM,
    ids.APPROVAL_FORM_LOCALIZED,
    ids.APPROVAL_FORM_OFFLINE,
    ids.APPROVAL_FORM_ITEM_NUMBER,
)
XAML = "{http://schemas.microsoft.com/winfx/2006/xaml/presentation}"
COMMON = "{http://schemas.arellia.com/xaml/2014/xaml/common}"
KEYS = [
    "ApplicationTitle", "UserLabel", "ApplicationLabel", "ReasonLabel", "InformationTextSection", "InstructionTextSection",
    "ContinueButtonLabel", "CancelButtonLabel", "RefreshButtonLabel", "TitlePrefix", "FlowDirection", "DefaultFontSize",
    "ApprovalStatusLabel", "ApprovalStatusTextSection",
]  # fmt: skip


def unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["items.xml"]
        return archive.read("items.xml")


def copy_of(document, name="Copy", item_id=None):
    """Return the document of an action with another id and name, and without its protection."""
    text = document.decode()
    text = re.sub(r"<adc:ItemId>[^<]+", f"<adc:ItemId>{item_id or uuid.uuid4()}", text)
    text = re.sub(r"<adc:Name>[^<]+", f"<adc:Name>{name}", text)
    return text.replace("NoReplication System", "NoReplication").encode()


def export(http, item_id, query=""):
    answer = http.get(f"practice/items/{item_id}/export{query}")
    assert answer.status_code == 200
    return answer.content


def import_file(http, content, query="", kind="application/zip"):
    return http.post(f"practice/items/import{query}", content=content, headers={"Content-Type": kind})


class TestBuiltInActions:
    @pytest.mark.parametrize("item_id", FORMS)
    def test_the_window_has_all_texts_in_four_languages(self, http, item_id):
        root = etree.fromstring(unpacked(export(http, item_id)))
        text = root.findtext("{*}CustomXamlExecutionActionContract/{*}Xaml")
        window = etree.fromstring(text.encode())
        sets = list(window.iter(f"{COMMON}LocaleResourceSet"))
        assert [one.get("Language") for one in sets] == [None, "es", "de", "ar"]
        for one in sets:
            assert [child.get("Key") for child in one] == KEYS
            direction = next(child.get("Value") for child in one if child.get("Key") == "FlowDirection")
            assert direction == ("RightToLeft" if one.get("Language") == "ar" else "LeftToRight")

    def test_the_names_of_the_view_model_are_bound(self):
        window = read_text("practice/privilege_manager/approval_window.xaml")
        for name in (
            "ProcessName", "UserName", "ReasonText", "Error", "ApprovalStatus", "IsPendingApproval", "IsRequestApproved",
            "ContinueWithReasonCommand", "ContinueCommand", "RefreshApprovalCommand", "CloseCommand",
        ):  # fmt: skip
            assert f"{{Binding {name}" in window

    def test_an_item_without_a_public_contract_has_no_export(self, http):
        assert http.get(f"practice/items/{ids.ADD_ADMINISTRATIVE_RIGHTS}/export").status_code == 404
        assert http.get("practice/items/nothing/export").status_code == 404

    def test_no_text_is_the_vendors(self):
        texts = json.loads(read_text("practice/privilege_manager/texts.json"))
        long = [text for one in texts.values() for text in one.values() if len(text) > 25]
        for sample in SAMPLES.glob("*.xml"):
            content = sample.read_text(encoding="utf-8", errors="replace")
            assert [text for text in long if re.sub("</?b>", "", text) in content] == []


class TestImport:
    @pytest.mark.parametrize("packed", [True, False])
    def test_a_copy_appears_among_the_actions_and_is_exported_as_it_came(self, http, packed):
        item_id = str(uuid.uuid4())
        document = b"\xef\xbb\xbf" + copy_of(
            unpacked(export(http, FORMS[0])), "Ours & theirs".replace("&", "&amp;"), item_id
        )
        kind = "application/zip" if packed else "application/xml"
        answer = import_file(http, pack(document) if packed else document, kind=kind)
        assert answer.json()["Result"] == {"Imported": [item_id], "Skipped": [], "Refused": []}
        names = {one["ItemId"]: one["Name"] for one in http.get(f"{API}/actions/GetAll").json()["Result"]}
        assert names[item_id] == "Ours & theirs"
        assert unpacked(export(http, item_id)) == document
        assert export(http, item_id, "?format=xml") == document

    @pytest.mark.parametrize("name", ["true", "12", "-3"])
    def test_a_name_is_a_text_whatever_it_looks_like(self, name):
        store = ItemStore(initial_items(with_policies=False))
        done = store.import_file(copy_of(unpacked(store.export(FORMS[0])), name), overwrite=True)
        assert store.get(done.imported[0]).members["Name"] == name

    def test_an_existing_item_is_skipped_or_overwritten(self, http):
        item_id = str(uuid.uuid4())
        document = unpacked(export(http, FORMS[0]))
        import_file(http, pack(copy_of(document, "First", item_id)))
        answer = import_file(http, pack(copy_of(document, "Second", item_id)), "?overwrite=false")
        assert answer.json()["Result"]["Skipped"] == [item_id]
        assert http.get(f"{API}/actions/{item_id}").json()["Result"]["Name"] == "First"
        import_file(http, pack(copy_of(document, "Second", item_id)))
        assert http.get(f"{API}/actions/{item_id}").json()["Result"]["Name"] == "Second"

    def test_a_built_in_item_is_not_overwritten(self, http):
        document = unpacked(export(http, FORMS[0])).replace(b"Approval Request Form Action<", b"Other<")
        answer = import_file(http, pack(document))
        assert (answer.status_code, answer.json()["Status"]) == (409, "error")
        assert http.get(f"{API}/actions/{FORMS[0]}").json()["Result"]["Name"] != "Other"

    def test_a_web_page_cannot_import(self, http):
        document = pack(copy_of(unpacked(export(http, FORMS[0]))))
        assert import_file(http, document, kind="text/plain").status_code == 415

    def test_a_policy_goes_out_and_comes_back(self, pm, http):
        policy = http.get(f"{API}/policies/GetAll").json()["Result"][0]
        content = export(http, policy["ItemId"])
        pm.state.items.remove(policy["ItemId"])
        assert import_file(http, content).status_code == 200
        assert http.get(f"{API}/policies/{policy['ItemId']}").json()["Result"] == policy
        assert export(http, policy["ItemId"]) == content

    def test_a_policy_that_changed_after_its_import_is_written_anew(self, pm, http):
        policy_id = http.get(f"{API}/policies/GetAll").json()["Result"][0]["ItemId"]
        import_file(http, export(http, policy_id))
        http.post(f"{API}/policies/{policy_id}/enable/false")
        assert b"<adc:Enabled>false<" in unpacked(export(http, policy_id))

    def test_several_items_in_one_file(self, pm):
        store = ItemStore(initial_items(with_policies=False))
        document = unpacked(store.export(FORMS[0]))
        one = re.search(rb"<Custom.*</CustomXamlExecutionActionContract>", document, re.DOTALL)[0]
        both = b"<items>" + copy_of(one, "A") + b"\n<!-- between -->" + copy_of(one, "B") + b"</items>"
        done = store.import_file(both, overwrite=True)
        assert [store.get(item_id).name for item_id in done.imported] == ["A", "B"]
        again = unpacked(store.export(done.imported[1]))
        assert b"<![CDATA[<Window" in again
        assert read_import(again)[0].members == store.get(done.imported[1]).members

    def test_another_encoding_and_a_large_window(self):
        store = ItemStore(initial_items(with_policies=False))
        text = copy_of(unpacked(store.export(FORMS[0])), "Größe").decode()
        text = text.replace("<!-- colours of the decision -->", f"<!-- {'x' * 11_000_000} -->")
        document = (
            '<?xml version="1.0" encoding="ISO-8859-1"?>\n' + re.sub("[^\x00-\xff]", "?", text)
        ).encode("latin-1")
        done = store.import_file(document, overwrite=True)
        assert store.get(done.imported[0]).name == "Größe"
        assert unpacked(store.export(done.imported[0])) == document


def broken(change):
    store = ItemStore(initial_items(with_policies=False))
    document = copy_of(unpacked(store.export(FORMS[0])))
    changed = change(document)
    assert changed != document
    return changed


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda d: d[:-20], "not well formed"),
            (lambda d: b"<!DOCTYPE items>" + d, "document type"),
            (lambda d: b'<?xml version="1.0"?><!DOCTYPE i [<!ENTITY a "b">]>' + d, "document type"),
            (lambda d: d.replace(b"<adc:Name>Copy</adc:Name>", b""), "has no Name"),
            (lambda d: re.sub(rb"<adc:ItemId>[^<]+", b"<adc:ItemId>12", d), "is not an id"),
            (lambda d: d.replace(b"<adc:Strings />", b"<adc:Name>Copy</adc:Name>"), "out of order"),
            (lambda d: d.replace(b"<OwnsItemIds />", b"<Owns />"), "has no member Owns"),
            (lambda d: d.replace(b"</Window>", b"</Other>"), "window in Xaml"),
            (lambda d: d.replace(b"CustomXamlExecutionActionContract", b"Something"), "not a contract"),
            (lambda _: b"<items/>", "has no item"),
            (lambda _: b"", "not well formed"),
            (lambda _: b"<a>" * 300 + b"</a>" * 300, "nested deeper"),
            (lambda _: b"PK\x03\x04 and nothing", "cannot be read"),
        ],
    )  # fmt: skip
    def test_a_file_that_is_refused_says_why(self, http, change, said):
        answer = import_file(http, broken(change), kind="application/octet-stream")
        assert answer.status_code == 400
        assert said in answer.json()["Messages"][0]

    def test_a_zip_with_another_entry(self):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("items.xml", "<items/>")
            archive.writestr("../other.xml", "<items/>")
        with pytest.raises(ImportRefusedError, match="nothing else"):
            read_import(stream.getvalue())

    def test_a_zip_that_is_too_large_inside(self):
        with pytest.raises(ImportRefusedError, match="more than"):
            read_import(pack(b" " * (64 * 2**20 + 1)))

    def test_nothing_is_imported_when_one_item_is_refused(self):
        store = ItemStore(initial_items(with_policies=False))
        one = re.search(
            rb"<Custom.*</CustomXamlExecutionActionContract>", unpacked(store.export(FORMS[0])), re.DOTALL
        )[0]
        number = len(store)
        with pytest.raises(ImportRefusedError):
            store.import_file(b"<items>" + copy_of(one) + b"<other/></items>", overwrite=True)
        assert len(store) == number

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def test_a_damaged_file_is_refused_or_imported_whole(self, data):
        store = ItemStore(initial_items(with_policies=False))
        document = bytearray(copy_of(unpacked(store.export(FORMS[0]))))
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(document) - 1))
            document[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        try:
            done = store.import_file(bytes(document), overwrite=True)
        except ImportRefusedError:
            return
        for item_id in done.imported:
            assert unpacked(store.export(item_id)) == bytes(document)


class TestCopies:
    """Copies that this program writes are taken, and change nothing but what was asked for."""

    @pytest.mark.parametrize("item_id", [*FORMS, ids.MACOS_MESSAGE])
    def test_a_written_copy_is_imported_and_exported_unchanged(self, pm, http, item_id):
        wanted = pm.state.add_approval_type("ServiceNow").id
        copied = make_copy(export(http, item_id), ActionEdits(name="Ours", approval_type_id=wanted))
        assert import_file(http, pack(copied.xml)).json()["Result"]["Imported"] == [copied.item_id]
        assert unpacked(export(http, copied.item_id)) == copied.xml
        assert approval_type_of(pm.state.items.get(copied.item_id).command_line) == wanted


class TestSamples:
    """Exports that are public, where they are at hand."""

    def test_public_exports_import(self):
        for sample in sorted(SAMPLES.glob("*.xml")):
            content = sample.read_bytes()
            if "2019" in sample.name or sample.name.startswith("item-state"):
                continue
            store = ItemStore()
            done = store.import_file(content, overwrite=True)
            assert done.imported, sample.name
            if len(done.imported) == 1:
                assert unpacked(store.export(done.imported[0])) == content
            assert all(store.get(one).kind in ItemKind for one in done.imported)
