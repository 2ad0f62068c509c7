"""A checked chain as text: the whole report, and one finding for a ticket. English, like every report."""

from collections.abc import Iterator

from services.approval_chain.links import ChainLink, ChainReport, LinkKind, LinkState, Source
from services.common.errors import format_candidates

LINK_NAMES = {
    LinkKind.POLICY: "Policy",
    LinkKind.ACTION: "Action",
    LinkKind.APPROVAL_TYPE: "Approval Type",
    LinkKind.APPROVAL_PROCESS: "Approval Process",
    LinkKind.SERVER: "Server",
    LinkKind.REQUEST_ITEM: "Request Item",
    LinkKind.APPROVER: "Approver",
}
SOURCE_NAMES = {
    Source.API: "API",
    Source.EXPORT: "export",
    Source.CONSOLE: "this console",
    Source.SERVICENOW: "ServiceNow",
}
_MARGIN = " " * 9


def format_report(report: ChainReport) -> str:
    """Return the chain as lines for the clipboard, a file or a terminal."""
    return "\n".join([*report_lines(report), "", summary_line(report)])


def summary_line(report: ChainReport) -> str:
    """Return the verdict, time and number of calls as one line."""
    calls = f"{report.calls} call{'s' if report.calls != 1 else ''}"
    return f"{report.name or 'Approval chain'}: {report.verdict.value}, {report.ms:.0f} ms, {calls}"


def report_lines(report: ChainReport) -> Iterator[str]:
    """Yield the links of a chain, and its other policies, as lines."""
    for link in report.links:
        yield from link_lines(link)
    if report.others:
        yield ""
        yield "Other policies of this chain:"
        for other in report.others:
            priority = "unknown priority" if other.priority is None else f"priority {other.priority}"
            yield f"  {other.state.value:9}{other.name}, {priority}, {other.requests} requests in 30 days"


def link_lines(link: ChainLink) -> Iterator[str]:
    """Yield a link as lines: what was seen, and for what does not hold its fault, cause, owner and remedy."""
    named = f"{LINK_NAMES[link.kind]} “{link.name}”" if link.name else LINK_NAMES[link.kind]
    first, *more = link.evidence.splitlines() or [""]
    yield f"{link.state.value:9}{named}: {first}"
    yield from (f"{_MARGIN}{line}" for line in more)
    if link.state is not LinkState.OK:
        parts = (
            ("Fault", link.fault or ""),
            ("Cause", link.cause),
            ("Owner", link.owner),
            ("Remedy", link.remedy),
        )
        yield from (f"{_MARGIN}{label}: {text}" for label, text in parts if text)
        yield from (f"{_MARGIN}Possible cause {line}" for line in format_candidates(link.candidates))


def format_ticket(report: ChainReport, link: ChainLink) -> str:
    """Return a finding for somebody who does not have this console: the chain, what was found, and what to do."""
    way = " > ".join(LINK_NAMES[one.kind] + (f" “{one.name}”" if one.name else "") for one in report.links)
    named = LINK_NAMES[link.kind] + (f" “{link.name}”" if link.name else "")
    lines = [
        f"Approval chain: {named} ({link.state.value})",
        "",
        f"Chain:    {way}",
        f"Found:    {link.fault or link.state.value}",
        *_labelled("Evidence:", link.evidence),
        *_labelled("Cause:", link.cause),
        *_labelled("Owner:", link.owner),
        *_labelled("Remedy:", link.remedy),
        *_labelled("Possible:", "\n".join(format_candidates(link.candidates))),
        *_labelled("Read:", read_from(link)),
        f"Checked:  {report.checked_at:%Y-%m-%d %H:%M:%S} UTC",
    ]
    if report.others:
        lines.append(f"Also:     {', '.join(other.name for other in report.others)}")
    return "\n".join(lines)


def read_from(link: ChainLink) -> str:
    """Return where the facts of a link were read, with the time."""
    return ", ".join(
        f"{SOURCE_NAMES[reading.source]} at {reading.at:%Y-%m-%d %H:%M:%S} UTC" for reading in link.readings
    )


def _labelled(label: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines()):
        yield f"{label if number == 0 else '':10}{line}"
