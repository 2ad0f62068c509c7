"""The pages of objects as a person meets them: typing, saving, passwords, conflicts, deleting."""

import asyncio
import contextlib

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from console.forms import object_actions
from console.forms.delete_dialogs import DeleteDialog, InUseDialog
from console.forms.merge_dialog import MergeDialog
from console.forms.reference_picker import ReferenceField
from console.forms.secrets_dialog import SecretsDialog
from console.runtime.page_targets import Target
from console.shell.page_registry import create_page
from models.addresses import Origin
from models.kinds import Kind
from models.secret_names import SecretName
from services.common.secret import Secret
from services.vault.file_vault import FileVault
from tests.console.page_support import until

ACME = "https://acme.service-now.com/"


@contextlib.asynccontextmanager
async def opened(ctx, target):
    """Show the page of a target and take it down again."""
    page = create_page(target, ctx)
    page.resize(1000, 700)
    page.show()
    page.load()
    await until(lambda: page.session.ready)
    try:
        yield page
    finally:
        page.close()
        page.deleteLater()
        await asyncio.sleep(0)


def type_into(page, name, text):
    line = page.form.field(name).editor.focus_target
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)


async def dialog_of(kind):
    """Wait for a dialog to open and return it."""
    found = []

    def look():
        found[:] = [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]
        return bool(found)

    await until(look)
    return found[0]


async def settled(page):
    """Wait until what was typed is judged and nothing is read or written any more."""
    session = page.session
    await until(lambda: not (session.saving or session._timer.isActive() or page.tasks.busy))


def make(configuration, kind, **values):
    return configuration.save(configuration.new(kind, **values))


def where(item):
    return Target(item.kind.value, item.id)


# -- saving ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Kind))
def test_a_new_object_is_a_draft_until_it_is_saved(run, ctx, kind):
    async def story():
        target = await object_actions.new_object(ctx, kind)
        assert ctx.visited == [target]
        async with opened(ctx, target) as page:
            assert page.has_draft
            assert "discard" in page.enabled()
            assert "delete" not in page.enabled()
            assert page.breadcrumb

    run(story())


def test_save_says_what_it_waits_for_and_then_saves(run, ctx, configuration):
    async def story():
        target = await object_actions.new_object(ctx, Kind.USER_CREDENTIAL)
        async with opened(ctx, target) as page:
            assert page.head.reason() == "Fill in 1 field to save"
            assert not page.head.save_button.isEnabled()
            type_into(page, "account", "privman.integration")
            assert page.head.reason() == ""
            QTest.mouseClick(page.head.save_button, Qt.MouseButton.LeftButton)
            await until(lambda: not page.session.is_new)
            await until(lambda: page.head.reason() == "Nothing to save")
            assert not page.head.save_button.isEnabled()
            await until(lambda: ctx.notes == ["Saved New User Credential"])
            assert not page.has_draft

    run(story())
    [stored] = configuration.all(Kind.USER_CREDENTIAL)
    assert stored.account == "privman.integration"


def test_an_error_stands_beside_its_field_while_typing(run, ctx, configuration):
    item = make(configuration, Kind.FOREIGN_SYSTEM, name="ServiceNow Server", base_url=ACME)
    make(configuration, Kind.FOREIGN_SYSTEM, name="Taken", base_url=ACME)

    async def story():
        async with opened(ctx, where(item)) as page:
            type_into(page, "base_url", "http://acme.service-now.com/")
            assert "http://" in page.form.field("base_url").error
            assert page.head.reason() == "Fix 1 error to save"
            type_into(page, "base_url", ACME)
            assert page.form.field("base_url").error == ""
            type_into(page, "name", "taken")
            await until(lambda: page.form.field("name").error)
            assert "save" not in page.enabled()
            page.discard()
            assert page.form.values()["name"] == "ServiceNow Server"
            await settled(page)

    run(story())


def test_a_name_that_another_console_takes_meanwhile_is_said_beside_its_field(
    run, ctx, configuration, other, store
):
    async def story():
        target = await object_actions.new_object(ctx, Kind.APPROVAL_TYPE, name="Mine")
        async with opened(ctx, target) as page:
            await settled(page)
            assert "save" in page.enabled()
            await asyncio.to_thread(make, other, Kind.APPROVAL_TYPE, name="Mine")
            store.feed.poll()
            await until(lambda: "save" not in page.enabled())
            assert page.form.field("name").error.startswith("This name is already in use")
            assert page.head.reason() == "Fix 1 error to save"
            await settled(page)

    run(story())


