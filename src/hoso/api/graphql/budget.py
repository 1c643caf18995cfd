"""What one document may cost: records, searches, elements looked at, text read."""

from __future__ import annotations

from dataclasses import dataclass

from hoso.fhir.graphql import Fault, Place

RECORDS, SEARCHES, STEPS, BYTES = 2_000, 50, 500_000, 64_000_000
ERRORS = 100
PATH_STEPS = 50
"""As many elements as one FHIRPath expression counts for."""


@dataclass(slots=True)
class Budget:
    records: int = 0
    searches: int = 0
    steps: int = 0
    bytes: int = 0

    def expect(self, records: int, place: Place) -> None:
        """Before so many records are asked for at once."""
        if self.records + records > RECORDS:
            raise Spent("graphql.many-records", place, "too-costly", limit=str(RECORDS))

    def read(self, size: int, place: Place) -> None:
        """A record of so many bytes."""
        self.expect(1, place)
        self.records += 1
        self.bytes += size
        if self.bytes > BYTES:
            raise Spent("graphql.much-text", place, "too-costly", limit=str(BYTES // 1_000_000))

    def searched(self, place: Place) -> None:
        self.searches += 1
        if self.searches > SEARCHES:
            raise Spent("graphql.many-searches", place, "too-costly", limit=str(SEARCHES))

    def step(self, place: Place, number: int = 1) -> None:
        self.steps += number
        if self.steps > STEPS:
            raise Spent("graphql.many-steps", place, "too-costly", limit=str(STEPS))


class Spent(Fault):
    """Ends the whole: what is left of an answer would be taken for all of it."""
