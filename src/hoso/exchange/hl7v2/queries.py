"""Questions of other software about identity: PIX (QBP^Q23) and PDQ (QBP^Q22), as IHE ITI TF-2 3.9 and 3.21 have them.

They are the questions of `Patient/$ihe-pix` and of a search for persons, asked in the name of the sender, and audited.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from hoso.access import Actor, Errand, Records, Scopes, usual_purpose
from hoso.core import Issue, Refused
from hoso.core.clock import Clock
from hoso.exchange.hl7v2 import acks, asking
from hoso.exchange.hl7v2.continuing import Found, Pages
from hoso.exchange.hl7v2.domains import Domain, system_of
from hoso.exchange.hl7v2.draft import Draft, Part
from hoso.exchange.hl7v2.outward import numbers, person, repeated, segment
from hoso.exchange.hl7v2.parsing import Message, Segment
from hoso.exchange.intake.shapes import Sender
from hoso.fhir.number_systems import number_space
from hoso.identity.crossing import cross, known

VIET_NAM = timezone(timedelta(hours=7))
MOST = 50
"""Persons of one answer, and domains of one question."""
_KINDS = {"Q23": ("K23", "RSP_K23"), "Q22": ("K22", "RSP_K21")}
_PLACES = {"identity.pix-identifier": 1, "identity.pix-several": 1, "identity.pix-domain": 4}
"""The component of QPD-3 at fault."""


@dataclass(frozen=True, slots=True)
class _Question:
    """`query` is the QPD; `errand` in whose name it is asked."""

    message: Message
    sender: Sender
    head: acks.Head
    query: Part
    errand: Errand

    @property
    def tag(self) -> str:
        return self.query.text(2)

    @property
    def draft(self) -> Draft:
        """Names whose numbers are the sender's own."""
        return Draft(self.message, self.sender.facility)


class Queries:
    """One for a listener, used by all its threads."""

    def __init__(self, records: Records, clock: Clock, new_id: Callable[[], str]) -> None:
        self._records, self._clock, self._new_id = records, clock, new_id
        self._pages = Pages(records, clock, new_id)

    def answer(self, message: Message, sender: Sender) -> bytes:
        """RSP to a QBP that is known, ACK to QCN^J01 and what is no such question. Raises Unavailable."""
        head = acks.head(message)
        if message.segments[0].get(9, 1) == "QCN":
            return self._cancelled(message, sender, head)
        if head.event not in _KINDS:
            other = asking.issue(9, 1, 2, "not-supported", "hl7v2-query.kind-unknown", head.event, "MSH")
            return self._acknowledged(head, "AR", [other])
        query = message.first("QPD") or Segment("QPD", ["QPD"], message.segments[0].marks)
        question = _Question(message, sender, head, Part(query, 1), _errand(sender))
        try:
            _check(question)
            if head.event == "Q23":
                return self._crossed(question)
            return self._searched(question)
        except Refused as refused:
            faults = [_placed(one) for one in refused.issues]
            return self._response(question, "AE", [], faults)

    # PIX

    def _crossed(self, question: _Question) -> bytes:
        source, errand = question.query, question.errand
        value = source.text(3) or asking.refuse(3, 1, 1, "required", "number-missing")
        system = self._system(question, Domain.of(source, 3), value)
        targets = self._domains(question, 4)
        if not system:
            asking.refuse(3, 1, 4, "not-found", "domain-unknown", text=source.text(3, 4))
        found = cross(self._records, errand, system, value, targets).identifiers
        if not found:
            return self._response(question, "NF", [])
        pid = segment("PID", {3: numbers(found), 5: "~^^^^^^S"})
        return self._response(question, "OK", [pid])

    # PDQ

    def _searched(self, question: _Question) -> bytes:
        wanted = self._domains(question, 8)
        text, quantity = repr(question.query.segment.raw), _quantity(question)
        pointer = question.message.first("DSC")
        if pointer is not None and (name := pointer.get(1)):
            going_on = self._pages.go_on(question.sender, text, name, question.errand, quantity)
            found = going_on or asking.refuse(1, 1, 0, "not-found", "pointer-unknown", text=name, segment="DSC")
            return self._persons(question, found, wanted)
        asked = asking.asked(question.query, lambda domain, value: self._demanded(question, domain, value))
        if wanted:
            asked = replace(asked, pairs=[*asked.pairs, ("identifier", asking.any_of(wanted))])
        found = self._pages.begin(question.sender, question.tag, text, asked, question.errand, quantity)
        return self._persons(question, found, wanted)

    def _persons(self, question: _Question, found: Found, wanted: Sequence[str]) -> bytes:
        spaces = {number_space(one) for one in wanted}
        segments = []
        for place, patient in enumerate(found.patients, 1):
            shown = [
                one
                for one in patient.get("identifier", ())
                if not spaces or number_space(str(one.get("system", "")), one.get("value")) in spaces
            ]
            segments.append(person(patient, shown, place))
        number = str(len(segments))
        hits = [number, number, "0"] if found.first and not found.pointer else ["", number]
        if found.pointer:
            segments.append(segment("DSC", {1: found.pointer, 2: "I"}))
        return self._response(question, "OK" if found.patients else "NF", segments, hits=hits)

    def _cancelled(self, message: Message, sender: Sender, head: acks.Head) -> bytes:
        """QCN^J01: its question is gone on with no more."""
        named = message.first("QID")
        if named is None or not named.get(1):
            missing = asking.issue(1, 1, 0, "required", "hl7v2-query.tag-missing", segment="QID")
            return self._acknowledged(head, "AE", [missing])
        self._pages.forget(sender, named.get(1))
        return self._acknowledged(head, "AA", [])

    # Domains

    def _domains(self, question: _Question, field: int) -> list[str]:
        """Those that numbers are asked of. Raises Refused with the place of one that nobody here has a number of."""
        part = question.query
        if part.count(field) > MOST:
            asking.refuse(field, 0, 0, "too-costly", "too-many-domains", text=str(MOST))
        found = []
        for repetition in range(1, part.count(field) + 1):
            domain = Domain.of(part, field, repetition)
            system = self._system(question, domain, "") if domain != Domain() else ""
            if not system or not known(self._records, question.errand, system):
                asking.refuse(field, repetition, 0, "not-found", "domain-unknown", text=domain.name or domain.universal)
            found.append(system)
        return found

    def _demanded(self, question: _Question, domain: Domain, value: str) -> str:
        """Of the number that a search asks by."""
        system = self._system(question, domain, value)
        if not system or not known(self._records, question.errand, system):
            asking.refuse(3, 0, 0, "not-found", "domain-unknown", text=domain.name or domain.universal)
        return system

    def _system(self, question: _Question, domain: Domain, value: str) -> str:
        return system_of(domain, value, question.draft, lambda one: known(self._records, question.errand, one))

    # Answering

    def _response(
        self,
        question: _Question,
        status: str,
        segments: Sequence[str],
        faults: Sequence[Issue] = (),
        hits: Sequence[str] = (),
    ) -> bytes:
        head, query = question.head, question.query
        event, structure = _KINDS[head.event]
        moment = self._now().strftime("%Y%m%d%H%M%S%z")
        code = "AE" if status == "AE" else "AA"
        name = repeated([[[one] for one in query.components(1)]])
        begun = [
            segment("MSH", {
                1: "^~\\&", 2: head.receiver, 3: head.receiver_facility, 4: head.sender, 5: head.sender_facility,
                6: moment, 8: f"RSP^{event}^{structure}", 9: self._control(), 10: acks.escaped(head.processing),
                11: acks.escaped(head.version), 17: "UNICODE UTF-8",
            }),  # MSH-1 is the bar itself
            segment("MSA", {1: code, 2: acks.escaped(head.control)}),
            *(acks.fault(head, one) for one in faults),
            segment("QAK", {1: acks.escaped(question.tag), 2: status, 3: name, **dict(enumerate(hits, 4))}),
            _echoed(query.segment),
        ]  # fmt: skip
        return "".join(f"{one}\r" for one in (*begun, *segments)).encode()

    def _acknowledged(self, head: acks.Head, code: acks.Code, issues: Sequence[Issue]) -> bytes:
        return acks.acknowledgement(head, code, issues, self._control(), self._now())

    def _control(self) -> str:
        """MSH-10 has twenty letters."""
        return self._new_id().replace("-", "")[-20:]

    def _now(self) -> datetime:
        return self._clock().astimezone(VIET_NAM)


