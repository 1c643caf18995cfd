"""A subscription as it counts at this moment: what it wants, and its subscriber with the rights held now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hoso.access.actor import Actor
from hoso.access.bulk.asked import errand_of
from hoso.access.errand import Errand
from hoso.core.ids import new_id
from hoso.fhir.json import parse
from hoso.fhir.subscriptions import Wanted, read
from hoso.store.contract import Store
from hoso.store.subscriptions import SubscriptionRow

Now = Callable[[Actor], Actor | None]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """`errand` None: whoever asked may nothing any more."""

    row: SubscriptionRow
    wanted: Wanted
    errand: Errand | None


def subscriber(store: Store, row: SubscriptionRow, now: Now) -> Subscriber | None:
    """Of the version that counts; None when its text was erased. Telling somebody who is not asking is sending."""
    version = store.vread("Subscription", row.id, row.version)
    if version is None or not version.body:
        return None
    then = errand_of(row.errand)
    actor = now(then.actor)
    errand = None
    if actor is not None:
        errand = replace(then, actor=actor, activity="send", channel="automatic", request=new_id())
    return Subscriber(row, read(parse(version.body)), errand)
