"""What a demographics query (QBP^Q22, QPD-3) asks for, as a search for persons and a look at the names found.

A parameter that is not understood is refused with its place: leaving it out would answer another question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hoso.core import Issue, Refused, fold
from hoso.exchange.hl7v2.domains import Domain
from hoso.exchange.hl7v2.draft import NULL, Part
from hoso.exchange.hl7v2.moments import day
from hoso.exchange.hl7v2.tables import codes
from hoso.fhir.search.escape import literal, token
from hoso.fhir.systems import RECORD_KIND
from hoso.identity.portrait import TAG

PAGE = 50
"""Persons looked at together."""
_NUMBER = {"PID.3.1": "", "PID.3.4.1": "name", "PID.3.4": "name", "PID.3.4.2": "universal", "PID.3.4.3": "kind",
           "PID.3.5": "type"}  # fmt: skip
_NAME = ("PID.5.1", "PID.5.1.1", "PID.5.2", "PID.5.3")
_PLAIN = {
    "PID.11.1": "address", "PID.11.1.1": "address", "PID.11.3": "address-city", "PID.11.4": "address-state",
    "PID.11.5": "address-postalcode", "PID.11.6": "address-country", "PID.13": "phone", "PID.13.1": "phone",
    "PID.13.12": "phone", "PID.14.1": "phone",
}  # fmt: skip
_WEAK = {"gender", "address-country", "address-state"}
"""What alone would list a good part of the people."""

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """`pairs` are search parameters of Patient; `family` and `given` the words that a name must have as well."""

    pairs: Pairs
    family: Sequence[str] = ()
    given: Sequence[str] = ()

    def fits(self, patient: Mapping[str, Any]) -> bool:
        """Whether one of the names has the words asked for, accents and case aside; one with * begins so."""
        if not self.family and not self.given:
            return True
        return any(self._named(name) for name in patient.get("name", ()))

    def _named(self, name: Mapping[str, Any]) -> bool:
        parts = [name.get("family", ""), *name.get("given", ())]
        whole = [fold(name.get("text", "")).split(), fold(" ".join(parts)).split()]
        return any(_begins(words, self.family) and all(_has(words, one) for one in self.given) for words in whole)


def _begins(words: Sequence[str], asked: Sequence[str]) -> bool:
    return len(words) >= len(asked) and all(_is(one, wish) for one, wish in zip(words, asked, strict=False))


def _has(words: Sequence[str], wish: str) -> bool:
    return any(_is(one, wish) for one in words)


def _is(word: str, wish: str) -> bool:
    return word.startswith(wish[:-1]) if wish.endswith("*") else word == wish


def asked(part: Part, system: Callable[[Domain, str], str]) -> Asked:
    """Of a QPD. `system` finds what a domain and value mean. Raises Refused(400) with the place."""
    found, places = _parameters(part)
    pairs: Pairs = [("_tag", f"{RECORD_KIND}|{TAG}"), ("active", "true"), ("_count", str(PAGE)), ("_total", "none")]
    told = _number(found, places, system)
    for name, value in found.items():
        if name in _PLAIN:
            told.append((_PLAIN[name], literal(value)))
        elif name == "PID.7":
            told.append(("birthdate", day(value) or refuse(3, places[name], 2, "value", "bad-date", text=value)))
        elif name == "PID.8":
            sex = codes("gender").get(value) or refuse(3, places[name], 2, "code-invalid", "bad-sex", text=value)
            told.append(("gender", sex))
    family, given = _words(found, "PID.5.1", "PID.5.1.1"), _words(found, "PID.5.3", "PID.5.2")
    told += _names(family, given)
    if all(name in _WEAK for name, _ in told):
        refuse(3, 0, 0, "required", "too-little")
    return Asked(pairs + told, family, given)


def _parameters(part: Part) -> tuple[dict[str, str], dict[str, int]]:
    """Each once, with the repetition it stands in."""
    found: dict[str, str] = {}
    places: dict[str, int] = {}
    for repetition in range(1, part.count(3) + 1):
        name = part.text(3, 1, 1, repetition).lstrip("@").upper()
        value = part.text(3, 2, 1, repetition)
        if not value or value == NULL:
            continue
        if (
            name not in _NUMBER
            and name not in _NAME
            and name not in _PLAIN
            and name not in ("PID.7", "PID.7.1", "PID.8")
        ):
            refuse(3, repetition, 1, "code-invalid", "unknown-parameter", text=name)
        name = "PID.7" if name == "PID.7.1" else name
        if name in found:
            refuse(3, repetition, 1, "value", "parameter-twice", text=name)
        found[name], places[name] = value, repetition
    return found, places


def _number(found: Mapping[str, str], places: Mapping[str, int], system: Callable[[Domain, str], str]) -> Pairs:
    parts = {name: found[key] for key, name in _NUMBER.items() if name and key in found}
    value = found.get("PID.3.1", "")
    if not value:
        if parts:
            refuse(3, next(places[key] for key in _NUMBER if key in places), 1, "required", "number-missing")
        return []
    if not parts:
        return [("identifier", literal(value))]
    space = system(Domain(**parts), value)
    return [("identifier", token(space, value))]


def _words(found: Mapping[str, str], *names: str) -> list[str]:
    words = " ".join(found[name] for name in names if name in found).split()
    folded = [(fold(word.rstrip("*")), "*" if word.endswith("*") else "") for word in words]
    return [word + star for word, star in folded if word]


def _names(family: Sequence[str], given: Sequence[str]) -> Pairs:
    """A superset of who fits: records have a name in parts, or as one text that begins with the family's."""
    pairs = [("name", literal(family[0].rstrip("*")))] if family else []
    longest = max((word.rstrip("*") for word in given), key=len, default="")
    return [*pairs, ("name:contains", literal(longest))] if longest else pairs


def any_of(systems: Sequence[str]) -> str:
    """Whoever has a number of one of these systems."""
    return ",".join(f"{literal(one)}|" for one in systems)


def refuse(
    field: int, repetition: int, component: int, code: str, key: str, text: str = "", segment: str = "QPD"
) -> Any:
    """Raises Refused(400). Places are counted from 1; 0 is none."""
    raise Refused(400, issue(field, repetition, component, code, f"hl7v2-query.{key}", text, segment))


def issue(
    field: int, repetition: int, component: int, code: str, key: str, text: str = "", segment: str = "QPD"
) -> Issue:
    place = f"{segment}[1]-{field}" + (f"({repetition})" if repetition > 1 else "")
    place += f".{component}" if component else ""
    values = {"segment": segment, "sequence": "1", "field": str(field), "component": str(component)}
    return Issue(code, key, {**values, "repetition": str(repetition), "place": place, "text": text[:60]}, place)
