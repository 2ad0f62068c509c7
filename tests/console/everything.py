"""Every page, tab, state and dialog of the window, one after the other, for tests that look at all of it."""

import asyncio
import uuid
from dataclasses import replace
from types import SimpleNamespace

from PyQt6.QtCore import QEvent
from PyQt6.QtWidgets import QApplication

from console.actions.approval_type_field import GuidDialog
from console.actions.text_sets import TextSets
from console.connect.answer_sources import SourceChoice
from console.connect.dialogs import (
    DeliveriesDialog,
    EventsDialog,
    FieldDialog,
    StartOverDialog,
    WebhookDialog,
)
from console.connect.source_dialog import SourceDialog
from console.endpoint.endpoint_dialog import EndpointDialog
from console.endpoint.production_dialogs import CancelRequestDialog, ProductionNameDialog, RaiseDialog
from console.forms.delete_dialogs import DeleteDialog, InUseDialog, RecreateDialog
from console.forms.merge_dialog import MergeDialog, MergeRow
from console.forms.new_object_dialog import NewObjectDialog
from console.forms.open_requests_dialog import OpenRequestsDialog
from console.forms.secrets_dialog import SecretsDialog
from console.inbox.action_plan import ACTION_DESCRIPTIONS
from console.inbox.decision_dialog import ActionDialog
from console.inbox.delete_filter_dialog import DeleteFilterDialog
from console.inbox.my_names_dialog import MyNamesDialog
from console.inbox.save_filter_dialog import SaveFilterDialog
from console.move_off.dialogs import ConfirmServerDialog, RemovePasswordDialog, RestrictionDialog
from console.navigation.tree_definition import TREE
from console.policies.apply_dialog import ProductionDialog
from console.policies.conditions_dialog import ConditionsDialog
from console.policies.endpoints_dialog import EndpointsDialog
from console.policies.filter_changes import FilterLine
from console.provisioning.run_dialog import RunDialog
from console.provisioning.run_texts import stopped_outcome
from console.rehearsal.rehearsal_dialog import RehearsalDialog
from console.runtime.page_targets import CONNECT, Target, chain_target
from console.setup.step_dialog import ExternalTaskDialog
from console.setup.wizard import SetupWizard
from console.setup.wizard_set_up_runs import UndoSetUpDialog
from console.shell import dialogs
from console.shell.page_registry import object_page
from models.delivery import AnswerKind, Delivery, DeliveryState
from models.intake_client import IntakeClient
from models.intake_event import IntakeEvent
from models.kinds import Kind, RequestOrigin, RequestState
from models.secret_names import SecretName
from models.user_credential import UserCredential
from services.actions.window_requests import WindowRoute
from services.common.errors import GuardedAction, OpenRequests, Owner, Problem, RequestsOpenError
from services.connectivity import CheckReport, StageResult, StageState
from services.connectivity.check_history import save_check
from services.connectivity.report import SkipReason
from services.intake.event_fields import EventField
from services.language import tr_message
from services.setup.guide_step import ExternalTask, GuideStep, GuideStepState
from services.setup.privilege_manager_undo import UndoPreview
from tests.console.inbox.support import as_row, put, request, settled
from tests.console.page_support import until
from tests.console.windows import filled, shown

GUID = "9c41d7e0-52b8-4f6a-8e13-7b0a64c2d915"
OPEN_REQUESTS = RequestsOpenError(
    "Process", GuardedAction.CHANGE, OpenRequests(39, 2), "What is open is lost."
)
PROBLEM = Problem(
    "Check", "connection refused", "The host is down", Owner.NETWORK, "Ask for it", "tcp-refused"
)


def rows(text=""):
    return [
        MergeRow("name", "Name", f"a{text}", f"b{text}", f"c{text}", conflict=True),
        MergeRow("description", "Description", "a", "a", "c", conflict=False),
    ]


EXTERNAL_TASK = ExternalTask(
    tr_message("ServiceNow"),
    "https://acme.service-now.com/",
    "User Administration > Users",
    ((tr_message("Roles"), "admin"),),
)
STEP_ELSEWHERE = GuideStep(
    1,
    tr_message("Choose the account"),
    GuideStepState.ELSEWHERE,
    tr_message("In ServiceNow, with roles"),
    external=EXTERNAL_TASK,
)


def made_dialogs(window, made, text=""):
    """Make every dialog of the program, over the window, by class and story."""
    return [
        *shell_dialogs(window, text),
        *object_dialogs(window, made, text),
        *request_dialogs(window, text),
        *server_dialogs(window, made, text),
        *endpoint_dialogs(window, made, text),
        *event_dialogs(window, text),
    ]


SET_UP_RUN = SimpleNamespace(row=SimpleNamespace(object_name="Privilege Manager"))


