"""What a summary would say, section by section, for whoever decides whether to hand it on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from hoso.care.chart import Chart
from hoso.care.elements import Resource
from hoso.care.ips.choose import chosen
from hoso.care.ips.table import Language, parts
from hoso.care.ips.tell import cells


@dataclass(frozen=True, slots=True)
class Contents:
    """A section. `lines`: the newest first; one that is required is in the summary also when it has none."""

    key: str
    title: str
    required: bool
    lines: tuple[str, ...]


def contents(resources: Iterable[Resource], today: date, language: Language) -> list[Contents]:
    chart = Chart.of(resources)
    sections = chosen(chart, today)
    return [
        Contents(part.key, part.titles[language], part.required, tuple(_line(one, chart) for one in sections[part.key]))
        for part in parts()
        if part.required or sections[part.key]
    ]


def _line(one: Resource, chart: Chart) -> str:
    when, what, value, where = cells(one, chart)
    return " · ".join(filter(None, (what, value, when, where)))
