"""The vaccination card: the programme's lines by age with what each came to, and which vaccines are to be given now."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Literal

from hoso.care.immunization.counting import Doubt, Given
from hoso.care.immunization.forecast import Forecast, Line, Status
from hoso.care.immunization.schedule import Programme, Slot, vaccines
from hoso.care.rules import table

_FIRST: tuple[Status, ...] = ("late", "due", "contraindicated", "early", "closed", "elsewhere")
"""What a cell that stands for several doses says, when they differ."""
CHILD_UNTIL = 15
"""Years of age up to which the children's programme is shown."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the card. `number` of those of its vaccine, 0 when there is but one; `on`: when it was given, else
    from when it is recommended."""

    vaccine: str
    number: int
    status: Status
    on: date | None
    until: date | None
    why: tuple[str, ...]
    given: Given | None

    @property
    def title(self) -> str:
        return vaccines()[self.vaccine].title

    @property
    def given_as(self) -> str:
        """The name of what was given, when it is another vaccine than the programme's."""
        if self.given is None or self.given.vaccine == self.vaccine or not self.given.vaccine:
            return ""
        return vaccines()[self.given.vaccine].title


@dataclass(frozen=True, slots=True)
class Row:
    """`at`: an age in the words of the schedule, a catalogue key."""

    at: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A vaccine to give now; `doses`: the series and numbers for which it is due."""

    vaccine: str
    doses: tuple[tuple[str, int], ...]
    late: bool
    until: date | None

    @property
    def title(self) -> str:
        return vaccines()[self.vaccine].title


def rows(found: Forecast, rules: Programme) -> tuple[Row, ...]:
    by_age: dict[str, list[Cell]] = {}
    times, seen = Counter(slot.vaccine for slot in rules.slots), Counter[str]()
    for slot in rules.slots:
        seen[slot.vaccine] += 1
        number = seen[slot.vaccine] if times[slot.vaccine] > 1 else 0
        if (cell := _cell(slot, number, found)) is not None:
            by_age.setdefault(slot.at, []).append(cell)
    return tuple(Row(at, tuple(cells)) for at, cells in by_age.items())


def _cell(slot: Slot, number: int, found: Forecast) -> Cell | None:
    lines = [line for dose in slot.doses if (line := found.line(*dose)) is not None]
    if not lines:
        return None
    open_lines = [line for line in lines if line.status != "given"]
    if not open_lines:
        last = max((line.given for line in lines if line.given), default=None)
        return Cell(slot.vaccine, number, "given", last.on if last else None, None, (), last)
    shown = min(open_lines, key=lambda line: _FIRST.index(line.status))
    vaccine = shown.vaccine if shown.status in ("due", "late") else slot.vaccine
    return Cell(vaccine, number, shown.status, shown.recommended, shown.latest, shown.why, None)


def offers(found: Forecast) -> tuple[Offer, ...]:
    """Each vaccine once, in the order of the schedule."""
    by_vaccine: dict[str, list[Line]] = {}
    for line in found.due:
        by_vaccine.setdefault(line.vaccine, []).append(line)
    return tuple(
        Offer(
            vaccine,
            tuple((line.series, line.number) for line in lines),
            any(line.status == "late" for line in lines),
            min((line.latest for line in lines if line.latest), default=None),
        )
        for vaccine, lines in by_vaccine.items()
    )


def coming(found: Forecast) -> tuple[tuple[date, tuple[str, ...]], ...]:
    """The days from which something is recommended, each with its vaccines: what is due, then what is next of each
    series."""
    by_day: dict[date, dict[str, None]] = {}
    seen: set[str] = set()
    for line in found.lines:
        if line.status in ("due", "late", "early") and line.recommended and line.series not in seen:
            seen.add(line.series)
            by_day.setdefault(line.recommended, {})[line.vaccine] = None
    return tuple((day, tuple(names)) for day, names in sorted(by_day.items()))


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose on the list of all: what it counts as, else why it counts for nothing."""

    given: Given
    counts: tuple[tuple[str, int], ...]
    doubt: Doubt | Literal["unknown", "other"]

    @property
    def series(self) -> tuple[tuple[str, int], ...]:
        """(title of the series, number of the dose)."""
        titles = {row["key"]: row["title"] for row in table("immunization")["series"]}
        return tuple((titles[key], number) for key, number in self.counts)


def doses(found: Forecast, given: tuple[Given, ...]) -> tuple[Dose, ...]:
    """Newest first."""
    return tuple(_dose(found, one) for one in reversed(given))


def _dose(found: Forecast, one: Given) -> Dose:
    judged = [(key, j) for key, j in found.judged if j.given == one]
    counts = tuple((key, j.number) for key, j in judged if j.number)
    if counts:
        return Dose(one, counts, "")
    if not one.vaccine:
        return Dose(one, (), "unknown")
    return Dose(one, (), next((j.doubt for _, j in judged if j.doubt), "other"))
