"""Parameters of tasks and reports in the form that the API takes: a name and a wrapped .NET value."""

from dataclasses import dataclass

from services.common.json_types import JsonObject, JsonValue

WRAPPER_TYPE = "Arellia.Serialization.ObjectWrapper, Arellia.Core"
"""The .NET name of the wrapper; the reference shows a second spelling, which servers take too."""


@dataclass(frozen=True, slots=True)
class TaskParameter:
    """A parameter. Its name and .NET type, such as `System.Guid[]`, are those in the item's own XML."""

    name: str
    value_type: str
    value: JsonValue

    def as_json(self) -> JsonObject:
        """Return it as the API takes it."""
        wrapped: JsonObject = {"type": WRAPPER_TYPE, "ValueType": self.value_type, "Value": self.value}
        return {"Name": self.name, "Value": wrapped}


def text_parameter(name: str, value: str) -> TaskParameter:
    """Return a parameter with a text."""
    return TaskParameter(name, "System.String", value)


def boolean_parameter(name: str, value: bool) -> TaskParameter:  # noqa: FBT001 -- the value that is passed on
    """Return a parameter with a Boolean."""
    return TaskParameter(name, "System.Boolean", value)


def guid_parameter(name: str, value: str) -> TaskParameter:
    """Return a parameter with a GUID."""
    return TaskParameter(name, "System.Guid", value)


def guids_parameter(name: str, values: list[str]) -> TaskParameter:
    """Return a parameter with a list of GUIDs."""
    return TaskParameter(name, "System.Guid[]", list[JsonValue](values))
