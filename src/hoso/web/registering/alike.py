"""Who is known already and may be the person at the counter, each with what speaks for it and what against, in words.

Those whose records are open here are compared by the matcher, as an arrival would be and storing nothing; of anybody
else only what the counter may tell: a sure number, or a whole name with a whole birth date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import orjson
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hoso.access.counter import Outline
from hoso.care.elements import human_name
from hoso.core import citizen_code
from hoso.identity.inquiry import Match, inquire
from hoso.identity.match.explain import reasons
from hoso.web.door import Resource
from hoso.web.pages import counter, door, errand, matching, records
from hoso.web.present import place_text

MOST = 4
_WHOLE = 10


@dataclass(frozen=True, slots=True)
class Alike:
    """`record`: of somebody whose record is not open here, the Patient with which a visit begins."""

    id: str
    name: str
    sex: str
    born: str
    place: str
    number: str
    agrees: tuple[str, ...]
    differs: tuple[str, ...]
    certain: bool = False
    record: str = ""


def alike(request: HttpRequest, patient: Resource) -> list[Alike]:
    """The likeliest first."""
    asking = door(request).errand
    answer = inquire(records(), matching(), asking, patient, MOST)
    known = [_compared(match) for match in answer.matches if match.grade != "certainly-not"]
    seen = {one.id for one in known}
    return known + [_met(one, why) for one, why in _elsewhere(request, patient) if one.person not in seen]


def _compared(match: Match) -> Alike:
    who: Resource = orjson.loads(match.version.body)
    agrees, differs = reasons(match.standing, cast(Literal["vi", "en"], get_language() or "vi"))
    code = next((i["value"] for i in who.get("identifier", ()) if i.get("system") == citizen_code.SYSTEM), "")
    return Alike(
        str(who["id"]), human_name(who.get("name")), who.get("gender", ""), who.get("birthDate", ""),
        place_text(who.get("address")), code, agrees, differs, match.grade == "certain",
    )  # fmt: skip


def _elsewhere(request: HttpRequest, patient: Resource) -> Sequence[tuple[Outline, str]]:
    numbers = [i["value"] for i in patient.get("identifier", ()) if i.get("use") != "old"]
    found = [(one, _("the same number")) for one in counter().by_number(errand(request), numbers)] if numbers else []
    name, born = human_name(patient.get("name")), patient.get("birthDate", "")
    official = patient["name"][0].get("use") != "temp"
    if official and len(born) == _WHOLE:
        met = {one.person for one, _why in found}
        same = counter().by_name(errand(request), name, born)
        found += [(one, _("the same name and birth date")) for one in same if one.person not in met]
    return found[:MOST]


def _met(one: Outline, why: str) -> Alike:
    return Alike(one.person, one.name, one.sex, one.born, one.place, one.code, (why,), (), record=one.record)
