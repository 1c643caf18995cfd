"""The record of a subscription, where the node says how it stands: each change of status is a version of its own."""

from __future__ import annotations

from typing import Any

from hoso.access.actor import Actor
from hoso.access.audit.journal import Journal
from hoso.access.errand import Errand
from hoso.access.telling import Teller
from hoso.core.clock import Clock
from hoso.fhir.json import encode, exact, parse
from hoso.store.contract import Conflict, Draft, Origin, Store, Transaction

TYPE = "Subscription"


class Record:
    def __init__(self, store: Store, journal: Journal, clock: Clock, node: str) -> None:
        self._store, self._journal, self._teller = store, journal, Teller(journal, clock)
        self._errand = Errand(Actor(f"node/{node}"), "SYSADMIN", "automatic")

    def say(self, id: str, status: str, error: str | None) -> None:
        """Unless its subscriber writes it at this moment, who then is answered anew."""
        head = self._store.read(TYPE, id)
        if head is None or head.deleted:
            return
        tree = exact(head.body)
        if tree["status"] == status and tree.get("error") == error:
            return
        tree["status"] = status
        tree.pop("error", None)
        if error is not None:
            tree["error"] = error
        draft = Draft("PUT", TYPE, id, encode(tree), _plain(tree), head.version)
        errand = self._errand

        def work(transaction: Transaction) -> None:
            saved = transaction.save([draft])
            self._journal.put(transaction, self._teller.written(errand, saved))

        try:
            self._store.write(work, Origin(errand.actor.id, errand.purpose))
        except Conflict:
            return


def _plain(tree: Any) -> dict[str, Any]:
    return parse(encode(tree))
