"""From values to what a person reads: dates, ages, numbers, numbers of cards, in Vietnamese and English.

Dates are dd/MM/yyyy in both languages and partial ones stay partial; a library's own short date gives 2/11/26.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from hoso.care.card import Dose
from hoso.care.elements import day, moment
from hoso.core import citizen_code
from hoso.core.clock import from_ms
from hoso.core.dates import VIETNAM

_NUMBER = re.compile(r"[<>≤≥=]{0,2}\s?\d+(?:\.\d+)?(?:\s?[–/]\s?\d+(?:\.\d+)?)?\Z")
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_DATE_FORM = re.compile(r"\d{4}-\d\d(?:-\d\d(?:T.+)?)?\Z")
_MONTHS_UNTIL = 6


def date_text(value: str) -> str:
    """ "1967", "03/1967" or "12/03/1967" from a FHIR date; the day in Viet Nam from a dateTime."""
    if not value:
        return ""
    if len(value) == 4:
        return value
    if len(value) == 7:
        return f"{value[5:]}/{value[:4]}"
    at = day(value)
    return value if at is None else f"{at:%d/%m/}{at.year:04d}"


def time_text(value: str | datetime) -> str:
    """ "12/03/2026 14:05" when a time is recorded, else the date alone."""
    if isinstance(value, datetime):
        return f"{value.astimezone(VIETNAM):%d/%m/%Y %H:%M}"
    at = moment(value) if "T" in value else None
    return date_text(value) if at is None else f"{from_ms(at).astimezone(VIETNAM):%d/%m/%Y %H:%M}"


def since_text(at: int) -> str:
    """ "14:05" for a moment of today, with its date for an earlier one."""
    then = from_ms(at).astimezone(VIETNAM)
    return f"{then:%H:%M}" if then.date() == datetime.now(VIETNAM).date() else f"{then:%H:%M %d/%m/%Y}"


def age_text(born: str, today: date, died: str = "") -> str:
    """Years; months below six years; days in the first month. At death for someone who died."""
    birth, until = day(born), (day(died) if died and died != "yes" else None) or today
    if birth is None or until < birth:
        return ""
    months = (until.year - birth.year) * 12 + until.month - birth.month - (until.day < birth.day)
    if len(born) == 4 or months >= _MONTHS_UNTIL * 12:
        years = until.year - birth.year if len(born) == 4 else months // 12
        return ngettext("%(n)s year old", "%(n)s years old", years) % {"n": years}
    if months:
        return ngettext("%(n)s month old", "%(n)s months old", months) % {"n": months}
    days = (until - birth).days
    return ngettext("%(n)s day old", "%(n)s days old", days) % {"n": days}


def place_text(addresses: Sequence[Mapping[str, Any]] | None) -> str:
    """Where somebody lives, hamlet first; what they left behind does not count."""
    home: Mapping[str, Any] = next((a for a in addresses or () if a.get("use") != "old"), {})
    parts = [*home.get("line", ()), home.get("city", ""), home.get("state", "")]
    return ", ".join(part for part in parts if part) or str(home.get("text", ""))


def number(text: str) -> str:
    """With the decimal comma in Vietnamese; text that is no number stays as it is."""
    if get_language() == "vi" and _NUMBER.match(text):
        return text.replace(".", ",")
    return text


def unit(text: str) -> str:
    """The 1.73 m² of a kidney's rate takes the comma too."""
    return _POINT.sub(",", text) if get_language() == "vi" else text


def moment_or_number(text: str) -> str:
    """A row's value: a date that is one by its form, else a number or text."""
    return time_text(text) if _DATE_FORM.match(text) else number(text)


def plain(value: str) -> str:
    """A value of any kind: a stay's beginning and end, a date, a sex, or the text itself."""
    if value in ("male", "female"):
        return sex(value)
    return "–".join(moment_or_number(part) for part in value.split("/")) if _DATE_FORM.match(value[:10]) else value


def sex(code: str) -> str:
    words = {"male": _("Male"), "female": _("Female"), "other": _("Other sex")}
    return words.get(code, _("Sex not recorded"))


def grouped(value: str, kind: str) -> str:
    """A number as it is read aloud."""
    if kind == "citizen-code" and citizen_code.is_valid(value):
        return citizen_code.show(value)
    if kind == "personal-number" and len(value) == 12:
        return f"{value[:3]} {value[3:6]} {value[6:9]} {value[9:]}"
    if kind == "insurance" and len(value) == 15:
        return f"{value[:2]} {value[2]} {value[3:5]} {value[5:10]} {value[10:]}"
    return value


def phone(value: str) -> str:
    return f"{value[:4]} {value[4:7]} {value[7:]}" if len(value) == 10 and value.isdecimal() else value


def tail(value: str) -> str:
    """The last four, all that a list shows of a number."""
    return f"…{value[-4:]}" if len(value) > 4 else value


def dose(value: Dose) -> str:
    text = value.text or _rhythm(value)
    return (
        f"{text} ({_('as needed')})"
        if value.as_needed and text
        else text or (_("as needed") if value.as_needed else "")
    )


def _rhythm(value: Dose) -> str:
    amount = f"{number(value.amount)} {value.unit}".strip()
    every = {"h": _("every %(n)s hours"), "d": _("per day"), "wk": _("per week"), "mo": _("per month")}
    if not value.times or value.per_unit not in every:
        return amount
    words = every[value.per_unit] % {"n": value.per} if value.per_unit == "h" else every[value.per_unit]
    times = f"× {value.times}" if value.times > 1 or value.per_unit != "h" else ""
    return " ".join(part for part in (amount, times, words) if part)


def supply(days_left: int | None, supply_end: str) -> str:
    if days_left is None:
        return _("length of supply not recorded")
    if days_left < 0:
        return _("supply ended %(day)s – check") % {"day": date_text(supply_end)}
    return ngettext("%(n)s day left", "%(n)s days left", days_left) % {"n": days_left}
