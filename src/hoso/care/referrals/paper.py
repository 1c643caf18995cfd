"""The referral paper and the return letter as records: what is typed becomes them, and is read back from them to print.

The paper is the document that insurance XML brings and takes as XML13, beside a ServiceRequest that opens the record to
the facility it names.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import NAMESPACE_URL, uuid5

from hoso.care.elements import Resource, codings, has_code, labelled, reference_key
from hoso.care.orders.prescription import signs_of
from hoso.care.rules import table
from hoso.core.dates import VIETNAM
from hoso.fhir import systems

CATEGORY = f"{systems.XML_TABLE}|XML13"
"""As searches ask for the request of a referral."""
REPLY = "referral-reply"
LONGEST = 4_000
"""Letters of a text, as XML13 has them."""


@dataclass(frozen=True, slots=True)
class Field:
    """`label` is how the paper says it, in Vietnamese as the form is; `title` is a key of the catalogue."""

    key: str
    label: str
    title: str
    required: bool = False
    longest: int = LONGEST
    lines: int = 1


FIELDS = (
    Field("signs", "Dấu hiệu lâm sàng", "Clinical signs", required=True, lines=4),
    Field("state", "Tình trạng lúc chuyển", "State at transfer", required=True, longest=500, lines=2),
    Field("diagnosis", "Chẩn đoán", "Diagnosis", required=True, lines=2),
    Field("course", "Quá trình bệnh lý", "Course of the illness", required=True, lines=3),
    Field("results", "Tóm tắt kết quả", "Results so far", required=True, lines=3),
    Field("treatment", "Phương pháp, thủ thuật, kỹ thuật, thuốc đã dùng", "Treatment given", required=True, lines=3),
    Field("plan", "Hướng điều trị", "Plan", required=True, lines=2),
    Field("transport", "Phương tiện vận chuyển", "Transport", required=True, longest=255),
    Field("escort", "Họ tên người hộ tống", "Who goes along", longest=255),
    Field("escort_title", "Chức danh người hộ tống", "Position of who goes along", longest=255),
)
REPLY_FIELDS = (
    Field("diagnosis", "Chẩn đoán", "Diagnosis", required=True, lines=2),
    Field("results", "Tóm tắt kết quả", "Results so far", lines=3),
    Field("treatment", "Phương pháp điều trị", "Treatment given", required=True, lines=3),
    Field("state", "Tình trạng hiện tại", "State now", required=True, longest=500, lines=2),
    Field("advice", "Đề nghị nơi chuyển", "What the sender should do", required=True, lines=3),
)
_NUMBER, _PLACE = "Số chuyển tuyến", "Nơi chuyển đến"
_COPY = "Số giấy chuyển tuyến"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who signs what, where and when. `about`: the visit, or the request that is answered."""

    about: Resource
    writer: Resource
    facility: str
    at: datetime

    @property
    def stamp(self) -> str:
        return self.at.astimezone(VIETNAM).isoformat(timespec="seconds")

    @property
    def tagged(self) -> Resource:
        tags = self.about.get("meta", {}).get("tag")
        return {"meta": {"tag": tags}} if tags else {}


def referral(texts: Mapping[str, str], to: Resource, reason: str, once: str, sender: Sender) -> list[Resource]:
    """The request and its paper. `to`: the Organization; `once` names the signature, so that two presses are one."""
    number = f"{sender.facility[:5]:0>5}{signs_of(once, b'referral')}"
    named = str(to.get("name", ""))
    place: Resource = {"reference": f"Organization/{to['id']}", "type": "Organization", "display": named}
    code = code_of(to)
    if code:
        place["identifier"] = {"system": systems.FACILITY_CODE, "value": code}
    request, paper = (str(uuid5(NAMESPACE_URL, f"https://hoso.vn/referral/{once}/{name}")) for name in ("", "paper"))
    lines = [(_NUMBER, number), (_COPY, number), (_PLACE, code or named)]
    lines += [(field.label, texts.get(field.key, "")) for field in FIELDS]
    visit = {"reference": f"Encounter/{sender.about['id']}"}
    said = table("referrals")["reason"][reason]["vi"]
    return [
        {
            "resourceType": "ServiceRequest",
            "id": request,
            **sender.tagged,
            "identifier": [{"system": systems.REFERRAL_NUMBER, "value": number}],
            "status": "active",
            "intent": "order",
            "category": [_xml13()],
            "code": {"text": "Chuyển cơ sở khám bệnh, chữa bệnh"},
            "subject": sender.about["subject"],
            "encounter": visit,
            "authoredOn": sender.stamp,
            "requester": sender.writer,
            "performer": [place],
            "reasonCode": [{"coding": [{"system": systems.REFERRAL_REASON, "code": reason}], "text": said}],
            "supportingInfo": [{"reference": f"DocumentReference/{paper}"}],
        },
        _document(paper, _xml13(), lines, sender) | {"context": {"encounter": [visit], "related": [_of(request)]}},
    ]


