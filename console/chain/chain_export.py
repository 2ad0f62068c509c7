"""Copying and saving the report of a chain, and copying one finding as a ticket; all without secrets."""

from typing import TYPE_CHECKING

from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QWidget

from console.forms.markdown_file import open_save_dialog
from services.approval_chain import ChainLink
from services.approval_chain.report_text import format_report, format_ticket
from services.language import tr

if TYPE_CHECKING:
    from console.chain.chain_presenter import ChainPresenter
    from console.chain.chain_tab import ChainHost


class ChainExport:
    """Exports what a Chain tab shows: to the clipboard or to a file."""

    def __init__(self, page: "ChainHost", widget: QWidget, presenter: "ChainPresenter") -> None:
        self._page = page
        self._widget = widget
        self._presenter = presenter

    def copy(self) -> None:
        """Copy the report to the clipboard."""
        report = self._presenter.report
        if report is not None:
            _to_clipboard(format_report(report))
            self._page.ctx.notify(tr("Copied the report"))

    def copy_ticket(self, link: ChainLink) -> None:
        """Copy one finding to the clipboard as the text of a ticket."""
        report = self._presenter.report
        if report is not None:
            _to_clipboard(format_ticket(report, link))
            self._page.ctx.notify(tr("Copied the finding"))

    def save(self) -> None:
        """Choose a file and write the report."""
        page, report = self._page, self._presenter.report
        if report is not None:
            name = tr("Approval chain of {name}", name=report.name)
            window, text = self._widget.window(), format_report(report)
            open_save_dialog(page.ctx, page.tasks, window, tr("Save report"), name, text)


def _to_clipboard(text: str) -> None:
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
