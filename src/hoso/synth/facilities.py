"""The facilities of the pilot provinces, of every level, with their staff; the same for every population of a seed.

Names are invented where a real hospital could be meant; codes have the form of MACSKCB (old province code and three
characters).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from hoso.synth import identifiers, names, places
from hoso.synth.identifiers import Keys
from hoso.synth.places import Commune, Province
from hoso.synth.tables import settings


@dataclass(frozen=True)
class Practitioner:
    id: str
    role_id: str
    name: str
    family: str
    rest: tuple[str, ...]
    sex: str
    birth: date
    licence: str
    title: str
    specialty: str


@dataclass(frozen=True)
class Facility:
    code: str
    level: str
    name: str
    english: str
    commune: Commune
    province: Province
    line: str
    phone: str
    organization_id: str
    location_id: str
    parent: str | None
    """Organization id of the facility this one belongs to."""
    staff: tuple[Practitioner, ...]


class Network:
    """Where somebody of a commune goes."""

    def __init__(self, seed: int, keys: Keys) -> None:
        self._keys = keys
        self._rng = Random(f"{seed}/facilities")
        self._taken: dict[str, int] = {}
        self._at: dict[tuple[str, str], list[Facility]] = {}
        self._all: list[Facility] = []
        for province in places.provinces().values():
            self._build(province)

    def __iter__(self) -> Iterator[Facility]:
        return iter(self._all)

    def at(self, level: str, home: Commune) -> Facility:
        """The facility of a level that serves a commune."""
        province = places.provinces()[home.province]
        for key in ((level, home.code), (level, home.province), (level, province.region)):
            found = self._at.get(key)
            if found:
                return found[int(home.code) % len(found)]
        raise KeyError((level, home.code))

    def _build(self, province: Province) -> None:
        capital = province.communes[0]
        table = settings("facilities.toml")
        self._central(province, table)
        for level in ("provincial", "maternity", "clinic"):
            self._add(level, province, capital, table, province.code, None)
        regional = [
            self._add("regional", province, commune, table, province.code, None) for commune in province.communes[:2]
        ]
        for order, commune in enumerate(province.communes):
            parent = regional[order % 2].organization_id
            self._add("station", province, commune, table, commune.code, parent)
            for level in ("preschool", "primary", "secondary"):
                self._add(level, province, commune, table, commune.code, None)
        for commune in province.communes[:2]:
            self._add("high_school", province, commune, table, province.code, None)

    def _central(self, province: Province, table: dict[str, dict[str, object]]) -> None:
        names_by_province = table["central_names"]
        if province.code in names_by_province:
            self._add("central", province, province.communes[1], table, province.region, None)

    def _add(
        self,
        level: str,
        province: Province,
        commune: Commune,
        table: dict[str, dict[str, object]],
        serves: str,
        parent: str | None,
    ) -> Facility:
        facility = self._make(level, province, commune, table, parent)
        self._all.append(facility)
        self._at.setdefault((level, serves), []).append(facility)
        return facility

    def _make(
        self, level: str, province: Province, commune: Commune, table: dict[str, dict[str, object]], parent: str | None
    ) -> Facility:
        entry = table[level]
        rng = self._rng
        old_code = province.old_codes[0]
        serial = self._taken[old_code] = self._taken.get(old_code, 0) + 1
        code = f"{old_code}{serial:03d}"
        short = commune.name.split(" ", 1)[1]
        blanks = {
            "commune": commune.name.lower()[0] + commune.name[1:],
            "short": short,
            "province": province.name,
            "central": table["central_names"].get(province.code, ""),
            "hero": rng.choice(settings("places.toml")["streets"]),
        }
        return Facility(
            code=code,
            level=level,
            name=str(entry["vi"]).format(**blanks),
            english=str(entry["en"]).format(**blanks),
            commune=commune,
            province=province,
            line=places.street(commune, rng),
            phone=f"02{rng.randrange(10**8):08d}",
            organization_id=identifiers.resource_id(self._keys, f"organization/{code}"),
            location_id=identifiers.resource_id(self._keys, f"location/{code}"),
            parent=parent,
            staff=tuple(self._hire(code, order, post, province) for order, post in enumerate(_posts(entry))),
        )

    def _hire(self, code: str, order: int, post: tuple[str, str], province: Province) -> Practitioner:
        rng = self._rng
        sex = rng.choice("mf")
        birth = date(rng.randrange(1966, 1999), rng.randrange(1, 13), rng.randrange(1, 29))
        family = names.surname("01", province.region, rng)
        rest = names.given("01", sex, birth.year, rng)
        return Practitioner(
            id=identifiers.resource_id(self._keys, f"practitioner/{code}/{order}"),
            role_id=identifiers.resource_id(self._keys, f"role/{code}/{order}"),
            name=names.written("01", family, rest),
            family=family,
            rest=rest,
            sex=sex,
            birth=birth,
            licence=identifiers.licence(rng, _issuer(province.name)),
            title=post[0],
            specialty=post[1],
        )


def _posts(entry: dict[str, object]) -> list[tuple[str, str]]:
    posts = entry["posts"]
    assert isinstance(posts, list)
    return [(post[0], post[1]) for post in posts]


def _issuer(province: str) -> str:
    """The initials that stand for a province on a licence: Hà Nội → HN."""
    from hoso.core.text import fold

    return "".join(word[0] for word in fold(province).split()).upper()
