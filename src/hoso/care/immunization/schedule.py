"""The programme's tables as values: vaccines and what is in them, series and their doses, slots of the card.

What stands in rules/immunization.toml and rules/vaccines.toml is all there is; nothing about a vaccine is in code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from hoso.care.immunization.ages import after
from hoso.care.rules import table
from hoso.core import fold


@dataclass(frozen=True, slots=True)
class Vaccine:
    """`live`: "" is not, "injected" obeys the rule of the gap, "oral" does not."""

    key: str
    title: str
    cvx: tuple[str, ...]
    words: tuple[str, ...]
    antigens: frozenset[str]
    live: str
    holds: frozenset[str]
    route: str
    site: str
    ml: float


@dataclass(frozen=True, slots=True)
class Dose:
    vaccine: str
    age: str
    late: str
    min_age: str
    gap: str = ""
    min_gap: str = ""
    max_age: str = ""
    needs: frozenset[str] = frozenset()
    vaccine_from: tuple[tuple[str, str], ...] = ()
    since: date = date.min
    counts_until: str = ""

    def given_at(self, born: date, on: date) -> str:
        """The vaccine that the programme gives for it to a child of that age."""
        fitting = [key for age, key in self.vaccine_from if on >= after(born, age)]
        return fitting[-1] if fitting else self.vaccine


@dataclass(frozen=True, slots=True)
class Path:
    doses: tuple[Dose, ...]
    begun_with: str = ""
    """Open only to those whose first dose had this antigen."""


@dataclass(frozen=True, slots=True)
class Series:
    key: str
    title: str
    needs: frozenset[str]
    paths: tuple[Path, ...]
    needs_from: tuple[str, frozenset[str]] | None
    only: str
    when: str
    from_age: str
    areas: Mapping[str, date] | None
    basic: tuple[tuple[int, Path], ...]
    diseases: tuple[tuple[str, str], ...]

    def offered(self, born: date, province: str) -> bool:
        return self.areas is None or (province in self.areas and born >= self.areas[province])


@dataclass(frozen=True, slots=True)
class Contraindication:
    key: str
    title: str
    kinds: frozenset[str]
    antigens: frozenset[str]
    icd10: tuple[str, ...]
    snomed: tuple[str, ...]

    def forbids(self, vaccine: Vaccine) -> bool:
        return vaccine.live in self.kinds or bool(self.antigens & vaccine.antigens)


@dataclass(frozen=True, slots=True)
class Slot:
    """A line of the printed card: at which age which vaccine, and the doses ("series", number) it stands for."""

    at: str
    vaccine: str
    doses: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Programme:
    """The schedule in force on a day."""

    law: str
    since: date
    series: tuple[Series, ...]
    slots: tuple[Slot, ...]
    grace_days: int
    live_gap_days: int


@cache
def vaccines() -> Mapping[str, Vaccine]:
    return {
        row["key"]: Vaccine(
            row["key"], row["title"], tuple(row["cvx"]), tuple(fold(word) for word in row["words"]),
            frozenset(row["antigens"]), row.get("live", ""), frozenset(row.get("holds", ())),
            row["route"], row["site"], row["ml"],
        )
        for row in table("vaccines")["vaccine"]
    }  # fmt: skip


def vaccine_named(codes: Iterable[str], words: str) -> Vaccine | None:
    """By a CVX code that the table has; by the longest of its names in the words where no code says it alone."""
    known = [one for code in codes for one in vaccines().values() if code.zfill(2) in one.cvx]
    if len(known) == 1:
        return known[0]
    said = f" {' '.join(''.join(c if c.isalnum() else ' ' for c in fold(words)).split())} "
    listed = known or list(vaccines().values())
    named = [(len(word), one) for one in listed for word in one.words if f" {word} " in said]
    return max(named, key=lambda pair: pair[0])[1] if named else next(iter(known), None)


@cache
def programme(on: date) -> Programme:
    """The newest version before or on that day; before the first, the first."""
    rules = table("immunization")
    versions = sorted(rules["version"], key=lambda row: row["from"])
    version = next((row for row in reversed(versions) if row["from"] <= on), versions[0])
    rows = {row["key"]: row for row in rules["series"]}
    series = tuple(_series(rows[key], on) for key in version["series"])
    has = {(one.key, number + 1) for one in series for number in range(len(one.paths[0].doses))}
    return Programme(
        version["law"],
        version["from"],
        series,
        tuple(slot for slot in _slots(rules["slot"]) if has.issuperset(slot.doses)),
        rules["grace_days"],
        rules["live_gap_days"],
    )


def contraindications() -> tuple[Contraindication, ...]:
    return tuple(
        Contraindication(
            row["key"], row["title"], frozenset(row.get("kinds", ())), frozenset(row.get("antigens", ())),
            tuple(row.get("icd10", ())), tuple(row.get("snomed", ())),
        )
        for row in table("immunization")["contraindication"]
    )  # fmt: skip


def _slots(rows: Iterable[dict[str, Any]]) -> Iterable[Slot]:
    for row in rows:
        for vaccine, *doses in row["lines"]:
            parts = (dose.partition(":") for dose in doses)
            yield Slot(row["at"], vaccine, tuple((key, int(number)) for key, _, number in parts))


def _series(row: dict[str, Any], on: date) -> Series:
    later = row.get("needs_from")
    main, other = _path(row, on), [_path(one, on) for one in _listed(row.get("path"))]
    return Series(
        key=row["key"],
        title=row["title"],
        needs=frozenset(row["needs"]),
        paths=(main, *other),
        needs_from=(later["age"], frozenset(later["needs"])) if later else None,
        only=row.get("only", ""),
        when=row.get("when", ""),
        from_age=row.get("from_age", ""),
        areas=row.get("areas"),
        basic=tuple((one["basic"], _path(one, on)) for one in row.get("after", ())),
        diseases=tuple((code, words) for code, words in row["diseases"]),
    )


def _listed(value: Any) -> list[Any]:
    return [value] if isinstance(value, dict) else list(value or ())


def _path(row: dict[str, Any], on: date) -> Path:
    return Path(tuple(dose for one in row["dose"] if (dose := _dose(one)).since <= on), row.get("begun_with", ""))


def _dose(row: dict[str, Any]) -> Dose:
    gap = row.get("gap", "")
    return Dose(
        row["vaccine"], row["age"], row["late"], row.get("min_age", row["age"] if not gap else "0 days"), gap,
        row.get("min_gap", gap), row.get("max_age", ""), frozenset(row.get("needs", ())),
        tuple((age, key) for age, key in row.get("vaccine_from", ())), row.get("since", date.min),
        row.get("counts_until", ""),
    )  # fmt: skip
