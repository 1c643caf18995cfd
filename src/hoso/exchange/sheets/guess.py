"""Guessing what the columns of a sheet mean, from their titles and from what stands in them; every guess says why.

A guess is a proposal to people. It goes unseen only when it is certain: every needed field by its very title.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from hoso.core import Issue
from hoso.exchange.insurance.mapping import codes
from hoso.exchange.sheets import dates, looks
from hoso.exchange.sheets.cells import Row
from hoso.exchange.sheets.header import names
from hoso.exchange.sheets.kinds import KINDS, ROW, Field, Kind, in_brackets, kinds, plain
from hoso.exchange.sheets.mapping import Mapping, Target
from hoso.exchange.sheets.names_of import tests_of, vaccine_of
from hoso.exchange.sheets.table import Sheet

SAMPLE = 200
CERTAIN = 0.9
LIKELY = 0.5
"""From here on a guess is put into the proposal; below, the column is kept as it is."""
CLEAR = 0.3
"""So much more a kind must explain than the next: less than a title that is half a guess."""
_SHOWN = 5
_FEW = 5
"""Fewer cells than these say little against a title."""
_BY_CONTENT = {"identity": 0.7, "insurance": 0.75, "phone": 0.65, "name": 0.55, "sex": 0.6, "pressure": 0.6, "icd": 0.6}
"""How far content alone is believed: a column of names may be that of mothers."""


@dataclass(frozen=True, slots=True)
class Guess:
    """`confidence` from 0 to 1. `because` says why, as lines of the message catalogue; `sample` are values seen."""

    column: str
    target: Target | None
    confidence: float
    because: tuple[Issue, ...] = ()
    sample: tuple[str, ...] = ()


@dataclass(slots=True)
class Proposal:
    """`mapping` holds the guesses from LIKELY on; `certain` that it may be used without being seen."""

    mapping: Mapping
    guesses: list[Guess]
    certain: bool
    kinds: dict[str, float] = field(default_factory=dict)
    notes: list[Issue] = field(default_factory=list)


@dataclass(slots=True)
class _Column:
    name: str
    title: str
    key: str
    texts: list[str]
    shares: dict[str, float | None] = field(default_factory=dict)

    def share(self, format: str) -> float | None:
        """Worked out once, for the fields of all kinds."""
        format = format.partition(":")[0]
        if format not in self.shares:
            self.shares[format] = looks.share(format, self.texts)
        return self.shares[format]


def propose(sheet: Sheet, facility: str, wanted: str = "") -> Proposal:
    """`wanted` is the kind, if people say so; else the kind of which the sheet has most."""
    columns = _columns(sheet)
    tried = {name: _of_kind(columns, kinds()[name]) for name in ([wanted] if wanted else KINDS)}
    scores = {name: _score(kinds()[name], guesses) for name, guesses in tried.items()}
    best = max(scores, key=lambda name: scores[name])
    guesses = tried[best]
    chosen = {guess.column: guess.target for guess in guesses if guess.target and guess.confidence >= LIKELY}
    mapping = Mapping(best, facility, chosen, sheet.name if sheet.hidden else "")
    second = max((score for name, score in scores.items() if name != best), default=0.0)
    clear = bool(wanted) or scores[best] - second >= CLEAR
    certain = bool(sheet.header.rows) and clear and _is_certain(kinds()[best], guesses)
    return Proposal(mapping, guesses, certain, scores)


def _columns(sheet: Sheet) -> list[_Column]:
    rows: list[Row] = list(islice(sheet.rows(), SAMPLE))
    header = sheet.header
    found = []
    for at, name in enumerate(names(header)):
        texts = [row.texts[at] for row in rows if at < len(row.texts) and row.texts[at]]
        key = header.keys[at] if at < len(header.keys) else ""
        found.append(_Column(name, header.titles[at], key, texts))
    return found


def _of_kind(columns: Sequence[_Column], kind: Kind) -> list[Guess]:
    """The best of every column; a field goes to the column that has the best claim to it."""
    claims = sorted(
        ((guess, at) for at, column in enumerate(columns) for guess in _claims(column, kind)),
        key=lambda one: (-one[0].confidence, not _is_own(one[0], kind), one[1]),
    )
    taken: dict[int, Guess] = {}
    fields: set[str] = set()
    for guess, at in claims:
        assert guess.target is not None
        of = kind.fields[guess.target.field]
        if at in taken or (of.code in fields and not of.many and of.format != "ignored"):
            continue
        taken[at] = guess
        fields.add(of.code)
    return [
        taken.get(at) or Guess(column.name, None, 0.0, (), tuple(column.texts[:_SHOWN]))
        for at, column in enumerate(columns)
    ]


def _is_own(guess: Guess, kind: Kind) -> bool:
    """Of two fields with the same title the kind's own is meant: "Đơn vị" is the unit in a list of results."""
    return guess.target is not None and kind.fields[guess.target.field].own


