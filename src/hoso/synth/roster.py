"""A school class of the synthetic population: the sheet that the school fills in, and who of it a node knows already.

A class is hard on purpose: all live in one commune and were born in one year, some have twins, brothers and namesakes
whom the node knows too, and the sheet has the slips that schools make. Beside each row stands what should become of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from itertools import islice
from random import Random
from typing import Any

from hoso.core import fold
from hoso.fhir import systems
from hoso.synth import identifiers, names, people, places, register
from hoso.synth.identifiers import Keys
from hoso.synth.people import Home, Person
from hoso.synth.tables import rows

Cells = dict[str, str]
Resource = dict[str, Any]

SIZE = 40
FACILITY = "01234"
SLIPS = (
    "bare",  # without accents
    "turned",  # given name first
    "nickname",
    "guardian-number",
    "lost-zero",
    "day-month",
    "year-only",
    "no-address",
    "tone",
)
"""Of a row; many rows have none."""
UNSURE = frozenset({"turned", "tone"})
"""Slips after which a row without the pupil's number is for a person to decide: a twin's name may look so."""
LOOK_ALIKE = frozenset({"tone-twin", "namesake"})
"""Whoever is known like that, and is not the pupil, is shown to a person."""
NAMED_BY_TONES = {
    "f": (("Phương", "Phượng"), ("Thúy", "Thủy"), ("Hoa", "Hòa")),
    "m": (("Tuấn", "Tuân"), ("Hưng", "Hùng"), ("Cường", "Cương")),
}


@dataclass(frozen=True, slots=True)
class Pupil:
    """A row of the sheet. `id` is the Patient a node knows of the same person, "" when it knows none."""

    cells: Cells
    id: str
    slip: str
    beside: str
    expected: str
    """linked, new or review."""


@dataclass(slots=True)
class Class:
    """`known`: the Patients that a node has before, of pupils, their families, and others."""

    known: list[Resource] = field(default_factory=list)
    pupils: list[Pupil] = field(default_factory=list)


def school_class(seed: int, today: date, size: int = SIZE) -> Class:
    """Of `size` pupils, six in seven of whom are known; the same for the same seed."""
    rng, keys = Random(f"{seed}/class"), Keys.of(seed)
    province = rng.choice(list(places.provinces().values()))
    commune = rng.choice(province.communes)
    made = Class()
    born = today.year - rng.randrange(6, 15)
    for number, household in enumerate(islice(_families(seed, keys, today), size)):
        before = household[0].home
        assert before is not None
        home = replace(before, province=province, commune=commune, line=places.street(commune, rng))
        child = next(one for one in household if one.role == "child")
        _settle(household, child, home, born, rng)
        _enroll(made, _Family(number, household, child, keys, rng), today)
    return made


def _families(seed: int, keys: Keys, today: date) -> Iterator[list[Person]]:
    for household in people.households(seed, keys, today):
        young = [one for one in household if one.role == "child" and one.age(today) < 18]
        if young and any(one.role in ("wife", "head") and not one.died for one in household):
            yield household


def _settle(household: list[Person], child: Person, home: Home, born: int, rng: Random) -> None:
    child.birth = date(born, rng.randrange(1, 13), rng.randrange(2, 28))
    for one in household:
        one.home = home
        if one.role == "child" and one is not child and abs((one.birth - child.birth).days) < 300:
            one.birth = child.birth - timedelta(days=rng.randrange(500, 1500))


@dataclass(slots=True)
class _Family:
    number: int
    household: list[Person]
    child: Person
    keys: Keys
    rng: Random

    @property
    def home(self) -> Home:
        assert self.child.home is not None
        return self.child.home

    @property
    def guardian(self) -> Person:
        living = [one for one in self.household if one.role in ("wife", "head") and not one.died]
        return next((one for one in living if one.role == "wife"), living[0])

    def number_of(self, person: Person) -> str:
        code = self.home.province.old_codes[0]
        return identifiers.personal_number(self.keys, person.number, code, person.sex, person.birth)

    def id(self, which: str) -> str:
        return identifiers.resource_id(self.keys, f"class/{self.number}/{which}")

    def patient(self, person: Person, which: str, *, numbered: float = 0.6) -> Resource:
        """As a hospital knows them: the family's phone, a card mostly, the personal number often."""
        rng, numbers = self.rng, []
        if rng.random() < numbered:
            numbers.append({"system": systems.PERSONAL_NUMBER, "value": self.number_of(person)})
        if person.standing and person.standing.card and rng.random() < 0.9:
            numbers.append({"system": systems.INSURANCE_NUMBER, "value": person.standing.card})
        found: Resource = {
            "resourceType": "Patient",
            "id": self.id(which),
            "name": [{"text": person.name if rng.random() < 0.8 else person.name.upper()}],
            "gender": register.GENDER[person.sex],
            "birthDate": person.birth.isoformat(),
            "address": [register.address(person.home or self.home)],
        }
        if numbers:
            found["identifier"] = numbers
        if rng.random() < 0.85:
            phone = (self.guardian.phone if person.role == "child" else person.phone) or self.home.phone
            found["telecom"] = [{"system": "phone", "value": phone}]
        if person.role == "child" and rng.random() < 0.5:
            role = "MTH" if self.guardian.sex == "f" else "FTH"
            relationship = [{"coding": [{"system": register.ROLE, "code": role}]}]
            found["contact"] = [{"relationship": relationship, "name": {"text": self.guardian.name}}]
        return found


