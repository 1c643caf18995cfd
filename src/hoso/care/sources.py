"""The facilities' own records of one person: under which number, and what they contradict each other in.

A contradiction is shown with both values and who said each; nothing here picks one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hoso.care.card import Difference, Origin, Said
from hoso.care.chart import Chart
from hoso.care.elements import Resource, has_code, key_of
from hoso.fhir import systems

_LOCAL = tuple(systems.facility_patient_number("|").split("|"))


def origins(sources: Sequence[Resource], young: Mapping[str, str], chart: Chart) -> dict[str, Origin]:
    """`young`: since when each record whose link is young belongs to the person, by its id."""
    linked = [one for one in sources if one["id"] in young]
    return {key_of(one): Origin(local_number(one), facility_of(one, chart), young[one["id"]]) for one in linked}


def facility_of(patient: Resource, chart: Chart) -> str:
    """Who keeps this record: the organization it names, else the one that gave its number."""
    if named := chart.facility(patient):
        return named
    assigned = (i.get("assigner") for i in patient.get("identifier", ()))
    return next((name for by in assigned if by and (name := chart.name(by))), "")


def local_number(patient: Resource) -> str:
    """The number under which the facility finds its record; a paper's number when it gave none."""
    numbers = [i for i in patient.get("identifier", ()) if i.get("value")]
    own = [i for i in numbers if _is_local(i.get("system", "")) or has_code(i.get("type"), "MR")]
    return next((str(i["value"]) for i in own or numbers), "")


def _is_local(system: str) -> bool:
    return system.startswith(_LOCAL[0]) and system.endswith(_LOCAL[1])


def differences(sources: Sequence[Resource], chart: Chart) -> tuple[Difference, ...]:
    """Two sexes, or two birth dates of which neither is only a part of the other."""
    found: list[Difference] = []
    sexes = _said([(one, one.get("gender", "")) for one in sources if one.get("gender") != "unknown"], chart)
    if len(sexes) > 1:
        found.append(Difference("sex", sexes))
    births = _said([(one, one.get("birthDate", "")) for one in sources], chart)
    known = {_known(said.value) for said in births}
    if any(not (a.startswith(b) or b.startswith(a)) for a in known for b in known):
        found.append(Difference("birth", births))
    return tuple(found)


def _known(birth: str) -> str:
    """1 January stands on papers of those who know only their year."""
    return birth.removesuffix("-01-01") if len(birth) == 10 else birth


def _said(values: Sequence[tuple[Resource, str]], chart: Chart) -> tuple[Said, ...]:
    by_value: dict[str, dict[str, None]] = {}
    for patient, value in values:
        if value:
            by_value.setdefault(value, {})[facility_of(patient, chart)] = None
    return tuple(Said(value, tuple(name for name in names if name)) for value, names in by_value.items())
