"""The page of columns: what each seems to be, how sure that is and why, and what its form says it is."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from typing import Any

from hoso.exchange.sheets.desk import Look
from hoso.exchange.sheets.guess import CERTAIN, LIKELY
from hoso.exchange.sheets.header import names
from hoso.exchange.sheets.kinds import ROW, Kind, kind
from hoso.exchange.sheets.mapping import Mapping, Target
from hoso.fhir.outcome import Language, text

SHOWN = 60
"""Columns on the page; those behind keep what was guessed."""
LEFT_OUT = "-"
_NAMED = ("measure", "vaccination")
"""Fields whose column says which test or vaccine it is."""
_DATES = ("birth", "day", "moment")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Column:
    """`chosen` is a field, LEFT_OUT, or "" for a column that is kept as it is written."""

    at: int
    name: str
    sample: tuple[str, ...]
    chosen: str
    of: str
    unit: str
    dose: str
    months_first: bool
    dated: bool
    named: bool
    sure: str
    percent: int
    because: tuple[str, ...]


def shown(look: Look, mapping: Mapping, language: Language) -> list[Column]:
    fields = kind(mapping.kind).fields
    guesses = {guess.column: guess for guess in look.guesses}
    found = []
    for at, name in enumerate(names(look.sheet.header)[:SHOWN]):
        guess, target = guesses.get(name), mapping.columns.get(name)
        field = fields.get(target.field) if target else None
        is_guess = guess is not None and guess.target is not None and target == guess.target
        found.append(
            Column(
                at,
                name,
                guess.sample[:3] if guess else (),
                "" if target is None else target.field or LEFT_OUT,
                target.of if target else "",
                target.unit if target else "",
                target.dose if target else "",
                bool(target and target.order == "mdy"),
                field is not None and field.format in _DATES,
                field is not None and field.code in _NAMED,
                _sure(guess.confidence) if guess and is_guess and not look.remembered else "",
                round(guess.confidence * 100) if guess else 0,
                tuple(text(one, language) for one in guess.because) if guess and is_guess else (),
            )
        )
    return found


def _sure(confidence: float) -> str:
    return "certain" if confidence >= CERTAIN else "likely" if confidence >= LIKELY else "doubtful"


def told(look: Look, before: Mapping, form: Dictionary[str, Any]) -> Mapping:
    """The mapping as the form says it; columns that it did not show stay as they were."""
    titles = names(look.sheet.header)
    columns = {name: target for name, target in before.columns.items() if name in titles[SHOWN:]}
    for at, name in enumerate(titles[:SHOWN]):
        chosen = str(form.get(f"c{at}", ""))[:_LONGEST]
        if not chosen:
            continue
        named = chosen in _NAMED
        columns[name] = Target(
            "" if chosen == LEFT_OUT else chosen,
            _said(form, f"o{at}") if named else "",
            _said(form, f"u{at}") if named else "",
            _said(form, f"d{at}") if named else "",
            "mdy" if form.get(f"m{at}") else "",
        )
    return Mapping(before.kind, before.facility, columns, before.sheet)


def _said(form: Dictionary[str, Any], name: str) -> str:
    return " ".join(str(form.get(name, ""))[:_LONGEST].split())


def choices(of: Kind, language: Language) -> list[tuple[bool, list[tuple[str, str]]]]:
    """Fields of the kind itself (True), then those of the person, each with its title."""
    groups = []
    for own in (True, False):
        listed = [(one.code, one.title(language)) for one in of.fields.values() if one.own is own and one.code != ROW]
        if own is False:
            row = of.fields[ROW]
            listed.append((row.code, row.title(language)))
        if listed:
            groups.append((own, listed))
    return groups


def needs(mapping: Mapping, language: Language) -> list[str]:
    """What no column says yet although every row needs it: one of each group."""
    fields = kind(mapping.kind).fields
    return [" / ".join(fields[code].title(language) for code in group) for group in mapping.missing()]