def undo_preview(text):
    """Return what the undo of a set-up would do, with a long name where there is one."""
    made = [(Kind.ACTION, f"{text} Form Action".strip()), (Kind.USER_CREDENTIAL, "Privilege Manager")]
    client = IntakeClient(name=f"{text} client".strip(), name_key="client")
    return UndoPreview(1, [client], made, changed=True)


def shell_dialogs(window, text):
    """Make the dialogs of the window itself."""
    ctx = window.ctx
    return [
        (dialogs.Sheet, "about", lambda: dialogs.about_sheet("console.db", "system", window)),
        (dialogs.Sheet, "shortcuts", lambda: dialogs.shortcuts_sheet(ctx.commands, window)),
        (dialogs.Sheet, "crash", lambda: dialogs.crash_sheet(f"report {text}", window)),
        (dialogs.ProblemSheet, "problem", lambda: dialogs.ProblemSheet(PROBLEM, window)),
        (dialogs.LeaveDialog, "leave", lambda: dialogs.LeaveDialog(2, window)),
        (
            ExternalTaskDialog,
            "step elsewhere",
            lambda: ExternalTaskDialog(STEP_ELSEWHERE, EXTERNAL_TASK, window),
        ),
        (SetupWizard, "wizard", lambda: SetupWizard(ctx, window)),
        (UndoSetUpDialog, "undo set-up", lambda: UndoSetUpDialog(SET_UP_RUN, undo_preview(text), window)),
    ]


def object_dialogs(window, made, text):
    """Make the dialogs about objects: create, delete, merge."""
    ctx, server = window.ctx, made[Kind.FOREIGN_SYSTEM]
    name_of = f"{text} ServiceNow".strip()
    user = SimpleNamespace(kind=Kind.FOREIGN_SYSTEM, id=server.id, name=server.name, field="credential_id")

    def new_object_dialog(kind):
        return NewObjectDialog(ctx, ctx.workspace.configuration.new(kind), object_page(kind).groups, window)

    return [
        (DeleteDialog, "delete", lambda: DeleteDialog("User Credential", name_of, window)),
        (InUseDialog, "in use", lambda: InUseDialog(ctx, name_of, [user], window)),
        (OpenRequestsDialog, "open requests", lambda: OpenRequestsDialog(OPEN_REQUESTS, "", window)),
        (RecreateDialog, "gone", lambda: RecreateDialog(name_of, window)),
        (MergeDialog, "merge", lambda: MergeDialog(name_of, "Text", rows(text), window)),
        *(
            (NewObjectDialog, f"new {kind}", lambda kind=kind: new_object_dialog(kind))
            for kind in (
                Kind.FOREIGN_SYSTEM,
                Kind.USER_CREDENTIAL,
                Kind.PRIVILEGE_MANAGER_SERVER,
                Kind.ACTION,
                Kind.POLICY,
            )
        ),
        (
            SecretsDialog,
            "secrets",
            lambda: SecretsDialog(
                window,
                UserCredential(name=name_of, account="a", sign_in="oauth_jwt_bearer"),
                list(SecretName),
                "acme.service-now.com",
            ),
        ),
        (GuidDialog, "guid", lambda: GuidDialog(f"{text} Type", "", GUID, window)),
    ]


def request_dialogs(window, text):
    """Make the dialogs of the inbox."""
    copied = request(2, origin=RequestOrigin.SERVICENOW)
    ended = request(3, 9000, RequestState.APPROVED)
    return [
        (DeleteFilterDialog, "delete filter", lambda: DeleteFilterDialog(f"{text} Finance laptops", window)),
        (MyNamesDialog, "my names", lambda: MyNamesDialog(("D. Whitfield", "App Approvers"), window)),
        (SaveFilterDialog, "save filter", lambda: SaveFilterDialog(f"{text} Finance", {"Pending"}, window)),
        *(
            (
                ActionDialog,
                name,
                lambda act=act: ActionDialog(
                    act, [as_row(r) for r in (request(1), copied, ended)], window, ctx=window.ctx
                ),
            )
            for name, act in ACTION_DESCRIPTIONS.items()
        ),
    ]


