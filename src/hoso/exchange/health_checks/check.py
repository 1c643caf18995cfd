"""What of a health check differs from what its form asks for, and the few things without which it is nobody's.

Errors refuse the whole check, since half a form misleads; everything else is taken as it is, with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hoso.core import Issue
from hoso.core.errors import Severity
from hoso.exchange.health_checks import persons
from hoso.exchange.health_checks.definitions import Field, field_of, rules
from hoso.exchange.health_checks.dossier import Dossier
from hoso.exchange.insurance import values
from hoso.exchange.insurance.resources import diagnoses
from hoso.exchange.insurance.visit import Row

_FACILITY = re.compile(r"[A-Za-z0-9.-]{1,20}\Z")


def check(dossier: Dossier) -> list[Issue]:
    return [*_nobody(dossier), *_fields(dossier.person), *_missing(dossier), *_results(dossier), *_odd(dossier)]


def _issue(dossier: Dossier, name: str, key: str, severity: Severity = "error", **told: str) -> Issue:
    return dossier.at(name).issue("required" if ".no-" in key else "value", key, severity, **told)


def _nobody(dossier: Dossier) -> Iterator[Issue]:
    if not _FACILITY.match(dossier.facility):
        yield _issue(dossier, "MA_CSKCB", "ksk.no-facility")
    if not dossier.get("HO_TEN"):
        yield _issue(dossier, "HO_TEN", "ksk.no-name")
    if len(dossier.examined) < 10:
        yield _issue(dossier, "NGAY_VAO", "ksk.no-day", text=dossier.get("NGAY_VAO")[:40])
    elif dossier.born and dossier.born > dossier.examined[: len(dossier.born)]:
        yield _issue(dossier, "NGAY_SINH", "ksk.born-later", text=dossier.get("NGAY_SINH")[:40])


def _fields(row: Row) -> Iterator[Issue]:
    for name in row.values:
        text, known = row.get(name), field_of(name.partition("#")[0])
        place = row.at(name)
        if not text:
            continue
        if known is None:
            yield place.issue("informational", "ksk.unknown-field", "information")
        elif known.length is not None and len(text) > known.length:
            sizes = {"length": str(len(text)), "limit": str(known.length)}
            yield place.issue("too-long", "ksk.too-long", "warning", **sizes)
        elif not _reads(known, text):
            yield place.issue("value", f"ksk.{_WRONG[known.kind]}", "warning", text=text[:40])
        if known is not None and known.kind == "icd":
            for code in values.listed(text.upper()):
                if code not in diagnoses():
                    yield place.issue("code-invalid", "insurance.unknown-code", "warning", diagnosis=code[:20])


_WRONG = {"number": "no-number", "flag": "no-flag", "recall": "no-flag", "class": "no-class"}
_WRONG |= dict.fromkeys(("birth", "day", "moment"), "no-date")


def _reads(known: Field, text: str) -> bool:
    """True of kinds whose texts are free."""
    match known.kind:
        case "number":
            return values.number(text) is not None
        case "flag":
            return text in ("0", "1")
        case "recall":
            return text in rules()["answer"]
        case "class":
            return text in rules()["class"]
        case "birth" | "day" | "moment":
            return values.moment(text) is not None
    return True


def _missing(dossier: Dossier) -> Iterator[Issue]:
    given = {name for name in rules()["required"]["all"] if dossier.get(name)}
    if dossier.facility:  # in the envelope, or one of the two codes
        given |= {"MA_CSKCB", "MA_GTIN_CSKCB"}
    for name in (*rules()["required"]["all"], *rules()["required"][dossier.form]):
        if name not in given and not dossier.get(name) and name not in ("HO_TEN", "NGAY_VAO"):
            yield _issue(dossier, name, "ksk.missing", "warning")


def _results(dossier: Dossier) -> Iterator[Issue]:
    for row in dossier.results:
        yield from _fields(row)


def _odd(dossier: Dossier) -> Iterator[Issue]:
    if dossier.get("GIOI_TINH") and persons.sex(dossier.get("GIOI_TINH")) is None:
        yield _issue(dossier, "GIOI_TINH", "ksk.no-sex", "warning", text=dossier.get("GIOI_TINH")[:40])
    if dossier.get("SO_CCCD") and not persons.is_own_number(dossier):
        yield _issue(dossier, "SO_CCCD", "ksk.guardian-number", "warning")
    by_age = dossier.form_by_age
    if by_age and dossier.form != by_age:
        words = rules()["form"]
        told = {"form": words[dossier.form]["vi"], "age": str(dossier.age)}
        yield _issue(dossier, "TYPE", "ksk.other-form", "warning", **told)
