"""What may be asked about a subscription: how it stands, and the events that were told."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hoso.access.audit.journal import Journal
from hoso.access.errand import Errand
from hoso.access.records import Records
from hoso.access.subscribing.events import Events
from hoso.access.subscribing.notification import Json, Told, bundle, status, status_of
from hoso.access.subscribing.subscriber import Subscriber, wanted_of
from hoso.access.telling import Teller
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.fhir.search import parse as parse_search
from hoso.fhir.subscriptions import Content, Wanted
from hoso.store.contract import Store, Version
from hoso.store.subscriptions import OFF, SubscriptionRow, SubscriptionTable

TYPE = "Subscription"
MOST = 1_000
LAST = 2**62


class SubscriptionDesk:
    """One for each process."""

    def __init__(
        self, store: Store, table: SubscriptionTable, records: Records, journal: Journal, clock: Clock
    ) -> None:
        self._store, self._table, self._records, self._clock = store, table, records, clock
        self._teller = Teller(journal, clock)

    def status(self, errand: Errand, base: str, id: str) -> Json:
        """Raises Refused(404)."""
        row = self._row(self._version(errand, id))
        return _status(base, row, self._wanted(row))

    def all(
        self, errand: Errand, base: str, ids: Collection[str], states: Collection[str]
    ) -> Iterator[tuple[str, Json]]:
        """Each that the caller may search, with its id; of these ids and states, when any are named."""
        pairs = [("_id", ",".join(ids))] if ids else []
        for version in self._records.scan(errand, parse_search(TYPE, [*pairs, ("_total", "none")])):
            row = self._row(version)
            wanted = wanted_of(self._store, row)
            if wanted is not None and (not states or status_of(row) in states):
                yield version.id, _status(base, row, wanted)

    def events(
        self, errand: Errand, base: str, id: str, first: int | None, last: int | None, content: Content | None
    ) -> bytes:
        """A notification Bundle of what was told. Raises Refused(404, 400)."""
        row = self._row(self._version(errand, id))
        wanted = self._wanted(row)
        style = content or (wanted.content if wanted.bundled else "full-resource" if wanted.payload else "id-only")
        found = self._table.numbered(id, first or 0, LAST if last is None else last, MOST + 1)
        if len(found) > MOST:
            raise Refused.because(400, "too-costly", "subscription.events", limit=str(MOST))
        seen = Events(self._store, Subscriber(row, wanted, errand), self._clock())
        told = []
        for event in found:
            version = self._store.vread(event.type, event.id, event.version)
            allowed = version if version is not None and not version.erased and seen.may(version) else None
            body = seen.shown(allowed) if allowed is not None and style == "full-resource" else None
            told.append(Told(event, allowed, body))
        shown = [one.version for one in told if one.version is not None and style != "empty"]
        self._teller.shown(errand, "events", f"{TYPE}/{id}/$events", shown)
        return bundle(base, row, wanted, "query-event", style, told, to_ms(self._clock()))

    def _version(self, errand: Errand, id: str) -> Version:
        found = self._records.read(errand, TYPE, id)
        if found is None or found.deleted:
            raise Refused.because(404, "not-found", "rest.not-found", type=TYPE, id=id[:64])
        return found

    def _row(self, version: Version) -> SubscriptionRow:
        """A record of before there were subscriptions tells nobody anything."""
        row = self._table.find(version.id)
        if row is None:
            return SubscriptionRow(version.id, "", version.version, "", None, version=version.version, state=OFF)
        return row if row.version else row._replace(version=row.asked)  # it does not count yet, as it will

    def _wanted(self, row: SubscriptionRow) -> Wanted:
        wanted = wanted_of(self._store, row)
        if wanted is None:
            raise Refused.because(404, "not-found", "rest.not-found", type=TYPE, id=row.id[:64])
        return wanted


def _status(base: str, row: SubscriptionRow, wanted: Wanted) -> Json:
    return status(base, row, wanted, "query-status", wanted.content if wanted.bundled else "id-only", [])
