"""Reading FHIR JSON without trusting it: a value of another kind than expected counts as absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NOTHING: Mapping[str, Any] = {}


def text_of(source: Mapping[str, Any], key: str) -> str:
    value = source.get(key)
    return value if isinstance(value, str) else ""


def texts_of(source: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The strings of a list; FHIR puts null where only an extension stands."""
    value = source.get(key)
    return tuple([one for one in value if isinstance(one, str)]) if isinstance(value, list) else ()


def object_of(source: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = source.get(key)
    return value if isinstance(value, dict) else _NOTHING


def objects_of(source: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = source.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
