"""One health check as its keys and texts, whether it came as XML or as a row of a sheet, and where each stood."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from hoso.core import Issue, fold
from hoso.exchange.health_checks.definitions import PARACLINICAL, field_of, rules
from hoso.exchange.insurance import values
from hoso.exchange.insurance.visit import Place, Row, Visit

_RESULT = ("MA_DICH_VU", "MA_CHI_SO", "GIA_TRI", "DON_VI_DO", "MO_TA", "KET_LUAN")


class Cell(Place):
    """A place in a sheet, as people say it: "5A!12.NGAY_SINH"."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{self.source}!{self.visit}" + (f".{self.field}" if self.field else "")


@dataclass(slots=True)
class Dossier:
    """`person` has all keys but those of results, which are rows of their own in `results`.

    `facility` is the code of whoever examined. `issues` say what could not be read.
    """

    person: Row
    results: list[Row] = field(default_factory=list)
    facility: str = ""
    made: str = ""
    issues: list[Issue] = field(default_factory=list)

    def get(self, name: str) -> str:
        return self.person.get(name)

    def at(self, name: str) -> Place:
        return self.person.at(name)

    @property
    def examined(self) -> str:
        """The day of the check as a partial date; "" when it cannot be read."""
        return values.day(self.get("NGAY_VAO")) or ""

    @property
    def born(self) -> str:
        return values.day(self.get("NGAY_SINH")) or ""

    @property
    def form(self) -> str:
        """As TYPE says, else by the age on that day."""
        said = self.get("TYPE").lower()
        known = {name.lower(): name for name in rules()["form"]}
        return known.get(said) or self.form_by_age or "Adult"

    @property
    def form_by_age(self) -> str:
        """ "" when the age is not known."""
        age = self.age
        fitting = (name for name, one in rules()["form"].items() if age is not None and one["from"] <= age < one["to"])
        return next(fitting, "")

    @property
    def age(self) -> int | None:
        """Whole years on the day of the check; by the years alone where a day is not known."""
        born, examined = self.born, self.examined
        if not born or not examined:
            return None
        if len(born) == len(examined) == 10:
            first, day = date.fromisoformat(born), date.fromisoformat(examined)
            return day.year - first.year - ((day.month, day.day) < (first.month, first.day))
        return int(examined[:4]) - int(born[:4])

    @property
    def place(self) -> str:
        """The school and class, or the workplace."""
        return self.get("NOI_LAM_VIEC_HOC_TAP")

    @property
    def label(self) -> str:
        """What the sender finds it by: its number, else its row, else its name."""
        if number := self.get("MA_LK"):
            return number
        return str(self.person.place) if isinstance(self.person.place, Cell) else self.get("HO_TEN")

    @property
    def key(self) -> str:
        """What names the check for good at its facility: MA_LK, else whose it is and when.

        Accents count, for twins may be called Phương and Phượng; capitals and spaces do not.
        """
        if number := self.get("MA_LK"):
            return number
        name = unicodedata.normalize("NFC", " ".join(self.get("HO_TEN").split())).casefold()
        parts = [self.get("SO_CCCD"), name, self.born, self.get("GIOI_TINH"), self.examined, fold(self.place)]
        return "/".join(parts)


def of_visit(visit: Visit, made: str) -> Dossier:
    """Of a package: its sections together, a key in brackets of others by its own name."""
    place = visit.place
    person = Row(place)
    found = Dossier(person, [], visit.facility, made, list(visit.issues))
    for title, rows in visit.tables.items():
        for row in rows:
            taken = Row(row.place)
            for name, text in row.values.items():
                plain = _plain(name)
                target = taken if title == PARACLINICAL and plain.partition("#")[0] in _RESULT else person
                _put(target, plain, text)
                if name in row.originals:
                    target.originals[plain] = row.originals[name]
            if any(taken.values.values()):
                found.results.append(taken)
    found.facility = found.get("MA_CSKCB") or found.get("MA_GTIN_CSKCB") or visit.facility
    return found


def of_cells(cells: Mapping[str, str], place: Cell, facility: str) -> Dossier:
    """Of a row of a sheet, keys and texts."""
    person, result = Row(place), Row(place)
    for name, text in cells.items():
        (result if name in _RESULT else person).values[name] = text
    results = [result] if any(result.values.values()) else []
    code = person.get("MA_CSKCB") or person.get("MA_GTIN_CSKCB") or facility
    return Dossier(person, results, code)


def _plain(name: str) -> str:
    """Software puts keys into groups; a key that the form knows is told by its last part."""
    last = name.rpartition(".")[2]
    return last if field_of(last.partition("#")[0]) else name


def _put(row: Row, name: str, text: str) -> None:
    """A key twice: the first that says something counts, another text is kept beside it."""
    here = row.values.get(name, "").strip()
    if not here:
        row.values[name] = text
    elif text.strip() and text.strip() != here:
        again = 2
        while f"{name}#{again}" in row.values:
            again += 1
        row.values[f"{name}#{again}"] = text
