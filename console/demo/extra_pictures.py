"""Pictures of pages that no step of the demo shows: empty folders, the palette, the fault catalog, dark colours."""

from console.demo.stage import DemoStage, settle
from console.design import theme
from console.runtime.page_targets import HOME, PROVISIONING, Target
from models.kinds import Kind

EMPTY_FOLDERS = (Kind.APPROVAL_PROCESS, Kind.APPROVAL_TYPE, Kind.FOREIGN_SYSTEM)


async def take_empty_pages(stage: DemoStage) -> None:
    """Save pictures of folders that have nothing in them."""
    if not stage.takes_pictures:
        return
    for folder in EMPTY_FOLDERS:
        stage.window.show_target(Target(f"folder:{folder.value}"))
        await stage.picture(f"empty-{folder.value.replace('_', '-')}")
    stage.window.show_target(Target(HOME))


async def take_other_pages(stage: DemoStage) -> None:
    """Save pictures of tasks, palette and fault catalog, and of some pages in dark colours."""
    if not stage.takes_pictures:
        return
    window = stage.window
    window.show_target(Target(PROVISIONING, tab=str(stage.ids["server"])))
    await settle()
    await stage.picture("provisioning-done")
    window.open_palette()
    window.palette_box.field.setText("appr")
    await stage.picture("palette")
    window.palette_box.hide()
    stage.ctx.commands.run("faults")
    await stage.picture("fault-catalogue")
    theme.of().apply("dark")
    for name, kind, key in (
        ("approval-process", Kind.APPROVAL_PROCESS, "process"),
        ("foreign-system", Kind.FOREIGN_SYSTEM, "server"),
        ("approval-type", Kind.APPROVAL_TYPE, "type"),
        ("action", Kind.ACTION, "action"),
        ("policy", Kind.POLICY, "policy"),
    ):
        await stage.show_object(kind, stage.ids[key], f"{name}-dark")
    window.show_target(Target(HOME))
    await settle()
    await stage.picture("home-dark")
    theme.of().apply("light")
