"""The whole form as it was filled in: every key with its answer, also "no", also keys that nobody knows.

What else is made of a health check is drawn from these answers; nothing that was written is only elsewhere.
"""

from __future__ import annotations

import base64
import binascii
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from hoso.exchange.health_checks.definitions import Field, field_of, listed, rules
from hoso.exchange.health_checks.dossier import Dossier
from hoso.exchange.health_checks.ways import health_class
from hoso.exchange.insurance import values
from hoso.exchange.insurance.mapping import kept
from hoso.exchange.insurance.visit import Row
from hoso.fhir import systems

Resource = dict[str, Any]
ANSWER = "https://hoso.vn/CodeSystem/health-check-answer"
OTHER = "KHAC"
_LONG = 1_000
"""A signature longer than this is a picture of one."""


def response(dossier: Dossier) -> Resource:
    """A QuestionnaireResponse without id and subject: an item a section, in it an item a key that says anything."""
    form = rules()["form"][dossier.form]
    made: Resource = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": form["questionnaire"],
        "status": "completed",
    }
    made["item"] = [*_sections(dossier), *map(_result, dossier.results)]
    return made


def _sections(dossier: Dossier) -> list[Resource]:
    titles, form = _titles(), dossier.form
    groups: dict[str, list[Resource]] = {title: [] for title in (*titles, OTHER)}
    for name in dossier.person.values:
        if dossier.get(name):
            groups[_section(name.partition("#")[0], form)].append(_item(name, dossier.person))
    return [{"linkId": title, "text": titles.get(title, "Khác"), "item": one} for title, one in groups.items() if one]


@cache
def _titles() -> dict[str, str]:
    return {one.title: f"{one.section} {one.title}" for one in listed()}


@lru_cache(4_096)
def _section(name: str, form: str) -> str:
    known = field_of(name)
    if known is None:
        return OTHER
    fitting = (one.title for one in listed() if one.name == known.name and form in one.forms)
    return next(fitting, known.title)


def _result(row: Row) -> Resource:
    items = [_item(name, row) for name in row.values if row.get(name)]
    return {"linkId": "KHAM_CAN_LAM_SANG", "text": "XML11 KHAM_CAN_LAM_SANG", "item": items}


def _item(name: str, row: Row) -> Resource:
    known, text = field_of(name.partition("#")[0]), row.get(name)
    item: Resource = {"linkId": name, "text": known.vi if known else name, "answer": [_answer(known, text)]}
    if name in row.originals:
        item["extension"] = [kept(name, row.originals[name], as_it_came=True)]
    return item


def _answer(known: Field | None, text: str) -> Resource:
    """As a value where the value says all that was written; else the text."""
    match known.kind if known else "text":
        case "flag" if text in ("0", "1"):
            return {"valueBoolean": text == "1"}
        case "number" if values.number(text) == text:
            return {"valueDecimal": Decimal(text)}
        case "recall" if words := rules()["answer"].get(text):
            return {"valueCoding": {"system": ANSWER, "code": text, "display": words}}
        case "class" if concept := health_class(text):
            return {"valueCoding": {"system": systems.HEALTH_CLASS, "code": text, "display": concept["text"]}}
        case "signature" if len(text) > _LONG:
            return {"valueAttachment": _picture(text)}
    return {"valueString": text}


def _picture(text: str) -> Resource:
    """Software writes pictures as base64; anything else is kept as the text it is."""
    data = "".join(text.split())
    try:
        binascii.a2b_base64(data, strict_mode=True)
    except (binascii.Error, ValueError):
        return {"contentType": "text/plain; charset=utf-8", "data": base64.b64encode(text.encode()).decode()}
    return {"contentType": "application/octet-stream", "data": data}
