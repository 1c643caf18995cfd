"""Who joins the scope of a node, and what it is then given: all that there is of them, whenever it was written.

The feed has passed what is older than a join, so each node has a lane of its own in which joins stand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hoso.sync import scope
from hoso.sync.ledger import Settled, Version, of_patient
from hoso.sync.messages import Cursor
from hoso.sync.peer import Peer
from hoso.sync.scope import Joined

LINES = 5_000
"""Of the feed, looked through at a time."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Of one node, as it stands now. `patients` None: all; else each with the line up to which its join brings it."""

    patients: Mapping[str, int] | None

    def covers(self, patient: str) -> bool:
        return not patient or self.patients is None or patient in self.patients

    def follows(self, patient: str, line: int) -> bool:
        """Whether a line of the feed is to be sent as such."""
        return not patient or self.patients is None or self.patients.get(patient, line) < line


EVERYBODY = Scope(None)


def of(me: Peer, node: str) -> Scope:
    """The scope of a node below, as it was worked out last."""
    return EVERYBODY if me.tree.wants(node) is None else Scope(me.ledger.scope(node))


def settle(me: Peer, node: str) -> None:
    """Works out who joins the scope of a node because of what is new in the feed here. Raises Full."""
    wants = me.tree.wants(node)
    if wants is None:
        return
    end, _ = me.ledger.feed_end()
    after = me.ledger.settled(node)
    while after < end:
        after, patients = me.ledger.concerned(after, LINES, wants)
        known = me.ledger.scope(node)
        me.ledger.commit(Settled(node, after, tuple(one for one in patients if one and one not in known)))


def question(me: Peer) -> tuple[Cursor, ...]:
    """How far this node knows its own lane."""
    assert me.hub is not None
    ledger = me.ledger
    places = scope.told(ledger.lane_end(me.name)[0])
    return tuple(Cursor(me.hub, number, ledger.lane_chain(me.name, number) or b"") for number in places)


def place(me: Peer, node: str, told: Collection[Cursor]) -> int:
    """Up to where a node knows its lane."""
    places = ((cursor.number, cursor.chain) for cursor in told if cursor.hub == me.name)
    return scope.common(places, lambda number: me.ledger.lane_chain(node, number))


def whole(me: Peer, node: str, joined: Joined) -> list[Version]:
    """All that the feed had of a patient in its order, but for what came through the node itself."""
    ledger = me.ledger
    theirs = (one for one in of_patient(ledger, joined.patient) if not me.tree.carries(node, one.stream.node))
    found = [(ledger.place(version.header.change), version) for version in theirs]
    return [version for line, version in sorted(found, key=lambda one: one[0]) if line <= joined.line]
