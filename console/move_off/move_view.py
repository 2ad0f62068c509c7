"""What the page Move off passwords is made of, and how it shows what the presenter decides."""

from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from console.forms.guide_layout import GuideLayout
from console.move_off.changes_card import ChangesCard
from console.move_off.presenter import MovePresenter, MoveStep, changes, reason_wordings, restriction_texts
from console.move_off.settings_card import PartsCard, SettingsCard
from console.move_off.step_controls import StepControls
from console.widgets import buttons
from console.widgets.badge import OUTLINE, Badge
from console.widgets.labels import IconLabel, Label, LinkLabel, wrapped_label
from console.widgets.page_header import PageHeader
from console.widgets.step_list import StepList
from models.sign_in import SignInMethod
from services.language import time_of_day, tr

if TYPE_CHECKING:
    from console.move_off.move_facts import MoveFacts
    from console.move_off.move_page import MovePage

COMPARED_ROWS = 5


class MoveView:
    """The widgets of the page."""

    def __init__(self, page: "MovePage") -> None:
        self.switch_button = buttons.primary("Switch", icon="key")
        self.rehearse_button = buttons.secondary("Rehearse", icon="play")
        self.save_button = buttons.secondary("Save checklist…", icon="download")
        self.undo_button = buttons.quiet("Undo switch", icon="undo")
        self.save_button.set_short(tr("Save…"))
        self.head = PageHeader(
            [text for text, _ in page.breadcrumb],
            page.title,
            [self.switch_button, self.rehearse_button, self.save_button],
            [self.undo_button],
        )
        self.steps, self.changes = StepList(), ChangesCard()
        self.controls = StepControls(page)
        self.body = GuideLayout(
            self.head,
            self.steps,
            self.changes,
            (self.controls, self._checklist(), self._restriction(), self._comparison()),
            page,
            page.title,
        )

    def _checklist(self) -> QWidget:
        part, layout = _part()
        self.checklist = part
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(Label(tr("For the ServiceNow administrator"), role="section"))
        head.addWidget(
            wrapped_label(tr("Exact settings; a tick means the probe has seen its effect"), "caption"), 1
        )
        self.copy_link = LinkLabel(tr("Copy all"))
        head.addWidget(self.copy_link)
        layout.addLayout(head)
        self.settings = SettingsCard(tr("For the ServiceNow administrator"))
        layout.addWidget(self.settings)
        return part

    def _restriction(self) -> QWidget:
        panel = QFrame()
        panel.setProperty("role", "panel")
        row = QHBoxLayout(panel)
        row.setContentsMargins(14, 10, 14, 10)
        row.setSpacing(10)
        self._restriction_shape = IconLabel("notice", 16, ground="raised")
        self.restriction_text = wrapped_label("", "strong")
        self.restriction_caption = wrapped_label("", "caption")
        self.why_link = LinkLabel(tr("Why"))
        row.addWidget(self._restriction_shape)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.restriction_text)
        words.addWidget(self.restriction_caption)
        row.addLayout(words, 1)
        row.addWidget(self.why_link)
        return panel

    def _comparison(self) -> QWidget:
        part, layout = _part()
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(Label(tr("Probe and rehearsal"), role="section"))
        self.compared = wrapped_label("", "caption")
        head.addWidget(self.compared, 1)
        layout.addLayout(head)
        heads = (tr("Rehearsal"), *MovePresenter().comparison_heads())
        self.comparison = PartsCard(tr("Probe and rehearsal"), heads, COMPARED_ROWS)
        layout.addWidget(self.comparison)
        return part

    def show(self, presenter: MovePresenter, step: MoveStep, server_crumb: int) -> None:
        """Show what the presenter decides; `server_crumb` is the place of the server in the path."""
        self.steps.set_steps(presenter.steps())
        self.steps.select(int(step))
        self.body.progress.setText(presenter.progress())
        self._show_head(presenter, server_crumb)
        self._show_buttons(presenter)
        self.controls.show_step(presenter, step)
        self.settings.set_rows(presenter.settings())
        self.checklist.setVisible(bool(self.settings.rows))
        strong, caption = restriction_texts(presenter.restriction)
        self.restriction_text.setText(strong)
        self.restriction_caption.setText(caption)
        self.restriction_caption.setVisible(bool(caption))
        self._show_comparison(presenter)
        self.changes.show_rows(changes(presenter.facts))

    def _show_head(self, presenter: MovePresenter, server_crumb: int) -> None:
        text, tone, shape = presenter.badge()
        badges = [Badge(text, tone, shape)]
        server = presenter.facts.server if presenter.facts is not None else None
        if server is not None:
            self.head.set_crumb(server_crumb, server.name)
            if server.production:
                badges.append(Badge(tr("Production"), OUTLINE))
        self.head.set_badges(badges)

    def _show_buttons(self, presenter: MovePresenter) -> None:
        facts = presenter.facts
        switched = presenter.is_switched
        is_certificate = presenter.method is SignInMethod.CERTIFICATE
        text = tr("Switch") if presenter.method is None else tr("Switch to OAuth")
        self.switch_button.setText(tr("Switch to the certificate") if is_certificate else text)
        self.switch_button.setEnabled(presenter.can_switch())
        buttons.set_kind(self.switch_button, "secondary" if switched else "primary", icon="key")
        self.head.set_primary_reason(*(("",) if switched else reason_wordings(presenter)))
        can_rehearse = facts is not None and facts.can_rehearse and not presenter.is_working and not switched
        first = facts is not None and facts.before is None and facts.after is None and presenter.probe is None
        again = facts is not None and facts.after is not None
        self.rehearse_button.setText(tr("Rehearse again") if again else tr("Rehearse"))
        has_source = facts is not None and facts.source is not None
        self.rehearse_button.setEnabled(can_rehearse and (has_source if first else presenter.can_try))
        self.save_button.setEnabled(presenter.method is not None)
        self.undo_button.setEnabled(switched)

    def _show_comparison(self, presenter: MovePresenter) -> None:
        self.comparison.set_heads((tr("Rehearsal"), *presenter.comparison_heads()))
        for place, row in enumerate(presenter.comparison_rows()):
            self.comparison.set_row(place, row.texts, row.shape, row.word)
        self.comparison.describe()
        self.compared.setText(_compared_text(presenter.facts))


def _compared_text(facts: "MoveFacts | None") -> str:
    """Return when the rehearsals were made."""
    if facts is None or facts.server is None or (facts.before is None and facts.after is None):
        return tr("No rehearsal yet")
    name = facts.server.name
    before = time_of_day(facts.before.at) if facts.before is not None else ""
    after = time_of_day(facts.after.at) if facts.after is not None else ""
    if before and after:
        return tr("Before at {before} and after at {after}, on {name}", before=before, after=after, name=name)
    if before:
        return tr("Before at {before}, on {name}", before=before, name=name)
    return tr("After at {after}, on {name}", after=after, name=name)


def _part() -> tuple[QWidget, QVBoxLayout]:
    part = QWidget()
    layout = QVBoxLayout(part)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(10)
    return part, layout
