"""What was typed of visits and not signed goes with an approved erasure: it is no record and has no key of its own.

Accounts are another database than records, so this is a step after the decision, and is made up for at every start.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hoso.core.clock import from_ms

if TYPE_CHECKING:
    from hoso.compose import Node


def drafts(node: Node) -> int:
    """Those about persons of whom something was erased, kept before that was decided; answers how many."""
    from hoso.access.actor import Actor
    from hoso.access.errand import Errand
    from hoso.access.telling import event_of
    from hoso.store import erasing
    from hoso.web.visits.forgetting import forget

    store, number = node.store, 0
    node_itself = Errand(Actor(f"node/{node.config.node}"), "HOPERAT", channel="command")

    def tell(request: str, whose: frozenset[int], found: int) -> None:
        now, what = node.audit.now(), f"{request} {found}"
        node.journal.tell([event_of(node_itself, now, "drafts-erased", "D", what, patient=one) for one in whose])

    for whose, time, request in erasing.decided(store):
        ids = frozenset(store.people.ids(whose).values())
        number += forget(node.config, ids, from_ms(time), partial(tell, request, whose))
    return number
