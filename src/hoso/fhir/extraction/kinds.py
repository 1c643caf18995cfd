"""Which data type feeds which kind of index: the mapping of R4's search types, as one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hoso.fhir.extraction import values

Values = Callable[[Any], Iterable[Any]]

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
    ("special", "Location.position"): values.position,
    ("uri", "uri"): values.uri,
    ("uri", "url"): values.uri,
    ("uri", "canonical"): values.canonical,
}
