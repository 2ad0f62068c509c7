"""Words of the approval chain: names and icons of its links, and one word for each state. No Qt here."""

from models.translation_marks import plural_later, tr_later
from services.approval_chain import ChainLink, LinkKind, LinkState, PolicyState, Source
from services.common.fault_ids import FaultId
from services.language import plural, tr

LINK_NAMES = {
    LinkKind.POLICY: tr_later("Policy"),
    LinkKind.ACTION: tr_later("Action"),
    LinkKind.APPROVAL_TYPE: tr_later("Approval Type"),
    LinkKind.APPROVAL_PROCESS: tr_later("Approval Process"),
    LinkKind.SERVER: tr_later("Server"),
    LinkKind.REQUEST_ITEM: tr_later("Request Item"),
    LinkKind.APPROVER: tr_later("Approver"),
}
LINK_ICONS = {
    LinkKind.POLICY: "shield",
    LinkKind.ACTION: "action",
    LinkKind.APPROVAL_TYPE: "tag",
    LinkKind.APPROVAL_PROCESS: "process",
    LinkKind.SERVER: "server",
    LinkKind.REQUEST_ITEM: "box",
    LinkKind.APPROVER: "user",
}
SOURCE_NAMES = {
    Source.API: tr_later("API"),
    Source.EXPORT: tr_later("Export"),
    Source.CONSOLE: tr_later("This console"),
    Source.SERVICENOW: tr_later("ServiceNow"),
}
POLICY_STATES = {
    PolicyState.OK: ("good", tr_later("Good")),
    PolicyState.BROKEN: ("bad", tr_later("Broken")),
    PolicyState.UNKNOWN: ("off", tr_later("Cannot see")),
    PolicyState.INACTIVE: ("off", tr_later("Inactive")),
}
"""Shape and word of another policy of the chain."""

_GOOD_WORDS = {
    LinkKind.POLICY: tr_later("Active"),
    LinkKind.ACTION: tr_later("In the policy"),
    LinkKind.APPROVAL_TYPE: tr_later("In use"),
    LinkKind.APPROVAL_PROCESS: tr_later("Ready"),
    LinkKind.SERVER: tr_later("Reached"),
}
_NOT_THERE, _NONE = tr_later("Not there"), tr_later("None")
_NOT_SIGNED_IN, _NO_PASSWORD = tr_later("Refused"), tr_later("No password")
_BROKEN_WORDS = {
    FaultId.CHAIN_POLICY_MISSING: _NOT_THERE,
    FaultId.CHAIN_POLICY_NONE: _NONE,
    FaultId.CHAIN_POLICY_INACTIVE: tr_later("Inactive"),
    FaultId.CHAIN_POLICY_NO_TARGETS: tr_later("No targets"),
    FaultId.CHAIN_POLICY_NO_EVENTS: tr_later("No events"),
    FaultId.CHAIN_ACTION_NONE: _NONE,
    FaultId.CHAIN_ACTION_MISSING: _NOT_THERE,
    FaultId.CHAIN_ACTION_NOT_IN_POLICY: tr_later("Not in it"),
    FaultId.CHAIN_APPROVAL_TYPE_NONE: _NONE,
    FaultId.CHAIN_APPROVAL_TYPE_DIFFERS: tr_later("Not used"),
    FaultId.CHAIN_PROCESS_MISSING: _NONE,
    FaultId.CHAIN_SERVER_MISSING: _NONE,
    FaultId.AUTHENTICATION_REFUSED: _NOT_SIGNED_IN,
    FaultId.AUTHENTICATION_MFA: _NOT_SIGNED_IN,
    FaultId.BASIC_AUTH_NOT_OFFERED: _NOT_SIGNED_IN,
    FaultId.OAUTH_TOKEN_REFUSED: _NOT_SIGNED_IN,
    FaultId.OAUTH_CLIENT_UNKNOWN: _NOT_SIGNED_IN,
    FaultId.OAUTH_TOKEN_REJECTED: _NOT_SIGNED_IN,
    FaultId.ACCESS_POLICY_KIND: _NOT_SIGNED_IN,
    FaultId.ACCOUNT_INACTIVE: _NOT_SIGNED_IN,
    FaultId.ACCOUNT_LOCKED: _NOT_SIGNED_IN,
    FaultId.CREDENTIAL_MISSING: _NO_PASSWORD,
    FaultId.SECRET_MISSING: _NO_PASSWORD,
    FaultId.SECRET_NOT_FOR_HOST: _NO_PASSWORD,
    FaultId.REQUEST_ITEM_MISSING: _NOT_THERE,
    FaultId.REQUEST_ITEM_UNSEEN: tr_later("Not seen"),
    FaultId.REQUEST_ITEM_STALE: _NOT_THERE,
    FaultId.REQUEST_ITEM_INACTIVE: tr_later("Inactive"),
    FaultId.REQUEST_ITEM_VARIABLES: tr_later("Incomplete"),
    FaultId.APPROVERS_MISSING: tr_later("Nobody"),
    FaultId.APPROVAL_FLOW_MISSING: tr_later("No workflow"),
    FaultId.APPROVAL_FLOW_INACTIVE: tr_later("Inactive"),
}
_BROKEN, _NOT_REACHED = tr_later("Broken"), tr_later("Not reached")
UNKNOWN_WORD = tr_later("Cannot see")
_VARIABLES = plural_later("{count} variable", "{count} variables")
_APPROVERS = plural_later("{count} can approve", "{count} can approve")


def state_word(link: ChainLink) -> str:
    """Return the state of a checked link as one or two words."""
    if link.absent:
        return tr(_NONE)
    if link.state is LinkState.UNKNOWN:
        return tr(UNKNOWN_WORD)
    if link.state is LinkState.OK:
        return _good_word(link)
    known = _BROKEN_WORDS.get(FaultId.parse(link.fault or "") or FaultId.CONSOLE_FAULT)
    return tr(known or (_NOT_REACHED if link.kind is LinkKind.SERVER else _BROKEN))


def _good_word(link: ChainLink) -> str:
    if link.kind is LinkKind.REQUEST_ITEM:
        return plural(link.count or 0, *_VARIABLES)
    if link.kind is LinkKind.APPROVER:
        return plural(link.count or 0, *_APPROVERS)
    return tr(_GOOD_WORDS[link.kind])
