"""The lines behind a number, and so the registers: read when they are opened, as far as the reader sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hoso.care.elements import Resource, classification, concept_text, human_name, is_void, reference_key, when
from hoso.care.measures import pressure_of
from hoso.care.referrals.paper import number_of
from hoso.care.reports.count import dose_number
from hoso.care.who import insurance_of
from hoso.web.door import Door
from hoso.web.present import place_text
from hoso.web.today.here import of_many, patient_of


@dataclass(frozen=True, slots=True)
class Line:
    """`what`: diagnoses, vaccine or facility; `how`: blood pressure, dose and lot, or number; `link`: an address."""

    on: str
    name: str
    born: str
    sex: str
    place: str
    insurance: str
    what: str
    how: str
    by: str
    link: str
    late: bool = False


def lines(reach: Door, keys: Sequence[str], late: set[str]) -> list[Line]:
    """In the order of the keys; what the reader may not see is left out."""
    found = reach.at(keys)
    homes = reach.persons.homes({_whose(one) for one in found.values()} - {""})
    people = {str(one["id"]): one for one in reach.persons.read(homes.values())}
    parts = _parts(reach, [key for key in found if key.startswith("Encounter/")])
    told = []
    for key in keys:
        one = found.get(key)
        person = people.get(homes.get(_whose(one), "")) if one else None
        if one is not None and person is not None:
            told.append(_line(one, person, parts.get(key, []), key in late))
    return told


def _whose(resource: Resource) -> str:
    return str(resource["id"]) if resource["resourceType"] == "Patient" else patient_of(resource)


def _parts(reach: Door, keys: Sequence[str]) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for type, asked in (("Condition", []), ("Observation", [("code", "http://loinc.org|85354-9")])):
        for one in of_many(reach, type, "encounter", keys, asked) if reach.may(type) else ():
            if not is_void(one):
                found.setdefault(reference_key(one.get("encounter")), []).append(one)
    return found


def _line(one: Resource, person: Resource, parts: Sequence[Resource], late: bool) -> Line:
    type, base = one["resourceType"], f"/patients/{person['id']}"
    on, what, how, by, link = "", "", "", "", base
    if type == "Encounter":
        on = str(one.get("period", {}).get("start", ""))
        conditions = [part for part in parts if part["resourceType"] == "Condition"]
        named = (
            " ".join(filter(None, (classification(c.get("code")), concept_text(c.get("code"))))) for c in conditions
        )
        what = "; ".join(dict.fromkeys(named)) or "; ".join(concept_text(c) for c in one.get("reasonCode", ()))
        how = next((pressure[0] for part in parts if (pressure := pressure_of(part))), "")
        names = (str(p.get("individual", {}).get("display", "")) for p in one.get("participant", ()))
        by, link = ", ".join(dict.fromkeys(filter(None, names))), f"{base}/visits/{one['id']}"
    elif type == "Immunization":
        on, what, link = when(one), concept_text(one.get("vaccineCode")), f"{base}/vaccines"
        number = dose_number(one)
        how = " · ".join(filter(None, (str(number or ""), str(one.get("lotNumber", "")))))
        by = next(
            (str(p["actor"]["display"]) for p in one.get("performer", ()) if p.get("actor", {}).get("display")), ""
        )
    elif type == "ServiceRequest":
        on, how, link = str(one.get("authoredOn", "")), number_of(one), f"{base}/referrals/{one['id']}"
        what = ", ".join(str(to.get("display", "")) for to in one.get("performer", ()))
        by = str(one.get("requester", {}).get("display", ""))
    return Line(
        on, human_name(person.get("name")), str(person.get("birthDate", "")), str(person.get("gender", "")),
        place_text(person.get("address")), insurance_of(person), what, how, by, link, late,
    )  # fmt: skip
