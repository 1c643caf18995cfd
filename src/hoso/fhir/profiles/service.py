"""The terminology service that FHIRPath calls %terminologies: answered by the library at hand, for any day."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hoso.core.errors import Refused
from hoso.fhir.path.knowledge import Codings
from hoso.fhir.profiles.constraint import Tree
from hoso.fhir.terminology import Library, Wish, expand, select
from hoso.fhir.terminology.checking import Checked, Coding, in_set, in_system, known_system
from hoso.fhir.terminology.library import ValueSet
from hoso.fhir.terminology.reading import of_tree
from hoso.fhir.terminology.translating import is_match, translate

_DAY = ""


def ask(library: Library, operation: str, named: str | Tree, one: Codings, other: Codings) -> Tree | str | None:
    """`named` is the set, system or map, by address or whole. None where the service has no answer."""
    try:
        return _OPERATIONS[operation](library, named, one, other)
    except Refused:
        return None


def _expand(library: Library, named: str | Tree, one: Codings, other: Codings) -> Tree:
    value_set = _set(library, named)
    found = expand(select(library, value_set.tree, _DAY), Wish(_DAY, "en"))
    expansion: Tree = {"timestamp": "2000-01-01", "total": found.total}
    if found.contains:
        expansion["contains"] = found.contains
    return {"resourceType": "ValueSet", "url": value_set.head.url, "status": "active", "expansion": expansion}


def _in_set(library: Library, named: str | Tree, one: Codings, other: Codings) -> Tree:
    value_set = _set(library, named)
    return _checked([in_set(library, value_set, Coding(*coding), _DAY, "en") for coding in one])


def _in_system(library: Library, named: str | Tree, one: Codings, other: Codings) -> Tree:
    url = _address(named)
    return _checked([in_system(library, Coding(url, code), _DAY, "en") for system, code in one if system in ("", url)])


def _lookup(library: Library, named: str | Tree, one: Codings, other: Codings) -> Tree | None:
    system, code = one[0]
    found = known_system(library, system, "", _DAY).find(code)
    return _parameters(display=found.display("en") or code) if found else None


def _subsumes(library: Library, named: str | Tree, one: Codings, other: Codings) -> str | None:
    system = known_system(library, _address(named), "", _DAY)
    above, below = one[0][1], other[0][1]
    return system.relation(above, below) if system.find(above) and system.find(below) else None


def _translate(library: Library, named: str | Tree, one: Codings, other: Codings) -> Tree | None:
    known = library.map(_address(named))
    if known is None:
        return None
    found = [match for system, code in one for match in translate([known], system, code)]
    parts = [
        {
            "name": "match",
            "part": [
                {"name": "equivalence", "valueCode": match.equivalence},
                {"name": "concept", "valueCoding": {"system": match.system, "code": match.code}},
            ],
        }
        for match in found
    ]
    answer = _parameters(result=any(map(is_match, found)))
    return {**answer, "parameter": [*answer["parameter"], *parts]}


_OPERATIONS: dict[str, Callable[[Library, str | Tree, Codings, Codings], Tree | str | None]] = {
    "expand": _expand,
    "lookup": _lookup,
    "subsumes": _subsumes,
    "translate": _translate,
    "validateCS": _in_system,
    "validateVS": _in_set,
}


def _set(library: Library, named: str | Tree) -> ValueSet:
    """Raises Refused for one that is not here."""
    found = library.value_set(named) if isinstance(named, str) else of_tree({"url": "urn:asked", **named}, dict)
    if not isinstance(found, ValueSet):
        raise Refused.because(404, "not-found", "terminology.no-value-set", url=_address(named)[:200])
    return found


def _address(named: str | Tree) -> str:
    return named if isinstance(named, str) else str(named.get("url", ""))


def _checked(several: Sequence[Checked]) -> Tree:
    best = next((one for one in several if one.result), None)
    return _parameters(result=best is not None, **({"display": best.display} if best and best.display else {}))


def _parameters(**values: bool | str) -> Tree:
    parts = [
        {"name": name, ("valueBoolean" if isinstance(value, bool) else "valueString"): value}
        for name, value in values.items()
    ]
    return {"resourceType": "Parameters", "parameter": parts}
