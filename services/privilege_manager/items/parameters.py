"""Reads the parameters of a task or report from its item's XML: what it asks for when it runs.

The names of inputs of tasks are not public; an administrator copies the XML of the task from its page.
"""

from dataclasses import dataclass

from services.privilege_manager.items.names import PARAMETERS
from services.privilege_manager.items.reader import ItemDocument, is_null, read_items
from services.privilege_manager.items.xml_tree import Element

_DEFINITION, _VALUE = "Parameter", "ParameterValue"


@dataclass(frozen=True, slots=True)
class TaskParameter:
    """A parameter: name for the API, prompt on screen, data type, and default.

    `data_type` is a .NET name (System.Guid), or a name space, a colon and a local name. `default_values` are the texts
    of the default, several for a list; None where there is no default. None elsewhere: the item does not say.
    """

    item_id: str
    name: str
    prompt: str | None
    data_type: str | None
    default_values: tuple[str, ...] | None
    is_nullable: bool | None
    is_visible: bool | None
    display_order: int | None


def task_parameters_of(xml: bytes) -> tuple[TaskParameter, ...]:
    """Return the parameters that the items of an upload define, in display order.

    Values that an item gives to parameters of another one (`ParameterValue`) are listed too, where the upload does not
    define the parameter. Raises ItemDocumentError.
    """
    document = read_items(xml)
    found = _read_definitions(document)
    known = {one.name for one in found}
    for item in document.items:
        for element in item.element.walk():
            name = _child_text(element, "Name") if element.name == _VALUE else None
            if name and name not in known:
                value = next((child for child in element.children if child.name == "Value"), None)
                found.append(TaskParameter(item.item_id, name, None, None, _values(value), None, None, None))
                known.add(name)
    return tuple(sorted(found, key=lambda one: (one.display_order is None, one.display_order or 0)))


def _read_definitions(document: ItemDocument) -> list[TaskParameter]:
    found = []
    for item in document.items:
        for element in item.element.walk():
            if element.key != (PARAMETERS, _DEFINITION):
                continue
            order = _child_text(element, "DisplayOrder") or ""
            default = next((child for child in element.children if child.name == "DefaultValue"), None)
            found.append(
                TaskParameter(
                    item_id=item.item_id,
                    name=_child_text(element, "Name") or "",
                    prompt=_child_text(element, "Prompt"),
                    data_type=_child_text(element, "DataType"),
                    default_values=_values(default),
                    is_nullable=_boolean(_child_text(element, "Nullable")),
                    is_visible=_boolean(_child_text(element, "Visible")),
                    display_order=int(order)
                    if order.isascii() and order.isdigit() and len(order) < 10
                    else None,
                )
            )
    return found


def _child_text(element: Element, name: str) -> str | None:
    for child in element.children:
        if child.name == name:
            return None if is_null(child) else child.text.strip()
    return None


def _values(element: Element | None) -> tuple[str, ...] | None:
    if element is None or is_null(element):
        return None
    if element.children:
        return tuple(child.text.strip() for child in element.children)
    return (element.text,)


def _boolean(text: str | None) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text or "")