def test_a_server_deleted_while_a_process_was_drafted_is_said_beside_its_field(run, ctx, configuration):
    server = make(configuration, Kind.FOREIGN_SYSTEM, name="Spare", base_url="http://127.0.0.1:9/")

    async def story():
        target = await object_actions.new_object(ctx, Kind.APPROVAL_PROCESS, server_id=server.id)
        async with opened(ctx, target) as page:
            await until(lambda: "Not reached" in page.form.field("server_id").note[1])
            configuration.delete(Kind.FOREIGN_SYSTEM, server.id, server.version)
            await until(lambda: page.form.field("server_id").error)
            assert page.form.field("server_id").error == "Points at an object that no longer exists"
            await until(
                lambda: page.form.field("server_id").note[1].startswith("Not reached: It was deleted")
            )
            await settled(page)
            assert ctx.problems == []

    run(story())


def test_a_draft_waits_until_the_page_is_opened_again(run, ctx, configuration):
    item = make(configuration, Kind.USER_CREDENTIAL, name="ServiceNow", account="a")

    async def story():
        async with opened(ctx, where(item)) as page:
            type_into(page, "description", "Integration")
        assert ctx.drafts.has(Kind.USER_CREDENTIAL, item.id)
        async with opened(ctx, where(item)) as page:
            assert page.form.values()["description"] == "Integration"
            assert page.has_draft

    run(story())


# -- others ----------------------------------------------------------------------------------------------------


def test_a_change_by_another_console_shows_at_once(run, ctx, configuration, other, store):
    item = make(configuration, Kind.USER_CREDENTIAL, name="ServiceNow", account="a")

    async def story():
        async with opened(ctx, where(item)) as page:
            theirs = other.get(Kind.USER_CREDENTIAL, item.id)
            theirs.account = "b"
            other.save(theirs)
            store.feed.poll()
            await until(lambda: page.form.values()["account"] == "b")
            assert not page.has_draft

    run(story())


def test_a_clash_is_merged_field_by_field(run, ctx, configuration, other, store):
    item = make(configuration, Kind.USER_CREDENTIAL, name="ServiceNow", account="a")

    async def story():
        async with opened(ctx, where(item)) as page:
            type_into(page, "account", "mine")
            type_into(page, "description", "Mine too")
            theirs = other.get(Kind.USER_CREDENTIAL, item.id)
            theirs.account, theirs.name = "theirs", "Renamed"
            other.save(theirs)
            store.feed.poll()
            await until(lambda: "grace" in page.notice.text)
            page.save()
            dialog = await dialog_of(MergeDialog)
            assert not dialog.save_button.isEnabled()
            dialog.choose("account", "theirs")
            QTest.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
            await until(lambda: configuration.get(Kind.USER_CREDENTIAL, item.id).version == 3)
            await until(lambda: not page.has_draft)

    run(story())
    stored = configuration.get(Kind.USER_CREDENTIAL, item.id)
    assert (stored.account, stored.description, stored.name) == ("theirs", "Mine too", "Renamed")


@pytest.mark.parametrize(("side", "kept"), [("mine", "b"), ("theirs", "c")])
def test_id_name_and_category_of_an_item_are_merged_as_one(run, ctx, configuration, other, side, kept):
    def item(letter, category):
        values = (letter * 32, f"Item {letter}", category)
        return dict(
            zip(("request_item_id", "request_item_name", "request_item_category"), values, strict=True)
        )

    process = make(configuration, Kind.APPROVAL_PROCESS, name="Process", **item("a", "First"))
    wanted = {"b": item("b", "First"), "c": item("c", "Second")}

    async def story():
        async with opened(ctx, where(process)) as page:
            page.form.write({**page.form.values(), **wanted["b"]})
            page.form.field("request_item_id").editor.edited.emit()
            theirs = other.get(Kind.APPROVAL_PROCESS, process.id)
            for name, value in wanted["c"].items():
                setattr(theirs, name, value)
            other.save(theirs)
            page.save()
            dialog = await dialog_of(MergeDialog)
            dialog.choose("request_item_id", side)
            QTest.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
            await until(lambda: not page.session.dirty)
            await settled(page)

    run(story())
    stored = configuration.get(Kind.APPROVAL_PROCESS, process.id)
    assert {name: getattr(stored, name) for name in wanted[kept]} == wanted[kept]


