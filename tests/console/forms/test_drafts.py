"""Drafts: kept by object, written without secrets, restored with their types."""

import json
import stat
import uuid

import pytest

from console.runtime.drafts import Draft, Drafts, drafts_file
from models.kinds import Kind
from models.secret_names import SecretName
from services.common.secret import Secret

ID = uuid.UUID("6a2c3d9e-0000-4000-8000-000000000001")
CREDENTIAL = uuid.UUID("6a2c3d9e-0000-4000-8000-000000000002")


def server_draft(**values):
    base = {"name": "ServiceNow Server", "base_url": "https://acme.service-now.com/", "credential_id": None}
    return Draft(Kind.FOREIGN_SYSTEM, ID, {**base, **values}, base=base, base_version=3)


def test_a_draft_is_dirty_only_when_something_differs():
    assert not server_draft().dirty
    assert server_draft(name="Other").dirty
    assert server_draft(credential_id=CREDENTIAL).changed_names == ["credential_id"]
    assert Draft(Kind.FOREIGN_SYSTEM, ID, {"name": "New"}).dirty
    assert Draft(
        Kind.FOREIGN_SYSTEM, ID, {"name": "a"}, base={"name": "a"}, secrets={SecretName.PASSWORD: Secret("x")}
    ).dirty


def test_changes_are_announced_and_drafts_found_again(qtbot):
    drafts = Drafts()
    with qtbot.waitSignal(drafts.changed) as said:
        drafts.put(server_draft(name="Other"))
    assert said.args == ["foreign_system", ID]
    assert drafts.has("foreign_system", ID)
    assert [d.id for d in drafts.all("foreign_system")] == [ID]
    assert not drafts.has("user_credential", ID)
    with qtbot.waitSignal(drafts.changed):
        drafts.discard("foreign_system", ID)
    assert drafts.all() == []


def test_only_what_a_tree_shows_is_announced_again(qapp):
    drafts, told = Drafts(), []
    drafts.changed.connect(lambda kind, _id: told.append(kind))
    drafts.put(server_draft(name="Other"))
    drafts.put(server_draft(name="Other", base_url="https://b/"))
    assert told == ["foreign_system"]
    drafts.put(server_draft(name="Another", base_url="https://b/"))
    assert told == ["foreign_system"] * 2


def test_a_restart_brings_drafts_back_with_their_types(tmp_path, qapp):
    file = tmp_path / "profile" / "drafts.json"
    first = Drafts(file=file)
    first.put(server_draft(credential_id=CREDENTIAL, production=True))
    first.flush()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    second = Drafts(file=file)
    found = second.get("foreign_system", ID)
    assert found == server_draft(credential_id=CREDENTIAL, production=True)
    second.discard("foreign_system", ID)
    second.flush()
    assert not file.exists()


def test_no_password_reaches_the_file(tmp_path, qapp):
    file = tmp_path / "drafts.json"
    drafts = Drafts(file=file)
    draft = server_draft(
        base_url="https://me:canary-7781@acme.service-now.com/", proxy="http://u:canary-7781@p:3128"
    )
    draft.secrets = {SecretName.PASSWORD: Secret("canary-7781")}
    drafts.put(draft)
    drafts.flush()
    assert "canary-7781" not in file.read_text(encoding="utf-8")
    assert "canary-7781" not in repr(draft.secrets)
    restored = Drafts(file=file).get("foreign_system", ID)
    assert restored.values["name"] == "ServiceNow Server"
    assert "base_url" not in restored.values


def test_an_address_with_a_password_reaches_no_file_and_words_of_a_person_do(tmp_path, qapp):
    file = tmp_path / "drafts.json"
    first = Drafts(file=file)
    words = "Ask ops@acme.com, see https://wiki.acme.com/servicenow"
    first.put(server_draft(base_url="me:canary-7781@acme.service-now.com", description=words))
    first.flush()
    assert "canary-7781" not in file.read_text(encoding="utf-8")
    assert Drafts(file=file).get("foreign_system", ID).values["description"] == words


def test_each_store_has_drafts_of_its_own(tmp_path, qapp):
    one, other = (drafts_file(tmp_path, f"sqlite:///{tmp_path}/{name}.db") for name in ("one", "other"))
    first, second = Drafts(file=one), Drafts(file=other)
    first.put(server_draft(name="Typed here"))
    first.flush()
    second.flush()
    assert Drafts(file=other).all() == []
    assert Drafts(file=one).get("foreign_system", ID).values["name"] == "Typed here"
    assert drafts_file(tmp_path, f"{tmp_path}/one.db") == one


@pytest.mark.parametrize("content", ["", "[]", "{", json.dumps({"drafts": [{"kind": "unknown"}]})])
def test_an_unreadable_file_is_set_aside(tmp_path, qapp, content):
    file = tmp_path / "drafts.json"
    file.write_text(content, encoding="utf-8")
    assert Drafts(file=file).all() == []
    assert not file.exists()
    assert file.with_suffix(".unreadable").read_text(encoding="utf-8") == content
