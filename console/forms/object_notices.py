"""Notices on the page of an object that somebody else saved or deleted while it was edited."""

from typing import TYPE_CHECKING

from services.language import tr

if TYPE_CHECKING:
    from console.forms.object_page import ObjectPage


def show_changed_elsewhere(page: "ObjectPage", who: str, conflicts: list[str]) -> None:
    """Show that somebody saved the object; `conflicts` are the fields that were changed on both sides."""
    who = who or tr("Somebody")
    if not conflicts:
        page.notice.tell(
            tr("{who} saved this object meanwhile. What you typed is kept on top of it.", who=who)
        )
        return
    labels = ", ".join(tr(page.form.field(n).spec.label) for n in conflicts if page.form.has(n))
    page.notice.tell(
        tr(
            "{who} saved this object meanwhile and also changed {labels}. Save to compare both versions.",
            who=who,
            labels=labels,
        ),
        tone="notice",
    )


def show_deleted(page: "ObjectPage") -> None:
    """Show that somebody deleted the object."""
    page.notice.tell(
        tr("Somebody deleted this object meanwhile. What you typed is kept; saving creates it again."),
        tone="notice",
    )
