"""A primitive's text in XML as its JSON value: numbers keep every digit, so 1.10 stays 1.10."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from hoso.fhir.xml.shapes import NUMBERS

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*+)\Z")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?\Z")
_BOOLEANS = {"true": True, "false": False}


class Number(str):
    """A decimal as it is written in JSON; XML says the same."""

    __slots__ = ()


def value_of(type: str, text: str) -> Any | None:
    """None when the text is no value of the type in JSON; whether it is one of FHIR's, validation says."""
    if type == "boolean":
        return _BOOLEANS.get(text)
    if type not in NUMBERS:
        return text
    pattern = _DECIMAL if type == "decimal" else _INTEGER
    return msgspec.Raw(text.encode()) if pattern.match(text) else None


def text_of(value: Any) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    return str(value)
