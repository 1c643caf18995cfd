"""Works out anew, from the Patients, where records are found and what they are compared by: after a new normaliser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import orjson

from hoso.access import Entry, Records, Transaction
from hoso.access.scope import Right
from hoso.identity.arrive import RESTLESS
from hoso.identity.batch.walk import ERRAND, Piece, Result
from hoso.identity.matching import Described, Matching

RIGHTS: Sequence[tuple[Right, str]] = (("u", "Patient"),)


def rekey(records: Records, matching: Matching, piece: Piece) -> Result:
    """Counts "records", and "changed" for those that are compared by something else from now on."""
    heads = records.heads(ERRAND, [("Patient", id) for id in piece.ids])
    made = {
        id: (head.version, matching.describe(orjson.loads(head.body)))
        for (_, id), head in heads.items()
        if not head.deleted
    }

    def work(transaction: Transaction) -> Counter[str]:
        people = transaction.people
        people.lock({lock for _, described in made.values() for lock in described.locks})
        now = transaction.heads([("Patient", id) for id in made])
        known = people.arrived(list(made))
        counts: Counter[str] = Counter()
        entries = []
        for id, (version, described) in made.items():
            before = known[id]
            if now["Patient", id].version == version and before.person is not None and not before.is_person:
                entries.append(_entry(before.record, described, before.flips))
                counts["changed"] += before.packed != described.packed
        people.put(entries)
        counts["records"] = len(entries)
        return counts

    return Result(piece, records.transact(ERRAND, RIGHTS, work))


def _entry(record: int, described: Described, flips: int) -> Entry:
    return Entry(record, () if flips > RESTLESS else described.keys, described.packed, flips)
