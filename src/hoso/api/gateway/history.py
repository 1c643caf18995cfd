"""The look-up of a person's visits: number, name and birth date must all fit, and it stands in the log who asked.

The facility finds those who are in its care: whoever is not, and whoever is not on record, are answered alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from hoso.access import Errand, Version
from hoso.access.gateways import Account
from hoso.api.gateway import answers
from hoso.api.gateway.asked import Asked
from hoso.api.gateway.doors import Gateway, errand
from hoso.api.message import Response
from hoso.core import fold
from hoso.fhir import json, systems
from hoso.fhir.outcome import Language
from hoso.fhir.search import parse
from hoso.fhir.search.escape import token

PATHS = frozenset({"egw/kqnhanlichsukcb2024", "egw/kqnhanlichsukcb2019", "egw/kqnhanlichsukcb2018", "egw/lskcb2025"})
FOUND, NOBODY, BAD_NUMBER, BAD_PROVINCE, BAD_BENEFIT, OTHER_NAME, OTHER_DATE, BAD_CALL = (
    "000", "050", "051", "052", "053", "060", "070", "205",
)  # fmt: skip
MOST = 100
"""Visits that are answered, the latest."""
RECORDS = 50
"""Source records of one person that are looked at."""
_CARD = re.compile(r"[A-Z]{2}[0-9]{13}\Z", re.ASCII)
_SOCIAL, _PERSONAL = re.compile(r"[0-9]{10}\Z", re.ASCII), re.compile(r"[0-9]{12}\Z", re.ASCII)
_DATE = re.compile(r"(?:(\d{2})/(\d{2})/)?(\d{4})\Z", re.ASCII)
Resource = dict[str, Any]


def look_up(gateway: Gateway, account: Account, asked: Asked, language: Language, environ: dict[str, Any]) -> Response:
    number = re.sub(r"\s", "", asked.text("mathe")).upper()
    name, born = asked.text("hoten"), asked.text("ngaysinh")
    caller, callers_number = asked.text("hotencb"), asked.text("cccdcb")
    if not (number and name and caller) or not _PERSONAL.match(callers_number) or not _is_date(born):
        return _told(BAD_CALL, language)
    if fault := _fault(number):
        return _told(fault, language)
    errand_ = errand(account, environ, f"{caller[:100]} {callers_number}")
    found = [json.parse(one.body) for one in _search(gateway, errand_, "Patient", _number_query(number))]
    if not found:
        return _told(NOBODY, language)
    named = [one for one in found if _has_name(one, name)]
    if not named:
        return _told(OTHER_NAME, language)
    person = next((one for one in named if _was_born(one, born)), None)
    if person is None:
        return _told(OTHER_DATE, language)
    visits = _visits(gateway, errand_, person)
    members = {
        "maKetQua": FOUND,
        "ghiChu": answers.said("gateway.found", language, number=str(len(visits))),
        "maThe": _value(person, systems.INSURANCE_NUMBER),
        "maSoBHXH": _value(person, systems.SOCIAL_NUMBER),
        "hoTen": _names(person)[0],
        "ngaySinh": _day(str(person.get("birthDate", ""))),
        "gioiTinh": {"male": "Nam", "female": "Nữ"}.get(str(person.get("gender")), ""),
        "dsLichSuKCB2018": visits,
    }
    return answers.answer(members)


def _told(code: str, language: Language) -> Response:
    return answers.answer(
        {"maKetQua": code, "ghiChu": answers.said(f"gateway.look-up-{code}", language), "dsLichSuKCB2018": []}
    )


def _fault(number: str) -> str:
    """Why no card, social-insurance number or personal number is written so; "" for one that may be."""
    if _SOCIAL.match(number) or _PERSONAL.match(number):
        return ""
    if not _CARD.match(number):
        return BAD_NUMBER
    if number[2] not in "12345":
        return BAD_BENEFIT
    return BAD_PROVINCE if number[3:5] == "00" else ""


def _number_query(number: str) -> list[tuple[str, str]]:
    kinds = (systems.SOCIAL_NUMBER,) if _SOCIAL.match(number) else (systems.PERSONAL_NUMBER, systems.INSURANCE_NUMBER)
    return [("identifier", ",".join(token(system, number) for system in kinds)), ("_count", str(RECORDS))]


def _search(gateway: Gateway, errand_: Errand, type: str, pairs: list[tuple[str, str]]) -> Sequence[Version]:
    return gateway.records.search(errand_, parse(type, pairs)).matches


def _visits(gateway: Gateway, errand_: Errand, person: Resource) -> list[dict[str, str]]:
    """Over all records of the person, the latest first; of labelled ones nothing is there."""
    patients = ",".join(sorted(_everything_of(gateway, errand_, person)))
    asked = [("patient", patients), ("_sort", "-date"), ("_count", str(MOST))]
    held = [json.parse(one.body) for one in _search(gateway, errand_, "Encounter", asked)]
    held = [one for one in held if one.get("status") not in ("entered-in-error", "cancelled")]
    named = _diagnoses(gateway, errand_, [id for one in held if (id := _diagnosis(one))])
    return [_visit(one, named.get(_diagnosis(one), "")) for one in held]


def _diagnosis(encounter: Resource) -> str:
    """The id of the one at discharge, else of the first."""
    found = sorted(
        encounter.get("diagnosis", ()), key=lambda one: _first(one.get("use", {}), "coding").get("code") != "DD"
    )
    return str((found or [{}])[0].get("condition", {}).get("reference", "")).rpartition("/")[2]


def _diagnoses(gateway: Gateway, errand_: Errand, ids: Sequence[str]) -> dict[str, str]:
    """In words, by id; of those that may be seen."""
    if not ids:
        return {}
    asked = [("_id", ",".join(ids)), ("_count", str(len(ids)))]
    found = [json.parse(one.body) for one in _search(gateway, errand_, "Condition", asked)]
    return {one["id"]: str(one.get("code", {}).get("text", "")) for one in found}


def _everything_of(gateway: Gateway, errand_: Errand, person: Resource) -> Iterator[str]:
    """References to this record and those that are linked to the same person."""
    own = f"Patient/{person['id']}"
    yield own
    for golden in _search(gateway, errand_, "Patient", [("link", own), ("_count", "1")]):
        for link in json.parse(golden.body).get("link", ())[:RECORDS]:
            yield link["other"]["reference"]


def _visit(encounter: Resource, diagnosis: str) -> dict[str, str]:
    period = encounter.get("period", {})
    leaving = encounter.get("hospitalization", {}).get("dischargeDisposition", {})
    return {
        "maHoSo": str(encounter["id"]),
        "maCSKCB": str(encounter.get("serviceProvider", {}).get("identifier", {}).get("value", "")),
        "ngayVao": _minute(str(period.get("start", ""))),
        "ngayRa": _minute(str(period.get("end", ""))),
        "tenBenh": diagnosis or str(_first(encounter, "reasonCode").get("text", "")),
        "tinhTrang": str(leaving.get("text") or _first(leaving, "coding").get("code", "")),
    }


def _first(element: Resource, name: str) -> Resource:
    found: list[Resource] = element.get(name) or [{}]
    return found[0]


def _has_name(person: Resource, name: str) -> bool:
    return fold(name) in {fold(one) for one in _names(person)}


def _names(person: Resource) -> list[str]:
    found = []
    for one in person.get("name", ()):
        parts = [one.get("family", ""), *one.get("given", ())]
        found.append(str(one.get("text") or " ".join(part for part in parts if part)))
    return found or [""]


def _is_date(text: str) -> bool:
    found = _DATE.match(text)
    if found is None:
        return False
    day, month, year = found.groups()
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return False
    return True


def _was_born(person: Resource, text: str) -> bool:
    """On that day. A year alone fits who is known by the year alone, and the year of everybody."""
    known = str(person.get("birthDate", ""))
    day, month, year = _DATE.match(text).groups()  # type: ignore[union-attr]
    if not day:
        return bool(known) and known[:4] == year
    return known == f"{year}-{month}-{day}" or (known == year and (day, month) == ("01", "01"))


def _value(person: Resource, system: str) -> str:
    return next((str(one.get("value", "")) for one in person.get("identifier", ()) if one.get("system") == system), "")


def _day(text: str) -> str:
    return "/".join(reversed(text.split("-")))


def _minute(text: str) -> str:
    """yyyymmddHHMM as far as it is known."""
    return re.sub(r"[^0-9]", "", text[:16])
