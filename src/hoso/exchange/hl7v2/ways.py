"""The ways of reading a field, by the names that fields.csv gives them, and how a segment fills a record.

None means that nothing stands there to be read. What stands there and cannot be read gives a warning with its place;
the raw message keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from hoso.exchange.hl7v2 import moments, people
from hoso.exchange.hl7v2.coded import V2, V3, concept, quantity, translated
from hoso.exchange.hl7v2.draft import NULL, Draft, Part
from hoso.exchange.hl7v2.tables import Resource, codes, lines_of, listed, put
from hoso.fhir import systems

T = TypeVar("T")
Way = Callable[[Draft, Part, int, str], Any]
_EXTENSIONS = "http://hl7.org/fhir/StructureDefinition/"


def fill(draft: Draft, resource: Resource, part: Part, target: str) -> None:
    """Puts what the segment says into the record, field by field; what it takes back is noted in the draft."""
    raw = part.segment.raw
    stated = len(raw)
    for field, path, way, argument in _compiled(part.name, target):
        if field >= stated or not (text := raw[field]):
            continue
        if text == NULL:
            if "id" in resource:
                draft.gone.setdefault((resource["resourceType"], resource["id"]), set()).add(path[0][0])
            continue
        value = way(draft, part, field, argument)
        if value is not None and value != []:
            put(resource, path, value)


@cache
def _compiled(segment: str, target: str) -> tuple[tuple[int, tuple[tuple[str, bool], ...], Way, str], ...]:
    return tuple((line.field, line.path, WAYS[line.way], line.argument) for line in lines_of(segment, target))


def _text(_: Draft, part: Part, field: int, __: str) -> str | None:
    return part.text(field) or None


def _words_of(_: Draft, part: Part, field: int, __: str) -> str | None:
    """Of a coded instruction its words, of all repetitions."""
    found = [part.text(field, 2, 1, at) or part.text(field, 1, 1, at) for at in range(1, part.count(field) + 1)]
    return "\n".join(one for one in found if one) or None


def _words(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    text = _words_of(draft, part, field, "")
    return {"text": text} if text else None


def _whole(draft: Draft, part: Part, field: int, _: str) -> int | None:
    text = part.text(field)
    whole = text.isascii() and text.isdigit() and len(text) < 5
    return _checked(draft, part, field, int(text) if whole else None)


def _checked(draft: Draft, part: Part, field: int, found: T | None) -> T | None:
    """What was read, if anything; a warning when something stands there all the same."""
    if found is None and (text := part.text(field)):
        draft.warn(part, field, "unread", text=text)
    return found


def _moment(draft: Draft, part: Part, field: int, _: str) -> str | None:
    return _checked(draft, part, field, moments.moment(part.text(field), draft.zone))


def _day(draft: Draft, part: Part, field: int, _: str) -> str | None:
    return _checked(draft, part, field, moments.day(part.text(field)))


def _instant(draft: Draft, part: Part, field: int, _: str) -> str | None:
    return _checked(draft, part, field, moments.instant(part.text(field), draft.zone))


def _code(draft: Draft, part: Part, field: int, argument: str) -> str | None:
    return translated(draft, part, field, argument)


def _concept(draft: Draft, part: Part, field: int, argument: str) -> Resource | None:
    if argument != "marital":
        return concept(draft, part, field, table=argument)
    found = concept(draft, part, field, table="0002")
    code = codes("marital").get(part.text(field))
    if found and code:
        found["coding"].insert(0, {"system": f"{V3}MaritalStatus", "code": code})
    return found


def _concepts(draft: Draft, part: Part, field: int, argument: str) -> list[Resource]:
    found = (concept(draft, part, field, at, argument) for at in range(1, part.count(field) + 1))
    return [one for one in found if one]


def _class(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    """The class cannot be left out: one that no table knows stays the sender's code."""
    code = translated(draft, part, field, "class")
    if code:
        return {"system": f"{V3}ActCode", "code": code}
    text = part.text(field)
    return {"system": f"{V2}0004", "code": text} if text and " " not in text else None


def _numbers(draft: Draft, part: Part, field: int, _: str) -> list[Resource]:
    found = (people.identifier(draft, part, field, at) for at in range(1, part.count(field) + 1))
    return [one for one in found if one]


