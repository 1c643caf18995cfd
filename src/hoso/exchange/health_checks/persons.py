"""Whose number stands in a child's SO_CCCD, and who came along: the guardian's number never becomes the child's.

The forms themselves ask for the guardian's number where a child has none, so a number is the child's own only when it
fits the child's birth and no other field says that it is somebody else's.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from hoso.core import fold
from hoso.exchange.health_checks.definitions import rules
from hoso.exchange.health_checks.dossier import Dossier
from hoso.exchange.insurance import values
from hoso.exchange.insurance.convert import Asked, convert
from hoso.fhir.systems import PERSONAL_NUMBER
from hoso.identity.normalise.births import birth_of
from hoso.identity.normalise.numbers import number_of
from hoso.identity.normalise.person import Sex

Resource = dict[str, Any]
_ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_CONTACT = "http://terminology.hl7.org/CodeSystem/v2-0131"
_SEPARATORS = re.compile(r"[\s.\-]+")
_LAST_OLD_CARDS = 2007
"""Who was born later was under 14 when the cards of nine digits ended."""
_SEXES: dict[str, Sex] = {"male": "male", "female": "female"}


class Companion(NamedTuple):
    """The guardian, or whoever came along. `relation` is a key of forms.toml."""

    name: str
    number: str
    phone: str
    relation: str


def sex(text: str) -> str | None:
    found = rules()["gender"].get(fold(text))
    return str(found) if found else None


def companion(dossier: Dossier) -> Companion:
    for name, number, phone in (
        ("HO_TEN_NGUOI_DI_CUNG", "SO_CCCD_NGUOI_DI_CUNG", "DIEN_THOAI_NGUOI_DI_CUNG"),
        ("NGUOI_GIAM_HO", "SO_CCCD_NGH", "DIEN_THOAI_NGH"),
    ):
        said = dossier.get(name), dossier.get(number), dossier.get(phone)
        if any(said):
            return Companion(*said, dossier.get("MOI_QUAN_HE_VOI_TRE"))
    return Companion("", "", "", "")


def is_own_number(dossier: Dossier) -> bool:
    """Whether SO_CCCD is the number of whom the form is about."""
    written = _SEPARATORS.sub("", dossier.get("SO_CCCD"))
    other = _SEPARATORS.sub("", companion(dossier).number)
    if not written or written.lstrip("0") == other.lstrip("0"):
        return False
    if dossier.form == "Adult":
        return True
    digits = written if written.isascii() and written.isdigit() else ""
    if len(digits) in (8, 9):
        return bool(dossier.born) and int(dossier.born[:4]) <= _LAST_OLD_CARDS
    if len(digits) not in (10, 11, 12):
        return True  # a passport, or no number at all: nobody can be mistaken by it
    birth, _ = birth_of(dossier.born, None)
    found = number_of(
        {"system": PERSONAL_NUMBER, "value": digits}, birth, _SEXES.get(sex(dossier.get("GIOI_TINH")) or "", "")
    )
    if birth is not None and birth.year is not None:
        return found is not None and found.kind == "cccd" and found.doubt in ("", "lost-zero", "sex")
    year = 1900 + int(digits.zfill(12)[3]) // 2 * 100 + int(digits.zfill(12)[4:6])
    return bool(dossier.examined) and int(dossier.examined[:4]) - year < 18


def identifiers(dossier: Dossier) -> list[Resource]:
    """Of the person the form is about, with day and office of issue."""
    if not is_own_number(dossier):
        return []
    found: Resource = convert("identity-number", asked(dossier, "SO_CCCD"))
    if issued := values.day(dossier.get("NGAYCAP_CCCD")):
        found["period"] = {"start": issued}
    if office := dossier.get("NOICAP_CCCD"):
        found["assigner"] = {"display": office}
    return [found]


def contact(one: Companion) -> Resource | None:
    """On the Patient, where whoever calls the family looks."""
    found: Resource = {}
    if one.name:
        found["name"] = {"text": one.name}
    if one.phone:
        found["telecom"] = [{"system": "phone", "value": one.phone}]
    if not found:
        return None
    coding = {"system": _CONTACT, "code": "N"}
    return {"relationship": [{"coding": [coding, *_relation(one)], "text": _words(one)}], **found}


def related(one: Companion, dossier: Dossier) -> Resource | None:
    """A RelatedPerson without id and patient; a number that is not the child's is theirs, if they gave none."""
    number, borrowed = one.number, dossier.get("SO_CCCD")
    if not number and borrowed and dossier.form != "Adult" and not is_own_number(dossier):
        number = borrowed
    if not (one.name or one.phone or number):
        return None
    found: Resource = {"resourceType": "RelatedPerson", "active": True}
    if number:
        found["identifier"] = [convert("identity-number", asked(dossier, "SO_CCCD_NGH")._replace(text=number))]
    found["relationship"] = [{**({"coding": codings} if (codings := _relation(one)) else {}), "text": _words(one)}]
    if one.name:
        found["name"] = [{"text": one.name}]
    if one.phone:
        found["telecom"] = [{"system": "phone", "value": one.phone}]
    return found


def _relation(one: Companion) -> list[Resource]:
    code = rules()["relation"].get(one.relation)
    return [{"system": _ROLE, "code": code[0]}] if code and code[0] != "O" else []


def _words(one: Companion) -> str:
    code = rules()["relation"].get(one.relation)
    return str(code[1]) if code else "Người giám hộ"


def asked(dossier: Dossier, name: str, argument: str = "") -> Asked:
    return Asked(dossier.get(name), dossier.person, argument, dossier.facility, name)
