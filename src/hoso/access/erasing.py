"""Erasing what carries some labels in one person's record: one asks, another approves, and then nobody has it any more.

Whether the law lets it go yet (how long records are kept) is for those two to know; a request is the place to write it.
Where a citizen's case asks for it, the decision answers that case and closes it, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection

from hoso.access.audit.journal import Journal
from hoso.access.cases.cases import Outcome
from hoso.access.cases.words import said
from hoso.access.errand import Errand
from hoso.access.labelling import check_relabels, reason
from hoso.access.telling import event_of
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.core.ids import new_id
from hoso.fhir.labels import bits, enciphered, mask
from hoso.store import cases, erasing, health_links
from hoso.store.contract import Origin
from hoso.store.erasing import Record, Request
from hoso.store.reading import TYPES
from hoso.store.record_store import RecordStore, RecordTransaction

METHOD = "crypto-erasure"
"""Named in the log: the keys of the records are destroyed, and so every copy of them, in backups too."""


class Erasing:
    def __init__(self, store: RecordStore, journal: Journal, clock: Clock) -> None:
        self._store, self._journal, self._clock = store, journal, clock

    def ask(self, errand: Errand, patient: str, labels: Collection[str], words: str, case: str = "") -> str:
        """The request's id. `case`: that of the citizen who asks for it.

        Raises Refused: 403 who may not, 404 whom or which case nobody knows, 409 a case that was answered, 422 what
        makes no sense.
        """
        self._may(errand)
        allowed = [name for name, bit in bits().items() if bit & enciphered()]
        if not labels or set(labels) - set(allowed):
            raise Refused.because(422, "value", "label.unknown", allowed=", ".join(allowed))
        plain = reason(words)
        whose = self._store.people.whole(patient)
        if not whose:
            raise Refused.because(404, "not-found", "rest.not-found", type="Patient", id=patient[:64])
        if case:
            self._check(case, whose)
        now = to_ms(self._clock())
        request = Request(new_id(), patient, mask(labels), plain, errand.actor.id, now, case_id=case)

        def work(transaction: RecordTransaction) -> None:
            erasing.ask(transaction.connection, request)
            told = [event_of(errand, now, "erasure-asked", "E", _what(request), patient=one) for one in whose]
            self._journal.put(transaction, told)

        self._store.write(work, Origin(errand.actor.id, errand.purpose))
        return request.id

    def decide(self, errand: Errand, id: str, *, approved: bool, words: str = "") -> int:
        """Answers how many records were erased. `words`: what the citizen reads whose case this answers.

        Raises Refused: 403, 404, 409 for what is decided or answered already, 422 for words that will not do.
        """
        self._may(errand)
        found = erasing.requests(self._store.engine.reader(), id)
        if not found:
            raise Refused.because(404, "not-found", "erasure.unknown", id=id[:64])
        request = found[0]
        if request.asker == errand.actor.id:
            raise Refused.because(403, "forbidden", "erasure.same-person")
        answer = said(words) if request.case_id else ""

        def work(transaction: RecordTransaction) -> list[Record]:
            now = to_ms(self._clock())
            if not erasing.decide(transaction.connection, id, errand.actor.id, now, approved=approved):
                raise Refused.because(409, "conflict", "erasure.decided", id=id)
            whose = transaction.people.whole(request.patient)
            gone = erasing.records(transaction.connection, whose, request.labels) if approved else []
            erasing.erase(transaction, gone, id, now)
            if gone:
                health_links.forget(transaction.connection, whose, now)
            kind = "erasure-approved" if approved else "erasure-refused"
            events = [event_of(errand, now, kind, "E", _what(request), patient=one) for one in whose]
            events += [
                event_of(
                    errand, now, "erase", "D", f"{TYPES[one.type]}/{one.id}", patient=one.patient,
                    types=(TYPES[one.type],), reason=f"{id} {METHOD}",
                )
                for one in gone
            ]  # fmt: skip
            if request.case_id:
                outcome: Outcome = "fulfilled" if approved else "refused"
                if not cases.settle(transaction.connection, request.case_id, now, errand.actor.id, outcome, answer):
                    raise Refused.because(409, "conflict", "erasure.case-answered", id=request.case_id)
                what = f"erasure {request.case_id} {outcome}"
                events += [event_of(errand, now, "case-answered", "E", what, patient=one) for one in whose]
            self._journal.put(transaction, events)
            return gone

        gone = self._store.write(work, Origin(errand.actor.id, erasing.REASON))
        if gone:
            erasing.scrub(self._store.engine.reader())
        return len(gone)

    def requests(self, errand: Errand) -> list[Request]:
        """Those that wait first, then the newest."""
        self._may(errand)
        found = erasing.requests(self._store.engine.reader())
        return sorted(found, key=lambda one: (one.approved is not None, -one.asked))

    def _check(self, id: str, whose: frozenset[int]) -> None:
        """Whether it is a case of this person that asks for an erasure and waits for its answer."""
        row = cases.CaseTable(self._store.engine).case(id)
        if row is None or row.kind != "erasure" or row.patient not in whose:
            raise Refused.because(404, "not-found", "erasure.case-unknown", id=id[:64])
        if row.answered is not None or row.closed is not None:
            raise Refused.because(409, "conflict", "erasure.case-answered", id=id)

    def _may(self, errand: Errand) -> None:
        check_relabels(errand, "Patient", "d")


def _what(request: Request) -> str:
    return f"{request.id} case {request.case_id}" if request.case_id else request.id
