"""Faults that the practice instance can simulate."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import overload

NUMBER_MAX = 10**6
INFO_SERVICE = "InstanceInfo"
"""The service that every instance has; faults of "all three" leave it alone."""
_NUMBER = re.compile(r"\d{1,7}(\.\d{1,7})?", re.ASCII)

FAULTS: dict[str, str] = {
    "hibernating": "Every address answers 200 with the page of a hibernating instance.",
    "login_page": "Every address answers 200 with the login page.",
    "maintenance": "Every address answers 200 with a maintenance page.",
    "unauthorised": "Every password is refused.",
    "forbidden": "Every call is refused for missing rights.",
    "rate_limited": "Every call is answered 429; options seconds for Retry-After, times for how often, limit for the rate told.",
    "accepted": "SOAP calls are answered 202 without a body.",
    "slow": "Every call waits; option seconds.",
    "cut_body": "Answers end in the middle.",
    "answer_lost": "Calls are carried out, and the connection ends before the answer; option times for how often.",
    "service_missing": "The service does not exist; option service names it, else all three.",
    "service_inactive": "The service is not active; option service names it, else all three.",
    "service_renamed": "The service carries another name; option service names it, else all three.",
    "operation_renamed": "The operation of every service is called submit.",
    "outputs_reordered": "Outputs come in the opposite order.",
    "outputs_undeclared": "An output comes that the WSDL does not declare.",
    "outputs_missing": "The first output is left out.",
    "outputs_doubled": "The first output comes twice.",
    "unknown_status": "The status is a word outside the contract; option word.",
    "not_well_formed": "Replies are not well-formed XML.",
    "dtd": "Replies begin with a document type.",
    "soap_fault": "Every SOAP call ends in a fault.",
    "unqualified": "Children of a reply stand in no namespace.",
    "error_in_200": "Table API answers 200 with a part of the result and an error.",
    "empty_pages": "Access rules hide the first page of every list.",
    "query_ignored": "Conditions of a query are ignored and every record comes.",
    "redirect_elsewhere": "Every call is redirected to another host; option to.",
    "wsdl_elsewhere": "The WSDL names an address on another host; option to, and service for one of the three.",
    "server_error": "Every call is answered 500 with an HTML page.",
    "sso_redirect": "Every call is redirected to an identity provider; option to.",
    "not_servicenow": "Every call is answered 200 with JSON that has nothing of ServiceNow in it.",
    "foreign_page": "Every call is answered 200 with the web page of something else.",
    "user_forbidden": "Records of users are refused for missing rights.",
    "mfa_required": "The password is right, and a one-time password is asked for.",
    "query_acl": "A query rule hides every row of a table: lists come with 200, no rows and the count 0; option table, else the catalog.",
    "domain_separated": "The approval item is in a domain that the accounts do not see; its variables are seen.",
    "user_criteria": "User criteria hide the approval item from every account; its variables are seen.",
    "certificate_sign_in_off": "Client certificates sign nobody in: certificate based authentication is not enabled.",
    "basic_auth_restricted": "Accounts that are not limited to web services are refused, as a wrong password is.",
    "account_inactive": "The records of users have Active off.",
    "account_locked": "The records of users say that they are locked out.",
    "account_interactive": "No user is limited to web services, and roles can be seen.",
    "roles_shown": "Every account may see who has which role.",
    "role_admin_left": "The account of the integration has admin, and roles can be seen.",
    "role_missing": "Nobody has approval_admin, and roles can be seen.",
    "role_soap_missing": "Nobody has soap or soap_script, and roles can be seen.",
    "rate_limit_told": "Answers tell a rate limit; option limit.",
    "clock_off": "The header Date is wrong; option seconds for how much it is ahead.",
    "item_missing": "The catalogue is empty for every account.",
    "item_inactive": "Catalog items have Active off.",
    "item_not_orderable": "Catalog items are record producers.",
    "category_inactive": "Categories have Active off.",
    "catalogue_inactive": "Catalogues have Active off.",
    "variable_missing": "A variable is missing at every item; option variable.",
    "item_without_flow": "Nothing that approves is attached to catalog items.",
    "workflow_inactive": "Workflows have Active off.",
    "nobody_asked": "A request of every item waits since long, and no approver was asked.",
    "service_silent": "The service is listed and does not answer; option service names it, else all three.",
    "service_duplicate": "A second service has the same name; option service names it, else all three.",
    "input_missing": "The WSDL lacks the first input; option service names it, else all three.",
    "wsdl_broken": "The WSDL describes nothing that can be called; option service names it, else all three.",
    "service_forbidden": "The service refuses the account; option service names it, else all three.",
    "wsdl_refused": "The WSDL is refused with a SOAP fault for missing rights; options status, and service for one of the three.",
    "input_typed": "The last input of the WSDL is a yes or no; option service names it, else all three.",
    "page_forbidden": "Every call that signs in is answered 403 with a web page.",
    "lists_forbidden": "Lists of the Table API that are asked for with a condition are refused for missing rights.",
    "lists_cut": "Lists of the Table API are cut off in the middle of the JSON, with an error behind it.",
    "approvers_missing": "The group of approvers has no member.",
    "approvers_inactive": "No member of the group of approvers is active.",
    "slow_script": "Scripts take their time; option seconds.",
    "variables_hidden": "The variables of requested items are hidden from every account.",
    "names_hidden": "The names of approvers and the texts of comments come empty, as rules for fields make them.",
    "items_read_only": "Requested items are changed by admin alone.",
    "token_reply_odd": "The token endpoint answers 200 without a token.",
    "soap_refused": "SOAP access policies take no kind of sign-in that callers use; option service names it, else all three.",
    "node_switched": "Sessions from before are refused, as on a node that does not know them; new ones are not.",
}
"""Name and what it does."""


FAULT_OPTIONS: dict[str, dict[str, type[float | str]]] = {
    "query_acl": {"table": str},
    "rate_limited": {"seconds": float, "times": float, "limit": float},
    "answer_lost": {"times": float},
    "slow": {"seconds": float},
    "service_missing": {"service": str},
    "service_inactive": {"service": str},
    "service_renamed": {"service": str},
    "unknown_status": {"word": str},
    "redirect_elsewhere": {"to": str},
    "wsdl_elsewhere": {"to": str, "service": str},
    "sso_redirect": {"to": str},
    "rate_limit_told": {"limit": float},
    "clock_off": {"seconds": float},
    "variable_missing": {"variable": str},
    "service_silent": {"service": str},
    "service_duplicate": {"service": str},
    "input_missing": {"service": str},
    "wsdl_broken": {"service": str},
    "service_forbidden": {"service": str},
    "wsdl_refused": {"status": float, "service": str},
    "input_typed": {"service": str},
    "soap_refused": {"service": str},
    "slow_script": {"seconds": float},
}
"""The options of the faults that have some, and whether each is a number or a text."""


class UnknownFaultError(ValueError):
    """Unknown fault, or unknown or invalid option."""


Option = str | float


@dataclass(slots=True)
class FaultRegistry:
    """The active faults with their options; `known` and `known_options` say which faults there are."""

    active: dict[str, dict[str, Option]] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=lambda: FAULTS, repr=False)
    known_options: Mapping[str, Mapping[str, type[float | str]]] = field(
        default_factory=lambda: FAULT_OPTIONS, repr=False
    )

    def set(self, name: str, /, **options: Option) -> None:
        """Activate a fault. Raises UnknownFaultError."""
        if name not in self.known:
            raise UnknownFaultError(f"no fault is called {name}; known are {', '.join(self.known)}")
        known = self.known_options.get(name, {})
        for key, value in options.items():
            if key not in known:
                raise UnknownFaultError(f"{name} has no option {key}; it has {', '.join(known) or 'none'}")
            is_number = (
                isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < NUMBER_MAX
            )
            if known[key] is float and not is_number:
                raise UnknownFaultError(f"the option {key} of {name} is a number, not {value!r}")
            if known[key] is str and not isinstance(value, str):
                raise UnknownFaultError(f"the option {key} of {name} is a text, not {value!r}")
        self.active[name] = options

    def clear(self, name: str | None = None) -> None:
        """Deactivate one fault, or all."""
        if name is None:
            self.active.clear()
        else:
            self.active.pop(name, None)

    def on(self, name: str) -> bool:
        """Whether a fault is active."""
        return name in self.active

    @overload
    def option(self, name: str, key: str, default: str) -> str: ...
    @overload
    def option(self, name: str, key: str, default: float) -> float: ...
    def option(self, name: str, key: str, default: Option) -> Option:
        """Return an option of an active fault, or `default`."""
        return self.active.get(name, {}).get(key, default)

    def read(self, text: str) -> None:
        """Activate a fault written as NAME or NAME:option=value,option=value."""
        name, _, rest = text.partition(":")
        options: dict[str, Option] = {}
        for part in filter(None, rest.split(",")):
            key, _, value = part.partition("=")
            wanted = self.known_options.get(name.strip(), {}).get(key.strip(), str)
            options[key.strip()] = float(value) if wanted is float and _NUMBER.fullmatch(value) else value
        self.set(name.strip(), **options)

    def consume(self, name: str) -> bool:
        """Whether a fault is active; with the option `times` it ends after that many calls."""
        if name not in self.active:
            return False
        options = self.active[name]
        if "times" in options:
            left = float(options["times"]) - 1
            options["times"] = left
            if left < 0:
                self.clear(name)
                return False
        return True

    def matches_service(self, name: str, service: str) -> bool:
        """Whether a fault is active for exactly `service`, or for all services."""
        return self.on(name) and self.option(name, "service", service) == service

    def applies_to_service(self, name: str, service: str) -> bool:
        """Whether a fault is active for `service`; without the option it excludes InstanceInfo."""
        return self.matches_service(name, service) and (
            bool(self.option(name, "service", "")) or service != INFO_SERVICE
        )

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of active faults."""
        return iter(self.active)
