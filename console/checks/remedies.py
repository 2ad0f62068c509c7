"""Remedies that this console can carry out: maps a fault to the buttons on the card of a finding."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.forms.object_page import FIELD_COMMAND_PREFIX
from console.forms.open_requests_dialog import run_with_confirmation
from console.runtime import lazy_imports
from console.runtime.page_targets import Target
from models.kinds import Kind
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.language import tr

if TYPE_CHECKING:
    from console.checks.check_subject import CheckedObjects
    from console.checks.checked_page import CheckablePage
    from console.runtime.context import Context
    from models.base import ConfigurationObject
    from services.connectivity import StageResult

SERVICE_FIELDS = {
    "service_create": "create_service",
    "service_status": "status_service",
    "service_cancel": "cancel_service",
}


@dataclass(frozen=True, slots=True)
class RemedyAction:
    """A button on the card of a finding: its text, and what it does."""

    text: str
    act: Callable[[], object]


RemedyFactory = Callable[["CheckablePage", "StageResult", "CheckedObjects"], list[RemedyAction]]
"""Makes the buttons for a page, the result of a stage and the objects that were checked."""


def remedy_actions(
    page: "CheckablePage", result: "StageResult", subject: "CheckedObjects | None"
) -> list[RemedyAction]:
    """Return what this console can do about a finding, best first; nothing without the objects that were checked."""
    factory = REMEDIES.get(str(result.fault))
    return factory(page, result, subject) if factory is not None and subject is not None else []


# -- going to where it can be put right -----------------------------------------------------------------------


def _open_field(page: "CheckablePage", kind: Kind, object_id: uuid.UUID, field: str) -> Callable[[], None]:
    return lambda: page.ctx.navigate(
        Target(kind.value, object_id, tab="Details", run=f"{FIELD_COMMAND_PREFIX}{field}")
    )


def _server_field_remedy(field: str, text: str) -> RemedyFactory:
    def make(page: "CheckablePage", _result: "StageResult", subject: "CheckedObjects") -> list[RemedyAction]:
        return [RemedyAction(text, _open_field(page, subject.server.kind, subject.server.id, field))]

    return make


def _password_remedy(
    page: "CheckablePage", result: "StageResult", subject: "CheckedObjects"
) -> list[RemedyAction]:
    # In these stages the check reads the password of the proxy.
    of_proxy = result.stage in ("proxy", "http")
    credential = subject.server.proxy_credential_id if of_proxy else subject.server.credential_id
    if credential is None:
        return [
            RemedyAction(
                tr("Choose a User Credential"),
                _open_field(page, subject.server.kind, subject.server.id, "credential_id"),
            )
        ]
    return [
        RemedyAction(
            tr("Go to the password"), _open_field(page, Kind.USER_CREDENTIAL, credential, "password")
        )
    ]


# -- putting it right -----------------------------------------------------------------------------------------


def _service_name_remedy(
    page: "CheckablePage", result: "StageResult", subject: "CheckedObjects"
) -> list[RemedyAction]:
    field = SERVICE_FIELDS.get(result.stage)
    if field is None or subject.process is None:
        return []
    edit = RemedyAction(
        tr("Go to the name"), _open_field(page, Kind.APPROVAL_PROCESS, subject.process.id, field)
    )
    name = result.suggested_name
    if not name:
        return [edit]
    return [
        RemedyAction(tr("Use {name}", name=name), lambda: change_process(page, subject, {field: name})),
        edit,
    ]


def _request_item_remedy(
    page: "CheckablePage", result: "StageResult", subject: "CheckedObjects"
) -> list[RemedyAction]:
    if subject.process is None:
        return []
    choose = RemedyAction(
        tr("Choose another"), _open_field(page, Kind.APPROVAL_PROCESS, subject.process.id, "request_item_id")
    )
    item_id = result.suggested_item_id
    if not item_id or item_id == subject.process.request_item_id:
        return [choose]
    return [
        RemedyAction(tr("Use the new item"), lambda: page.tasks.start(_use_item(page, subject, item_id))),
        choose,
    ]


async def _use_item(page: "CheckablePage", subject: "CheckedObjects", item_id: str) -> None:
    await lazy_imports.ready(page.ctx, lazy_imports.servicenow)
    from services.servicenow import request_item_search

    workspace = await page.ctx.ready()
    try:
        item = await request_item_search.Catalogue(await workspace.instance(subject.server.id)).get(item_id)
    except ConsoleError as error:
        page.ctx.show_problem(error.problem)
        return
    if item is None:
        page.ctx.notify(tr("The new Request Item is not seen any more"))
        return
    values = {
        "request_item_id": item.sys_id,
        "request_item_name": item.name,
        "request_item_category": item.category,
    }
    change_process(page, subject, values)


def change_process(page: "CheckablePage", subject: "CheckedObjects", values: dict[str, str]) -> None:
    """Change the process of a check and check again.

    On the page of the process itself the values are entered into the form, for the user to save; elsewhere they are saved.
    """
    process = subject.process
    if process is None:
        return
    if page.object_kind == Kind.APPROVAL_PROCESS and page.session.id == process.id:
        page.form.write({**page.form.values(), **values})
        page.session.edit(page.form.values())
        page.check.start()
    else:
        page.tasks.start(_save_process(page, process.id, values), group="remedy")


async def _save_process(page: "CheckablePage", process_id: uuid.UUID, values: dict[str, str]) -> None:
    from models.approval_process import ApprovalProcess

    ctx: Context = page.ctx
    workspace = await ctx.ready()

    def store(count: int) -> "ConfigurationObject":
        process = workspace.configuration.get(ApprovalProcess, process_id)
        for name, value in values.items():
            setattr(process, name, value)
        return workspace.configuration.save(process, "Remedy of a check", confirmed=count)

    try:
        done, stored = await run_with_confirmation(
            lambda count: ctx.call(store, count), page.window() or page
        )
    except ConsoleError as error:
        ctx.show_problem(error.problem)
        return
    if not done or stored is None:
        return
    ctx.notify(tr("Changed {name}; its History can bring back what was there", name=stored.name))
    page.check.start()


REMEDIES: dict[str, RemedyFactory] = {
    FaultId.URL_INVALID: _server_field_remedy("base_url", tr_later("Correct the address")),
    **dict.fromkeys(
        (
            FaultId.PRIVILEGE_MANAGER_SERVICENOW_ADDRESS,
            FaultId.PRIVILEGE_MANAGER_PATH_WRONG,
            FaultId.PRIVILEGE_MANAGER_SITE_MISSING,
            FaultId.PRIVILEGE_MANAGER_NOT_RECOGNISED,
        ),
        _server_field_remedy("base_url", tr_later("Correct the address")),
    ),
    FaultId.REDIRECT_ELSEWHERE: _server_field_remedy("base_url", tr_later("Change the address")),
    **dict.fromkeys(
        (
            FaultId.PROXY_FAILED,
            FaultId.PROXY_INVALID,
            FaultId.PROXY_UNREACHABLE,
            FaultId.PROXY_TIMEOUT,
            FaultId.PROXY_REFUSES,
        ),
        _server_field_remedy("proxy", tr_later("Change the proxy")),
    ),
    FaultId.PROXY_SIGN_IN: _server_field_remedy(
        "proxy_credential_id", tr_later("Choose a User Credential for the proxy")
    ),
    FaultId.PROXY_SIGN_IN_REFUSED: _password_remedy,
    **dict.fromkeys(
        (
            FaultId.TLS_UNTRUSTED,
            FaultId.TLS_INTERCEPTED,
            FaultId.TLS_SELF_SIGNED,
            FaultId.TLS_FILE_UNREADABLE,
        ),
        _server_field_remedy("ca_bundle", tr_later("Choose a CA bundle")),
    ),
    FaultId.CREDENTIAL_MISSING: _server_field_remedy("credential_id", tr_later("Choose a User Credential")),
    FaultId.SECRET_MISSING: _password_remedy,
    FaultId.SECRET_NOT_FOR_HOST: _password_remedy,
    FaultId.AUTHENTICATION_REFUSED: _password_remedy,
    FaultId.PRIVILEGE_MANAGER_LOG_ON_REFUSED: _password_remedy,
    FaultId.PRIVILEGE_MANAGER_USER_ACCOUNT: _password_remedy,
    FaultId.SERVICE_MISSING: _service_name_remedy,
    FaultId.SERVICE_NAME_DIFFERS: _service_name_remedy,
    FaultId.SERVICE_SWAPPED: _service_name_remedy,
    FaultId.REQUEST_ITEM_STALE: _request_item_remedy,
    FaultId.REQUEST_ITEM_MISSING: _request_item_remedy,
    FaultId.REQUEST_ITEM_UNSEEN: _request_item_remedy,
}
"""By fault."""
