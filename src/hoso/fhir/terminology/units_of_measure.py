"""UCUM as a code system: a grammar, whose codes can be checked one by one and never listed."""

from __future__ import annotations

from functools import cached_property

from hoso.core.errors import Refused
from hoso.fhir import systems
from hoso.fhir.terminology.codesystem import CodeSystem, Concept, Head
from hoso.fhir.ucum import unit

_HEAD = Head(
    systems.UCUM, "2.1", "hoso-ucum", "Đơn vị đo (UCUM)", "Units of measure (UCUM)",
    content="not-present", value_set="http://hl7.org/fhir/ValueSet/ucum-units", copyright="UCUM, Regenstrief Institute",
)  # fmt: skip


class Units(CodeSystem):
    def __init__(self) -> None:
        super().__init__(_HEAD, tuple)

    @cached_property
    def concepts(self) -> dict[str, Concept]:
        raise Refused.because(422, "too-costly", "terminology.endless", url=systems.UCUM)

    @property
    def whole(self) -> bool:
        return True

    def find(self, code: str) -> Concept | None:
        return Concept(code, code, code) if unit(code) is not None else None
