"""Names in the XML of items: name spaces, contracts, members and ids of built-in items.

Source: exported items that the vendor published with its documentation.
"""

BASE = "http://schemas.arellia.com/dc/"
"""Name space of the members that every item has."""
APPLICATION_ACTION = f"{BASE}ApplicationControl/ApplicationAction/"
PARAMETERS = f"{BASE}Parameters/"
SERIALIZATION = "http://schemas.microsoft.com/2003/10/Serialization/"
SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
XAML_COMMON = "http://schemas.arellia.com/xaml/2014/xaml/common"
XAML = "http://schemas.microsoft.com/winfx/2006/xaml"
PRESENTATION = "http://schemas.microsoft.com/winfx/2006/xaml/presentation"

WINDOW_ACTION = "CustomXamlExecutionActionContract"
"""Contract of the approval request form action and its variants on Windows."""

BASE_MEMBERS = (
    "Attributes",
    "Description",
    "FolderId",
    "ItemId",
    "Name",
    "ProductId",
    "State",
    "Strings",
    "Tags",
)
"""Members of every item in the order in which they are written: the other side misreads members out of order."""
REQUIRED_BASE_MEMBERS = ("ItemId", "Name", "ProductId")

BUILT_IN_ATTRIBUTES = frozenset({"System", "NoModify", "NoDelete"})
"""Attributes that an own item must not have: it could be neither changed nor deleted."""

DEFAULT_APPROVAL_TYPE_ID = "2a3f33c4-15dd-41d0-a620-889ea1e4408a"

BUILT_IN_IDS = frozenset(
    {
        DEFAULT_APPROVAL_TYPE_ID,
        "5d4e0cb0-604b-4fc4-968c-e68a8b5c7838",  # Approval Request Form Action (with Localization)
        "cf02777a-86b3-4450-b5af-1dcbee252071",  # its folder
        "9ea45416-f3f5-4dac-abcd-6d8ef94c9316",  # Challenge/Response Message Action
        "26bc9625-ed2b-4e45-9377-a3efb4462118",  # its folder
        "54bfa458-bdfc-4e1b-8033-9c7888179f6c",  # Add Administrative Rights
        "01b913fe-b098-4ec9-99fe-ec93782da543",  # actions that block
        "d8498d12-4fdd-44db-b21c-4e294881c4d4",
        "27bedb8a-db37-4d53-b748-bc6651461fe4",  # products
        "75afc25f-c518-491c-a60d-ecd6b7dbc7ad",
        "a7d32f79-5ac0-4a9c-a980-046752703ac6",
        "d60954d0-4bd3-4e2d-92cc-a00606d0e651",  # folders of policies
        "74cbc043-beed-499f-85ca-cc10d1bf44d5",
        "bd1b4d12-8dfc-4fcf-a6ea-fe09159ff055",  # folders of filters
        "451680e9-28d1-4af9-8e88-c4cd04f8cebc",
        "f3355929-f372-43bd-83b0-3754f92f0e2e",
        "ef3bbe43-b0ea-4330-ae49-459e43995bf5",  # targets
        "eb5326c2-dfbe-4399-8c53-d980a673fd95",
        "34166591-d5f2-4dde-abc3-99d5aa841518",
        "493435f7-3b17-4c4c-b07f-c23e7ab7781f",  # role type of targets
        "efb89861-0aed-5592-be87-6c8992773a87",  # kinds of associations
        "c01776a1-dffd-5842-94ad-aedbafc19515",
        "d819ac6c-1a7a-54b9-bbc0-752162e298f4",
        "df207907-9f9a-4777-afea-ff786d5399f2",  # Administrative Rights Required filter
        "44290cc3-9c86-4995-aa33-79b8ee74daf7",  # Remove Programs Utility policy
        "85fedb4c-5110-4291-8de9-907294ab10bb",  # reports and queries
        "9ba09fa5-ea7e-4352-8400-8eb58b8e41f9",
        "9a3d82a3-c7be-47cc-aa1c-48acc7964620",
        "7d6bdbf0-8f2a-4e9c-9c7e-fa6b75803c45",  # event sources
        "eeb7aaf6-f675-4586-a7e3-3eb54b59ba4d",
        "b875d3a6-433c-42cc-8332-05350343e498",
        "13d6cf4d-0132-4401-88ab-80b55301c60c",
        "4eb4ec69-d7a9-4797-972a-41855d3e7799",
        "38775f9e-9995-49de-8732-4994d0d2332a",  # tasks and their folder
        "b2e02684-d154-48ca-9987-12b1759df822",
        "dfa7db45-f75c-4e31-be53-6281b1d4ce39",
    }
)
"""Ids of items that come with the product, equal on every server; lower case."""