def server_dialogs(window, made, text):
    """Make the dialogs about what is done on a server."""
    ctx, server = window.ctx, made[Kind.FOREIGN_SYSTEM]
    process, kind = made[Kind.APPROVAL_PROCESS], made[Kind.APPROVAL_TYPE]
    manager = ctx.workspace.configuration.new(
        Kind.PRIVILEGE_MANAGER_SERVER,
        name=f"{text} Privilege Manager".strip(),
        base_url="https://pm.acme.com/TMS/",
        production=True,
    )
    return [
        (RehearsalDialog, "rehearsal", lambda: RehearsalDialog(ctx, process, kind, server, window)),
        (
            ProductionDialog,
            "apply on production",
            lambda: ProductionDialog(manager, "Apply 2 changes", f"It is written to {text}.", window),
        ),
        (EndpointsDialog, "update endpoints", lambda: EndpointsDialog(ctx, manager, window)),
        (
            ConditionsDialog,
            "conditions",
            lambda: ConditionsDialog(
                f"{text} policy", [FilterLine("a", f"{text} filter", 2)], [("b", f"{text} other")], window
            ),
        ),
        (
            SourceDialog,
            "source of an answer",
            lambda: SourceDialog("Response", "Approve, Deny", SourceChoice("decision", "Approve"), window),
        ),
        (
            RunDialog,
            "run",
            lambda: RunDialog(
                ctx,
                server,
                "Undo",
                text="Text",
                records=[f"Remove A {text}"],
                lacking="a",
                others=True,
                parent=window,
            ),
        ),
    ]


def endpoint_dialogs(window, made, text):
    """Make the dialogs around the window of an endpoint."""
    ctx = window.ctx
    name_of = f"{text} ServiceNow".strip()
    route = WindowRoute(
        ctx.workspace.configuration.new(Kind.ACTION, name=name_of),
        made[Kind.APPROVAL_TYPE],
        made[Kind.APPROVAL_PROCESS],
        made[Kind.FOREIGN_SYSTEM],
    )
    return [
        (RaiseDialog, "raise", lambda: RaiseDialog(name_of, window)),
        (ProductionNameDialog, "production", lambda: ProductionNameDialog(name_of, window)),
        (CancelRequestDialog, "cancel request", lambda: CancelRequestDialog("RITM0010001", name_of, window)),
        (
            EndpointDialog,
            "endpoint",
            lambda: EndpointDialog(ctx, route, TextSets(), f"{text} ada", window),
        ),
    ]


def event_dialogs(window, text):
    """Make the dialogs of the page that connects Privilege Manager."""
    fields = [EventField("/ApprovalId", GUID), EventField(f"/File/{text}", f"{text} setup.exe")]
    body = f'{{"ApprovalId": "{GUID}", "File": "{text}"}}'
    events = [
        IntakeEvent(sender="192.0.2.7", size=len(body), status=202, body=body),
        IntakeEvent(sender=text or "192.0.2.7", size=7, status=422, fault="payload-invalid", body=text),
    ]

    def deliveries_dialog():
        dialog = DeliveriesDialog(window)
        dialog.show_deliveries([answer(state, text) for state in DeliveryState])
        dialog.table.selectRow(len(DeliveryState) - 1)
        return dialog

    return [
        (FieldDialog, "field of the file", lambda: FieldDialog("FilePath", fields, "", window)),
        (FieldDialog, "field of the id", lambda: FieldDialog("PMApprovalId", fields, "/ApprovalId", window)),
        (FieldDialog, "no fields", lambda: FieldDialog("FilePath", [], "", window)),
        (EventsDialog, "events", lambda: EventsDialog(events, window)),
        (DeliveriesDialog, "no answers", lambda: DeliveriesDialog(window)),
        (DeliveriesDialog, "answers", deliveries_dialog),
        (StartOverDialog, "start over", lambda: StartOverDialog(window)),
        (
            ConfirmServerDialog,
            "production server",
            lambda: ConfirmServerDialog("A question", "Text", "Switch", "Server", window),
        ),
        (RemovePasswordDialog, "remove the password", lambda: RemovePasswordDialog("Credential", window)),
        (RestrictionDialog, "restriction", lambda: RestrictionDialog("What was read.", window)),
        (WebhookDialog, "webhook", lambda: WebhookDialog(window)),
    ]


def answer(state, text):
    """Return the answer to an approved request."""
    failed = state is DeliveryState.FAILED
    return Delivery(
        request_id=uuid.uuid4(),
        outcome=str(RequestState.APPROVED),
        client_id=uuid.uuid4(),
        kind=AnswerKind.WEBHOOK,
        state=state,
        tries=3,
        last_status="HTTP 503",
        reason=f"The service does not answer {text}" if failed else "",
    )


def places(tree=TREE):
    """Give the targets of the tree."""
    for place in tree:
        yield place.target
        yield from places(place.children)


def findings(text=""):
    """Return the report of a check that found something at several stages, in long words."""
    path = f"https://acme.service-now.com/api/now/table/{'sys_web_service_with_a_long_name' * 3}"
    said = f"{text} The service {'ThycoticArellia' * 4} is not among those of {path}."
    stages = [
        StageResult("url", StageState.OK, path),
        replace(
            StageResult.skipped("proxy", "needs tcp, which failed"),
            skip_reason=SkipReason.NEEDED_STAGE_FAILED,
            needed_stage="tcp",
        ),
        StageResult("account", StageState.WARNING, said, "account-interactive", said, "ServiceNow administrator", said, 8),
        StageResult("service_create", StageState.FAILED, said, "service-missing", said, "ServiceNow administrator", said, 12),
        StageResult("service_status", StageState.FAILED, text or "found nothing like it", "service-missing", said, "ServiceNow administrator", said, 12),
    ]  # fmt: skip
    return CheckReport("S", stages, 1600)


