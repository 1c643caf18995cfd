"""Which changes are events of a subscription: what its search or topic finds of the records its subscriber may meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from hoso.access.code_lists import CodeLists
from hoso.access.persons import asks_for_persons
from hoso.access.subscribing.subscriber import Subscriber
from hoso.access.view import View
from hoso.core.errors import Refused
from hoso.fhir.extract import extract
from hoso.fhir.json import parse
from hoso.fhir.search import Query
from hoso.fhir.search.query import Condition, Ids
from hoso.fhir.subscriptions import Held, holds
from hoso.store.contract import Change, Store, Version


class Events:
    """Of one subscription, asked about one change after the other."""

    def __init__(self, store: Store, subscriber: Subscriber, now: datetime) -> None:
        assert subscriber.errand is not None
        self._store, self._wanted = store, subscriber.wanted
        self._view = View(store, subscriber.errand, now)
        self._scopes = subscriber.errand.actor.scopes
        self._runs: dict[int, Query | None] = {}

    def meets(self, change: Change, held: Callable[[], Held]) -> bool:
        """`held`: the version as search sees it, worked out once for all who ask."""
        version = change.version
        if version.erased or not self._may(version) or not self._counts(version, change.base):
            return False
        topic = self._wanted.topic
        if topic is None and version.deleted:
            return False
        searches = self._wanted.searches[version.type]
        if version.deleted:
            return self._found_before(change, searches)
        seen = held()
        if not all(self._finds(query, seen) for query in searches) or self._is_hidden(version, searches):
            return False
        if topic is None:
            return True
        when, becomes = topic.when.get(version.type), topic.becomes.get(version.type)
        if when is not None and not self._finds(when, seen):
            return False
        return becomes is None or (self._finds(becomes, seen) and not self._was(becomes, change))

    def may(self, version: Version) -> bool:
        """Whether the subscriber may be told of a version, as it is and as the record stands."""
        head = self._store.read(version.type, version.id)
        return self._may(version) and head is not None and self._may(head)

    def shown(self, version: Version) -> bytes | None:
        """Its text as the subscriber is shown it; None without the right to read it."""
        if version.deleted or not self._scopes.permits(version.type, "r") or not self._view.lets("r", version):
            return None
        return self._view.shown([version])[0].body

    def _may(self, version: Version) -> bool:
        return self._scopes.permits(version.type, "s") and self._view.lets("s", version)

    def _counts(self, version: Version, base: str | None) -> bool:
        topic = self._wanted.topic
        done = "delete" if version.deleted else "create" if base is None else "update"
        return topic is None or done in topic.on

    def _finds(self, query: Query, held: Held) -> bool:
        settled = self._settled(query)
        return settled is not None and all(holds(condition, held, self) for condition in settled.conditions)

    def _settled(self, query: Query) -> Query | None:
        """As it runs; None where it asks for what the subscriber is not shown any more, or a code list is gone."""
        place = id(query)  # they live as long as what was wanted, and to hash one takes longer than to ask it
        if place not in self._runs:
            try:
                self._runs[place] = self._view.settled(query, CodeLists(self._store))
            except Refused:
                self._runs[place] = None
        return self._runs[place]

    def _was(self, query: Query, change: Change) -> bool:
        before = self._before(change)
        return before is not None and self._finds(query, held_of(before))

    def _found_before(self, change: Change, searches: tuple[Query, ...]) -> bool:
        """Of what is deleted: whether it was what is searched for."""
        if not searches:
            return not self._is_hidden(change.version, searches)
        before = self._before(change)
        return before is not None and all(self._finds(query, held_of(before)) for query in searches)

    def _before(self, change: Change) -> Version | None:
        if change.base is None:
            return None
        found = self._store.vread(change.version.type, change.version.id, change.base)
        return found if found is not None and not found.deleted else None

    def _is_hidden(self, version: Version, searches: tuple[Query, ...]) -> bool:
        """Persons are made by the node itself: they are told to those who ask for them."""
        if version.type != "Patient" or any(map(asks_for_persons, searches)):
            return False
        return bool(self._store.people.persons([version.rid]))

    # What a version alone does not tell

    def records_of(self, patient: str) -> frozenset[str]:
        if patient not in self._meant:
            people = self._store.people
            rids = people.rids([patient])
            records = [record for _, record in people.members(rids.values())]
            self._meant[patient] = frozenset((patient, *people.ids(records).values()))
        return self._meant[patient]

    @cached_property
    def _meant(self) -> dict[str, frozenset[str]]:
        return {}

    def finds(self, held: Held, condition: Condition) -> bool:
        query = Query(types=(held.type,), conditions=(Ids((held.id,)), condition), count=1)
        visible = replace(self._view.visible("s"), persons=True)
        return bool(self._store.search(query, visible).matches)


def held_of(version: Version) -> Held:
    return Held(version.type, version.id, version.updated, extract(parse(version.body)))
