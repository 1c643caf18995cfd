"""The lines of a report in words, in their order: groups of (key, title), and the registers of a station."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from hoso.care.immunization import vaccines
from hoso.care.reports.count import Figures
from hoso.care.rules import table
from hoso.web.referrals.words import reasons
from hoso.web.stewards import reader

Group = tuple[str, list[tuple[str, str]]]


def groups(found: Iterable[Figures]) -> list[Group]:
    """All that any of these counts; what nobody counted stands there as far as the form always asks for it."""
    keys = {key for figures in found for key in figures}
    return [
        (_("Visits"), _visits(keys)),
        (_("Diagnoses by chapter of ICD-10"), _chapters(keys)),
        (_("Vaccinations"), _doses(keys)),
        (_("Chronic diseases under care"), _care()),
        (_("Referrals"), _referrals()),
    ]


def registers() -> dict[str, str]:
    return {
        "visit": _("Visit register (A1)"),
        "dose": _("Vaccination register (A2)"),
        "antenatal": _("Antenatal register"),
        "chronic": _("Register of chronic diseases"),
        "referral.sent": _("Referral register"),
    }


def title_of(key: str, found: Iterable[Figures]) -> str:
    listed = {name: title for _group, lines in groups(found) for name, title in lines}
    return registers().get(key) or listed.get(key, "")


def _visits(keys: set[str]) -> list[tuple[str, str]]:
    sexes = {"male": _("Men"), "female": _("Women"), "other": _("Other sex"), "unknown": _("Sex not recorded")}
    lines = [("visit", _("All visits"))]
    lines += [(f"visit.sex.{sex}", title) for sex, title in sexes.items() if sex in ("male", "female") or
              f"visit.sex.{sex}" in keys]  # fmt: skip
    for one in table("reports")["age"]:
        band = _("Age %(band)s") % {"band": one["key"].replace("-", "–")}
        lines.append((f"visit.age.{one['key']}", band))
        lines += [(f"visit.age.{one['key']}.{sex}", f"{band}, {sexes[sex]}") for sex in ("male", "female")]
    if "visit.age.unknown" in keys:
        lines.append(("visit.age.unknown", _("Age not known")))
    return [*lines, ("visit.insured", _("With health insurance")), ("visit.uninsured", _("Without health insurance"))]


def _chapters(keys: set[str]) -> list[tuple[str, str]]:
    chapters = table("reports")["chapter"]
    return [(f"chapter.{n}", f"{n}. {one[reader()]}") for n, one in chapters.items() if f"chapter.{n}" in keys]


def _doses(keys: set[str]) -> list[tuple[str, str]]:
    lines = [("dose", _("All doses"))]
    names = {key: _(one.title) for key, one in vaccines().items()} | {"other": _("Other vaccines")}
    for vaccine, title in names.items():
        if f"dose.{vaccine}" in keys:
            lines.append((f"dose.{vaccine}", title))
            numbers = sorted(int(key.rpartition(".")[2]) for key in keys if key.startswith(f"dose.{vaccine}."))
            lines += [(f"dose.{vaccine}.{n}", _("%(vaccine)s, dose %(n)s") % {"vaccine": title, "n": n})
                      for n in numbers]  # fmt: skip
    return lines


def _care() -> list[tuple[str, str]]:
    lines = []
    for name, title in (("hypertension", _("Hypertension")), ("diabetes", _("Diabetes"))):
        lines += [
            (f"care.{name}", _("%(disease)s: people treated here") % {"disease": title}),
            (f"care.{name}.measured", _("%(disease)s: measured") % {"disease": title}),
            (f"care.{name}.controlled", _("%(disease)s: in control") % {"disease": title}),
        ]
    return lines


def _referrals() -> list[tuple[str, str]]:
    lines = []
    for side, title in (("sent", _("Referred from here")), ("received", _("Referred to here"))):
        lines.append((f"referral.{side}", title))
        lines += [(f"referral.{side}.{code}", f"{title}: {words}") for code, words in reasons().items()]
    return lines