def test_an_object_in_use_is_not_deleted_and_its_users_are_named(run, ctx, configuration):
    credential = make(configuration, Kind.USER_CREDENTIAL, name="ServiceNow", account="a")
    server = make(
        configuration,
        Kind.FOREIGN_SYSTEM,
        name="ServiceNow Server",
        base_url=ACME,
        credential_id=credential.id,
    )

    async def story():
        async with opened(ctx, where(credential)) as page:
            page.delete()
            dialog = await dialog_of(InUseDialog)
            dialog.reject()
            await settled(page)
        async with opened(ctx, where(server)) as page:
            page.delete()
            dialog = await dialog_of(DeleteDialog)
            QTest.mouseClick(dialog.delete_button, Qt.MouseButton.LeftButton)
            await until(lambda: configuration.all(Kind.FOREIGN_SYSTEM) == [])
            await until(lambda: ctx.visited)
            assert ctx.visited[-1].kind.startswith("folder:")

    run(story())
    assert configuration.get(Kind.USER_CREDENTIAL, credential.id) is not None


def test_the_page_of_an_object_deleted_elsewhere_offers_nothing_but_to_read_again(
    run, ctx, configuration, other, store
):
    item = make(configuration, Kind.APPROVAL_TYPE, name="Type")

    async def story():
        async with opened(ctx, where(item)) as page:
            await settled(page)
            await asyncio.to_thread(other.delete, Kind.APPROVAL_TYPE, item.id, item.version)
            store.feed.poll()
            await until(lambda: not page.session.ready)
            assert page.enabled() == set()
            assert page.head.reason() == "Could not be read"
            assert page.head.badges() == [("Not readable", "bad", "bad")]
            assert page.title == "Type"
            assert ctx.problems == []
            stored = configuration.history(Kind.APPROVAL_TYPE, item.id)[-1]
            await asyncio.to_thread(other.restore, stored.id)
            page.reload()
            await until(lambda: page.session.ready)
            assert "delete" in page.enabled()
            assert page.head.badges() == []
            await settled(page)

    run(story())


def test_an_object_deleted_here_takes_its_draft_with_it(run, ctx, configuration):
    item = make(configuration, Kind.APPROVAL_TYPE, name="Type")

    async def story():
        async with opened(ctx, where(item)) as page:
            type_into(page, "description", "Not worth keeping")
            page.delete()
            dialog = await dialog_of(DeleteDialog)
            QTest.mouseClick(dialog.delete_button, Qt.MouseButton.LeftButton)
            await until(lambda: ctx.visited)
            await settled(page)
            assert ctx.drafts.all() == []
            assert not page.has_draft

    run(story())


def test_a_duplicate_is_a_draft_with_a_free_name(run, ctx, configuration):
    item = make(configuration, Kind.APPROVAL_TYPE, name="Type", policy_specific=True)

    async def story():
        async with opened(ctx, where(item)) as page:
            page.duplicate()
            await until(lambda: ctx.visited)
        async with opened(ctx, ctx.visited[-1]) as page:
            assert page.title == "Copy of Type"
            assert page.session.is_new
            assert page.form.values()["policy_specific"] is True

    run(story())


# -- passwords -------------------------------------------------------------------------------------------------


