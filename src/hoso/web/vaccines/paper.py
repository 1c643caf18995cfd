"""The vaccination card on paper: what was given with its lot and place, what is due next, and the code's QR.

Why a vaccine is not given stays off the paper, which goes to schools and others.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from reportlab.platypus import Flowable

from hoso.care.immunization import vaccines
from hoso.web.papers.book import Printing, foot, language, whose
from hoso.web.papers.layout import fine, head, heading, line, pdf, rows
from hoso.web.vaccines.gather import Shown
from hoso.web.vaccines.words import AGES


def card(shown: Shown, printing: Printing) -> bytes:
    story = head(_("Vaccination card"), list(whose(shown.who, printing)), printing.qr)
    story += [*_given(shown), *_next(shown)]
    if shown.forecast is not None:
        story.append(fine(_("By the schedule of %(law)s.") % {"law": shown.forecast.law}))
    return pdf(f"{_('Vaccination card')}: {shown.who.name}", language(), story, foot(shown.who, printing))


def _given(shown: Shown) -> Iterator[Flowable]:
    yield heading(_("Given"))
    told = []
    for dose in reversed(shown.doses):
        kept = shown.kept[dose.given.id]
        name = _(vaccines()[dose.given.vaccine].title) if dose.given.vaccine else dose.given.name
        lot = _("lot %(lot)s") % {"lot": kept.lot} if kept.lot else ""
        place = " · ".join(part for part in (lot, kept.facility) if part)
        told.append((name, f"{dose.given.on:%d/%m/%Y}", place))
    yield from rows(told) if told else [line(_("No vaccination recorded"))]


def _next(shown: Shown) -> Iterator[Flowable]:
    yield heading(_("Due next"))
    due = [
        (", ".join(_(vaccines()[key].title) for key in keys), _("from %(day)s") % {"day": f"{day:%d/%m/%Y}"}, "")
        for day, keys in shown.coming
    ]
    yield from rows(due) if due else [line(_("Nothing is due by this schedule."))]
    closed = [
        f"{_(cell.title)} ({_(AGES[row.at])})" for row in shown.rows for cell in row.cells if cell.status == "closed"
    ]
    if closed:
        yield fine(_("No longer given at this age: %(names)s.") % {"names": ", ".join(closed)})
