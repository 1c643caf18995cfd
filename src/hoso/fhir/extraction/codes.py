"""How a `code` is read: its closed value set implies the system that the element itself does not carry."""

from __future__ import annotations

from functools import cache

from hoso.fhir.extraction.kinds import Values
from hoso.fhir.extraction.plan import Path
from hoso.fhir.extraction.values import code_in
from hoso.fhir.model import load


def code_reader(search_type: str, path: Path) -> Values | None:
    """None where the data type alone tells how to read."""
    element = path.element
    if search_type != "token" or path.type != "code" or element is None or element.codes is None:
        return None
    return _of_set(element.codes)


@cache
def _of_set(codes: str) -> Values:
    return code_in({code: system for system, members in load().codes[codes].items() for code in members})
