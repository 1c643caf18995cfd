"""What is wrong or odd about a field, and the titles of the rule table, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _

from hoso.care.visit.vitals import Problem
from hoso.web.present import number

FIELD_TITLES = {
    "reason": "Reason for the visit",
    "findings": "Findings",
    "main": "Main diagnosis",
    "others": "Other diagnoses",
    "plan": "Treatment and advice",
    "repeat": "Medicines to repeat",
    "repeat_days": "Days of supply",
    "next": "Next visit",
    "why": "Why it is changed",
}


def said(problem: Problem) -> str:
    """Says what stands there and what to do."""
    values = {name: text if name == "text" else number(text) for name, text in problem.values.items()}
    return _texts()[problem.kind] % values


def _texts() -> dict[str, str]:
    return {
        "empty": _("Nothing is written yet. A visit needs at least a reason."),
        "reason": _("Write why the person came, in a few words."),
        "number-form": _("“%(text)s” is not a number. Write digits, with a comma or point: 37,5."),
        "number-ambiguous": _(
            "“%(text)s” can mean a thousand, or one and a part. Write it without the separator, or with fewer digits."
        ),
        "number-digits": _("“%(text)s” has too many digits behind the comma; %(decimals)s are usual."),
        "pressure-form": _("“%(text)s” is not a blood pressure. Write the upper and the lower: 130/80."),
        "pressure-order": _("“%(text)s”: the upper value must be higher than the lower."),
        "impossible": _(
            "%(value)s %(unit)s cannot be: nobody has less than %(low)s or more than %(high)s. Look again."
        ),
        "unusual": _("%(value)s %(unit)s is unusual at this age. Is it right?"),
        "changed": _("%(value)s %(unit)s, and %(before)s %(unit)s before. Is it right?"),
        "slip": _("%(value)s %(unit)s: no child of this age has this. Is %(meant)s meant?"),
        "no-child": _("%(value)s %(unit)s: no child of this age has this. Measure again, or is it right?"),
        "shrunk": _("%(value)s %(unit)s is less than before (%(before)s %(unit)s). Is it right?"),
        "which-diagnosis": _("“%(text)s” can mean several diagnoses. Choose one below, or keep the words."),
        "no-diagnosis": _("No diagnosis is called “%(text)s”. Write other words or the ICD code, or keep the words."),
        "main-missing": _("Write the main diagnosis first."),
        "many-others": _("At most %(most)s other diagnoses have room."),
        "twice": _("%(code)s is already the main diagnosis."),
        "medicine-gone": _("A medicine that was chosen can no longer be repeated. Look at the list again."),
        "repeat-days": _("Write a number of days from 1 to %(most)s."),
        "day-form": _("“%(text)s” is not a day. Write it as 05/12/2026."),
        "day-past": _("%(text)s is not in the future."),
        "day-far": _("%(text)s is more than two years away."),
        "sunday": _("%(text)s is a Sunday. Is it right?"),
        "against": _("%(text)s. Is it right?"),
        "stop": _("%(text)s. Order it on the page of orders, where the reason is recorded."),
        "why": _("Say why the visit is changed: it was signed on an earlier day."),
    }
