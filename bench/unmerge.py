"""`python -m bench.unmerge`: a wrong merge of two persons with thousands of records, and its undoing, on both engines.

Prints the time from the call to the committed answer, and whether the restored state has the hash it had.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import orjson

from bench import postgres
from hoso import compose
from hoso.access import Actor, Draft, Entry, Errand, Scopes, Transaction
from hoso.identity.desk import Desk
from hoso.identity.rebuild import state

T = TypeVar("T")
STEWARD = Actor("user/steward", Scopes.parse("user/*.cruds"))
BATCH = 500


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.unmerge", description=__doc__)
    parser.add_argument("records", nargs="?", type=int, default=5_000, help="of each of the two persons")
    args = parser.parse_args()
    for engine in ("sqlite", "postgresql"):
        with _node(engine) as node:
            _measure(engine, node, args.records)
    return 0


def _measure(engine: str, node: compose.Node, records: int) -> None:
    first = _person(node, "a", "Nguyễn Thị Minh Hạnh", "1984-03-17", "female", records)
    second = _person(node, "b", "Lê Văn Tám", "1950-07-02", "male", records)
    people = node.store.people
    rids = list(people.rids([first, second]).values())
    before = state(people, rids, _pictures(node, first, second))
    if engine == "postgresql":
        node.store.engine.reader().rows("ANALYZE")  # as its autovacuum does on a node that has been running
    took, _ = _timed(lambda: node.steward.merge(Errand(STEWARD, "HOPERAT"), first, second, "bench"))
    undone, parted = _timed(lambda: node.steward.unmerge(Errand(STEWARD, "HOPERAT"), second, "bench"))
    same = state(people, rids, _pictures(node, first, second)) == before
    print(
        f"{engine}: {len(parted.records):,} records go back; merge {took * 1e3:,.0f} ms, "
        f"unmerge {undone * 1e3:,.0f} ms, the state {'has the hash it had' if same else 'IS ANOTHER'}"
    )


def _person(node: compose.Node, letter: str, name: str, born: str, sex: str, records: int) -> str:
    """One person with so many records, linked in few events: how they came is not what is measured."""
    fresh, number = node.codes.new(1)[0], count()
    person = ""
    for start in range(0, records, BATCH):
        some = [
            {
                "resourceType": "Patient", "id": f"{letter}{next(number)}", "name": [{"text": name}], "birthDate": born,
                "gender": sex, "telecom": [{"system": "phone", "value": f"09{start // BATCH:08d}"}],
            }
            for _ in range(min(BATCH, records - start))
        ]  # fmt: skip
        person = node.records.transact(
            Errand(STEWARD, "SYSADMIN"),
            (),
            lambda transaction, some=some: _link(node, transaction, some, fresh, person),  # type: ignore[misc]  # noqa: B023
        )
    return person


def _link(node: compose.Node, transaction: Transaction, some: list[dict[str, Any]], code: str, person: str) -> str:
    drafts = [Draft("PUT", "Patient", patient["id"], orjson.dumps(patient), patient) for patient in some]
    rids = [saved.rid for saved in transaction.save(drafts)]
    described = [node.matching.describe(patient) for patient in some]
    transaction.people.put([Entry(r, d.keys, d.packed) for r, d in zip(rids, described, strict=True)])
    desk = Desk(transaction, STEWARD.id, node.records.clock)
    rid = transaction.people.rids([person])[person] if person else desk.found(rids.pop(0), code, {})
    desk.link(rids, rid, {})
    desk.done()
    return desk.id(rid)


def _pictures(node: compose.Node, *persons: str) -> list[dict[str, Any]]:
    heads = node.records.heads(Errand(STEWARD, "HOPERAT"), [("Patient", person) for person in persons])
    return [orjson.loads(head.body) for head in heads.values()]


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


@contextmanager
def _node(engine: str) -> Iterator[compose.Node]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="hoso-bench-")))
        database = None
        if engine == "postgresql":
            server = stack.enter_context(postgres.running())
            database = stack.enter_context(postgres.database(server.url))
        compose.create(folder / "node", database)
        node = compose.open(folder / "node")
        stack.callback(node.close)
        yield node


if __name__ == "__main__":
    raise SystemExit(main())
