"""The outline of a description: namespaces, and every element with its attributes, without what names a service."""

from pathlib import Path

from lxml import etree

DATA = Path(__file__).parents[2] / "data" / "scripted_wsdl_outline.txt"
RECORDED = Path("shared/reference/recorded/wsdl/scripted_SITA_DeleteSyncData.wsdl")


def outline(content, names, address):
    """Return lines for `content`: `names` replaces words of one service by words of the outline."""
    root = etree.fromstring(content)
    prefixes = {uri: prefix for prefix, uri in root.nsmap.items()}
    lines = [f"{prefix} {_plain(uri, names, address)}" for prefix, uri in sorted(root.nsmap.items())]

    def walk(element, depth):
        name = etree.QName(element)
        said = " ".join(f"{k}={_plain(v, names, address)}" for k, v in sorted(element.attrib.items()))
        lines.append(f"{'  ' * depth}{prefixes[name.namespace]}:{name.localname} {said}".rstrip())
        assert not (element.text or "").strip(), "a description has no text of its own"
        for child in element:
            walk(child, depth + 1)

    walk(root, 0)
    return lines


def _plain(value, names, address):
    value = value.replace(address, "ADDRESS/")
    for word, plain in names.items():
        value = value.replace(word, plain)
    return value


def expected_outline():
    """Return the lines that a generated description must have."""
    return DATA.read_text(encoding="utf-8").splitlines()


def recorded_description():
    """Return the description recorded from an instance if it lies in a folder above, else None."""
    for folder in Path(__file__).resolve().parents:
        if (folder / RECORDED).is_file():
            return (folder / RECORDED).read_bytes()
    return None
