"""A look at one moment of the database on behalf of identity; what it was shown is remembered, so that it is told."""

from __future__ import annotations

from collections.abc import Iterable

from hoso.fhir.search import Query
from hoso.store.contract import Page, Reading, Version
from hoso.store.people import PeopleRows
from hoso.store.relations import RelationRows
from hoso.store.visible import Visible


class Looking:
    """A `Reading` that keeps the versions it handed out."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.met: dict[tuple[str, str, str], Version] = {}

    @property
    def people(self) -> PeopleRows:
        return self._reading.people

    @property
    def relations(self) -> RelationRows:
        return self._reading.relations

    def read(self, type: str, id: str) -> Version | None:
        found = self._reading.read(type, id)
        self._meet([found] if found else [])
        return found

    def heads(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Version]:
        found = self._reading.heads(keys)
        self._meet(found.values())
        return found

    def search(self, query: Query, visible: Visible, cursor: str | None = None) -> Page:
        page = self._reading.search(query, visible, cursor)
        self._meet([*page.matches, *page.included])
        return page

    def _meet(self, versions: Iterable[Version]) -> None:
        self.met.update({(one.type, one.id, one.version): one for one in versions})
