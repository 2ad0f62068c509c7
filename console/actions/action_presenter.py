"""What the page of an action shows, from what is stored, exported and on the server. No Qt here."""

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.actions.copy_steps import CopyState
from console.actions.text_sets import TextSets, WindowLook
from console.runtime.import_watch import Waiting, WaitState
from models.action import Action
from models.action_progress import ActionProgress
from models.base import name_key
from services.common.errors import Problem
from services.language import plural, short_moment, tr, translate

if TYPE_CHECKING:
    from services.actions.server_actions import ListedActions
    from services.privilege_manager.items.approval_action import ApprovalAction


@dataclass(slots=True)
class ActionFacts:
    """What was read for a page: progress and export of the action, and the actions of its server.

    `refused` is why the last chosen file is no export; `version` is empty while the server was not asked.
    """

    progress: ActionProgress = field(default_factory=lambda: ActionProgress(action_id=uuid.UUID(int=0)))
    export: "ApprovalAction | None" = None
    is_current: bool = False
    """Whether the copy that was written has the values that are stored now."""
    refused: Problem | None = None
    listed: "ListedActions | None" = None
    version: str = ""
    server_problem: Problem | None = None

    @property
    def sets(self) -> TextSets:
        """The texts and the look of the export."""
        if self.export is None:
            return TextSets()
        return TextSets(self.export.texts, {}, WindowLook.of(self.export))

    @property
    def offered_guid(self) -> str:
        """The approval type that the export names, or an empty text."""
        return (self.export.approval_type_id or "") if self.export is not None else ""

    def copy_state(
        self,
        stored: Action | None,
        waiting: Waiting,
        *,
        is_dirty: bool,
        has_server: bool,
        guid: str,
        text_errors: int,
    ) -> CopyState:
        """Return how far the copy is; `stored` is None for a draft that was never saved."""
        progress = self.progress
        return CopyState(
            is_new=stored is None,
            is_dirty=is_dirty,
            saved_at=stored.changed_at if stored is not None else None,
            export_name=progress.export_name,
            exported_at=progress.exported_at,
            is_export_refused=self.refused is not None,
            has_server=has_server,
            has_type_id=bool(guid),
            text_errors=text_errors,
            written_at=progress.written_at,
            written_size=progress.written_size,
            is_current=self.is_current,
            imported_at=progress.imported_at,
            waiting=waiting.state,
            waiting_text=tr("Not asked: {cause}", cause=translate(waiting.problem.cause))
            if waiting.problem is not None
            else "",
        )

    # -- lines under fields ------------------------------------------------------------------------------------

    def server_note(self) -> tuple[bool, str]:
        """Return what is known of the server, and whether it answered."""
        if self.server_problem is not None:
            return False, tr("Not reached: {cause}", cause=translate(self.server_problem.cause))
        if self.listed is None or self.listed.read_at is None:
            return False, ""
        count = plural(len(self.listed.approval_actions), "{count} action", "{count} actions")
        if self.version:
            return True, tr("Version {version}, {count}", version=self.version, count=count)
        return False, tr("{count}, read {at}", count=count, at=short_moment(self.listed.read_at))

    def source_note(self) -> tuple[bool, str]:
        """Return what is known of the export, and whether there is one."""
        if self.export is None or self.progress.exported_at is None:
            return False, tr("No export chosen yet")
        count = plural(len(self.export.texts), "{count} language", "{count} languages")
        at = short_moment(self.progress.exported_at)
        return True, tr("Exported at {at}, {count}", at=at, count=count)

    # -- the server has something already ----------------------------------------------------------------------

    def clash(self, name: str, server_name: str) -> str:
        """Return what importing the copy would do to an action that the server has already, or an empty text."""
        item_id, progress = self.progress.item_id, self.progress
        actions = self.listed.actions if self.listed is not None else ()
        if item_id and any(one.item_id == item_id for one in actions):
            if progress.imported_at is not None:
                return ""
            return tr(
                "{server} has this action already: Import Items replaces it where Overwrite Existing Items is on.",
                server=server_name,
            )
        wanted = name_key(name)
        if any(one.name is not None and name_key(one.name) == wanted for one in actions):
            return tr(
                "{server} has another action with this name. After the import there are two; choose another name.",
                server=server_name,
            )
        return ""

    def wait_notice(self, waiting: Waiting, server_name: str) -> str:
        """Return what there is to say about the waiting above the steps, or an empty text."""
        if self.progress.imported_at is not None:
            return ""
        if waiting.state is WaitState.OVERDUE:
            return tr(
                "{server} has not shown the copy for 30 minutes. Import the file there, then ask now.",
                server=server_name,
            )
        if waiting.state is WaitState.NAMESAKE:
            return tr(
                "{server} has an action of this name with the item id {id}. It is not the copy that was written.",
                server=server_name,
                id=waiting.namesake_id,
            )
        return ""