def _enroll(made: Class, family: _Family, today: date) -> None:
    rng, child = family.rng, family.child
    beside = rng.choices(("", "twin", "tone-twin", "sibling", "namesake", "parent"), (50, 8, 8, 14, 10, 10))[0]
    other = _beside(family, beside)
    slip = rng.choice(SLIPS) if rng.random() < 0.5 else ""
    pupil = family.patient(child, "child") if rng.random() < 6 / 7 else None
    if pupil and other and beside == "tone-twin":  # told apart by nothing but the name
        other = {**pupil, "id": other["id"], "name": other["name"]}
        other.pop("identifier", None)
    parents = [family.patient(one, one.role) for one in family.household if one.role in ("wife", "head")]
    made.known += [one for one in (pupil, other, *parents) if one]
    own_number = slip == "lost-zero" or (slip != "guardian-number" and rng.random() < 0.45)
    number = family.number_of(child) if own_number else ""
    cells = _cells(family, today, number)
    written = dict(cells)
    _slip(cells, slip, family)
    slip = slip if cells != written else ""
    expected = _expected(pupil, family, slip, beside if other else "", number)
    made.pupils.append(Pupil(cells, pupil["id"] if pupil else "", slip, beside, expected))


def _expected(pupil: Resource | None, family: _Family, slip: str, beside: str, number: str) -> str:
    """What whoever decides with care does with a row, from what the sheet and the node say."""
    if pupil is None:
        return "review" if beside in LOOK_ALIKE else "new"
    if number and number in (one["value"] for one in pupil.get("identifier", ())):
        return "linked"
    bare = slip == "bare" and fold(family.child.rest[-1]) in _several(family.child.sex)
    alone = slip == "no-address" and not ("telecom" in pupil or "contact" in pupil)
    return "review" if slip in UNSURE or beside == "tone-twin" or bare or alone else "linked"


@cache
def _several(sex: str) -> frozenset[str]:
    """Given names without accents that more than one name comes down to."""
    names = {row["name"].split()[-1] for row in rows("given_names.csv") if row["sex"] == sex}
    return frozenset(name for name, count in Counter(map(fold, names)).items() if count > 1)


