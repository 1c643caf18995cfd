"""The code systems, value sets and maps that are kept here as records, ready to be asked, next to those HoSo brings.

Of an address that HoSo or the operator fills, what others store changes nothing. Every question first looks whether
something newer is there: what another worker stored takes part at once. What was committed late, under an earlier
time, is met in the feed, which PostgreSQL orders a moment afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock

from hoso.access.errand import Errand
from hoso.core.errors import Refused
from hoso.fhir.search import parse
from hoso.fhir.terminology import CodeSystem, ConceptMap, Library, ValueSet, shipped
from hoso.fhir.terminology.reading import TYPES, known
from hoso.store.contract import Draft, Store, Version
from hoso.store.visible import Visible

_Known = CodeSystem | ValueSet | ConceptMap | None
_Key = tuple[str, str, str]

OPERATORS = "terms-"
"""How the ids of the operator's own lists begin, which nobody else may write."""


def kept_apart(errand: Errand, drafts: Iterable[Draft]) -> None:
    """Raises Refused for a list of the operator's that comes by any other door than `hoso terms load`."""
    by_hand = errand.channel == "command" and errand.actor.id.startswith("user/")
    for draft in drafts:
        if draft.type in TYPES and draft.id.startswith(OPERATORS) and not by_hand:
            raise Refused.because(403, "forbidden", "terminology.operators", type=draft.type, id=draft.id[:64])


class CodeLists:
    """One per `Records`; safe for many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._until = -1
        self._newest: dict[str, int] = {}
        self._read: dict[_Key, tuple[Version, _Known]] = {}
        self._library = Library()

    def library(self) -> Library:
        """What is known at this moment."""
        with self._lock:
            end = self._store.feed_end()
            if self._until < 0 or any(self._newer(type) or self._changed(type, end) for type in TYPES):
                newest = {type: self._newest_of(type) for type in TYPES}
                self._library, self._newest = self._gathered(), newest
            self._until = end  # what is committed meanwhile is seen by the next question
            return self._library

    def readable(self, may: Callable[[Version], bool]) -> Library:
        """The same without the stored ones of which `may` (asked with versions whose body is left out) says no."""
        whole = self.library()
        with self._lock:
            read = list(self._read.values())
        mine = [one for version, one in read if one is not None and may(version)]
        return whole if len(mine) == sum(one is not None for _, one in read) else shipped().with_all(mine)

    def _newer(self, type: str) -> bool:
        since = self._newest[type] + 1
        return bool(self._store.history(type, since=since, count=1, visible=Visible(frozenset({type}))).versions)

    def _newest_of(self, type: str) -> int:
        found = self._store.history(type, count=1, visible=Visible(frozenset({type}))).versions
        return found[0].updated if found else 0

    def _changed(self, type: str, end: int) -> bool:
        after = self._until
        while after < end:
            stretch = self._store.feed_of((type,), after, 1)
            if stretch.changes:
                return True
            after = stretch.until
        return False

    def _gathered(self) -> Library:
        """Reads again only what it has not read; the one stored last wins where two have one address and version."""
        read: dict[_Key, tuple[Version, _Known]] = {}
        for type in TYPES:
            query = parse(type, [("_sort", "_lastUpdated")])
            for version in self._store.scan(query, Visible(frozenset({type}))):
                key = version.type, version.id, version.version
                read[key] = self._read[key] if key in self._read else _found(version)
        self._read = read
        return shipped().with_all(one for _, one in read.values() if one is not None)


def _found(version: Version) -> tuple[Version, _Known]:
    trusted = version.id.startswith(OPERATORS)
    return version._replace(body=b""), known(version.body, trusted=trusted)
