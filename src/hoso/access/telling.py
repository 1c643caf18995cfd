"""What the audit log is told of each call of `Records`: one event for each patient concerned, one when it is nobody.

What was shown is durable before it is handed on. A page, which asks many things about the same people, notes them and
its middleware tells them together, before its first byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice

from msgspec.structs import replace

from hoso.access.audit.event import Action, Event, Outcome
from hoso.access.audit.journal import Journal
from hoso.access.errand import Errand
from hoso.access.noise import Noise
from hoso.access.notes import Notes, subject
from hoso.access.scope import Right
from hoso.core.clock import Clock, to_ms
from hoso.store.audit import AuditRow
from hoso.store.contract import Saved, Transaction, Version

MOST_WHAT = 400
CHUNK = 500
"""Of a stream, what is told and handed on together."""

_KINDS: dict[Right, tuple[str, Action]] = {
    "r": ("read", "R"),
    "s": ("search", "E"),
    "c": ("create", "C"),
    "u": ("update", "U"),
    "d": ("delete", "D"),
}
_WRITTEN: dict[str, tuple[str, Action]] = {
    "created": ("create", "C"),
    "updated": ("update", "U"),
    "deleted": ("delete", "D"),
}


class Teller:
    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal, self._clock, self._noise = journal, clock, Noise()

    def shown(
        self, errand: Errand, kind: str, what: str, versions: Sequence[Version], within: Transaction | None = None
    ) -> None:
        """Before they are handed on; inside a transaction `within` it. Raises Unavailable."""
        if errand.notes is not None:
            errand.notes.add(versions)
            return
        events = self._of(errand, kind, what, versions)
        if within is None:
            self._journal.tell(events)
        else:
            self._journal.put(within, events)

    def streamed(self, errand: Errand, kind: str, what: str, versions: Iterator[Version]) -> Iterator[Version]:
        """The same versions, each told before it is handed on; a patient once for each type of data."""
        told: set[tuple[int, str]] = set()
        first = True
        while chunk := list(islice(versions, CHUNK)):
            fresh = [version for version in chunk if (subject(version), version.type) not in told]
            told |= {(subject(version), version.type) for version in fresh}
            if fresh:
                self.shown(errand, kind, what, fresh)
            first = False
            yield from chunk
        if first:
            self.shown(errand, kind, what, ())

    def refused(self, errand: Errand, right: Right, what: str, patient: int = 0, outcome: Outcome = "denied") -> None:
        """What was asked for and not given, or tried and not done."""
        kind, action = _KINDS[right]
        self._journal.tell([event_of(errand, self._now(), kind, action, what, patient=patient, outcome=outcome)])

    def closed(self, errand: Errand, versions: Sequence[Version]) -> None:
        """Heads that were asked for together and are not this actor's to see."""
        kind, action = _KINDS["r"]
        now = self._now()
        self._journal.tell(
            [
                event_of(
                    errand, now, kind, action, f"{one.type}/{one.id}", patient=subject(one), outcome="denied",
                )
                for one in versions
            ]
        )  # fmt: skip

    def written(self, errand: Errand, saved: Sequence[Saved]) -> list[Event]:
        """For the transaction that stores them."""
        groups: dict[tuple[int, str], list[Saved]] = {}
        for one in saved:
            if one.outcome != "unchanged":
                groups.setdefault((subject(one), one.outcome), []).append(one)
        now = self._now()
        return [
            _of_saved(errand, now, *_WRITTEN[outcome], some, patient) for (patient, outcome), some in groups.items()
        ]

    def decided(self, errand: Errand, saved: Sequence[Saved]) -> list[Event]:
        """Of what identity decided. A machine that goes through everybody is one event each time: nobody saw them,

        and the ledger says what became of each.
        """
        if errand.channel != "command" or not saved:
            return self.written(errand, saved)
        return [_of_saved(errand, self._now(), "link", "U", saved)]

    def noted(self, errand: Errand, kind: str, what: str) -> None:
        """What a page, or a document that asks many things, has shown until now, at once."""
        self._journal.tell(self._taken(errand, kind, what))

    def noting(self, errand: Errand, kind: str, what: str) -> list[AuditRow]:
        """The same, for who writes it together with what came of it."""
        return self._journal.rows(self._taken(errand, kind, what))

    def _taken(self, errand: Errand, kind: str, what: str) -> list[Event]:
        seen = errand.notes.take(also_nobody=kind != "view") if errand.notes is not None else []
        return [
            event_of(
                errand, self._now(), kind, "R", what,
                patient=one.patient, types=tuple(sorted(one.types)), digest=digest(one.names),
            )
            for one in seen
        ]  # fmt: skip

    def act(self, errand: Errand, kind: str, what: str, patient: int = 0) -> None:
        """Something done that is neither reading nor writing a record, such as opening one in an emergency."""
        self._journal.tell([event_of(errand, self._now(), kind, "E", what, patient=patient)])

    def acted(self, errand: Errand, kind: str, what: str) -> list[AuditRow]:
        """The same, for who writes it together with what was done."""
        return self._journal.rows([event_of(errand, self._now(), kind, "E", what)])

    def stranger(self, address: str) -> None:
        if self._noise.first((address,)):
            event = Event(
                time=self._now(), actor="anyone", action="E", kind="token", channel="api", outcome="denied",
                address=address,
            )  # fmt: skip
            self._journal.tell([event])

    def _of(self, errand: Errand, kind: str, what: str, versions: Sequence[Version]) -> list[Event]:
        notes = Notes()
        notes.add(versions)
        action: Action = "E" if kind == "search" else "R"
        asked = event_of(errand, self._now(), kind, action, what)
        if not versions:
            return [asked]
        return [
            replace(asked, patient=one.patient, types=_sorted(one.types), digest=digest(one.names))
            for one in notes.take(also_nobody=True)
        ]

    def _now(self) -> int:
        return to_ms(self._clock())


