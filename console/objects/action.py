"""The page of an Action: the steps of its copy, its fields and texts, and the window as the end user sees it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from PyQt6.QtWidgets import QPushButton, QWidget

from console.actions.action_details import ActionDetails
from console.actions.action_file import ActionFiles
from console.actions.action_presenter import ActionFacts
from console.actions.approval_type_field import ApprovalTypeField, approval_type
from console.actions.copy_steps import NEXT_STEP_ICONS, NEXT_STEP_TEXTS, CopyState, NextStep, build_steps
from console.actions.languages import own_name
from console.actions.source_picker import SourceActionField, source_action
from console.actions.text_sets import PENDING_KEYS
from console.actions.texts_editor import WindowTextsField, window_texts
from console.design import icons
from console.forms import field_editors
from console.forms.form import FieldSpec, GroupSpec
from console.forms.object_header import ObjectHeader
from console.forms.object_page import ObjectPage
from console.forms.reference_picker import ReferenceField, reference_field
from console.objects.action_acts import ActionActs
from console.runtime.import_watch import Waiting
from console.widgets import buttons
from console.widgets.field import FieldState
from console.widgets.window_content import WindowState
from models.action import Action, Platform
from models.kinds import Kind
from models.translation_marks import tr_later
from services.language import tr

if TYPE_CHECKING:
    from models.base import ConfigurationObject
    from services.store.change_feed import Change

ENTER_GUID = tr_later("Enter GUID…")
PLATFORM_NAMES = {Platform.WINDOWS.value: "Windows", Platform.MACOS.value: "macOS"}


class ActionPage(ObjectPage):
    """A copy of an approval action: what differs from the export, written for Import Items."""

    object_kind: ClassVar[Kind] = Kind.ACTION
    groups = (
        GroupSpec(
            rows=(
                (FieldSpec("name", "Name", field_editors.text, "Unique among Actions"),),
                (
                    FieldSpec(
                        "server_id",
                        "Server",
                        reference_field(Kind.PRIVILEGE_MANAGER_SERVER),
                        "Where it is imported",
                    ),
                    FieldSpec("copy_of", "Copy of", source_action, "The action there that is copied"),
                ),
                (
                    FieldSpec(
                        "require_authentication",
                        "Authentication",
                        field_editors.checkbox(tr_later("Require authentication by the end user")),
                        bare=True,
                    ),
                ),
                (FieldSpec("texts", "Texts", window_texts, bare=True),),
                (FieldSpec("description", "Description", field_editors.text, "Optional"),),
                (FieldSpec("type_id", "Approval Type", approval_type),),
            )
        ),
    )

    # -- building ----------------------------------------------------------------------------------------------

    def build(self) -> None:
        """Follow the editors of the form."""
        self.facts, self.acts = ActionFacts(), ActionActs(self)
        self.files = ActionFiles(self.ctx)
        self.texts = self.form.editor("texts", WindowTextsField)
        self.server = self.form.editor("server_id", ReferenceField)
        self.source = self.form.editor("copy_of", SourceActionField)
        self.approval_type = self.form.editor("type_id", ApprovalTypeField)
        self._made = False
        self.source.export_wanted.connect(self.acts.choose_export)
        self.texts.shown.connect(self._show_preview)
        self.server.shown.connect(lambda _item: self._ask_server())
        self.server.edited.connect(self._server_changed)
        self.approval_type.shown.connect(lambda _item: self.show_notes())
        if self.ctx.imports is not None:
            self.ctx.imports.changed.connect(self._waiting_changed)

    def details_view(self) -> QWidget:
        """Return the steps above form and preview."""
        self.layout_view = ActionDetails(self.form, self.stack)
        self.layout_view.put_above_preview(self.form.field("type_id").frame)
        self.layout_view.preview.text_clicked.connect(self.texts.edit_text)
        self._made = True
        self._show_preview()
        return self.layout_view

    def extra_buttons(self) -> dict[str, QPushButton]:
        """Return the buttons of the steps."""
        self.next_button = buttons.secondary(tr(NEXT_STEP_TEXTS[NextStep.CHOOSE_EXPORT]))
        again, trying = (
            buttons.secondary("Write copy again…", "disk"),
            buttons.secondary("Try the window…", "play"),
        )
        again.set_short(tr("Write again…"))
        trying.set_short(tr("Try…"))
        self.again_button = again
        return {"next_step": self.next_button, "write_again": again, "try_window": trying}

    # -- state -------------------------------------------------------------------------------------------------

    @property
    def stored(self) -> Action | None:
        """The action as stored; None for a new one."""
        return self.session.stored_as(Action)

    @property
    def waiting(self) -> Waiting:
        """How the waiting for the copy is."""
        imports = self.ctx.imports
        return imports.waiting_for(self.session.id) if imports is not None else Waiting()

    @property
    def copy_state(self) -> CopyState:
        """How far the copy is."""
        return self.facts.copy_state(
            None if self.session.is_new else self.stored,
            self.waiting,
            is_dirty=self.session.dirty,
            has_server=self.session.reference("server_id") is not None,
            guid=self.approval_type.guid,
            text_errors=self.texts.error_count,
        )

    def update_state(self) -> None:
        """Show what holds now, in the steps as well."""
        super().update_state()
        if self._made:
            self._show_steps()

    def arrange_buttons(self, header: ObjectHeader) -> None:
        """Show Save while something is edited, and the next step otherwise."""
        state = self.copy_state
        step = state.next_step
        saving = step is NextStep.SAVE
        for command in ("save", "discard"):
            header.buttons[command].setVisible(saving)
        self.next_button.setVisible(not saving and step is not NextStep.NONE)
        again = not saving and state.written_at is not None and step is not NextStep.WRITE_COPY
        self.again_button.setVisible(again)
        header.head.place_reason_behind(header.save_button if saving else self.next_button)
        if step in NEXT_STEP_TEXTS:
            self.next_button.setText(tr(NEXT_STEP_TEXTS[step]))
            buttons.set_kind(self.next_button, "primary")
            self.next_button.setIcon(icons.icon(NEXT_STEP_ICONS[step], "on-accent"))

    def idle_reasons(self) -> tuple[str, ...]:
        """Return why the next step cannot be done."""
        state = self.copy_state
        reasons = {
            NextStep.WRITE_COPY: state.obstacle,
            NextStep.OPEN_IMPORT: state.import_obstacle,
        }
        return tuple(filter(None, (reasons.get(state.next_step, ""),)))

    def extra_badges(self) -> list[tuple[str, str, str | None]]:
        """Return whether the copy is awaited, and the platform."""
        badges: list[tuple[str, str, str | None]] = []
        state = self.copy_state
        if state.is_written and state.imported_at is None:
            badges.append((tr("Waiting for import"), "off", "pending"))
        elif state.is_written:
            badges.append((tr("Imported"), "good", "good"))
        platform = self.session.text("platform")
        if platform:
            badges.append((PLATFORM_NAMES.get(platform, platform), "outline", None))
        return badges

    def extra_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done with an action now."""
        found = super().extra_actions()
        if self.session.is_new:
            return found
        state = self.copy_state
        found["choose_export"] = self.acts.choose_export
        if not state.obstacle:
            found["write_copy"] = found["write_again"] = self.acts.write_copy
        if not state.import_obstacle:
            found["open_import"] = self.acts.open_import
        if not state.is_dirty:
            found["try_window"] = self.acts.try_window
        if state.is_written and state.imported_at is None and state.has_server:
            found["ask_now"] = self.acts.ask_now
        if state.next_step.value in found and not state.is_dirty:
            found["next_step"] = found[state.next_step.value]
        return found

    def explain_unavailable(self, command: str) -> None:
        """Say why a command from elsewhere cannot run now."""
        state = self.copy_state
        texts = {"write_copy": state.obstacle, "open_import": state.import_obstacle}
        if command == "try_window" and state.is_dirty:
            texts[command] = tr(
                "Save or discard what is typed first: the window goes through what is stored."
            )
        if texts.get(command) and self.session.ready:
            self.notice.tell(texts[command])
        else:
            super().explain_unavailable(command)

    # -- reading -----------------------------------------------------------------------------------------------

    def on_loaded(self) -> None:
        """Read how far the copy is."""
        self.tasks.start(self.load_facts(), group="facts")

    def on_changes(self, changes: "list[Change]") -> None:
        """Follow the server, its credential and the Approval Type."""
        if any(change.kind in (Kind.PRIVILEGE_MANAGER_SERVER, Kind.USER_CREDENTIAL) for change in changes):
            self.server.reload_item()
        if any(change.kind == Kind.APPROVAL_TYPE for change in changes):
            self.approval_type.reload_item()

    async def prepare_commands(self) -> None:
        """Read how far the copy is."""
        await self.load_facts()

    async def load_facts(self) -> None:
        """Read how far the copy is, and show it."""
        await self.files.load(self.facts, self.session.id, self.stored, self.session.reference("server_id"))
        if self.facts.export is not None and self.facts.export.platform is not None:
            self.source.choose(self.session.text("copy_of"), self.facts.export.platform)
        self.texts.set_source(self.facts.sets)
        self.show_notes()
        self.update_state()

    def _ask_server(self) -> None:
        if self.session.ready:
            self.tasks.start(self._read_server(), group="ask server")

    def _server_changed(self) -> None:
        self.facts.version, self.facts.listed, self.facts.server_problem = "", None, None
        self._ask_server()

    async def _read_server(self) -> None:
        server_id = self.session.reference("server_id")
        if server_id is None:
            self.show_notes()
            return
        self.form.note("server_id", tr("Asking the server"), FieldState.BUSY)
        await self.files.ask_server(self.facts, server_id)
        if server_id == self.session.reference("server_id"):
            self.show_notes()
            self.update_state()

    # -- what is shown -----------------------------------------------------------------------------------------

    def _show_steps(self) -> None:
        view, facts = self.layout_view, self.facts
        view.strip.set_steps(build_steps(self.copy_state))
        view.right.setEnabled(self.session.ready)
        if facts.refused is not None:
            view.failure.show_problem(facts.refused)
        else:
            view.failure.clear()
        name = self.server.item.name if self.server.item is not None else ""
        waiting = self.waiting
        text = facts.wait_notice(waiting, name) if name else ""
        if text:
            view.notice.tell(text, tone="notice", offer=tr("Ask now"), act=self.acts.ask_now)
        elif name and (clash := facts.clash(self.session.text("name"), name)):
            view.notice.tell(clash, tone="notice")
        else:
            view.notice.clear()

    def show_notes(self) -> None:
        """Show what is known under the fields."""
        form, facts = self.form, self.facts
        for name, (good, text) in (("server_id", facts.server_note()), ("copy_of", facts.source_note())):
            form.note(name, text, FieldState.GOOD if good else FieldState.HELP)
        if self.session.reference("server_id") is None:
            form.note("server_id")
        guid = self.approval_type.guid
        if guid:
            form.note("type_id", tr("Written into the copy: {guid}", guid=guid.upper()), FieldState.GOOD)
        else:
            form.note("type_id", tr("Its GUID there is not known"), FieldState.ERROR, link=tr(ENTER_GUID))

    def _show_preview(self) -> None:
        if not self._made:
            return
        view, texts = self.layout_view, self.texts
        key, language = texts.grid.current_key, texts.language
        pending = key in PENDING_KEYS
        state = WindowState.PENDING if pending else WindowState.ASKING
        status = tr("Pending") if pending else ""
        view.preview.set_content(texts.sets.content(language, state=state, status=status))
        view.preview.set_highlighted(key)
        name = own_name(language) if language else tr("Default language")
        view.caption.setText(
            tr("{language}, {state}", language=name, state=tr("pending") if pending else tr("asking"))
            if self.facts.export is not None
            else tr("Sample texts until an export is chosen")
        )

    def _waiting_changed(self, action_id: object) -> None:
        if action_id == self.session.id and self.session.ready:
            self.tasks.start(self.load_facts(), group="facts")

    def on_suggestion(self, name: str, text: str) -> None:
        """Open the dialog for the GUID behind the Approval Type."""
        if name == "type_id":
            self.acts.enter_guid()
        else:
            super().on_suggestion(name, text)

    async def after_save(self, stored: "ConfigurationObject") -> None:
        """Compare the copy with what was saved."""
        await super().after_save(stored)
        await self.load_facts()
