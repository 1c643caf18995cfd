"""The template environment: autoescape on, undefined names are errors, filters that put values into words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language, gettext, ngettext
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from hoso.access.organisation.staff import ends
from hoso.core.clock import from_ms
from hoso.web import assets, present
from hoso.web.roles import finds_people, titles


def environment(**options: Any) -> Environment:
    options |= {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True, "auto_reload": False}
    made = Environment(extensions=["jinja2.ext.i18n"], **options)  # noqa: S701  (Django passes autoescape=True)
    made.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {
        "_": said,
        "asset": assets.url,
        "language": get_language,
        "q": "",  # the search box, on pages that nobody searched from
        "finds_people": finds_people,
        "role_title": lambda role: titles().get(role, role),
    }
    made.filters |= {
        "date": present.date_text,
        "datetime": present.time_text,
        "since": present.since_text,
        "number": present.number,
        "unit": present.unit,
        "moment_or_number": present.moment_or_number,
        "sex": present.sex,
        "plain": present.plain,
        "grouped": present.grouped,
        "phone": present.phone,
        "tail": present.tail,
        "dose": present.dose,
        "supply": lambda m: present.supply(m.days_left, m.supply_end),
        "words": gettext_or_text,
        "age": present.age_text,
        "lasts": ends,
        "begins": lambda post: from_ms(post.since),
    }
    return made


def said(text: str, **values: object) -> Markup:
    """A text of ours in the reader's language: Jinja's own `_` without its way through the template's context."""
    return Markup(gettext(text)) % values  # noqa: S704  (ours, from the catalogue; values are escaped)


def gettext_or_text(text: str) -> str:
    """A rule table's title in the reader's language; the record's own words pass through."""
    return gettext(text) if text else ""
