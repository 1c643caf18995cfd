"""Who the person is and whom to call: identity, numbers, home, contacts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from hoso.care.card import Contact, Identifier, Who
from hoso.care.chart import Chart
from hoso.care.elements import Resource, concept_text, concepts, ended, has_code, human_name
from hoso.core import fold
from hoso.fhir import systems
from hoso.fhir.number_systems import number_space

_KINDS = {
    systems.CITIZEN_CODE: "citizen-code",
    systems.PERSONAL_NUMBER: "personal-number",
    systems.INSURANCE_NUMBER: "insurance",
    systems.SOCIAL_NUMBER: "social-number",
}


def who(patient: Resource, chart: Chart, today: date, sources: Sequence[Resource] = ()) -> Who:
    """`sources`: the facilities' own Patients of this person, when `patient` is drawn from them."""
    told = sources or (patient,)
    identifiers = tuple(_identifiers(patient, today))
    return Who(
        id=patient.get("id", ""),
        name=human_name(patient.get("name")),
        sex=patient.get("gender", ""),
        born=patient.get("birthDate", ""),
        deceased=_deceased(patient),
        identifiers=identifiers,
        insurance=next((i.value for i in identifiers if i.kind == "insurance"), ""),
        address=_address(patient),
        phone=_phone(patient.get("telecom")),
        station=next((name for one in told if (name := _station(one, chart))), ""),
        language=next((name for one in told if (name := _language(one))), ""),
        active=patient.get("active") is not False,
    )


def contacts(patients: Sequence[Resource], chart: Chart, today: date) -> tuple[Contact, ...]:
    """People named on the patients, then related persons, each once; who has a number comes first."""
    listed = [*(c for one in patients for c in one.get("contact", ())), *chart.all("RelatedPerson")]
    found = [
        Contact(
            human_name(person.get("name")),
            _relation(person),
            _phone(person.get("telecom")),
        )
        for person in listed
        if not ended(person, today)
    ]
    once = {(fold(c.name), c.phone): c for c in reversed(found) if c.name or c.phone}
    return tuple(sorted(reversed(once.values()), key=lambda c: not c.phone))


def _relation(person: Resource) -> str:
    """In words; a bare code ("C", emergency contact) would say nothing."""
    said = [concept_text(r) for r in concepts(person.get("relationship")) if r.get("text") or _displayed(r)]
    return next((text for text in said if text), "")


def _displayed(concept: Resource) -> bool:
    return any(c.get("display") for c in concept.get("coding", ()))


def insurance_of(person: Resource) -> str:
    """The first insurance number on record, also one that has expired; "" for none."""
    numbers = (
        str(one.get("value", ""))
        for one in person.get("identifier", ())
        if number_space(one.get("system", ""), one.get("value")) == systems.INSURANCE_NUMBER
    )
    return next(numbers, "")


def _identifiers(patient: Resource, today: date) -> list[Identifier]:
    current = [
        i for i in patient.get("identifier", ()) if i.get("value") and i.get("use") != "old" and not ended(i, today)
    ]
    found = dict.fromkeys(
        Identifier(_KINDS.get(number_space(i.get("system", ""), i["value"]), "other"), i["value"]) for i in current
    )
    order = [*_KINDS.values(), "other"]
    return sorted(found, key=lambda i: order.index(i.kind))


def _deceased(patient: Resource) -> str:
    if patient.get("deceasedDateTime"):
        return str(patient["deceasedDateTime"])
    return "yes" if patient.get("deceasedBoolean") else ""


def _address(patient: Resource) -> str:
    homes = [a for a in patient.get("address", ()) if a.get("use") != "old"]
    if not homes:
        return ""
    home = min(homes, key=lambda a: (a.get("use") != "home", not (a.get("text") or a.get("line"))))
    parts = [*home.get("line", ()), home.get("city", ""), home.get("district", ""), home.get("state", "")]
    return home.get("text") or ", ".join(p for p in parts if p)


def _phone(telecom: list[Resource] | None) -> str:
    usable = [t for t in telecom or () if t.get("system") == "phone" and t.get("value") and t.get("use") != "old"]
    return next((str(t["value"]) for t in sorted(usable, key=lambda t: t.get("rank", 99))), "")


def _station(patient: Resource, chart: Chart) -> str:
    named = [*patient.get("generalPractitioner", ()), patient.get("managingOrganization")]
    return next((name for r in named if r and (name := chart.name(r))), "")


def _language(patient: Resource) -> str:
    """Only when it is not Vietnamese: then somebody has to be found who speaks it."""
    spoken = patient.get("communication", ())
    chosen: Resource = next((c for c in spoken if c.get("preferred")), next(iter(spoken), {}))
    language = chosen.get("language")
    return "" if has_code(language, "vi") else concept_text(language)
