"""Kinds of visit that come again and again: what is measured first, what is asked, when to come next."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from hoso.care.rules import table
from hoso.care.visit.vitals import Vital, vitals


@dataclass(frozen=True, slots=True)
class Template:
    """`title`, `reason` and `prompts` are catalogue keys; `diagnosis` a code that is usual, empty for none."""

    key: str
    title: str
    reason: str
    diagnosis: str
    lasting: bool
    lead: tuple[str, ...]
    days: int
    prompts: tuple[str, ...]
    sex: str
    below_months: int

    def fits(self, sex: str, months: int | None) -> bool:
        if self.sex and sex and sex != self.sex:
            return False
        return not self.below_months or months is None or months < self.below_months


@cache
def templates() -> dict[str, Template]:
    return {
        row["key"]: Template(
            key=row["key"],
            title=row["title"],
            reason=row["reason"],
            diagnosis=row.get("diagnosis", ""),
            lasting=row.get("lasting", False),
            lead=tuple(row["lead"]),
            days=row["days"],
            prompts=tuple(row["prompts"]),
            sex=row.get("sex", ""),
            below_months=row.get("below_months", 0),
        )
        for row in table("visit")["template"]
    }


def measured_in(template: Template | None) -> list[Vital]:
    """What the form asks for, the template's own first."""
    key = template.key if template else ""
    lead = template.lead if template else ()
    asked = [one for one in vitals() if not one.only or key in one.only]
    return sorted(asked, key=lambda one: lead.index(one.key) if one.key in lead else len(lead))