def _social(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    """Twelve digits in PID-19 are the personal number, which has taken its place in Viet Nam."""
    text = part.text(field)
    if not text:
        return None
    return people.of_kind(draft, "state" if len(text) == 12 and text.isdigit() else "social", text)


def _driving(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    text = part.text(field)
    return people.of_kind(draft, "driving", text) if text else None


def _names(_: Draft, part: Part, field: int, argument: str) -> list[Resource]:
    found = (people.name(part, field, at, argument) for at in range(1, part.count(field) + 1))
    return [one for one in found if one]


def _name(_: Draft, part: Part, field: int, __: str) -> Resource | None:
    return people.name(part, field)


def _mother(_: Draft, part: Part, field: int, __: str) -> Resource | None:
    text = " ".join(one for one in (part.text(field, 1), part.text(field, 3), part.text(field, 2)) if one)
    return {"url": f"{_EXTENSIONS}patient-mothersMaidenName", "valueString": text} if text else None


def _addresses(_: Draft, part: Part, field: int, __: str) -> list[Resource]:
    found = (people.address(part, field, at) for at in range(1, part.count(field) + 1))
    return [one for one in found if one]


def _address(_: Draft, part: Part, field: int, __: str) -> Resource | None:
    return people.address(part, field)


def _phones(_: Draft, part: Part, field: int, argument: str) -> list[Resource]:
    found = (people.phone(part, field, at, argument) for at in range(1, part.count(field) + 1))
    return [one for one in found if one]


def _languages(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    code = part.text(field)
    known = codes("language").get(code.upper(), code.lower() if len(code) == 2 and code.isalpha() else "")
    if known:
        return {
            "language": {"coding": [{"system": "urn:ietf:bcp:47", "code": known}], "text": part.text(field, 2) or code}
        }
    found = concept(draft, part, field)
    return {"language": found} if found else None


def _extension(draft: Draft, part: Part, field: int, argument: str) -> Resource | None:
    found = concept(draft, part, field)
    return {"url": argument, "valueCodeableConcept": found} if found else None


def _inside(draft: Draft, part: Part, field: int, name: str) -> Resource | None:
    found = concept(draft, part, field)
    inner = [{"url": "code", "valueCodeableConcept": found}]
    return {"url": f"{_EXTENSIONS}patient-{name}", "extension": inner} if found else None


def _nationality(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    return _inside(draft, part, field, "nationality")


def _citizenship(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    return _inside(draft, part, field, "citizenship")


def _birth_place(_: Draft, part: Part, field: int, __: str) -> Resource | None:
    text = part.text(field)
    return {"url": f"{_EXTENSIONS}patient-birthPlace", "valueAddress": {"text": text}} if text else None


def _person(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    return people.practitioner(draft, part, field)


def _persons(draft: Draft, part: Part, field: int, _: str) -> list[Resource]:
    found = (people.practitioner(draft, part, field, at) for at in range(1, part.count(field) + 1))
    return [one for one in found if one]


def _actors(draft: Draft, part: Part, field: int, _: str) -> list[Resource]:
    return [{"actor": one} for one in _persons(draft, part, field, "")]


def _participants(draft: Draft, part: Part, field: int, argument: str) -> list[Resource]:
    type = {"coding": [{"system": f"{V3}ParticipationType", "code": argument}]}
    return [{"type": [type], "individual": one} for one in _persons(draft, part, field, "")]


def _named(draft: Draft, part: Part, field: int, argument: str) -> Resource | None:
    """An organization or another thing by its name."""
    if argument == "RelatedPerson":
        words = " ".join(one for one in (part.text(field, 1), part.text(field, 2)) if one)
    else:
        words = part.text(field, 2) or part.text(field, 1) if part.name in ("OBX", "RXA") else part.text(field, 1)
    return {"type": argument, "display": words} if words else None


def _place(draft: Draft, part: Part, field: int, argument: str) -> Resource | None:
    found = place(draft, part, field)
    return {"location": found, "status": argument} if found else None


def place(draft: Draft, part: Part, field: int) -> Resource | None:
    """A ward, room and bed (PL) by their names in the facility."""
    spots = [part.text(field, at) for at in (1, 2, 3)]
    building = [part.text(field, at) for at in (7, 8, 4, 9)]
    words = [one for one in (*spots, *building) if one]
    if not words:
        return None
    found: Resource = {"type": "Location", "display": ", ".join(dict.fromkeys(words))}
    known = "/".join(spots).rstrip("/")
    if known:
        found["identifier"] = {"system": systems.facility_numbers(draft.facility, "location"), "value": known}
    return found


def _location(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    """RXA-11: a place within a facility, or the facility alone in the fourth component."""
    return place(draft, part, field)


def _entity(draft: Draft, part: Part, field: int, argument: str) -> Resource | None:
    return number(draft, part, field, argument)


def number(draft: Draft, part: Part, field: int, kind: str) -> Resource | None:
    """A number of something (EI), under the facility's own system of its kind and the namespace beside it."""
    value, space = part.text(field), part.text(field, 2)
    if not value:
        return None
    system = systems.facility_numbers(draft.facility, kind)
    found: Resource = {"system": system, "value": f"{value}^{space}" if space else value}
    if kind in ("placer", "filler"):
        found["type"] = {"coding": [{"system": people.TYPE, "code": "PLAC" if kind == "placer" else "FILL"}]}
    return found


def _visit_number(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    value = part.text(field)
    return {"system": systems.facility_visit_number(draft.facility), "value": value} if value else None


def _record_number(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    value = part.text(field)
    return {"system": systems.facility_record_number(draft.facility), "value": value} if value else None


def _account_number(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    value = part.text(field)
    type = {"coding": [{"system": people.TYPE, "code": "AN"}]}
    system = systems.facility_numbers(draft.facility, "account")
    return {"type": type, "system": system, "value": value} if value else None


def _appointment_number(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    value = part.text(field)
    return {"system": systems.facility_appointment_number(draft.facility), "value": value} if value else None


def _note(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    return _words(draft, part, field, "")


def _insurer(draft: Draft, part: Part, field: int, _: str) -> Resource | None:
    words = part.text(4) or part.text(field)
    value = part.text(field)
    found: Resource = {"type": "Organization", "display": words}
    if value:
        found["identifier"] = {"system": systems.facility_numbers(draft.facility, "insurer"), "value": value}
    return found if words else None


def _amount(draft: Draft, part: Part, field: int, argument: str) -> Resource | None:
    """A number and its unit, which stands in the field of that number."""
    return _checked(draft, part, field, quantity(part.text(field), part, int(argument)))


def _dose(draft: Draft, part: Part, field: int, argument: str) -> Resource | None:
    """999 says that nobody knows."""
    return None if part.text(field) == "999" else _amount(draft, part, field, argument)


def _interpretations(draft: Draft, part: Part, field: int, _: str) -> list[Resource]:
    found = []
    for at in range(1, part.count(field) + 1):
        code = part.text(field, 1, 1, at)
        if code in listed("interpretation"):
            coding = {"system": f"{V3}ObservationInterpretation", "code": code}
            found.append({"coding": [coding], "text": part.text(field, 2, 1, at) or code})
        elif (other := concept(draft, part, field, at, "0078")) is not None:
            draft.warn(part, field, "unknown-code", repetition=at, text=code)
            found.append({"text": other["text"]})
    return found


def _attending(draft: Draft, part: Part, field: int, argument: str) -> Resource | None:
    """Whom or what an appointment needs."""
    if argument == "Location":
        actor = place(draft, part, field)
    elif argument == "Practitioner":
        actor = people.practitioner(draft, part, field)
    else:
        words = part.text(field, 2) or part.text(field)
        actor = {"type": "Device", "display": words} if words else None
    return {"actor": actor, "status": "accepted"} if actor else None


WAYS: dict[str, Way] = {
    "account-number": _account_number,
    "actors": _actors,
    "address": _address,
    "addresses": _addresses,
    "amount": _amount,
    "appointment-number": _appointment_number,
    "attending": _attending,
    "birth-place": _birth_place,
    "citizenship": _citizenship,
    "class": _class,
    "code": _code,
    "concept": _concept,
    "concepts": _concepts,
    "day": _day,
    "dose": _dose,
    "driving": _driving,
    "entity": _entity,
    "extension": _extension,
    "instant": _instant,
    "insurer": _insurer,
    "interpretations": _interpretations,
    "languages": _languages,
    "location": _location,
    "moment": _moment,
    "mother": _mother,
    "name": _name,
    "named": _named,
    "names": _names,
    "nationality": _nationality,
    "note": _note,
    "numbers": _numbers,
    "participants": _participants,
    "person": _person,
    "persons": _persons,
    "phones": _phones,
    "place": _place,
    "record-number": _record_number,
    "social": _social,
    "text": _text,
    "visit-number": _visit_number,
    "whole": _whole,
    "words": _words,
    "words-of": _words_of,
}
