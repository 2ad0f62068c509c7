"""How the fields of an object are written in a configuration document; each model declares its own keys.

The document is a public interface: keys may be added, never renamed.
"""

from dataclasses import dataclass
from enum import Enum, auto

SERVICENOW = "servicenow"
PRIVILEGE_MANAGER = "privilege_manager"


class ValueForm(Enum):
    """How the value of a key is written."""

    TEXT = auto()
    OPTIONAL_TEXT = auto()
    """A text or null."""
    SYS_ID = auto()
    """An identifier of ServiceNow, in any usual spelling, or null."""
    BOOLEAN = auto()
    DURATION = auto()
    """Whole seconds, written such as 20s, 20m or 1h."""
    REFERENCE = auto()
    """The name of another object, or null; the field is the foreign key."""
    REFERENCE_LIST = auto()
    """A list of names of other objects; the field holds their ids, see `models.reference_lists`."""
    WINDOW_TEXTS = auto()
    """A mapping of texts, with further mappings for languages; see `models.window_texts`."""
    DATE = auto()
    """A day as YYYY-MM-DD, with quotes or without, or an empty text."""
    GUID = auto()
    """A GUID of Privilege Manager in any usual spelling, or null."""
    SERVICENOW = auto()
    """The constant `servicenow`, which belongs to no field."""
    PRIVILEGE_MANAGER = auto()
    """The constant `privilege_manager`, which belongs to no field."""


CONSTANT_FORMS = {
    ValueForm.SERVICENOW: SERVICENOW,
    ValueForm.PRIVILEGE_MANAGER: PRIVILEGE_MANAGER,
}
"""Forms that belong to no field: they name the kind of a foreign system."""


class Omission(Enum):
    """Whether an export may leave a key out."""

    NEVER = auto()


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """One key of an entry: the field it fills and the form of its value. A key with `parts` is a nested mapping."""

    key: str
    field: str
    form: ValueForm = ValueForm.TEXT
    required: bool = False
    omitted: str | int | bool | Omission | None = Omission.NEVER
    """The value that an export leaves out, because an entry without the key gets it."""
    parts: tuple["DocumentKey", ...] = ()


NAME_KEY = DocumentKey("name", "name", required=True)
DESCRIPTION_KEY = DocumentKey("description", "description")
SERVICENOW_KEY = DocumentKey("kind", "", ValueForm.SERVICENOW)
PRIVILEGE_MANAGER_KEY = DocumentKey("kind", "", ValueForm.PRIVILEGE_MANAGER, required=True)