def test_a_password_is_written_and_never_shown(run, ctx, configuration, vault):
    item = make(configuration, Kind.USER_CREDENTIAL, name="ServiceNow", account="a")

    async def story():
        async with opened(ctx, where(item)) as page:
            await until(lambda: page.form.field("password").note[1])
            assert page.password.stored_line.text() == ""
            QTest.mouseClick(page.password.edit_button, Qt.MouseButton.LeftButton)
            assert page.password.line.text() == ""
            QTest.keyClicks(page.password.line, "canary-4711")
            assert "save" in page.enabled()
            page.save()
            await until(lambda: vault.state(item.id, item.name).present)
            await until(lambda: "not yet bound" in page.form.field("password").note[1])
            assert set(page.password.stored_line.text()) == {"•"}
            assert page.password.line.text() == ""
            assert not page.has_draft
            QTest.mouseClick(page.password.edit_button, Qt.MouseButton.LeftButton)
            assert page.password.line.text() == ""
            assert "save" not in page.enabled()

    run(story())
    assert configuration.get(Kind.USER_CREDENTIAL, item.id).version == 1


def test_a_host_in_letters_of_another_script_is_shown_in_both_spellings(run, ctx, configuration):
    lookalike = "\u0430cme.service-now.com"
    server = make(configuration, Kind.FOREIGN_SYSTEM, name="Server", base_url=f"https://{lookalike}/")

    async def story():
        async with opened(ctx, where(server)) as page:
            note = page.form.field("base_url")
            await until(lambda: note.note[1] == "Asked for as xn--cme-5cd.service-now.com")
            assert page.form.values()["base_url"] == f"https://{lookalike}/"
            for typed, said in (
                ("xn--cme-5cd.service-now.com", f"Reads as {lookalike}"),
                ("acme.service-now.com", ""),
            ):
                type_into(page, "base_url", typed)
                page.field_left("base_url")
                assert note.note[1] == said

    run(story())


def test_a_saved_server_binds_the_password_and_another_host_needs_it_again(run, ctx, configuration, vault):
    credential = make(configuration, Kind.USER_CREDENTIAL, name="ServiceNow", account="a")
    vault.put(credential.id, credential.name, "a", Secret("first"), [])
    server = make(
        configuration,
        Kind.FOREIGN_SYSTEM,
        name="ServiceNow Server",
        base_url=ACME,
        credential_id=credential.id,
    )

    async def story():
        async with opened(ctx, where(server)) as page:
            await until(lambda: "binds its password" in page.form.field("credential_id").note[1])
            type_into(page, "description", "First")
            page.save()
            await until(lambda: vault.state(credential.id, credential.name).origins == [Origin.of(ACME)])
            type_into(page, "base_url", "DEV1.service-now.com")
            page.field_left("base_url")
            assert page.form.values()["base_url"] == "https://dev1.service-now.com/"
            await until(lambda: page.form.field("credential_id").error)
            assert "acme.service-now.com" in page.form.field("credential_id").error
            assert "save" not in page.enabled()
            page.on_suggestion("credential_id", page.form.field("credential_id").suggestion)
            dialog = await dialog_of(SecretsDialog)
            QTest.keyClicks(dialog.fields[SecretName.PASSWORD].line, "second")
            QTest.mouseClick(dialog.use_button, Qt.MouseButton.LeftButton)
            await until(lambda: not page.form.field("credential_id").error)
            assert "save" in page.enabled()

    run(story())
    assert Origin.of("https://dev1.service-now.com/") in vault.state(credential.id, credential.name).origins


def test_a_changed_proxy_or_bundle_is_confirmed_in_place_before_the_password_goes_that_way(
    run, ctx, configuration, vault
):
    credential = make(configuration, Kind.USER_CREDENTIAL, name="ServiceNow", account="a")
    server = make(
        configuration, Kind.FOREIGN_SYSTEM, name="Server", base_url=ACME, credential_id=credential.id
    )
    vault.put(credential.id, credential.name, "a", Secret("first"), [server.destination])

    async def story():
        async with opened(ctx, where(server)) as page:
            field = page.form.field("credential_id")
            await until(lambda: "bound to acme.service-now.com" in field.note[1])
            for name, text in (("proxy", "http://proxy.acme.com:3128"), ("ca_bundle", "/etc/acme/ca.pem")):
                type_into(page, name, text)
                page.field_left(name)
                await until(lambda: field.error)
                assert "another way" in field.error
                assert "save" not in page.enabled()
                page.on_suggestion("credential_id", field.suggestion)
                await until(lambda: not field.error)
            page.save()
            await until(lambda: not page.has_draft)

    run(story())
    stored = configuration.get(Kind.FOREIGN_SYSTEM, server.id)
    assert stored.destination.way
    assert vault.get(credential.id, credential.name, stored.destination).reveal() == "first"


