"""A write that is carried out to its end, looked at, and never happened: how a preview sees what would become of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from hoso.access.persons import Arrivals
from hoso.store.contract import Saved, Transaction

T = TypeVar("T")
Work = Callable[[Transaction], object]


class _Over(Exception):
    """Takes what was seen out of a transaction that must not stay."""

    def __init__(self, seen: object, transaction: Transaction) -> None:
        super().__init__()
        self.seen, self.transaction = seen, transaction


def rehearse(
    transact: Callable[[Work], object],
    save: Callable[[Transaction], Sequence[Saved]],
    look: Callable[[Transaction, Sequence[Saved]], T],
    arrivals: Arrivals | None,
) -> T:
    """`look` sees the transaction after `save`. Citizen codes that were given in it are given to the next."""

    def work(transaction: Transaction) -> None:
        raise _Over(look(transaction, save(transaction)), transaction)

    try:
        transact(work)
    except _Over as over:
        if arrivals is not None:
            arrivals.rehearsed(over.transaction)
        return cast(T, over.seen)
    raise AssertionError("what is rehearsed ends by its exception")
