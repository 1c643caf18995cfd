"""The health book and the report of a visit: what the emergency card and the timeline show, in words on paper.

"None known" and "not recorded" stay two things, and what the reader may not print is named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from reportlab.platypus import Flowable

from hoso.care.card import EmergencyCard, Medicine, Who
from hoso.care.timeline import Item, Row
from hoso.web import present
from hoso.web.papers.layout import Foot, fine, head, heading, item, line, pdf, rows


@dataclass(frozen=True, slots=True)
class Printing:
    """`by` and `at`: who prints, and when. `qr`: what the QR says. `withheld`: titles of kinds not to be printed."""

    by: str
    at: datetime
    today: date
    qr: str
    withheld: Collection[str] = ()


def book(card: EmergencyCard, years: Iterable[tuple[int | None, Iterable[Item]]], printing: Printing) -> bytes:
    """The whole record, newest first."""
    story = [*head(_("Health book"), list(whose(card.who, printing)), printing.qr), *_withheld(printing)]
    story += [*_allergies(card), *_alerts(card), *_blood(card), *_problems(card), *_medicines(card)]
    for year, items in years:
        story.append(heading(str(year) if year else _("No date")))
        for one in items:
            story += _item(one)
    story.append(fine(_("Facilities that have not sent data to this node are not shown.")))
    return pdf(f"{_('Health book')}: {card.who.name}", language(), story, foot(card.who, printing))


def visit(who: Who, items: Iterable[Item], printing: Printing) -> bytes:
    """What one visit found, decided and gave."""
    story = [*head(_("Report of a visit"), list(whose(who, printing)), printing.qr), *_withheld(printing)]
    for one in items:
        story += _item(one)
    return pdf(f"{_('Report of a visit')}: {who.name}", language(), story, foot(who, printing))


def language() -> str:
    return get_language() or "vi"


def foot(who: Who, printing: Printing) -> Foot:
    code = next((i.value for i in who.identifiers if i.kind == "citizen-code"), "")
    whose = " · ".join(part for part in (who.name, present.grouped(code, "citizen-code")) if part)
    printed = _("Printed %(time)s by %(name)s. Valid at this moment only.")
    page = _("Page %(n)s of %(all)s") % {"n": "{n}", "all": "{all}"}
    return Foot(whose, printed % {"time": present.time_text(printing.at), "name": printing.by}, page)


def whose(who: Who, printing: Printing) -> Iterator[tuple[str, str]]:
    yield "", who.name or _("Name not recorded")
    born = present.date_text(who.born) or _("birth date not recorded")
    age = present.age_text(who.born, printing.today, who.deceased)
    yield " · ".join(part for part in (present.sex(who.sex), born, age) if part), ""
    titles = {
        "citizen-code": _("Citizen code"), "personal-number": _("Personal number"), "insurance": _("Insurance card"),
    }  # fmt: skip
    for one in who.identifiers:
        if one.kind in titles:
            yield present.grouped(one.value, one.kind), titles[one.kind]
    if who.address:
        yield who.address, _("Address")


def _withheld(printing: Printing) -> list[Flowable]:
    if not printing.withheld:
        return []
    names = ", ".join(printing.withheld)
    return [line(_("Your role may not print: %(kinds)s.") % {"kinds": names}, warns=True)]


def _allergies(card: EmergencyCard) -> Iterator[Flowable]:
    yield heading(_("Allergies"))
    state = card.allergies.state
    for one in card.allergies.items:
        bad = _("Severe") if one.severity == "severe" else _("High risk") if one.high_risk else ""
        sure = _("confirmed") if one.confirmed else _("not confirmed")
        said = (", ".join(one.reactions) or _("reaction not recorded"), bad, sure, present.date_text(one.source.when))
        yield line(" · ".join(part for part in said if part), one.substance or _("Substance not recorded"), warns=True)
    for source in card.allergies.denied:
        yield line(_("Another source says: no known allergy.") + f" {source.facility} {present.date_text(source.when)}")
    if state == "known-none":
        checked = present.date_text(card.allergies.checked)
        known = _("No known allergy (checked on %(day)s)") % {"day": checked} if checked else ""
        yield line(known or _("No known allergy (date of check not recorded)"))
    elif state != "listed":
        yield _empty(state, _("Not recorded: ask before giving anything"))


def _alerts(card: EmergencyCard) -> Iterator[Flowable]:
    if card.alerts.state == "listed":
        yield heading(_("Alerts"))
    for one in card.alerts.items:
        yield line(f"{one.detail} {present.date_text(one.source.when)}", _(one.title), warns=True)


def _blood(card: EmergencyCard) -> Iterator[Flowable]:
    yield heading(_("Blood group"))
    if card.blood_group.conflicting:
        yield line("", _("Records differ: type again"), warns=True)
    for one in {m.value: m for m in reversed(card.blood_group.values)}.values():
        yield line(f"{present.date_text(one.source.when)} · {one.source.facility}".strip(" ·"), one.value)
    if not card.blood_group.values:
        yield _empty(card.measures.state, _("Not recorded"))


def _problems(card: EmergencyCard) -> Iterator[Flowable]:
    yield heading(_("Active problems"))
    for one in card.problems.items:
        since = present.date_text(one.source.when)
        said = (
            one.code, "" if one.certain else _("suspected"),
            _("since %(day)s") % {"day": since} if since else _("start not recorded"), one.source.facility,
        )  # fmt: skip
        yield line(" · ".join(part for part in said if part), one.name)
    if card.problems.state == "known-none":
        yield line(_("No lasting problem known"))
    elif card.problems.state != "listed":
        yield _empty(card.problems.state, _("No problem recorded"))


def _medicines(card: EmergencyCard) -> Iterator[Flowable]:
    yield heading(_("Medicines"))
    for title, some in ((_("In use"), card.medicines.active), (_("Possibly in use"), card.medicines.possible)):
        if some:
            yield fine(title)
        yield from (_medicine(one) for one in some)
    if card.medicines.state != "listed":
        yield _empty(card.medicines.state, _("No medicine recorded as in use"))


def _medicine(one: Medicine) -> Flowable:
    supplied = _("supplied %(day)s") % {"day": present.date_text(one.supplied)} if one.supplied else ""
    said = (present.dose(one.dose), present.supply(one.days_left, one.supply_end), supplied)
    return line(" · ".join(part for part in said if part), one.name)


def _empty(state: str, unknown: str) -> Flowable:
    return line(_("Your role may not see this") if state == "refused" else unknown)


def _item(one: Item) -> list[Flowable]:
    day = present.date_text(one.source.when) or _("no date")
    title = _(one.title) if one.title else _("Untitled")
    shown: list[Flowable] = [item(day, title, one.source.facility or _("facility not recorded"))]
    if one.rows:
        shown += rows([_row(row) for row in one.rows])
    if one.source.author:
        shown.append(fine(one.source.author))
    return shown


def _row(row: Row) -> tuple[str, str, str]:
    title = _(row.title) if row.title else ""
    value = present.moment_or_number(_(row.value) if row.value else "")
    flag = f"({_(row.flag)})" if row.flag else ""  # in words: the font has no arrows
    said = " ".join(part for part in (value, present.unit(row.unit), flag) if part)
    return title, said, _("normal %(range)s") % {"range": present.number(row.limits)} if row.limits else ""
