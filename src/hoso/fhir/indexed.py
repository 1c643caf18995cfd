"""What search sees of a resource: plain values found by its search parameters, before any database has a say."""

from __future__ import annotations

import msgspec

from hoso.fhir.consents import Ruling
from hoso.fhir.relations import Related

Token = tuple[str, str | None, str]
"""(parameter, system or None, code). Also under "p:of-type" ("typesystem|typecode|value") and "p:identifier"."""

Reference = tuple[str, str, str]
"""(parameter, target type, target id) of a reference to a record on this server; version and base stripped."""

Uri = tuple[str, str]
"""(parameter, text) of uri, url, canonical and of references to elsewhere or to a fragment; as written."""

Dates = tuple[str, int, int]
"""(parameter, low, high): milliseconds, half open; open ends of a Period are dates.OPEN_LOW and OPEN_HIGH."""

Text = tuple[str, str]
"""(parameter, text as written). Also under "p:text": display and text of a token."""

Quantity = tuple[str, float, float, str | None, str | None, str | None]
"""(parameter, low, high, system, code, unit). low = high for a plain value; Range gives both; numbers have no unit.
A position on earth is here, too: low is its latitude, high its longitude."""

Composite = tuple[str, tuple[object, ...]]
"""(parameter, parts): one part per component, each ("token", system, code), ("quantity", low, high, system, code,
unit), ("date", low, high), ("string", text), ("reference", type, id), ("uri", text)."""


class Indexed(msgspec.Struct):
    """Values of one resource for all its search parameters. The same value may stand in a list twice."""

    tokens: list[Token] = []
    references: list[Reference] = []
    uris: list[Uri] = []
    dates: list[Dates] = []
    strings: list[Text] = []
    quantities: list[Quantity] = []
    composites: list[Composite] = []
    displays: list[Text] = []
    """(reference parameter, display as written)."""
    words: list[Text] = []
    """(parameter, word) of full text, where a node keeps it."""
    relations: list[Related] = []
    """Who is tied to a patient by it; see relations.py."""
    rulings: list[Ruling] = []
    """What a Consent in force permits and denies; see consents.py."""
    present: int = 0
    """Bit n is set when the type's n-th search parameter (order of the model) has a value; for `:missing`."""
    clinical_date: int | None = None
    """Low end of the type's clinical date (Observation.date, Encounter.date, Condition.onset-date or recorded…)."""
    patient: str | None = None
    """Id of the Patient in whose compartment the resource stands (first reference found), its own id for a Patient."""
