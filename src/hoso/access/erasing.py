"""Erasing what carries some labels in one person's record: one asks, another approves, and then nobody has it any more.

Whether the law lets it go yet (how long records are kept) is for those two to know; a request is the place to write it.
"""

from __future__ import annotations

from collections.abc import Collection

from hoso.access.audit.journal import Journal
from hoso.access.errand import Errand
from hoso.access.labelling import check_relabels, reason
from hoso.access.telling import event_of
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.core.ids import new_id
from hoso.fhir.labels import bits, enciphered, mask
from hoso.store import erasing
from hoso.store.contract import Origin
from hoso.store.erasing import Record, Request
from hoso.store.reading import TYPES
from hoso.store.record_store import RecordStore, RecordTransaction


class Erasing:
    def __init__(self, store: RecordStore, journal: Journal, clock: Clock) -> None:
        self._store, self._journal, self._clock = store, journal, clock

    def ask(self, errand: Errand, patient: str, labels: Collection[str], words: str) -> str:
        """The request's id. Raises Refused: 403 who may not, 404 whom nobody knows, 422 what makes no sense."""
        self._may(errand)
        allowed = [name for name, bit in bits().items() if bit & enciphered()]
        if not labels or set(labels) - set(allowed):
            raise Refused.because(422, "value", "label.unknown", allowed=", ".join(allowed))
        plain = reason(words)
        whose = self._store.people.whole(patient)
        if not whose:
            raise Refused.because(404, "not-found", "rest.not-found", type="Patient", id=patient[:64])
        request = Request(new_id(), patient, mask(labels), plain, errand.actor.id, to_ms(self._clock()))

        def work(transaction: RecordTransaction) -> None:
            erasing.ask(transaction.connection, request)
            told = [event_of(errand, request.asked, "erasure-asked", "E", request.id, patient=one) for one in whose]
            self._journal.put(transaction, told)

        self._store.write(work, Origin(errand.actor.id, errand.purpose))
        return request.id

    def decide(self, errand: Errand, id: str, *, approved: bool) -> int:
        """Answers how many records were erased. Raises Refused: 403, 404, and 409 for what is decided already."""
        self._may(errand)
        found = erasing.requests(self._store.engine.reader(), id)
        if not found:
            raise Refused.because(404, "not-found", "erasure.unknown", id=id[:64])
        request = found[0]
        if request.asker == errand.actor.id:
            raise Refused.because(403, "forbidden", "erasure.same-person")

        def work(transaction: RecordTransaction) -> list[Record]:
            now = to_ms(self._clock())
            if not erasing.decide(transaction.connection, id, errand.actor.id, now, approved=approved):
                raise Refused.because(409, "conflict", "erasure.decided", id=id)
            whose = transaction.people.whole(request.patient)
            gone = erasing.records(transaction.connection, whose, request.labels) if approved else []
            erasing.erase(transaction, gone, id, now)
            kind = "erasure-approved" if approved else "erasure-refused"
            events = [event_of(errand, now, kind, "E", id, patient=one) for one in whose]
            events += [
                event_of(
                    errand, now, "erase", "D", f"{TYPES[one.type]}/{one.id}", patient=one.patient,
                    types=(TYPES[one.type],), reason=id,
                )
                for one in gone
            ]  # fmt: skip
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

    def _may(self, errand: Errand) -> None:
        check_relabels(errand, "Patient", "d")
