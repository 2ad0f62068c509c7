"""What gives way where room is short, and what never does."""

from dataclasses import replace

import pytest
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication, QHBoxLayout, QWidget

from console.design import theme
from console.widgets import buttons
from console.widgets.labels import FittingLabel, IconLabel
from console.widgets.stage_list import StageList
from models.check_stages import STAGE_GROUPS
from models.kinds import Kind
from services.connectivity.report import SkipReason, StageResult


@pytest.mark.parametrize(("width", "shown"), [(400, "Fix 1 error to save"), (70, "Fix 1 error"), (5, "")])
def test_a_sentence_is_said_in_the_longest_wording_that_fits(qtbot, width, shown):
    label = FittingLabel("caption")
    qtbot.addWidget(label)
    label.resize(width, 20)
    label.show()
    label.set_wordings("Fix 1 error to save", "Fix 1 error", "")
    assert label.text() == shown
    assert label.accessibleName() == "Fix 1 error to save"


def test_a_button_says_less_before_it_is_cut_off(qtbot):
    place = QWidget()
    qtbot.addWidget(place)
    button = buttons.secondary("Discard changes")
    button.set_short("Discard")
    layout = QHBoxLayout(place)
    layout.addWidget(button)
    letters = button.fontMetrics().horizontalAdvance
    chrome = button.sizeHint().width() - letters("Discard changes")
    assert button.minimumSizeHint().width() == chrome + letters("Discard")
    assert (button.text(), button.toolTip()) == ("Discard changes", "Discard changes")


def test_a_skipped_stage_names_the_one_it_needed_as_it_is_shown(qtbot):
    stages = StageList(STAGE_GROUPS[Kind.FOREIGN_SYSTEM])
    qtbot.addWidget(stages)
    skipped = replace(
        StageResult.skipped("tls", "needs tcp, which failed"),
        skip_reason=SkipReason.NEEDED_STAGE_FAILED,
        needed_stage="tcp",
    )
    stages.finish(skipped)
    row = stages._model.row(stages._model.place("tls"))
    assert (row.seen, row.ms) == ("Needs Connection, which failed", None)


def test_a_picture_follows_the_theme(qtbot):
    app = QApplication.instance()
    theme.apply(app, "light")
    picture = IconLabel("bad", 14)
    qtbot.addWidget(picture)
    before = QImage(picture.pixmap().toImage())
    theme.apply(app, "dark")
    assert picture.pixmap().toImage() != before
    theme.apply(app, "light")
