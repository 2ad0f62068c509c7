"""Remedies that this console can carry out: one line a fault, from its id to the buttons on the finding's card."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console import lazy_imports
from console.pages.object_page import FIELD
from console.pages.open_requests import confirmed
from console.targets import Target
from models.kinds import Kind
from models.translatable import tr_later
from services.errors import ConsoleError
from services.language import tr

NEAR_NAME = re.compile(r"\bUse (?P<name>.+?) on the Approval Process\b")
ITEM_ID = re.compile(r"\b[0-9a-f]{32}\b")
SERVICES = {
    "service_create": "create_service",
    "service_status": "status_service",
    "service_cancel": "cancel_service",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A button on the card of a finding: what it says, and what it does."""

    text: str
    act: Callable[[], object]


Maker = Callable[[Any, Any, Any], list[Offer]]
"""Makes the offers for a page, a result of a stage and the subject of its check."""


def offers(page: Any, result: Any, subject: Any) -> list[Offer]:
    """Return what this console can do about a finding, the best first."""
    maker = REMEDIES.get(str(result.fault))
    return maker(page, result, subject) if maker is not None and subject is not None else []


# -- going to where it can be put right -----------------------------------------------------------------------


def _go(page: Any, kind: Kind, object_id: Any, field: str) -> Callable[[], None]:
    return lambda: page.ctx.navigate(Target(kind.value, object_id, tab="Details", run=f"{FIELD}{field}"))


def _on_server(field: str, text: str) -> Maker:
    def make(page: Any, _result: Any, subject: Any) -> list[Offer]:
        return [Offer(text, _go(page, Kind.FOREIGN_SYSTEM, subject.server.id, field))]

    return make


def _password(page: Any, result: Any, subject: Any) -> list[Offer]:
    # What the check asks of the vault on its way is the password of the proxy.
    of_proxy = str(result.stage) in ("proxy", "http")
    credential = subject.server.proxy_credential_id if of_proxy else subject.server.credential_id
    if credential is None:
        return [
            Offer(
                tr("Choose a User Credential"),
                _go(page, Kind.FOREIGN_SYSTEM, subject.server.id, "credential_id"),
            )
        ]
    return [Offer(tr("Go to the password"), _go(page, Kind.USER_CREDENTIAL, credential, "password"))]


# -- putting it right -----------------------------------------------------------------------------------------


def _near_name(page: Any, result: Any, subject: Any) -> list[Offer]:
    field = SERVICES.get(str(result.stage))
    if field is None or subject.process is None:
        return []
    edit = Offer(tr("Go to the name"), _go(page, Kind.APPROVAL_PROCESS, subject.process.id, field))
    found = NEAR_NAME.search(str(result.remedy))
    if found is None:
        return [edit]
    name = found["name"].strip("“”\"'")
    return [Offer(tr("Use {name}", name=name), lambda: change(page, subject, {field: name})), edit]


def _item(page: Any, result: Any, subject: Any) -> list[Offer]:
    if subject.process is None:
        return []
    choose = Offer(
        tr("Choose another"), _go(page, Kind.APPROVAL_PROCESS, subject.process.id, "request_item_id")
    )
    found = ITEM_ID.search(str(result.remedy))
    if found is None or found[0] == subject.process.request_item_id:
        return [choose]
    return [
        Offer(tr("Use the new item"), lambda: page.workers.start(_use_item(page, subject, found[0]))),
        choose,
    ]


async def _use_item(page: Any, subject: Any, item_id: str) -> None:
    await lazy_imports.ready(page.ctx, lazy_imports.servicenow)
    from services import catalogue

    workspace = await page.ctx.ready()
    try:
        item = await catalogue.Catalogue(await workspace.instance(subject.server.id)).get(item_id)
    except ConsoleError as error:
        page.ctx.show_problem(error.problem)
        return
    if item is None:
        page.ctx.notify(tr("The new Request Item is not there any more"))
        return
    values = {
        "request_item_id": item.sys_id,
        "request_item_name": item.name,
        "request_item_category": item.category,
    }
    change(page, subject, values)


def change(page: Any, subject: Any, values: dict[str, str]) -> None:
    """Change the process of a check and check again.

    On the page of the process itself it is typed into the form, and saving stays with the person; elsewhere it is saved.
    """
    process = subject.process
    if page.object_kind == Kind.APPROVAL_PROCESS and page.session.id == process.id:
        page.form.write({**page.form.values(), **values})
        page.session.edit(page.form.values())
        page.check.start()
    else:
        page.workers.start(_save(page, process.id, values), group="remedy")


async def _save(page: Any, process_id: Any, values: dict[str, str]) -> None:
    ctx = page.ctx
    workspace = await ctx.ready()

    def store(count: int) -> Any:
        process = workspace.configuration.get(Kind.APPROVAL_PROCESS, process_id)
        for name, value in values.items():
            setattr(process, name, value)
        return workspace.configuration.save(process, "Remedy of a check", confirmed=count)

    try:
        done, stored = await confirmed(lambda count: ctx.call(store, count), page.window())
    except ConsoleError as error:
        ctx.show_problem(error.problem)
        return
    if not done:
        return
    ctx.notify(tr("Changed {name}; its History can bring back what was there", name=stored.name))
    page.check.start()


REMEDIES: dict[str, Maker] = {
    "url-invalid": _on_server("base_url", tr_later("Correct the address")),
    "redirect-elsewhere": _on_server("base_url", tr_later("Change the address")),
    **dict.fromkeys(
        (
            "proxy-failed",
            "proxy-invalid",
            "proxy-unreachable",
            "proxy-timeout",
            "proxy-refuses",
        ),
        _on_server("proxy", tr_later("Change the proxy")),
    ),
    "proxy-sign-in": _on_server("proxy_credential_id", tr_later("Choose a User Credential for the proxy")),
    "proxy-sign-in-refused": _password,
    **dict.fromkeys(
        ("tls-untrusted", "tls-intercepted", "tls-self-signed", "tls-file-unreadable"),
        _on_server("ca_bundle", tr_later("Choose a CA bundle")),
    ),
    "credential-missing": _on_server("credential_id", tr_later("Choose a User Credential")),
    "secret-missing": _password,
    "secret-not-for-host": _password,
    "authentication-refused": _password,
    "service-missing": _near_name,
    "service-name-differs": _near_name,
    "service-swapped": _near_name,
    "request-item-stale": _item,
    "request-item-missing": _item,
}
"""A fault whose remedy this console can carry out, or lead to, is one line here."""
