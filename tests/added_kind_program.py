"""Uses an added kind or field through the service, the document, the tree and the page; run by `test_adding_a_kind`.

Imports `models`, `services` and `console` from the copy of the source that the path begins with.
"""

import asyncio
import sys
from pathlib import Path

import qasync
from PyQt6.QtWidgets import QApplication

from models.kinds import KINDS, Kind
from services.configuration import Configuration
from services.store import Store
from services.transfer import apply_plan, export_document, plan_document, read_document
from tests.console.page_support import until
from tests.console.windows import menu_tree, opened_window

SOURCE, FOLDER, FIELD = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
KIND = Kind("schedule") if FIELD == "hours" else Kind.APPROVAL_PROCESS
STORY_S = 90


def apply(text: str, configuration: Configuration) -> dict[str, int]:
    plan = plan_document(read_document(text), configuration)
    apply_plan(plan, configuration)
    return plan.summary


def use_service_and_document(url: str) -> None:
    store = Store.open(url, actor="ada")
    configuration = Configuration(store)
    item = configuration.save(configuration.new(KIND, **{FIELD: "8-17"}))
    assert item.name == KINDS[KIND].new_name
    setattr(item, FIELD, "9-18")
    item = configuration.save(item)
    assert (getattr(configuration.get(KIND, item.id), FIELD), item.version) == ("9-18", 2)
    assert [view.operation for view in configuration.history(KIND, item.id)] == ["update", "create"]

    text = export_document(configuration)
    assert f"{KINDS[KIND].document_section}:" in text
    assert f"{FIELD}: 9-18" in text
    assert apply(text, configuration) == {"create": 0, "update": 0, "keep": 1}
    assert apply(text.replace("9-18", "10-19"), configuration)["update"] == 1
    assert getattr(configuration.get(KIND, item.id), FIELD) == "10-19"
    configuration.delete(KIND, item.id, 3)
    assert apply(text, configuration)["create"] == 1
    [item] = configuration.all(KIND)
    configuration.delete(KIND, item.id, item.version)
    assert [gone.kind for gone in configuration.deleted()] == [KIND, KIND]
    store.close()


async def use_window(url: str) -> None:
    from console.shell.menus import node_menu

    async with opened_window(url, FOLDER / "profile") as window:
        folder = window.model.node(KIND.value)
        assert folder is not None, "the tree has no node for the kind"
        assert menu_tree(node_menu(window.objects, folder, window))[0][0] == "New"
        window.objects.new(KIND)
        await until(lambda: window.page is not None and window.page.kind == KIND)
        page = window.page
        await until(lambda: page.session.ready)
        editor = page.form.field(FIELD).editor
        editor.write({FIELD: "7-16"})
        editor.edited.emit()
        assert page.session.values[FIELD] == "7-16"
        await until(lambda: "save" in page.enabled())
        page.save()
        await until(lambda: not page.session.is_new)
        await until(lambda: [node.kind for node in window.model.objects()] == [KIND])
        configuration = window.ctx.workspace.configuration
        [item] = await window.ctx.call(configuration.all, KIND)
        assert getattr(item, FIELD) == "7-16"
        await window.ctx.call(configuration.delete, KIND, item.id, item.version)
        await until(lambda: not window.model.objects())


def main() -> None:
    import models

    assert Path(models.__file__).is_relative_to(SOURCE), models.__file__
    url = f"sqlite:///{FOLDER / 'console.db'}"
    use_service_and_document(url)
    app = QApplication([])
    app.setQuitOnLastWindowClosed(False)
    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(app)) as loop:
        loop.run(asyncio.wait_for(use_window(url), STORY_S))
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
