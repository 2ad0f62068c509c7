"""Copying and saving the report of a Check tab, and copying one of its findings; all without secrets."""

from typing import TYPE_CHECKING, cast

from PyQt6.QtGui import QGuiApplication

from console.checks import check_report
from console.forms.markdown_file import open_save_dialog
from services.language import tr

if TYPE_CHECKING:
    from console.checks.check_presenter import CheckPresenter
    from console.checks.checked_page import CheckablePage
    from console.widgets.stage_list import FindingCard
    from services.connectivity import StageResult


class ReportExport:
    """Exports what a Check tab shows: to the clipboard or to a file."""

    def __init__(self, page: "CheckablePage", presenter: "CheckPresenter") -> None:
        self._page = page
        self._presenter = presenter

    def copy(self) -> None:
        """Copy the report to the clipboard as Markdown."""
        _to_clipboard(self._presenter.report_text(self._page.title))
        self._page.ctx.notify(tr("Copied the report"))

    def copy_ticket(self, card: "FindingCard") -> None:
        """Copy one finding to the clipboard as the text of a ticket."""
        header = self._presenter.report_header(self._page.title)
        _to_clipboard(check_report.render_ticket(header, card.title, cast("StageResult", card.result)))
        self._page.ctx.notify(tr("Copied the finding"))

    def save(self) -> None:
        """Choose a file and write the report."""
        page = self._page
        header = self._presenter.report_header(page.title)
        text = self._presenter.report_text(page.title)
        name = tr("Check of {name}", name=header.server)
        open_save_dialog(page.ctx, page.tasks, page.window(), tr("Save report"), name, text)


def _to_clipboard(text: str) -> None:
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
