"""What is made of a visit while it is being mapped, and the ids of its resources: the same visit has the same."""

from __future__ import annotations

from dataclasses import dataclass, field

from hoso.exchange.insurance.mapping import Resource
from hoso.exchange.insurance.visit import Row, Visit
from hoso.exchange.stable_ids import from_numbers

Made = tuple[Row | None, str, Resource]
"""A resource with its name in resources.toml, and the row it is of unless it is of the whole visit."""


@dataclass(slots=True)
class Draft:
    """`patient` and `key` are the facility's own numbers of both. `shared` belongs to the visit, `rows` to one row."""

    visit: Visit
    facility: str
    patient: str
    key: str
    shared: dict[str, Resource] = field(default_factory=dict)
    rows: list[tuple[Row, dict[str, Resource]]] = field(default_factory=list)

    @property
    def patient_id(self) -> str:
        return from_numbers(self.facility, "patient", self.patient)

    def id(self, *parts: str) -> str:
        """Of something that belongs to the visit."""
        return from_numbers(self.facility, "visit", self.key, *parts)
