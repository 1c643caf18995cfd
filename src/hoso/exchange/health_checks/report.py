"""What became of a roster, person by person and class by class: who was known, new or to review, and how healthy.

Made from a deposit of the intake whenever it is asked for, so it says how things stand now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from hoso.core import Issue, Refused
from hoso.exchange.health_checks.definitions import rules
from hoso.exchange.health_checks.dossier import Dossier
from hoso.exchange.health_checks.reading import dossiers
from hoso.exchange.insurance import values
from hoso.exchange.intake import Item, Sender, Standing
from hoso.fhir.outcome import Language, text

FORMAT = "ksk"
BECAME = ("known", "linked", "new", "review", "stored", "refused", "waiting", "undone", "set-aside")
"""`known`: the very check was here before; `linked`: to somebody known; `stored`: without a person yet."""
_STATES = {"quarantined": "refused", "waiting": "waiting", "put-off": "waiting"}
_FINDINGS = ("CAC_VAN_DE_SUC_KHOE", "CAC_BENH_TAT_NEU_CO", "GHI_RO_VAN_DE_SUC_KHOE", "VAN_DE_SUC_KHOE")


class Desk(Protocol):
    """The intake, as far as a report asks it."""

    def standing(self, sender: Sender, id: str) -> Standing: ...

    def items(self, sender: Sender, id: str, *, after: int = 0) -> list[Item]: ...

    def current(self, sender: Sender, id: str, number: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One person. `group`: school and class, or workplace. `grade`: 1 to 5, 0 when the form says none."""

    number: int
    place: str
    name: str
    born: str
    group: str
    form: str
    became: str
    code: str = ""
    grade: int = 0
    diagnoses: Sequence[str] = ()
    findings: str = ""
    issues: Sequence[Issue] = ()


@dataclass(slots=True)
class Group:
    """`became` counts people by what became of them, `grades` by class of health, `diagnoses` by code."""

    name: str
    people: int = 0
    became: Counter[str] = field(default_factory=Counter)
    grades: Counter[int] = field(default_factory=Counter)
    diagnoses: Counter[str] = field(default_factory=Counter)

    def add(self, line: Line) -> None:
        self.people += 1
        self.became[line.became] += 1
        self.grades[line.grade] += 1
        self.diagnoses.update(line.diagnoses)


@dataclass(slots=True)
class Report:
    """`groups` in the order in which they came, `whole` all of them together."""

    standing: Standing
    lines: list[Line] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    whole: Group = field(default_factory=lambda: Group(""))

    def add(self, line: Line) -> None:
        self.lines.append(line)
        self.groups.setdefault(line.group, Group(line.group)).add(line)
        self.whole.add(line)


def report(desk: Desk, sender: Sender, id: str) -> Report:
    """Raises Refused(404) for a deposit the sender does not have, and Refused(400) for one of another format."""
    standing = desk.standing(sender, id)
    if standing.format != FORMAT:
        raise Refused.because(400, "invalid", "ksk.no-roster", id=id, format=standing.format)
    made = Report(standing)
    for item in _items(desk, sender, id):
        for line in _lines(desk, sender, id, item):
            made.add(line)
    return made


def _items(desk: Desk, sender: Sender, id: str) -> Iterator[Item]:
    after = 0
    while found := desk.items(sender, id, after=after):
        yield from found
        after = found[-1].number


def _lines(desk: Desk, sender: Sender, id: str, item: Item) -> Iterator[Line]:
    """One, unless a piece holds several; a piece that cannot be read has no name."""
    try:
        found = dossiers(desk.current(sender, id, item.number), item.number)
    except Refused:
        found = []
    became = _STATES.get(item.state, item.state)
    if item.state in ("stored", "unchanged"):
        became = item.whose or "stored"
    if not found:
        yield Line(item.number, item.place, item.label, "", "", "", became, issues=item.issues)
    for one in found:
        yield _line(item, one, became)


def _line(item: Item, one: Dossier, became: str) -> Line:
    grade = one.get("PHAN_LOAI_SK")
    return Line(
        item.number,
        str(one.person.place),
        one.get("HO_TEN"),
        one.born,
        " ".join(one.place.split()),
        one.form,
        became,
        item.code,
        int(grade) if grade in rules()["class"] else 0,
        values.listed(one.get("KET_LUAN_BENH").upper()),
        "; ".join(filter(None, map(one.get, _FINDINGS))),
        item.issues,
    )


def as_json(made: Report, language: Language) -> dict[str, Any]:
    """The whole report; reasons in the language asked for."""
    standing = made.standing
    return {
        "deposit": standing.id,
        "name": standing.name,
        "facility": standing.facility,
        "received": standing.received,
        "over": standing.over,
        "summary": _group(made.whole),
        "groups": [_group(one) for one in made.groups.values()],
        "people": [_person(line, language) for line in made.lines],
    }


def _group(one: Group) -> dict[str, Any]:
    return {
        "group": one.name,
        "people": one.people,
        "became": {name: one.became[name] for name in BECAME if one.became[name]},
        "classes": {str(grade): one.grades[grade] for grade in sorted(one.grades) if grade},
        "without_class": one.grades[0],
        "diagnoses": dict(one.diagnoses.most_common()),
    }


def _person(line: Line, language: Language) -> dict[str, Any]:
    return {
        "item": line.number,
        "place": line.place,
        "name": line.name,
        "born": line.born,
        "group": line.group,
        "form": line.form,
        "became": line.became,
        "code": line.code,
        "class": line.grade or None,
        "diagnoses": list(line.diagnoses),
        "findings": line.findings,
        "reasons": reasons(line, language, "error"),
        "warnings": reasons(line, language, "warning"),
    }


def reasons(line: Line, language: Language, severity: str) -> list[str]:
    return [text(issue, language) for issue in line.issues if issue.severity == severity]


def words(name: str, language: Language) -> str:
    """Of what became of somebody."""
    found: Mapping[str, Mapping[str, str]] = rules()["became"]
    return found[name][language]
