"""Ids of items that every server has.

The first block is public: built-in items had the same ids in exports of several years. Ids of the second block are
not public; the practice server makes its own, the same in every run.
"""

import uuid

DEFAULT_APPROVAL_TYPE = "2a3f33c4-15dd-41d0-a620-889ea1e4408a"
APPROVAL_FORM_LOCALIZED = "5d4e0cb0-604b-4fc4-968c-e68a8b5c7838"
ADD_ADMINISTRATIVE_RIGHTS = "54bfa458-bdfc-4e1b-8033-9c7888179f6c"
ADMINISTRATIVE_RIGHTS_REQUIRED = "df207907-9f9a-4777-afea-ff786d5399f2"
REMOVE_PROGRAMS_POLICY = "44290cc3-9c86-4995-aa33-79b8ee74daf7"
WINDOWS_TARGET = "ef3bbe43-b0ea-4330-ae49-459e43995bf5"
WINDOWS_SERVERS_TARGET = "eb5326c2-dfbe-4399-8c53-d980a673fd95"
MACOS_TARGET = "34166591-d5f2-4dde-abc3-99d5aa841518"
AGENT_INSTALLATIONS_REPORT = "85fedb4c-5110-4291-8de9-907294ab10bb"
APPLICATION_CONTROL_PRODUCT = "27bedb8a-db37-4d53-b748-bc6651461fe4"
WINDOWS_POLICIES_FOLDER = "d60954d0-4bd3-4e2d-92cc-a00606d0e651"
MACOS_POLICIES_FOLDER = "74cbc043-beed-499f-85ca-cc10d1bf44d5"
WINDOWS_FILTERS_FOLDER = "bd1b4d12-8dfc-4fcf-a6ea-fe09159ff055"
MACOS_FILTERS_FOLDER = "451680e9-28d1-4af9-8e88-c4cd04f8cebc"
ACTIONS_FOLDER = "cf02777a-86b3-4450-b5af-1dcbee252071"
TARGET_ROLE_TYPE = "493435f7-3b17-4c4c-b07f-c23e7ab7781f"

_NAMESPACE = uuid.UUID("6f0f6d6e-8d4b-5f7e-9a35-3f0a5f3a9d10")


def fixed_id(*words: str) -> str:
    """Return the id of a predefined item or computer: the same in every run."""
    return str(uuid.uuid5(_NAMESPACE, ":".join(words)))


def new_id() -> str:
    """Return the id of a new item: random, in lower case, as the product makes them."""
    return str(uuid.uuid4())


APPROVAL_FORM = fixed_id("action", "Approval Request Form Action")
APPROVAL_FORM_OFFLINE = fixed_id("action", "Approval Request (with Offline Fallback) Form Action")
APPROVAL_FORM_ITEM_NUMBER = fixed_id(
    "action", "Approval Request (with ServiceNow Request Item Number) Form Action"
)
MACOS_MESSAGE = fixed_id("action", "Application Approval Request Message Action")
TARGETING_TASK = fixed_id("task", "Resource and Collection Targeting Update")
CREATE_ITEMS_TASK = fixed_id("task", "Create ServiceNow Approval Request Items")
PENDING_APPROVALS_REPORT = fixed_id("report", "Pending Execute Application Approvals")
DECIDED_APPROVALS_REPORT = fixed_id("report", "Summary of Application Approvals and Denials")
POLICY_COMPUTERS_REPORT = fixed_id("report", "Computers by Policy")
