"""Tables and fields in which ServiceNow stores requested items, their variables and their approvals."""

ITEM_TABLE = "sc_req_item"
VARIABLE_TABLE = "sc_item_option_mtom"
"""Joins requested items to the values of their variables."""
APPROVAL_TABLE = "sysapproval_approver"
JOURNAL_TABLE = "sys_journal_field"

VARIABLE_ITEM_FIELD = "request_item"
"""Field of VARIABLE_TABLE: sys_id of the requested item."""
VARIABLE_NAME_FIELD = "sc_item_option.item_option_new.name"
"""Field of VARIABLE_TABLE: name of the variable."""
VARIABLE_VALUE_FIELD = "sc_item_option.value"
"""Field of VARIABLE_TABLE: value of the variable."""
VARIABLE_FIELDS = (VARIABLE_ITEM_FIELD, VARIABLE_NAME_FIELD, VARIABLE_VALUE_FIELD)

VARIABLE_PREFIX = "variables."
"""Prefix under which ITEM_TABLE returns variables as fields. Not every instance does."""
APPROVAL_ID_VARIABLE = "PMApprovalId"
APPROVAL_ID_FIELD = f"{VARIABLE_PREFIX}{APPROVAL_ID_VARIABLE}"

APPROVAL_REQUESTED = "requested"
"""State of an approval that has not been given yet."""
DECISION_STATES = ("approved", "rejected")
"""States of an approval, and values of `approval` of an item, that are decisions."""
CLOSED_INCOMPLETE = "4"
"""Value of `state` of a requested item."""
