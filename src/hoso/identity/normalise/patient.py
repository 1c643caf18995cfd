"""FHIR Patient → Person: every part read by its own module, what was repaired noted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from hoso.core.text import fold
from hoso.fhir.systems import WORKPLACE
from hoso.identity.normalise.addresses import place_of
from hoso.identity.normalise.births import birth_of
from hoso.identity.normalise.naming import Named, human_name, name_of
from hoso.identity.normalise.numbers import DUMMY, LOST_ZERO, claimed, number_of
from hoso.identity.normalise.person import Birth, Name, Number, Person, Place, Sex
from hoso.identity.normalise.phones import phones_in
from hoso.identity.normalise.strings import object_of, objects_of, text_of

_USES = {"official": 0, "usual": 1, "": 2, "temp": 3, "nickname": 4, "anonymous": 5, "maiden": 6, "old": 7}
_SEXES: dict[str, Sex] = {"male": "male", "female": "female", "other": "other"}
_LONGEST_PLACE = 200
_MOST = 32  # of anything in one record that is compared


def normalise(patient: Mapping[str, Any], *, today: date | None = None) -> Person:
    """The comparable form of a FHIR R4 Patient; with `today`, dates in the future are dropped.

    Never raises, whatever the record says: what cannot be read is left out and noted.
    """
    notes: set[str] = set()
    named = _names(patient, notes)
    guardians, mother = _family(patient, notes)
    birth = _birth(text_of(patient, "birthDate"), today, notes)
    sex = _SEXES.get(text_of(patient, "gender"), "")
    numbers = _numbers(patient, birth, sex, today, notes)
    return Person(
        names=_best_first(named),
        birth=birth,
        sex=sex,
        numbers=numbers,
        phones=_phones(patient, notes),
        places=_places(patient, notes),
        mother=next((one.mother for one in named if one.mother), "") or mother,
        guardians=guardians,
        twin=_twin(patient, named),
        deceased=_deceased(patient, today, notes),
        facility=_facility(patient),
        local=tuple([(one.system, one.value) for one in numbers if one.kind == "local"]),
        notes=tuple(sorted(notes)),
        kin_phones=_kin_phones(patient),
        workplace=_workplace(patient),
    )


def _names(patient: Mapping[str, Any], notes: set[str]) -> list[Named]:
    sources = objects_of(patient, "name")[:_MOST]
    if len(sources) > 1:
        sources = sorted(sources, key=lambda one: _USES.get(text_of(one, "use"), 2))
    found = [named for source in sources if (named := human_name(source))]
    for named in found:
        notes.update(named.notes)
    return found


def _best_first(named: list[Named]) -> tuple[Name, ...]:
    if len(named) < 2:
        return tuple([one.name for one in named])
    kept: dict[tuple[str, bool], Name] = {}
    for one in sorted(named, key=lambda one: one.name.placeholder):
        kept.setdefault((one.name.toned, one.name.placeholder), one.name)
    return tuple(kept.values())


def _family(patient: Mapping[str, Any], notes: set[str]) -> tuple[tuple[Name, ...], str]:
    """Names of the contacts, and the mother's if one of them or an extension names her."""
    names: dict[str, Name] = {}
    mother = ""
    for text in _mothers(patient):
        if (named := name_of(text)) and named.name.toned:
            names[named.name.toned] = named.name
            mother = mother or named.name.toned
    for contact in objects_of(patient, "contact")[:_MOST]:
        found = human_name(object_of(contact, "name"))
        if found and found.name.toned:
            names.setdefault(found.name.toned, found.name)
            notes.update(found.notes)
            if not mother and _is_mother(contact):
                mother = found.name.toned
    return tuple(names.values()), mother


def _mothers(patient: Mapping[str, Any]) -> list[str]:
    """Extensions that name the mother, as HL7's own patient-mothersMaidenName does."""
    found = []
    for extension in objects_of(patient, "extension")[:_MOST]:
        if "mother" in text_of(extension, "url").lower():
            found.append(text_of(extension, "valueString") or text_of(object_of(extension, "valueHumanName"), "text"))
    return found


def _is_mother(contact: Mapping[str, Any]) -> bool:
    return any(
        text_of(coding, "code") in ("MTH", "NMTH", "GESTM")
        for relationship in objects_of(contact, "relationship")
        for coding in objects_of(relationship, "coding")
    )


def _birth(text: str, today: date | None, notes: set[str]) -> Birth | None:
    birth, note = birth_of(text, today)
    if note:
        notes.add(note)
    return birth


def _deceased(patient: Mapping[str, Any], today: date | None, notes: set[str]) -> Birth | None:
    text = text_of(patient, "deceasedDateTime")
    if text:
        return _birth(text, today, notes)
    return Birth(None, None, None, False, "true") if patient.get("deceasedBoolean") is True else None


def _numbers(
    patient: Mapping[str, Any], birth: Birth | None, sex: Sex, today: date | None, notes: set[str]
) -> tuple[Number, ...]:
    """Each number once: the card and the social-insurance number end in the same ten digits."""
    kept: list[Number] = []
    seen: set[tuple[str, str]] = set()
    for identifier in objects_of(patient, "identifier")[: 2 * _MOST]:
        number = number_of(identifier, birth, sex)
        if number is None:
            continue
        if "extension" in identifier:
            number = claimed(number, identifier, today)
        if number.kind not in ("local", "other"):
            if (number.kind, number.value) in seen:
                continue
            seen.add((number.kind, number.value))
        kept.append(number)
        if number.doubt in (LOST_ZERO, DUMMY):
            notes.add(number.doubt)
    return tuple(kept)


def _phones(patient: Mapping[str, Any], notes: set[str]) -> tuple[str, ...]:
    kept: dict[str, None] = {}
    for contact in objects_of(patient, "telecom")[:_MOST]:
        if text_of(contact, "system") in ("phone", "sms", ""):
            written = text_of(contact, "value")
            found = phones_in(written)
            kept |= dict.fromkeys(found)
            if written and not found:
                notes.add("bad-phone")
    return tuple(kept)


def _kin_phones(patient: Mapping[str, Any]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for contact in objects_of(patient, "contact")[:_MOST]:
        for telecom in objects_of(contact, "telecom")[:_MOST]:
            if text_of(telecom, "system") in ("phone", "sms", ""):
                found |= dict.fromkeys(phones_in(text_of(telecom, "value")))
    return tuple(found)


def _workplace(patient: Mapping[str, Any]) -> str:
    for extension in objects_of(patient, "extension")[:_MOST]:
        if text_of(extension, "url") == WORKPLACE:
            return fold(text_of(extension, "valueString"))[:_LONGEST_PLACE]
    return ""


def _places(patient: Mapping[str, Any], notes: set[str]) -> tuple[Place, ...]:
    kept: dict[Place, None] = {}
    for address in objects_of(patient, "address")[:_MOST]:
        if found := place_of(address):
            kept[found[0]] = None
            notes.update(found[1])
    return tuple(kept)


def _twin(patient: Mapping[str, Any], named: list[Named]) -> int | None:
    order = patient.get("multipleBirthInteger")
    if isinstance(order, int) and not isinstance(order, bool):
        return order
    return next((one.twin for one in named if one.twin), None)


def _facility(patient: Mapping[str, Any]) -> str:
    organization = object_of(patient, "managingOrganization")
    reference = text_of(organization, "reference").partition("/_history/")[0]
    if reference:
        return reference.rpartition("/")[2].removeprefix("urn:uuid:").removeprefix("#")
    return text_of(object_of(organization, "identifier"), "value")
