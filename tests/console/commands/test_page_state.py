"""How often the state of a page is computed for the commands of the window."""

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from console.actions.text_sets import TextSets
from console.forms.field_editors import TextField
from console.runtime.page_targets import Target
from models.kinds import Kind
from tests.console.page_support import until
from tests.console.windows import filled


def test_one_refresh_of_the_commands_asks_the_page_once(in_window, monkeypatch):
    """Each command of the page computed the whole state of the page anew."""

    async def story(window):
        objects = await filled(window)
        window.show_target(Target(str(Kind.ACTION), objects[Kind.ACTION].id))
        page = window.pages.page
        await until(lambda: page.session.ready and not page.tasks.busy and not window.tasks.busy)
        asked = []
        actions = type(page).page_actions
        monkeypatch.setattr(type(page), "page_actions", lambda self: asked.append(1) or actions(self))
        window.ctx.commands.refresh()
        assert len(asked) == 1
        # Between evaluations the page is asked anew: its state may have changed.
        assert window.pages.supports("duplicate")
        assert window.pages.supports("duplicate")
        assert len(asked) == 3
        window.ctx.commands.refresh()
        assert len(asked) == 4

    in_window(story)


def test_a_keystroke_computes_the_state_of_an_action_page_a_few_times(in_window, monkeypatch):
    async def story(window):
        objects = await filled(window)
        window.show_target(Target(str(Kind.ACTION), objects[Kind.ACTION].id))
        page = window.pages.page
        await until(lambda: page.session.ready and not page.tasks.busy and not window.tasks.busy)
        await until(page.isVisible)
        line = page.form.editor("name", TextField).line
        line.setFocus()
        QTest.keyClick(line, Qt.Key.Key_A)
        await until(lambda: not page.session._timer.isActive() and not page.tasks.busy)
        asked, judged = [], []
        actions, errors = type(page).page_actions, TextSets.errors
        monkeypatch.setattr(type(page), "page_actions", lambda self: asked.append(1) or actions(self))
        monkeypatch.setattr(TextSets, "errors", lambda self: judged.append(1) or errors(self))
        QTest.keyClick(line, Qt.Key.Key_B)
        assert page.session.text("name").startswith("ab")
        assert len(asked) <= 2  # the header and the commands of the window
        assert judged == []  # no text was edited

    in_window(story)