def _errand(sender: Sender) -> Errand:
    """A system of that facility which reads Patients, and does nothing else."""
    actor = Actor(sender.name, Scopes.parse("system/Patient.rs"), facility=sender.facility)
    return Errand(actor, usual_purpose(actor), sender.channel)


def _check(question: _Question) -> None:
    if not question.tag:
        asking.refuse(2, 1, 0, "required", "tag-missing")
    control = question.message.first("RCP")
    if control is not None and control.get(1) not in ("", "I"):
        asking.refuse(1, 1, 0, "code-invalid", "not-at-once", text=control.get(1), segment="RCP")


def _quantity(question: _Question) -> int:
    """Persons of one answer: as many as RCP-2 says, and never more than MOST."""
    control = question.message.first("RCP")
    said = control.get(2) if control is not None else ""
    if not said:
        return MOST
    unit = control.get(2, 2) if control is not None else ""
    if not (said.isascii() and said.isdigit() and len(said) < 6 and int(said)) or unit not in ("", "RD"):
        asking.refuse(2, 1, 0, "value", "bad-quantity", text=said, segment="RCP")
    return min(int(said), MOST)


def _placed(issue: Issue) -> Issue:
    """What identity refuses, with its place in the question."""
    if "segment" in issue.values:
        return issue
    values = {"segment": "QPD", "sequence": "1", "field": "3", "repetition": "1"}
    component = _PLACES.get(issue.key, 0)
    code = "duplicate" if issue.key == "identity.pix-several" else issue.code
    code = "not-found" if issue.key == "identity.pix-domain" else code
    return replace(issue, code=code, values={**issue.values, **values, "component": str(component)})


def _echoed(query: Segment) -> str:
    """The QPD of the question, with our separators."""
    return segment("QPD", {at: repeated(query.repetitions(at)) for at in range(1, len(query.raw))})