def _beside(family: _Family, kind: str) -> Resource | None:
    """Somebody the node knows who looks like the pupil."""
    child, rng = family.child, family.rng
    rest = names.given(child.group, child.sex, child.birth.year, rng)
    other = replace(child, rest=rest, number=child.number + 123_457, standing=None)
    match kind:
        case "twin" if fold(other.rest[-1]) != fold(child.rest[-1]):
            return family.patient(other, kind)
        case "tone-twin":
            one, alike = rng.choice(NAMED_BY_TONES[child.sex])
            child.rest = (*child.rest[:-1], one)
            return family.patient(replace(other, rest=(*child.rest[:-1], alike)), kind)
        case "sibling" if fold(other.rest[-1]) != fold(child.rest[-1]):
            elder = child.birth - timedelta(days=rng.randrange(400, 1_800))
            return family.patient(replace(other, birth=elder), kind)
        case "namesake":
            day = date(child.birth.year, 1 + child.birth.month % 12, rng.randrange(2, 28))
            phone, home = identifiers.phone(rng), family.home
            elsewhere = replace(home, line=places.street(home.commune, Random(f"namesake/{home.line}")))
            stranger = replace(other, rest=child.rest, birth=day, phone=phone, role="other", home=elsewhere)
            return family.patient(stranger, kind)
        case "parent":
            father = next((one for one in family.household if one.role == "head"), None)
            if father and father.sex == child.sex:
                child.rest = father.rest
    return None


def _cells(family: _Family, today: date, number: str) -> Cells:
    child, home, guardian = family.child, family.home, family.guardian
    height = 70 + 6 * child.age(today)
    return {
        "HO_TEN": child.name.upper(),
        "NGAY_SINH": f"{child.birth:%d/%m/%Y}",
        "SO_CCCD": number,
        "GIOI_TINH": "1" if child.sex == "m" else "2",
        "MA_DAN_TOC": child.group,
        "DIA_CHI": f"{home.line}, {home.commune.name}, {home.province.full_name}",
        "MATINH_CU_TRU": home.province.code,
        "MAXA_CU_TRU": home.commune.code,
        "DIEN_THOAI": "",
        "LY_DO_VV": "Khám sức khỏe đầu năm học",
        "MA_NGHE_NGHIEP": "00",
        "NOI_LAM_VIEC_HOC_TAP": f"Trường {home.commune.name} - lớp {today.year - child.birth.year - 5}A",
        "NGUOI_GIAM_HO": guardian.name,
        "SO_CCCD_NGH": family.number_of(guardian) if family.rng.random() < 0.5 else "",
        "DIEN_THOAI_NGH": guardian.phone or home.phone,
        "MA_CSKCB": FACILITY,
        "MA_GTIN_CSKCB": "",
        "MA_LK": "",
        "DOI_TUONG": "11",
        "NGUON_CHI_TRA": "2",
        "MA_LOAI_KCB": "15",
        "NGAY_VAO": f"{today - timedelta(days=20):%Y%m%d}0830",
        "TYPE": "Minor",
        "KHONG_KINH_MAT_PHAI": f"{family.rng.randrange(5, 11)}/10",
        "KHONG_KINH_MAT_TRAI": f"{family.rng.randrange(5, 11)}/10",
        "CHIEU_CAO": str(height),
        "CAN_NANG": str(round(17 * (height / 100) ** 2, 1)),
        "MACH": str(family.rng.randrange(70, 100)),
        "PHAN_LOAI_SK": str(family.rng.choices((1, 2, 3, 4), (50, 35, 12, 3))[0]),
    }


def _slip(cells: Cells, slip: str, family: _Family) -> None:
    child = family.child
    match slip:
        case "bare":
            cells["HO_TEN"] = fold(cells["HO_TEN"]).upper()
        case "turned":
            first, *others = cells["HO_TEN"].split()
            cells["HO_TEN"] = " ".join([others[-1], first, *others[:-1]]) if others else first
        case "nickname":
            cells["HO_TEN"] = f"{cells['HO_TEN']} ({family.rng.choice(('Bi', 'Na', 'Tí', 'Bống'))})"
        case "guardian-number":
            cells["SO_CCCD"], cells["SO_CCCD_NGH"] = family.number_of(family.guardian), ""
        case "lost-zero":
            cells["SO_CCCD"] = cells["SO_CCCD"].lstrip("0")
        case "day-month":
            if child.birth.day <= 12:
                cells["NGAY_SINH"] = f"{child.birth:%m/%d/%Y}"
        case "year-only":
            cells["NGAY_SINH"] = str(child.birth.year)
        case "no-address":
            cells["DIA_CHI"] = cells["MATINH_CU_TRU"] = cells["MAXA_CU_TRU"] = ""
        case "tone":
            words = cells["HO_TEN"].split()
            cells["HO_TEN"] = " ".join([*words[:-1], fold(words[-1]).upper()])
