"""What each step says and offers in its panel, without widgets; and the document that a person may save."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.connect.answer_sources import source_words
from console.connect.presenter import (
    CANNOT_BE_SEEN,
    INTAKE_PATH,
    PROCESS_PATH,
    STEP_NAMES,
    WEBHOOK_PATH,
    WORKER_COMMAND,
    ConnectPresenter,
    ConnectStep,
    process_values,
)
from console.widgets.steps import STEP_WORDS
from console.widgets.value_rows import ValueRow, as_text
from models.delivery import AnswerKind
from services.common.errors import Problem
from services.language import tr, translate

SIGN_IN, OPEN_SERVER, LOOK_AGAIN, CONFIRM, CHANGE, USE_WEBHOOK, USE_SERVER = (
    "sign-in", "server", "look", "confirm", "change", "webhook", "privilege-manager",
)  # fmt: skip
"""Keys of the buttons."""


@dataclass(frozen=True, slots=True)
class PanelContent:
    """Title, path in Privilege Manager, text, values to copy, rows of a table, and buttons: key, text, enabled."""

    title: str
    path: str = ""
    text: str = ""
    values: tuple[ValueRow, ...] = ()
    table: tuple[tuple[str, str, str, str], ...] = ()
    buttons: tuple[tuple[str, str, bool], ...] = ()
    shape: str = "todo"
    """The status shape of filled rows of the table."""


def step_content(presenter: ConnectPresenter, step: ConnectStep) -> PanelContent:
    """Return what a step shows that has no event."""
    match step:
        case ConnectStep.SIGN_IN:
            return _sign_in(presenter)
        case ConnectStep.RECEIVE:
            return _receive(presenter)
        case ConnectStep.PROCESS:
            text = tr(
                "Add an Approval Process from this template, and an Approval Type that names it. Each request then posts an "
                "event to the webhook."
            )
            return PanelContent(
                tr("Enter in Privilege Manager"),
                path_text(PROCESS_PATH),
                f"{text} {translate(CANNOT_BE_SEEN)}.",
                tuple(process_values()),
            )
        case _:
            return _answer(presenter)


def path_text(parts: Sequence[str]) -> str:
    """Return the way to a place in Privilege Manager, in its own words."""
    return " > ".join(parts)


def _sign_in(presenter: ConnectPresenter) -> PanelContent:
    server = presenter.server
    text = tr("Signing in")
    if server is not None:
        text = _problem_text(server.problem) if server.problem else presenter.steps()[0].caption
    return PanelContent(
        translate(STEP_NAMES[ConnectStep.SIGN_IN]),
        text=text,
        buttons=(
            (SIGN_IN, tr("Sign in again"), server is not None),
            (OPEN_SERVER, tr("Open the server"), True),
        ),
    )


def _receive(presenter: ConnectPresenter) -> PanelContent:
    url = presenter.intake_url
    rows = [ValueRow("Request URL", f"{url}{INTAKE_PATH}")] if url else []
    if not url:
        rows.append(ValueRow(tr("Command"), WORKER_COMMAND))
    text = presenter.steps()[ConnectStep.RECEIVE].caption
    if not url:
        hint = tr(
            "Start a worker with the intake where Privilege Manager reaches it, with a certificate for its name."
        )
        text = f"{text}. {hint}"
    return PanelContent(
        translate(STEP_NAMES[ConnectStep.RECEIVE]),
        text=text,
        values=tuple(rows),
        buttons=((LOOK_AGAIN, tr("Look again"), True),),
    )


def _answer(presenter: ConnectPresenter) -> PanelContent:
    title = translate(STEP_NAMES[ConnectStep.ANSWER])
    client = presenter.stored.client if presenter.stored is not None else None
    if client is not None and client.answer_kind == AnswerKind.WEBHOOK:
        return PanelContent(
            title,
            text=tr("Answers go to a webhook."),
            values=(ValueRow("URL", client.answer_url), *_webhook_secret(presenter)),
            buttons=((USE_SERVER, tr("Send them to Privilege Manager"), True),),
        )
    webhook = (USE_WEBHOOK, tr("Send them to a webhook…"), client is not None)
    server = presenter.server
    if server is None or server.problem is not None:
        return PanelContent(title, text=presenter.steps()[ConnectStep.ANSWER].caption, buttons=(webhook,))
    if server.answer_problem is not None:
        text = f"{presenter.answer_obstacle()}. {translate(server.answer_problem.remedy)}"
        return PanelContent(title, text=text, buttons=(webhook,))
    setup = server.setup
    if setup is None:
        text = tr("The server has the approval operation. Make a header value first.")
        return PanelContent(title, text=text, buttons=(webhook,))
    if setup.problem is not None:
        text = _problem_text(setup.problem.problem)
    elif setup.is_confirmed:
        text = tr("Answers are sent by this mapping.")
    elif setup.has_changed:
        text = tr("The server describes the operation in another way than when the mapping was confirmed.")
    else:
        text = tr("This mapping is a suggestion. Nothing is sent by it until it is confirmed.")
    can_confirm = setup.problem is None and not setup.is_confirmed
    return PanelContent(
        title,
        text=text,
        table=tuple(
            (name, kind, tr("Yes") if required else "", source_words(setup.mapping.properties.get(name)))
            for name, kind, required, _ in setup.rows()
        ),
        buttons=((CONFIRM, tr("Confirm"), can_confirm), (CHANGE, tr("Change…"), True), webhook),
        shape="good" if setup.is_confirmed else "todo",
    )


def _webhook_secret(presenter: ConnectPresenter) -> tuple[ValueRow, ...]:
    secret = presenter.webhook_secret
    if secret is None:
        return ()
    return (ValueRow(tr("Secret of its signatures"), "", True, secret.reveal, tr("Shown once")),)


def _problem_text(problem: Problem) -> str:
    parts = (problem.cause, problem.evidence, problem.remedy)
    return "\n".join(translate(part) for part in parts if part)


def document_text(presenter: ConnectPresenter, server_name: str) -> str:
    """Return steps and values as Markdown, without secrets."""
    lines = ["# " + tr("Connect Privilege Manager") + f": {server_name}", ""]
    for place, step in enumerate(presenter.steps(), 1):
        lines.append(f"{place}. {step.name}: {tr(STEP_WORDS[step.state])}. {step.caption}")
    for path, rows in (
        (WEBHOOK_PATH, presenter.webhook_values()),
        (PROCESS_PATH, process_values()),
    ):
        lines += ["", f"## {path_text(path)}", "", as_text(rows)]
    lines += ["", "## " + tr("Fields of the event"), ""]
    lines += [f"- {cell.variable}: {cell.source}" for cell in presenter.variables()]
    return "\n".join(lines) + "\n"
