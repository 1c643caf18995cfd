"""Resources of any type as hypothesis draws them: ids and extensions on everything, gaps, narrative, contained ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from hoso.fhir.model import Element, load

MODEL = load()
_LETTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
TEXT = st.text(st.one_of(_LETTERS, st.sampled_from("\t\n\r&<>\"'Đườ]")), min_size=1, max_size=12)
DECIMALS = st.sampled_from(["1.10", "0.0", "-0.50", "100", "6.022e23", "1E-7", "0.000000010", "12345678901234567.89"])
DIVS = st.sampled_from(
    [
        "<p>một &lt; hai</p>",
        "<p class='a'>x<br/>y<br />z</p>",
        "a &#160; b<!-- c -->\n  <ul><li>é</li></ul>",
        '<a href="#p" xml:lang="vi">]] &gt;</a>',
    ]
)
EXTENSION = {"url": "http://e.vn/x", "valueDecimal": Decimal("1.10")}


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    type = draw(st.sampled_from(MODEL.resource_types))
    return _resource(draw, type, 0)


def _resource(draw: st.DrawFn, type: str, depth: int) -> dict[str, Any]:
    return {"resourceType": type, **_complex(draw, type, depth)}


def _complex(draw: st.DrawFn, type: str, depth: int) -> dict[str, Any]:
    elements = MODEL.types[type].elements
    chosen = draw(st.lists(st.sampled_from(elements), min_size=1, max_size=5 if depth < 3 else 1, unique=True))
    found: dict[str, Any] = {"url": "http://e.vn/y"} if type == "Extension" else {}
    for element in chosen:
        if not (element.name == "url" and type == "Extension"):
            _fill(draw, found, element, type, depth)
    return found or {"id": "only"}


def _fill(draw: st.DrawFn, into: dict[str, Any], element: Element, parent: str, depth: int) -> None:
    name, ref = draw(st.sampled_from(element.spellings()))
    if ref.code == "xhtml":
        into[name] = f'<div xmlns="http://www.w3.org/1999/xhtml">{draw(DIVS)}</div>'
    elif ref.code in ("Resource", "DomainResource"):
        if depth < 2:
            one = _resource(draw, "Basic", depth + 2)
            into[name] = [one] if element.max != 1 else one
    elif MODEL.types[ref.code].kind == "primitive":
        plain = element.name == "id" and MODEL.types[parent].kind != "resource"
        _primitive(draw, into, name, ref.code, many=element.max != 1, plain=plain)
    elif depth < 5:
        count = draw(st.integers(1, 2)) if element.max != 1 else 1
        values = [_complex(draw, ref.code, depth + 1) for _ in range(count)]
        into[name] = values if element.max != 1 else values[0]


def _primitive(draw: st.DrawFn, into: dict[str, Any], name: str, type: str, *, many: bool, plain: bool) -> None:
    count = draw(st.integers(1, 3)) if many else 1
    values: list[Any] = []
    notes: list[Any] = []
    for _ in range(count):
        form = "value" if plain else draw(st.sampled_from(["value", "value", "both", "note"]))
        values.append(None if form == "note" else _value(draw, type))
        note = {"extension": [EXTENSION]} | ({"id": "n"} if draw(st.booleans()) else {})
        notes.append(None if form == "value" else note)
    if any(one is not None for one in values):
        into[name] = values if many else values[0]
    if any(notes):
        into["_" + name] = notes if many else notes[0]


def _value(draw: st.DrawFn, type: str) -> Any:
    if type == "boolean":
        return draw(st.booleans())
    if type == "decimal":
        return Decimal(draw(DECIMALS))
    if type in ("integer", "positiveInt", "unsignedInt"):
        return draw(st.integers(-9, 2**31 - 1))
    return draw(TEXT)
