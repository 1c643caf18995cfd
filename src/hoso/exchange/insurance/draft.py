"""What is made of a visit while it is being mapped, and the ids of its resources: the same visit has the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid5

from hoso.exchange.insurance.mapping import Resource
from hoso.exchange.insurance.visit import Row, Visit

Made = tuple[Row | None, str, Resource]
"""A resource with its name in resources.toml, and the row it is of unless it is of the whole visit."""

_NAMESPACE = UUID("0b7c6a52-54f1-4c0e-9d39-8f2f4e0d7a31")


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
        return _id(self.facility, "patient", self.patient)

    def id(self, *parts: str) -> str:
        """Of something that belongs to the visit."""
        return _id(self.facility, "visit", self.key, *parts)


def _id(*parts: str) -> str:
    return str(uuid5(_NAMESPACE, "\n".join(parts)))