def _sorted(types: set[str]) -> tuple[str, ...]:
    return tuple(types) if len(types) == 1 else tuple(sorted(types))


def listed(names: Sequence[str]) -> str:
    """As many names as are read at a glance, and how many more there are; the digest is of all."""
    text = names[0] if names else ""
    for place, name in enumerate(names[1:], 1):
        if len(text) + len(name) > MOST_WHAT:
            return f"{text} +{len(names) - place}"
        text = f"{text} {name}"
    return text


def digest(names: Iterable[str]) -> bytes:
    """Of "Type/id/version" of all that was shown or written, a line each, in the order of the answer."""
    return sha256("\n".join(names).encode()).digest()


def _of_saved(errand: Errand, time: int, kind: str, action: Action, saved: Sequence[Saved], patient: int = 0) -> Event:
    names = [f"{one.type}/{one.id}/{one.version}" for one in saved]
    types = tuple(sorted({one.type for one in saved}))
    return event_of(errand, time, kind, action, listed(names), patient=patient, types=types, digest=digest(names))


def event_of(
    errand: Errand,
    time: int,
    kind: str,
    action: Action,
    what: str,
    *,
    patient: int = 0,
    types: tuple[str, ...] = (),
    outcome: Outcome = "ok",
    reason: str = "",
    digest: bytes = b"",
) -> Event:
    """What happened on an errand, with all that the errand says; `reason` stands in place of the errand's own."""
    actor = errand.actor
    return Event(
        time=time, actor=actor.id, action=action, kind=kind, request=errand.request, role=actor.role,
        facility=actor.facility, purpose=errand.purpose, channel=errand.channel, activity=errand.activity,
        outcome=outcome, types=types, what=what[:MOST_WHAT + 100], patient=patient, reason=reason or errand.reason,
        grant=errand.grant, session=errand.session, address=errand.address, digest=digest,
    )  # fmt: skip