def test_the_credential_of_a_proxy_is_bound_to_the_proxy_and_to_nothing_else(run, ctx, configuration, vault):
    proxy = make(configuration, Kind.USER_CREDENTIAL, name="Proxy", account="p")
    vault.put(proxy.id, proxy.name, "p", Secret("of the proxy"), [])
    server = make(configuration, Kind.FOREIGN_SYSTEM, name="Server", base_url=ACME)

    async def story():
        async with opened(ctx, where(server)) as page:
            field = page.form.field("proxy_credential_id")
            page.form.editor("proxy_credential_id", ReferenceField).choose(proxy)
            await until(lambda: field.note[1] == "Not used: no proxy on this way")
            type_into(page, "proxy", "http://proxy.acme.com:3128")
            page.field_left("proxy")
            await until(lambda: "binds its password to http://proxy.acme.com:3128" in field.note[1])
            page.save()
            await until(lambda: not page.has_draft and "is bound to" in field.note[1])
            type_into(page, "proxy", "http://other.acme.com:3128")
            page.field_left("proxy")
            await until(lambda: field.error)
            assert field.suggestion == "Enter it for this proxy"
            page.on_suggestion("proxy_credential_id", field.suggestion)
            dialog = await dialog_of(SecretsDialog)
            QTest.keyClicks(dialog.fields[SecretName.PASSWORD].line, "second")
            QTest.mouseClick(dialog.use_button, Qt.MouseButton.LeftButton)
            await until(lambda: not field.error)

    run(story())
    origins = [str(one) for one in vault.state(proxy.id, proxy.name).origins]
    assert origins == ["http://proxy.acme.com:3128", "http://other.acme.com:3128"]


def test_the_minimum_interval_is_typed_in_a_unit_and_kept_in_seconds(run, ctx, configuration):
    server = make(configuration, Kind.FOREIGN_SYSTEM, name="Server", base_url=ACME)

    async def story():
        async with opened(ctx, where(server)) as page:
            duration = page.form.field("minimum_interval_s").editor.widget
            assert duration.seconds == 30
            duration.unit.setCurrentText("Hours")
            await until(lambda: page.form.field("minimum_interval_s").error)
            assert page.form.field("minimum_interval_s").error == "Is more than 1 hour"
            duration.unit.setCurrentText("Minutes")
            duration.number.setValue(2)
            await until(lambda: "save" in page.enabled())
            page.save()
            await until(lambda: not page.has_draft)

    run(story())
    assert configuration.get(Kind.FOREIGN_SYSTEM, server.id).minimum_interval_s == 120


def test_without_a_usable_vault_the_page_says_so_and_offers_the_session(run, ctx, configuration, tmp_path):
    ctx.workspace.vault = FileVault(tmp_path / "vault.bin", None)
    item = make(configuration, Kind.USER_CREDENTIAL, name="ServiceNow", account="a")

    async def story():
        async with opened(ctx, where(item)) as page:
            await until(lambda: "cannot be used" in page.vault_notice.text)
            # Nothing is known of what a vault holds that cannot be read.
            assert page.password.stored_line.placeholderText() == "Cannot be read"
            page.vault_notice.action.click()
            await until(lambda: ctx.workspace.vault.kind == "session")
            await until(lambda: "until the console closes" in page.form.field("password").note[1])

    run(story())


def test_a_password_is_kept_in_an_encrypted_file(run, ctx, configuration, tmp_path):
    file = tmp_path / "vault.bin"
    ctx.workspace.vault = FileVault(file, Secret("a passphrase"))
    item = make(configuration, Kind.USER_CREDENTIAL, name="ServiceNow", account="a")

    async def story():
        async with opened(ctx, where(item)) as page:
            await until(lambda: "encrypted file" in page.form.field("password").note[1])
            page.password.begin()
            QTest.keyClicks(page.password.line, "canary-4712")
            page.save()
            await until(lambda: file.exists() and not page.has_draft)

    run(story())
    assert ctx.workspace.vault.state(item.id, item.name).present
    assert b"canary-4712" not in file.read_bytes()
