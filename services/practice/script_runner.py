"""Runs the scripts of scripted services.

`ScriptRunner` is the interface: it gets the record of the service and the inputs, and returns the outputs in the order in
which the script set them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from lxml import etree

from resources import read_text
from services.practice.accounts_and_sessions import User
from services.practice.database import Database, Row
from services.practice.glide_api import GlideBridge, XmlError, read_xml
from services.practice.script_engine import EngineError, EnginePool

Outputs = dict[str, "str | Mapping[str, str]"]
"""What a script sets: name to text, or to the parts of a nested element."""

SCRIPT_SECONDS = 5.0
LOG_ERROR = "2"

_NAME = re.compile(r"[^\W\d][\w.\-]*")


class ScriptError(Exception):
    """A script failed; the text is returned in the SOAP fault."""


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """One call of a scripted service: record, inputs, caller, database, and envelope."""

    service: Row
    inputs: Mapping[str, str]
    user: User
    database: Database
    envelope: str = ""


class ScriptRunner(Protocol):
    """Runs the script of a service, on any thread. Raises ScriptError when the script fails."""

    def run(self, call: ServiceCall) -> Outputs:
        """Return the values set on `response`, in order: texts, or named parts of a nested element."""

    def close(self) -> None:
        """Stop running scripts; later calls fail."""


class JavaScriptRunner:
    """Runs scripts in a JavaScript engine with a simulated Glide API over the tables."""

    def __init__(self, seconds: float = SCRIPT_SECONDS) -> None:
        self._engines = EnginePool(seconds)
        self._prelude = read_text("practice/glide.js")

    def run(self, call: ServiceCall) -> Outputs:
        """Run the script of the service as the caller; errors are also written to the log of the instance."""
        glide = GlideBridge(call.database, call.user, call.service["name"])
        try:
            made = self._engines.run(call.service["script"], self._prelude, _call_as_json(call), glide.answer)
            return _parse_outputs(made)
        except EngineError as error:
            glide.log(LOG_ERROR, str(error))
            raise ScriptError(str(error)) from error

    def close(self) -> None:
        """Stop every script."""
        self._engines.close()


def _call_as_json(call: ServiceCall) -> str:
    """Return the parameters of a call for glide.js, as JSON."""
    user = {"id": call.user.sys_id, "name": call.user.user_name, "roles": sorted(call.user.roles)}
    return json.dumps({"user": user, "inputs": dict(call.inputs), "envelope": call.envelope})


def _parse_outputs(made: str) -> Outputs:
    answer = json.loads(made)
    if "pairs" in answer:
        for name, _ in answer["pairs"]:
            if not _NAME.fullmatch(name):
                raise EngineError(f"response has an output “{name}”, which no XML element can be called.")
        # Lone surrogates cannot be encoded.
        return {name: value.encode(errors="replace").decode() for name, value in answer["pairs"]}
    try:
        root = read_xml(answer["element"])
    except XmlError as error:
        raise EngineError(f"response.soapResponseElement is not well-formed XML: {error}") from error
    return {
        etree.QName(child).localname: (
            {etree.QName(part).localname: part.text or "" for part in child}
            if len(child)
            else child.text or ""
        )
        for child in root
    }