async def look_at_pages(window, look, text=""):
    """Show every place of the tree, empty and filled, and every tab of every object; `look(name, widget)` each time."""
    for when in ("empty", "filled"):
        if when == "filled":
            made = await filled(window, text)
            store, server = window.ctx.workspace.store, made[Kind.FOREIGN_SYSTEM]
            await window.ctx.call(save_check, store, server, findings(text), made[Kind.APPROVAL_PROCESS])
        for target in places():
            window.show_target(target)
            await asyncio.sleep(0)
            await until(lambda: not window.page.tasks.busy)
            look(f"{target.kind} {when}", window)
    for kind in Kind:
        page = await shown(window, kind, made[kind])
        for tab in page.tabs:
            page.open_tab(tab)
            await asyncio.sleep(0)
            await until(lambda page=page: not page.tasks.busy)
            look(f"{kind} {tab}", window)
        page.open_tab("Details")
        page.session.edit({"name": ""})
        look(f"{kind} with an error", window)
        page.discard()
    targets = (
        Target(CONNECT, made[Kind.PRIVILEGE_MANAGER_SERVER].id),
        *(
            replace(chain_target(kind, made[kind].id), run="")
            for kind in (Kind.POLICY, Kind.APPROVAL_PROCESS)
        ),
        Target("faults"),
        Target("expiries"),
    )
    for target in targets:
        window.show_target(target)
        await until(lambda: not window.page.tasks.busy)
        look(target.kind, window)
    return made


async def look_at_requests(window, look, text=""):
    """Show the requests in each state of the page."""
    store = window.ctx.workspace.store
    words = dict.fromkeys(
        ("policy_name", "initiator_name", "agent_name", "reason", "waits_for", "file_path"), text
    )
    words = words if text else {}
    window.show_target(Target("requests"))
    page = window.page
    await settled(page)
    look("requests empty", window)
    put(
        store,
        request(1, 1100, mismatch="order-approved", **words),
        *(request(n, 60, **words) for n in range(2, 9)),
    )
    await until(lambda: page.model.rowCount() == 8)
    await settled(page)
    look("requests filled", window)
    page.table.selectRow(0)
    await until(lambda: page.pane.answer)
    await settled(page)
    look("requests one selected", window)
    page.table.selectAll()
    await settled(page)
    look("requests several selected", window)
    page.bar.field.setText("nothing like it")
    await until(lambda: not page.model.rowCount())
    await settled(page)
    look("requests nothing found", window)


async def look_at_task(window, look, made):
    """Show the page that provisions a server, with each of its tabs and panes."""
    window.show_target(Target("provisioning", tab=str(made[Kind.FOREIGN_SYSTEM].id)))
    page = window.page
    await until(lambda: page.presenter.server is not None and not page.tasks.busy)
    for tab in ("Plan", "Verify", "History"):
        page.open_tab(tab)
        look(f"provisioning {tab}", window)
    page.open_tab("Plan")
    page.plan_tab.run.show_outcome(stopped_outcome("The run stopped", PROBLEM, "receipt"))
    for pane in range(page.plan_tab.right.count()):
        page.plan_tab.right.setCurrentIndex(pane)
        look(f"provisioning pane {pane}", window)


async def look_at_dialogs(window, look, made, text=""):
    """Open every dialog over the window."""
    for _, name, make in made_dialogs(window, made, text):
        dialog = make()
        dialog.open()
        dialog.activateWindow()
        await asyncio.sleep(0)
        await until(lambda dialog=dialog: not getattr(dialog, "tasks", window.tasks).busy)
        look(f"dialog {name}", dialog)
        dialog.reject()
        dialog.deleteLater()
    window.toggle_activity()
    window.ctx.activity.begin(f"Copy the catalogue {text}", lambda: None).progress(f"reading {text}", 1, 3)
    await until(lambda: not window.page.tasks.busy)
    look("activity", window)
    window.toggle_activity()
    window.open_palette()
    look("palette", window.palette_box)
    window.palette_box.close()


async def look_at_everything(window, look, text=""):
    """Show all of the above; with `text`, everything that people name holds it."""
    await look_at_requests(window, look, text)
    made = await look_at_pages(window, look, text)
    await look_at_task(window, look, made)
    await look_at_dialogs(window, look, made, text)


def laid_out():
    """Let Qt do what it does between two turns of its loop, so that sizes are final."""
    for _ in range(6):
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