def _claims(column: _Column, kind: Kind) -> list[Guess]:
    found = [guess for of in kind.fields.values() if (guess := _claim(column, of))]
    if "measure" in kind.fields and (guess := _measure(column)):
        found.append(guess)
    if "vaccination" in kind.fields and (guess := _vaccination(column)):
        found.append(guess)
    return found


def _claim(column: _Column, of: Field) -> Guess | None:
    by_title, words = _by_title(column, of)
    share = column.share("words" if by_title and of.format == "name" else of.format)
    because = []
    if by_title:
        because.append(_why("sheet.why-title", words=words, field=of.vi))
    if share is not None:
        because.append(_why("sheet.why-content", share=str(round(share * 100)), field=of.vi))
    if by_title and share is not None and column.texts:
        doubt = 0.45 if len(column.texts) >= _FEW else 0.65
        confidence = by_title if share >= 0.7 else by_title * min(1.0, doubt + 0.75 * share)
    else:
        confidence = by_title
    if not by_title and share is not None and share >= 0.8 and len(column.texts) >= 3:
        confidence = _BY_CONTENT.get(of.format, 0.0) * share if not of.own and of.code != "guardian" else 0.0
    if confidence <= 0.1:
        return None
    order = dates.order_of(column.texts) if of.format in ("birth", "day", "moment") else ""
    if order:
        because.append(_why("sheet.why-order"))
    return Guess(
        column.name, Target(of.code, order=order), round(confidence, 2), tuple(because), tuple(column.texts[:_SHOWN])
    )


def _by_title(column: _Column, of: Field) -> tuple[float, str]:
    """How much the title says it, and the words that do."""
    if column.key and plain(column.key) in of.headers:
        return 0.98, column.key
    whole, bare = " ".join(plain(column.title.replace("(", " ").replace(")", " ")).split()), plain(column.title)
    last = plain(column.title.rpartition(" / ")[2])
    if not bare:
        return 0.0, ""
    if whole in of.headers or bare in of.headers:
        return 0.95, column.title
    if last != bare and last in of.headers:
        return 0.8, column.title
    best = max((one for one in of.headers if len(one) > 2 and f" {one} " in f" {bare} "), key=len, default="")
    return (0.35 + 0.45 * len(best) / len(bare), best) if best else (0.0, "")


def _measure(column: _Column) -> Guess | None:
    test = next(iter(tests_of(column.title)), None)
    share = column.share("result")
    unit = in_brackets(column.title)
    if not column.texts or (share or 0) < 0.7 or (test is None and unit not in codes()["units"]):
        return None
    because = (
        _why("sheet.why-test", words=column.title, test=test.vi)
        if test
        else _why("sheet.why-unit", words=column.title, unit=unit),
    )
    target = Target("measure", of=plain_title(column.title), unit=unit)
    return Guess(column.name, target, 0.92 if test else 0.75, because, tuple(column.texts[:_SHOWN]))


def _vaccination(column: _Column) -> Guess | None:
    found = vaccine_of(column.title)
    share = column.share("moment")
    if found is None or not column.texts or (share or 0) < 0.7:
        return None
    because = (_why("sheet.why-vaccine", words=column.title),)
    target = Target("vaccination", of=found.words, dose=found.dose, order=dates.order_of(column.texts))
    return Guess(column.name, target, 0.92, because, tuple(column.texts[:_SHOWN]))


def plain_title(title: str) -> str:
    return title.partition("(")[0].strip() or title


def _why(key: str, **values: str) -> Issue:
    return Issue("informational", key, values, severity="information")


def _score(kind: Kind, guesses: Sequence[Guess]) -> float:
    """How much of a sheet the kind explains; a kind of which a need is missing, hardly."""
    own = sum(one.confidence for one in guesses if one.target and kind.fields[one.target.field].own)
    person = sum(one.confidence for one in guesses if one.target and not kind.fields[one.target.field].own) * 0.2
    used = {one.target.field for one in guesses if one.target and one.confidence >= LIKELY}
    lacking = sum(not used & set(group) for group in kind.need)
    return own + person - 2.0 * lacking


def _is_certain(kind: Kind, guesses: Sequence[Guess]) -> bool:
    """Every need filled by certain guesses, and no guess taken that is not."""
    sure = {one.target.field for one in guesses if one.target and one.confidence >= CERTAIN}
    doubtful = [one for one in guesses if one.target and LIKELY <= one.confidence < CERTAIN and one.target.field != ROW]
    return all(sure & set(group) for group in kind.need) and not doubtful
