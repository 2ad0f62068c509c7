"""One page per kind of configuration object, and the pages of folders and deleted objects.

The page of a kind is the subclass of `ObjectPage` in this package whose `object_kind` is that kind; no list names it.
Forms are imported when a page is looked for: Home uses modules of this package and shows none.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from models.kinds import Kind

if TYPE_CHECKING:
    from console.forms.object_page import ObjectPage

__all__ = ["find_object_page"]


def find_object_page(kind: Kind) -> "type[ObjectPage]":
    """Return the page class of a kind; raises LookupError."""
    try:
        return _object_pages()[kind]
    except KeyError:
        raise LookupError(
            f"no page shows {kind!r}: define a subclass of ObjectPage with object_kind = {kind!s}"
            f" in console/objects/{kind.value}.py"
        ) from None


@cache
def _object_pages() -> "dict[Kind, type[ObjectPage]]":
    from console.forms.object_page import ObjectPage

    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return {page.object_kind: page for page in _subclasses(ObjectPage) if "object_kind" in vars(page)}


def _subclasses(page: "type[ObjectPage]") -> "Iterator[type[ObjectPage]]":
    for subclass in page.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
