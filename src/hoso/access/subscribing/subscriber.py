"""A subscription as it counts at this moment: what it wants, and its subscriber with the rights held now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hoso.access.actor import Actor
from hoso.access.bulk.asked import errand_of
from hoso.access.errand import Errand
from hoso.core.errors import Refused
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


def wanted_of(store: Store, row: SubscriptionRow) -> Wanted | None:
    """Of the version that counts; None when its text was erased, or a later release does not understand it."""
    version = store.vread("Subscription", row.id, row.version)
    try:
        return read(parse(version.body)) if version is not None and version.body else None
    except Refused:
        return None


def subscriber(store: Store, row: SubscriptionRow, now: Now) -> Subscriber | None:
    """None when what it wants is not known. Telling somebody who is not asking is sending."""
    wanted = wanted_of(store, row)
    if wanted is None:
        return None
    then = errand_of(row.errand)
    actor = now(then.actor)
    errand = None
    if actor is not None:
        errand = replace(then, actor=actor, activity="send", channel="automatic", request=new_id())
    return Subscriber(row, wanted, errand)
