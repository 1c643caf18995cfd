"""What came of calling somebody: the answer to the appointment (AppointmentResponse), which every role that writes
visits may write; one for an appointment, and its versions are the calls before.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import NAMESPACE_URL, uuid5

import orjson

from hoso.access import Conflict
from hoso.access.intake import accept
from hoso.access.view import RIGHTS
from hoso.care.elements import Resource, day
from hoso.care.today import OUTCOMES, Call
from hoso.core.dates import VIETNAM
from hoso.fhir.json import encode
from hoso.web.door import Door

TYPE = "AppointmentResponse"
CALL = "https://hoso.vn/StructureDefinition/call-outcome"
_ANSWERS = {"comes": "accepted", "moved": "declined"}
_WORDS = {
    "comes": "Đã gọi điện: hẹn sẽ đến",
    "no-answer": "Đã gọi điện: không nghe máy",
    "wrong-number": "Đã gọi điện: sai số",
    "moved": "Đã gọi điện: đã chuyển đi nơi khác",
}


def answer_id(appointment: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"https://hoso.vn/call/{appointment}"))


def calls(reach: Door, appointments: Iterable[str]) -> dict[str, Call]:
    """By appointment, what the last call came to."""
    names = {answer_id(one): one for one in appointments}
    if not names or not reach.may(TYPE):
        return {}
    heads = reach.records.heads(reach.errand, [(TYPE, id) for id in names])
    read = {names[id]: _call(orjson.loads(head.body)) for (_, id), head in heads.items() if not head.deleted}
    return {id: call for id, call in read.items() if call is not None}


def note(reach: Door, appointment: Resource, patient: str, call: Call, writer: Resource, now: datetime) -> None:
    """Writes down what a call came to. Raises Refused."""
    made = _written(appointment, patient, call, writer, now)
    accepted = accept(encode(made), TYPE, made["id"])
    for draft in (accepted.draft("POST", made["id"], None), accepted.draft("PUT", made["id"], "any")):
        try:
            reach.records.save(reach.errand, [(RIGHTS[draft.method], TYPE)], [draft])
            return
        except Conflict:  # somebody called before: this is the next version
            if draft.method == "PUT":
                raise


def _written(appointment: Resource, patient: str, call: Call, writer: Resource, now: datetime) -> Resource:
    stamp = now.astimezone(VIETNAM)
    said: list[Resource] = [
        {"url": "outcome", "valueCode": call.outcome},
        {"url": "when", "valueDateTime": stamp.isoformat(timespec="seconds")},
        {"url": "who", "valueReference": writer},
    ]
    made: Resource = {
        "resourceType": TYPE,
        "id": answer_id(str(appointment["id"])),
        "extension": [{"url": CALL, "extension": said}],
        "appointment": {"reference": f"Appointment/{appointment['id']}"},
        "actor": {"reference": f"Patient/{patient}"},
        "participantStatus": _ANSWERS.get(call.outcome, "needs-action"),
        "comment": _WORDS[call.outcome],
    }
    if tags := appointment.get("meta", {}).get("tag"):
        made["meta"] = {"tag": tags}
    if call.to is not None:
        start = datetime(call.to.year, call.to.month, call.to.day, 7, tzinfo=VIETNAM)
        made |= {"start": start.isoformat(), "end": start.replace(hour=17).isoformat()}
    return made


def _call(answer: Resource) -> Call | None:
    """None for an answer that did not come of a call from this page."""
    parts = {
        part.get("url"): part
        for one in answer.get("extension", ())
        if one.get("url") == CALL
        for part in one.get("extension", ())
    }
    outcome, on = parts.get("outcome", {}).get("valueCode"), day(parts.get("when", {}).get("valueDateTime", ""))
    if outcome not in OUTCOMES or on is None:
        return None
    to: date | None = day(str(answer.get("start", "")))
    return Call(outcome, on, to if outcome == "comes" else None)
