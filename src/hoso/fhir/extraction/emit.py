"""Which data type feeds which kind of index, and closures that write an element's values under parameters' names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hoso.fhir.extraction import values
from hoso.fhir.indexed import Indexed

Emit = Callable[[Indexed, Any], None]
Values = Callable[[Any], Iterable[Any]]
Names = tuple[str, ...]

# (search type, data type) → values. A pair that is missing has no value to search by (SampledData as a quantity,
# an Age as a date), but still counts as present.
VALUES: dict[tuple[str, str], Values] = {
    ("token", "CodeableConcept"): values.concept,
    ("token", "Coding"): values.coding,
    ("token", "Identifier"): values.identifier,
    ("token", "ContactPoint"): values.contact,
    ("token", "boolean"): values.boolean,
    ("token", "code"): values.word,
    ("token", "id"): values.word,
    ("token", "string"): values.word,
    ("token", "uri"): values.word,
    ("date", "date"): values.moment,
    ("date", "dateTime"): values.moment,
    ("date", "instant"): values.moment,
    ("date", "Period"): values.period,
    ("date", "Timing"): values.timing,
    ("string", "string"): values.text,
    ("string", "markdown"): values.text,
    ("string", "HumanName"): values.name_texts,
    ("string", "Address"): values.address_texts,
    ("quantity", "Quantity"): values.quantity,
    ("quantity", "SimpleQuantity"): values.quantity,
    ("quantity", "Age"): values.quantity,
    ("quantity", "Duration"): values.quantity,
    ("quantity", "Money"): values.money,
    ("quantity", "Range"): values.amounts,
    ("number", "integer"): values.number,
    ("number", "decimal"): values.number,
    ("number", "Range"): values.amounts,
    ("reference", "Reference"): values.reference,
    ("reference", "Resource"): values.resource,
    ("reference", "canonical"): values.canonical,
    ("reference", "uri"): values.uri,
    ("uri", "uri"): values.uri,
    ("uri", "url"): values.uri,
    ("uri", "canonical"): values.canonical,
}

TEXTS: dict[str, Values] = {
    "CodeableConcept": values.concept_texts,
    "Coding": values.coding_texts,
    "Identifier": values.identifier_texts,
    "Reference": values.reference_texts,
}


def emitters(search_type: str, data_type: str, names: Names, read: Values | None = None) -> list[Emit]:
    """What to write for one element: its values, its texts for :text, and the forms for :of-type and :identifier."""
    known = read or VALUES.get((search_type, data_type))
    found = [] if known is None else [_WRITERS[search_type](names, known)]
    if search_type in ("token", "reference") and data_type in TEXTS:
        found.append(_strings(_modified(names, "text"), TEXTS[data_type]))
    if search_type == "token" and data_type == "Identifier":
        found.append(_words(_modified(names, "of-type"), values.typed_numbers))
    if data_type == "Reference":
        found.append(_tokens(_modified(names, "identifier"), values.reference_identifier))
    return found


def _modified(names: Names, modifier: str) -> Names:
    return tuple(f"{name}:{modifier}" for name in names)


def _tokens(names: Names, read: Values) -> Emit:
    def emit(out: Indexed, value: Any) -> None:
        for system, code in read(value):
            for name in names:
                out.tokens.append((name, system, code))

    return emit


def _words(names: Names, read: Values) -> Emit:
    def emit(out: Indexed, value: Any) -> None:
        for code in read(value):
            for name in names:
                out.tokens.append((name, None, code))

    return emit


def _dates(names: Names, read: Values) -> Emit:
    def emit(out: Indexed, value: Any) -> None:
        for low, high in read(value):
            for name in names:
                out.dates.append((name, low, high))

    return emit


def _strings(names: Names, read: Values) -> Emit:
    def emit(out: Indexed, value: Any) -> None:
        for text in read(value):
            for name in names:
                out.strings.append((name, text))

    return emit


def _quantities(names: Names, read: Values) -> Emit:
    def emit(out: Indexed, value: Any) -> None:
        for low, high, system, code, unit in read(value):
            for name in names:
                out.quantities.append((name, low, high, system, code, unit))

    return emit


def _targets(names: Names, read: Values) -> Emit:
    def emit(out: Indexed, value: Any) -> None:
        for type, target in read(value):
            for name in names:
                if type is None:
                    out.uris.append((name, target))
                else:
                    out.references.append((name, type, target))

    return emit


_WRITERS: dict[str, Callable[[Names, Values], Emit]] = {
    "token": _tokens,
    "date": _dates,
    "string": _strings,
    "quantity": _quantities,
    "number": _quantities,
    "reference": _targets,
    "uri": _targets,
}
