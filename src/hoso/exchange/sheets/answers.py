"""What the desk found as JSON, with its texts in the language asked for; the command and the API say the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hoso.exchange.intake import Standing
from hoso.exchange.intake.report import of_deposit
from hoso.exchange.sheets.desk import Check, Loaded, Look
from hoso.exchange.sheets.header import names
from hoso.exchange.sheets.kinds import Kind, kinds
from hoso.exchange.sheets.repairs import Repairs
from hoso.fhir.outcome import Language, text

Json = dict[str, Any]
SHEETS = 100


def look(found: Look, language: Language) -> Json:
    header = found.sheet.header
    titles = names(header)
    guesses = {guess.column: guess for guess in found.guesses}
    columns = []
    for title in titles:
        guess, target = guesses.get(title), found.mapping.columns.get(title)
        columns.append(
            {
                "column": title,
                "field": target.field if target else "",
                "of": target.of if target else "",
                "unit": target.unit if target else "",
                "confidence": 1.0 if found.remembered and target else guess.confidence if guess else 0.0,
                "because": [text(issue, language) for issue in guess.because] if guess else [],
                "sample": list(guess.sample) if guess else [],
            }
        )
    return {
        "format": found.tables.kind,
        "encoding": found.tables.encoding,
        "separator": found.tables.separator,
        "sheets": [{"name": one.name, "hidden": one.hidden} for one in found.tables.sheets[:SHEETS]],
        "sheet": found.sheet.name,
        "header": {"rows": list(header.rows), "first": header.first, "above": list(header.above[:20])},
        "kind": found.mapping.kind,
        "certain": found.certain,
        "remembered": found.remembered,
        "missing": [list(group) for group in found.mapping.missing()],
        "columns": columns,
        "mapping": found.mapping.as_json(),
        "notes": [text(issue, language) for issue in found.tables.notes],
    }


def check(found: Check, language: Language) -> Json:
    return {
        "read": found.read,
        "good": found.good,
        "refused": found.refused,
        "twice": found.twice,
        "persons": {outcome: number for outcome, number in sorted(found.whose.items()) if outcome},
        "leftOut": [text(issue, language) for issue in found.left_out],
        "repairs": repairs(found.repairs, language),
    }


def repairs(found: Repairs, language: Language) -> list[Json]:
    """One for each group: how many rows, the first of them, what was found and, where one can be told, the fix."""
    return [
        {
            "key": one.key,
            "severity": one.severity,
            "column": one.column,
            "count": one.count,
            "text": text(one.example, language),
            "rows": one.rows,
            "found": [{"text": words, "row": row, "fix": fix} for words, (row, fix) in one.texts.items()],
        }
        for one in found.groups()
    ]


def loaded(found: Loaded, standings: Sequence[Standing], language: Language) -> Json:
    """The last of the deposits is that of the rows which are new; before it those in which rows were mended."""
    return {
        "deposit": found.id,
        "new": found.new,
        "mended": sum(map(len, found.mended.values())),
        "leftOut": [text(issue, language) for issue in found.left_out],
        "notTaken": [text(issue, language) for issue in found.not_taken],
        "deposits": [of_deposit(one) for one in standings],
    }


def kind(of: Kind, language: Language) -> Json:
    fields = [
        {
            "code": one.code,
            "title": one.title(language),
            "meaning": one.meaning[language],
            "format": one.format,
            "example": one.example,
            "choices": list(one.choices),
            "many": one.many,
            "needed": next((list(group) for group in of.need if one.code in group), []),
        }
        for one in of.fields.values()
    ]
    return {"kind": of.code, "title": of.title(language), "fields": fields}


def all_kinds(language: Language) -> list[Json]:
    return [kind(one, language) for one in kinds().values()]