def reply(texts: Mapping[str, str], request: Resource, visit: str, sender: Sender) -> Resource:
    """The letter back. `visit`: the id of the visit that it tells of, or ""."""
    kind = {"coding": [{"system": systems.PAPER, "code": REPLY}], "text": "Phiếu phản hồi chuyển cơ sở"}
    lines = [(field.label, texts.get(field.key, "")) for field in REPLY_FIELDS]
    context: Resource = {"related": [_of(request["id"])]}
    if visit:
        context["encounter"] = [{"reference": f"Encounter/{visit}"}]
    made = _document(answer_id(str(request["id"]), "reply"), kind, lines, sender)
    return made | {"subject": request["subject"], "context": context}


def answer_id(request: str, kind: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"https://hoso.vn/referral/{request}/{kind}"))


def answer(kind: str, request: Resource, why: str, sender: Sender) -> Resource:
    """`kind`: "accepted", "declined", or "read" of the letter."""
    return {
        "resourceType": "Communication",
        "id": answer_id(str(request["id"]), kind),
        **sender.tagged,
        "basedOn": [_of(request["id"])],
        "status": "completed",
        "topic": {"coding": [{"system": systems.REFERRAL_ANSWER, "code": kind}], "text": _ANSWERS[kind]},
        "subject": request["subject"],
        "sent": sender.stamp,
        "sender": sender.writer,
        **({"payload": [{"contentString": why}]} if why else {}),
    }


_ANSWERS = {
    "accepted": "Đồng ý tiếp nhận người bệnh",
    "declined": "Không tiếp nhận người bệnh",
    "read": "Đã đọc phiếu phản hồi",
}


def texts_of(document: Resource, fields: tuple[Field, ...]) -> dict[str, str]:
    """What the paper says, by the keys of its fields; a text of several lines goes on until the next label."""
    keys = {field.label: field.key for field in fields}
    found = labelled(document, (*keys, _NUMBER, _COPY, _PLACE))
    return {keys[label]: "\n".join(lines).strip() for label, lines in found.items() if label in keys}


def number_of(request: Resource) -> str:
    numbers = (one.get("value", "") for one in request.get("identifier", ()) if one.get("system") == _SYSTEM)
    return str(next(numbers, ""))


def reason_of(request: Resource) -> str:
    return next((code for one in request.get("reasonCode", ()) for _, code in codings(one)), "")


def code_of(organization: Resource) -> str:
    codes = (one.get("value", "") for one in organization.get("identifier", ()) if one.get("system") == _FACILITY)
    return str(next(codes, ""))


def paper_of(request: Resource) -> str:
    """The id of its paper; "" for a request that came without one."""
    keys = (reference_key(one).partition("/") for one in request.get("supportingInfo", ()))
    return next((id for type, _, id in keys if type == "DocumentReference"), "")


def is_reply(document: Resource) -> bool:
    return has_code(document.get("type"), REPLY)


def last_day(signed: date) -> date:
    """Until when the paper is good."""
    left, on = int(table("referrals")["valid_working_days"]), signed
    while left:
        on = date.fromordinal(on.toordinal() + 1)
        left -= on.isoweekday() < 6
    return on


_SYSTEM, _FACILITY = systems.REFERRAL_NUMBER, systems.FACILITY_CODE


def _xml13() -> Resource:
    coding = {"system": systems.XML_TABLE, "code": "XML13", "display": "Referral"}
    return {"coding": [coding], "text": "Giấy chuyển tuyến"}


def _of(request: object) -> Resource:
    return {"reference": f"ServiceRequest/{request}"}


def _document(id: str, kind: Resource, lines: list[tuple[str, str]], sender: Sender) -> Resource:
    text = "\n".join(f"{label}: {said}" for label, said in lines if said)
    attachment = {
        "contentType": "text/plain; charset=utf-8",
        "language": "vi",
        "title": kind["text"],
        "data": base64.b64encode(text.encode()).decode(),
    }
    return {
        "resourceType": "DocumentReference",
        "id": id,
        **sender.tagged,
        "status": "current",
        "type": kind,
        "subject": sender.about["subject"],
        "date": sender.stamp,
        "author": [sender.writer],
        "description": text[:1_000],
        "content": [{"attachment": attachment}],
    }
