"""Labels by hand: raised or lowered by somebody who may, with the reason in words; the record itself stays as it is."""

from __future__ import annotations

from collections.abc import Collection

from hoso.access.audit import Event
from hoso.access.audit.journal import Journal
from hoso.access.errand import Errand
from hoso.access.policy.matrix import role
from hoso.access.scope import Right
from hoso.access.telling import event_of
from hoso.access.view import View
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.core.ids import new_id
from hoso.fhir.labels import bits, mask, names
from hoso.store.contract import Origin, Version
from hoso.store.label_acts import Act, act, acts
from hoso.store.record_store import RecordStore, RecordTransaction

FEWEST_WORDS, MOST_WORDS = 15, 1_000


class Labelling:
    def __init__(self, store: RecordStore, journal: Journal, clock: Clock) -> None:
        self._store, self._journal, self._clock = store, journal, clock

    def change(
        self,
        errand: Errand,
        type: str,
        id: str,
        *,
        raised: Collection[str] = (),
        lowered: Collection[str] = (),
        words: str,
    ) -> frozenset[str]:
        """Answers the labels that count now. Raises Refused: 403 who may not, 404 not seen, 422 what makes no sense."""
        self._check(errand, type, raised, lowered, words)
        version = self._seen(errand, type, id)
        done = Act(
            new_id(), version.rid, to_ms(self._clock()), errand.actor.id, mask(raised), mask(lowered),
            reason(words),
        )  # fmt: skip

        def work(transaction: RecordTransaction) -> None:
            transaction.older |= act(transaction.connection, done)
            self._journal.put(transaction, [self._event(errand, version, done)])

        self._store.write(work, Origin(errand.actor.id, errand.purpose))
        return self.labels(version.rid)

    def of(self, errand: Errand, type: str, id: str) -> frozenset[str]:
        """The labels that count now, for whoever may change them."""
        self._may(errand, type)
        return self.labels(self._seen(errand, type, id).rid)

    def labels(self, rid: int) -> frozenset[str]:
        rows = self._store.engine.reader().rows("SELECT mask FROM label WHERE rid = ?", (rid,))
        return names(rows[0][0]) if rows else frozenset()

    def acts(self, errand: Errand, type: str, id: str) -> list[Act]:
        """What was done to the labels of a record, for whoever may do it too."""
        self._may(errand, type)
        return acts(self._store.engine.reader(), self._seen(errand, type, id).rid)

    def _check(self, errand: Errand, type: str, raised: Collection[str], lowered: Collection[str], words: str) -> None:
        self._may(errand, type)
        unknown = sorted({*raised, *lowered} - bits().keys())
        if unknown or not (raised or lowered) or set(raised) & set(lowered):
            raise Refused.because(422, "value", "label.unknown", allowed=", ".join(bits()))
        reason(words)

    def _may(self, errand: Errand, type: str) -> None:
        check_relabels(errand, type, "u")

    def _seen(self, errand: Errand, type: str, id: str) -> Version:
        """An operator without a role also reaches what is shown to nobody: to take off a label that is wrong."""
        found = self._store.read(type, id)
        whole = not errand.actor.role and errand.actor.labels is None
        if found is None or not (whole or View(self._store, errand, self._clock()).lets("u", found)):
            raise Refused.because(404, "not-found", "rest.not-found", type=type, id=id[:64])
        return found

    def _event(self, errand: Errand, version: Version, done: Act) -> Event:
        what = f"{version.type}/{version.id} {told(done)}"
        return event_of(
            errand, done.time, "label", "U", what, patient=version.patient, types=(version.type,), reason=done.words
        )


def told(done: Act) -> str:
    """Such as "+DV -HIV"."""
    return " ".join(
        sign + name for sign, mask in (("+", done.raised), ("-", done.lowered)) for name in sorted(names(mask))
    )


def check_relabels(errand: Errand, type: str, right: Right) -> None:
    """Raises Refused for whoever may not decide about labels: a role that does, or an operator, with a right to all."""
    actor = errand.actor
    row = role(actor.role) if actor.role else None
    if not actor.scopes.everywhere(type, right) or (actor.role and (row is None or not row.relabels)):
        raise Refused.because(403, "forbidden", "rest.forbidden", type=type, right=right)


def reason(words: str) -> str:
    """The words of such a decision on one line. Raises Refused for too few or too many."""
    plain = " ".join(words.split())
    if not FEWEST_WORDS <= len(plain) <= MOST_WORDS:
        raise Refused.because(422, "value", "label.words", least=str(FEWEST_WORDS), most=str(MOST_WORDS))
    return plain
