"""A record as lines to be read beside another version of it: titles and words of the clinic, whatever the kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from hoso.care.elements import codings, concept_text, human_name
from hoso.web.agreeing.words import CODE_TITLES, FIELD_TITLES
from hoso.web.compare import Line, line
from hoso.web.present import moment_or_number, phone, place_text, sex

Resource = Mapping[str, Any]
LEFT_OUT = frozenset({"resourceType", "id", "meta", "text", "extension", "contained", "implicitRules", "language"})
MOST = 300
"""Letters of one value."""
_DEEPEST = 4
_WHOSE = FIELD_TITLES["subject"]
"""Stands above the page already, unless the versions differ in it."""


def lines(versions: Sequence[Resource]) -> list[Line]:
    """What differs first, then what is the same; a deletion is an empty version."""
    names = [name for name in FIELD_TITLES if any(_named(one, name) for one in versions)]
    known = {element for name in names for one in versions for element in _named(one, name)}
    others = sorted({element for one in versions for element in one} - known - LEFT_OUT)
    rows = [(FIELD_TITLES[name], [_values(one, _named(one, name)) for one in versions]) for name in names]
    rows += [(element, [_values(one, [element]) for one in versions]) for element in others]
    found = [line(title, *cells) for title, cells in rows if any(cells)]
    return sorted((one for one in found if _differs(one) or one.title != _WHOSE), key=lambda one: not _differs(one))


def _differs(one: Line) -> bool:
    """A value beside nothing is a difference as well."""
    return one.differs or len({bool(cell) for cell in one.cells}) > 1


def _named(resource: Resource, name: str) -> list[str]:
    """The elements meant by a title: value[x] and deceased[x] have their type in their name."""
    if name in ("value", "deceased"):
        return [element for element in resource if element.startswith(name) and element[len(name) :][:1].isupper()]
    return [name] if name in resource else []


def _values(resource: Resource, elements: Sequence[str]) -> list[str]:
    found = []
    for element in elements:
        value = resource.get(element, [])
        for one in value if isinstance(value, list) else [value]:
            if text := _text(element, one):
                found.append(text[:MOST])
    return list(dict.fromkeys(found))


def _text(element: str, value: Any, depth: int = 0) -> str:
    """One value in words: what has a form of its own, else all that stands in it."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, int | float):
        return moment_or_number(str(value))
    if isinstance(value, str):
        return sex(value) if element == "gender" else _word(value)
    if not isinstance(value, dict) or depth > _DEEPEST:
        return ""
    if element == "name":
        return human_name(value)
    if element == "address":
        return place_text([value])
    if element == "telecom":
        return phone(str(value.get("value", "")))
    if element == "note":
        return str(value.get("text", ""))
    return _composed(value, depth)


def _composed(value: dict[str, Any], depth: int) -> str:
    if "coding" in value or set(value) == {"text"}:
        return _concept(value)
    if "reference" in value or "display" in value:
        return str(value.get("display") or value.get("reference", "").rpartition("/")[2])
    if isinstance(value.get("value"), int | float):
        unit = str(value.get("unit") or value.get("code") or "")
        return f"{value.get('comparator', '')}{moment_or_number(str(value['value']))} {unit}".strip()
    if "start" in value or "end" in value:
        return "–".join(moment_or_number(str(value.get(end, "…"))) for end in ("start", "end"))
    if "value" in value and "system" in value:  # a number of somebody
        return str(value["value"])
    parts = (
        _text(name, one, depth + 1)
        for name, inner in value.items()
        if name not in LEFT_OUT
        for one in (inner if isinstance(inner, list) else [inner])
    )
    return ", ".join(filter(None, parts))


def _concept(value: dict[str, Any]) -> str:
    text = concept_text(value)
    code = next((code for _, code in codings(value)), "")
    return gettext(CODE_TITLES[code]) if code in CODE_TITLES and not value.get("text") else str(text)


def _word(value: str) -> str:
    return gettext(CODE_TITLES[value]) if value in CODE_TITLES else moment_or_number(value)
