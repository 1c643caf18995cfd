"""Finds the persons of records that have none: those of before identity, and of a station that had no codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import orjson

from hoso.access import Records, Transaction
from hoso.access.persons import Unready
from hoso.access.scope import Right
from hoso.identity.arrive import Arrivals, Stored
from hoso.identity.batch.walk import ERRAND, Piece, Result

RIGHTS: Sequence[tuple[Right, str]] = (("u", "Patient"), ("c", "Linkage"), ("u", "Task"))


def place(records: Records, arrivals: Arrivals, piece: Piece) -> Result:
    """Counts "placed", and "left" for those that need a code when none is to be had. A record that was written while
    it was looked at is left to whoever wrote it."""
    heads = records.heads(ERRAND, [("Patient", id) for id in piece.ids])
    found = []
    for (_, id), head in heads.items():
        if not head.deleted:
            patient = orjson.loads(head.body)
            found.append(Stored(id, head.version, patient, arrivals.matching.describe(patient)))

    last: list[Transaction] = []

    def work(transaction: Transaction) -> Counter[str]:
        last[:] = [transaction]
        now = transaction.heads([("Patient", one.id) for one in found])
        same = [one for one in found if now["Patient", one.id].version == one.version]
        return arrivals.place(transaction, same, ERRAND.actor.id)

    while True:
        try:
            counts = records.transact(ERRAND, RIGHTS, work)
        except Unready as lacking:
            arrivals.ready(lacking.number)
            continue
        arrivals.settled(last[0])
        return Result(piece, counts)
