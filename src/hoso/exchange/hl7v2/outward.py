"""A Patient of the records as a PID segment (HL7 v2.5.1 chapter 3.4.2), and segments as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hoso.core import fold
from hoso.exchange.hl7v2.acks import escaped
from hoso.exchange.hl7v2.domains import components

Resource = Mapping[str, Any]
_SEXES = {"male": "M", "female": "F", "other": "O", "unknown": "U"}
_NAME_USES = {"official": "L", "usual": "D", "maiden": "M", "nickname": "N", "anonymous": "S", "temp": "T"}
_ADDRESS_USES = {"home": "H", "work": "B", "temp": "C", "old": "BA"}
_PHONES = {"mobile": ("PRN", "CP"), "work": ("WPN", "PH"), "home": ("PRN", "PH")}


def segment(name: str, fields: Mapping[int, str]) -> str:
    """Fields as they are to be written, by their numbers."""
    return "|".join([name, *(fields.get(at, "") for at in range(1, max(fields, default=0) + 1))]).rstrip("|")


def repeated(repetitions: Iterable[Sequence[Sequence[str]]]) -> str:
    """A field: of each repetition its components, of each of them its sub-components."""
    return "~".join(
        "^".join("&".join(map(escaped, component)).rstrip("&") for component in one).rstrip("^") for one in repetitions
    )


def numbers(identifiers: Iterable[Resource]) -> str:
    return repeated(map(components, identifiers))


def person(patient: Resource, identifiers: Iterable[Resource], place: int) -> str:
    """PID: the `place`th of its answer, with these numbers of it."""
    fields = {
        1: str(place),
        3: numbers(identifiers),
        5: repeated(map(_name, patient.get("name", ()))),
        7: str(patient.get("birthDate", "")).replace("-", ""),
        8: _SEXES.get(str(patient.get("gender", "")), ""),
        11: repeated(map(_address, patient.get("address", ()))),
        13: repeated(one for one in map(_telecom, patient.get("telecom", ())) if one),
    }
    if died := patient.get("deceasedDateTime"):
        fields[29] = "".join(letter for letter in str(died)[:19] if letter.isdigit())
    if died or patient.get("deceasedBoolean"):
        fields[30] = "Y"
    return segment("PID", fields)


def _name(name: Resource) -> list[list[str]]:
    """A name that is one text stays one, in the first component; which of its words is the given name nobody said."""
    family, given, whole = name.get("family", ""), list(name.get("given", ())), name.get("text", "")
    use = _NAME_USES.get(name.get("use", ""), "")
    if not given:
        return [[whole or family], [""], [""], [""], [""], [""], [use]]
    if family and fold(whole).startswith(fold(family)):
        first, middle = given[-1], given[:-1]
    else:
        first, middle = given[0], given[1:]
    titles = [" ".join(name.get(element, ())) for element in ("suffix", "prefix")]
    return [[family], [first], [" ".join(middle)], [titles[0]], [titles[1]], [""], [use]]


def _address(address: Resource) -> list[list[str]]:
    lines = list(address.get("line", ()))
    elements = ("city", "state", "postalCode", "country")
    parts = [str(address.get(element, "")) for element in elements]
    if not lines and not any(parts):
        lines = [str(address.get("text", ""))]
    use = "M" if address.get("type") == "postal" else _ADDRESS_USES.get(address.get("use", ""), "")
    street, more = (lines[0] if lines else ""), ", ".join(lines[1:])
    written = [street, more, *parts, use, "", str(address.get("district", ""))]
    return [[text] for text in written]


def _telecom(telecom: Resource) -> list[list[str]]:
    value, system = str(telecom.get("value", "")), telecom.get("system", "phone")
    if not value:
        return []
    if system == "email":
        return [[""], ["NET"], ["Internet"], [value]]
    use, equipment = _PHONES.get(telecom.get("use", ""), ("PRN", "PH"))
    return [[value], [use], ["FX" if system == "fax" else equipment]]
