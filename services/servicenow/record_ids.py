"""Ids and numbers as ServiceNow writes them."""

import re

_SYS_ID = re.compile("[0-9a-f]{32}", re.IGNORECASE)
_RECORD_NUMBER = re.compile("[A-Z]{3,8}[0-9]{3,20}", re.IGNORECASE)


def is_sys_id(text: str) -> bool:
    """Whether a text is written like a sys_id."""
    return _SYS_ID.fullmatch(text) is not None


def is_record_number(text: str) -> bool:
    """Whether a text is written like the number of a record."""
    return _RECORD_NUMBER.fullmatch(text) is not None
