"""The emergency card on paper: A6, one side, for a purse: who it is, what endangers them, what they take, whom to call.

What does not fit is made smaller, or counted; the QR finds the record and opens nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO

from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A6
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, KeepInFrame, PageTemplate, Table

from hoso.care.card import EmergencyCard
from hoso.web import present
from hoso.web.papers.book import Printing, language
from hoso.web.papers.layout import QrPicture, fine, line

MARGIN = 6 * mm
QR = 22 * mm
MOST = 8
"""Lines of a kind; then how many more there are."""


def pocket(card: EmergencyCard, printing: Printing) -> bytes:
    """One page, whatever the record holds."""
    width, height = A6[0] - 2 * MARGIN, A6[1] - 2 * MARGIN
    out = BytesIO()
    title = f"{_('Emergency card')}: {card.who.name}"
    document = BaseDocTemplate(
        out, pagesize=A6, title=title[:300], creator="HoSo", author="HoSo", invariant=1, lang=language()
    )
    document.addPageTemplates(PageTemplate("card", [Frame(MARGIN, MARGIN, width, height, 0, 0, 0, 0)]))
    document.build([KeepInFrame(width, height, list(_story(card, printing, width)), mode="shrink")])
    return out.getvalue()


def _story(card: EmergencyCard, printing: Printing, width: float) -> Iterator[Flowable]:
    beside = Table([[list(_who(card)), QrPicture(printing.qr, QR) if printing.qr else ""]], colWidths=(width - QR, QR))
    beside.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0),
                     ("RIGHTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 0)])  # fmt: skip
    yield fine(_("Emergency card"))
    yield beside
    yield line(
        _said([one.substance for one in card.allergies.items]) or _no_allergy(card), _("Allergies") + ":", warns=True
    )
    alerts = [f"{_(one.title)} {one.detail}".strip() for one in card.alerts.items]
    if alerts:
        yield line(_said(alerts), _("Alerts") + ":", warns=True)
    groups = {one.value for one in card.blood_group.values}
    if len(groups) == 1:
        yield line(f"{groups.pop()} ({_('By history – cross-match before transfusion')})", _("Blood group") + ":")
    yield line(_said([one.name for one in card.problems.items]) or _("No problem recorded"), _("Active problems") + ":")
    medicines = [f"{one.name} {present.dose(one.dose)}".strip() for one in card.medicines.active]
    yield line(_said(medicines) or _("No medicine recorded as in use"), _("Medicines") + ":")
    for one in card.contacts[:2]:
        relation = f" ({one.relation})" if one.relation else ""
        yield line(f"{one.name}{relation} {present.phone(one.phone)}".strip(), _("Contact") + ":")
    yield fine(_("As recorded on %(day)s. What is not listed may still be so.") % {"day": f"{printing.at:%d/%m/%Y}"})


def _who(card: EmergencyCard) -> Iterator[Flowable]:
    who = card.who
    yield line("", who.name)
    yield line(" · ".join(filter(None, (present.date_text(who.born), present.sex(who.sex)))))
    for one in who.identifiers:
        if one.kind in ("citizen-code", "insurance"):
            yield fine(present.grouped(one.value, one.kind))


def _no_allergy(card: EmergencyCard) -> str:
    known = card.allergies.state == "known-none"
    return (
        _("No known allergy (date of check not recorded)") if known else _("Not recorded: ask before giving anything")
    )


def _said(texts: Sequence[str]) -> str:
    shown = "; ".join(text for text in texts[:MOST] if text)
    return f"{shown}; +{len(texts) - MOST}" if len(texts) > MOST else shown
