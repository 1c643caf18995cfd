"""The closed code sets of R4's required bindings, as value sets and as the code systems they are made of.

R4's own words for the codes are not in the definitions that HoSo carries: these codes have no display.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hoso.fhir import systems
from hoso.fhir.model import load
from hoso.fhir.terminology.codesystem import CodeSystem, Concept, Head
from hoso.fhir.terminology.library import ValueSet

_HL7 = "HL7, CC0 1.0"


def core_lists() -> Iterator[CodeSystem | ValueSet]:
    codes: dict[str, dict[str, None]] = {}
    for name, parts in load().codes.items():
        url = name if name.startswith("http") else f"http://hl7.org/fhir/ValueSet/{name}"
        for system, some in parts.items():
            codes.setdefault(system, {}).update(dict.fromkeys(some))
        include = [
            {"system": system, "concept": [{"code": code} for code in some]} for system, some in sorted(parts.items())
        ]
        tree = {"resourceType": "ValueSet", "url": url, "compose": {"include": include}}
        yield ValueSet(Head(url, "4.0.1", _id("set", url), en=name, copyright=_HL7), tree)
    codes.pop(systems.UCUM, None)  # a whole grammar is known of it
    for system, all_codes in codes.items():
        yield CodeSystem(
            Head(system, "4.0.1", _id("codes", system), content="fragment", copyright=_HL7), _Codes(all_codes)
        )


class _Codes:
    def __init__(self, codes: Iterable[str]) -> None:
        self._codes = tuple(codes)

    def __call__(self) -> Iterable[Concept]:
        return map(Concept, self._codes)


def _id(kind: str, url: str) -> str:
    return f"hoso-{kind}-{url.rpartition('/')[2]}"[:64]
