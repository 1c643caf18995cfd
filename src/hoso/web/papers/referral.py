"""The referral paper and the return letter on A4, in the order of the official forms; made of what was signed.

They are forms for other facilities, so their own words are Vietnamese in either language of the reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from hoso.care.chart import Chart
from hoso.care.elements import Resource
from hoso.care.referrals.paper import FIELDS, REPLY_FIELDS, Field, number_of, reason_of, texts_of
from hoso.care.rules import table
from hoso.care.who import who
from hoso.core.errors import Refused
from hoso.web import present
from hoso.web.pages import door, signed_in
from hoso.web.papers.book import Printing
from hoso.web.papers.layout import Foot, fine, head, heading, line, pdf
from hoso.web.papers.views import PaperDoor, as_file, paper, qr_of
from hoso.web.persons import Person
from hoso.web.record import person_at
from hoso.web.referrals import gather, views
from hoso.web.referrals.gather import One

STATE = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"


@signed_in
def referral_of(request: HttpRequest, id: str, referral: str) -> HttpResponse:
    return _sheet(request, id, referral, letter=False)


@signed_in
def reply_of(request: HttpRequest, id: str, referral: str) -> HttpResponse:
    return _sheet(request, id, referral, letter=True)


def _sheet(request: HttpRequest, id: str, referral: str, *, letter: bool) -> HttpResponse:
    person = person_at(request, door(request), id)
    if isinstance(person, HttpResponse):
        return person
    reach = paper(request)
    for type in ("ServiceRequest", "DocumentReference"):
        if not reach.may(type):
            raise Refused.because(403, "forbidden", "rest.forbidden", type=type, right="r")
    found = gather.of_person(reach, person, referral)
    document = found.followed.letter if letter else views.paper(reach, found.followed)
    if not document:
        raise Http404
    user: Any = request.user
    by = Printing(user.name or user.username, reach.records.clock(), reach.today, qr_of(person.patient))
    body = _reply(reach, person, found, document, by) if letter else _referral(reach, person, found, document, by)
    return as_file(body, "phan-hoi" if letter else "chuyen-co-so", person)


def _referral(reach: PaperDoor, person: Person, found: One, document: Resource, by: Printing) -> bytes:
    request, title = found.followed.request, "Giấy chuyển cơ sở khám bệnh, chữa bệnh"
    reason = table("referrals")["reason"].get(reason_of(request), {}).get("vi", "")
    lines = [(number_of(request), "Số"), (views.receiver(request), "Kính gửi")]
    story = [*_head(reach, person, title, lines, by), heading("Tóm tắt bệnh án")]
    story += _fields(document, FIELDS)
    story += [line(reason, "Lý do chuyển:"), *_end(document, "Người chuyển")]
    story.append(fine(f"Giấy có giá trị đến hết ngày {present.date_text(found.followed.until.isoformat())}."))
    return pdf(f"{title} {number_of(request)}", "vi", story, _foot(person, by))


def _reply(reach: PaperDoor, person: Person, found: One, document: Resource, by: Printing) -> bytes:
    request, title = found.followed.request, "Phiếu phản hồi chuyển cơ sở khám bệnh, chữa bệnh"
    lines = [(number_of(request), "Trả lời giấy chuyển số"), (views.receiver(request), "Nơi tiếp nhận")]
    story = [*_head(reach, person, title, lines, by), heading("Kết quả tiếp nhận")]
    story += [*_fields(document, REPLY_FIELDS), *_end(document, "Người phản hồi")]
    return pdf(f"{title} {number_of(request)}", "vi", story, _foot(person, by))


def _head(
    reach: PaperDoor, person: Person, title: str, lines: list[tuple[str, str]], by: Printing
) -> Iterator[Flowable]:
    sources = reach.persons.sources(person).patients
    whose = who(person.patient, Chart.of([person.patient]), reach.today, sources)
    yield fine(f"{STATE} · {MOTTO}")
    told = [*lines, (present.sex(whose.sex), whose.name or _("Name not recorded"))]
    told.append((present.date_text(whose.born) or _("birth date not recorded"), "Ngày sinh"))
    names = {"personal-number": "Số định danh cá nhân", "insurance": "Số thẻ bảo hiểm y tế"}
    told += [(present.grouped(one.value, one.kind), names[one.kind]) for one in whose.identifiers if one.kind in names]
    told += [(whose.address, "Địa chỉ")] if whose.address else []
    yield from head(title, told, by.qr)


def _fields(document: Resource, fields: tuple[Field, ...]) -> Iterator[Flowable]:
    texts = texts_of(document, fields)
    for field in fields:
        if said := texts.get(field.key):
            yield Spacer(0, 1.5 * mm)
            yield line(said, f"{field.label}:")


def _end(document: Resource, title: str) -> list[Flowable]:
    author: Resource = next(iter(document.get("author", ())), {})
    signed = present.time_text(str(document.get("date", "")))
    return [
        Spacer(0, 8 * mm),
        line(signed, "Ký trong hồ sơ lúc"),
        line(str(author.get("display", "")), title),
        Spacer(0, 4 * mm),
    ]


def _foot(person: Person, by: Printing) -> Foot:
    printed = _("Printed %(time)s by %(name)s. Valid at this moment only.")
    return Foot(
        person.id,
        printed % {"time": present.time_text(by.at), "name": by.by},
        _("Page %(n)s of %(all)s") % {"n": "{n}", "all": "{all}"},
    )
