"""Includes along canonicals: `url` or `url|version` means the resources that carry that url, and the version if named.

The index keeps a canonical as text, so it is met by the text of the `url` parameter instead of a record number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import NamedTuple

import orjson

from hoso.fhir.added import is_added
from hoso.fhir.model import load
from hoso.fhir.search.query import Include
from hoso.fhir.search.targets import targets
from hoso.store.connection import Connection
from hoso.store.contract import Version
from hoso.store.index import LONGEST
from hoso.store.search.alias import Opener
from hoso.store.search.clauses import Tests
from hoso.store.search.sql import Sql, among, both, choose, table_of

Canonical = tuple[str, str | None]
"""url and version"""


class Found(NamedTuple):
    """FROM, WHERE and the name of `resource` there; `kept` are those of the rows that are really meant."""

    tables: Sql
    where: Sql
    name: str
    kept: Callable[[list[Version]], list[Version]]


@cache
def carriers() -> frozenset[str]:
    """Types that carry a canonical url of their own."""
    known = load().search_params
    return frozenset(t for t, params in known.items() if "url" in params and params["url"].type == "uri")


@cache
def followed(type: str, code: str | None) -> dict[str, tuple[str, ...]]:
    """Reference parameters of a type (`code` None: any) that may hold a canonical → the types it may mean."""
    params = load().search_params[type]
    if code and is_added(code):
        return {}
    codes = [code] if code else [c for c, param in params.items() if param.type == "reference"]
    found = {c: tuple(t for t in targets(type, c) if t in carriers()) for c in codes}
    return {c: types for c, types in found.items() if types}


class Canonicals:
    def __init__(self, connection: Connection, opener: Opener, tests: Tests) -> None:
        self._connection, self._opener, self._tests = connection, opener, tests

    def outward(self, edge: Include, sources: Sequence[Version]) -> Found | None:
        """What the canonicals in these mean."""
        ways = [(type, followed(type, edge.code)) for type in sorted({v.type for v in sources})]
        types = sorted({t for _, way in ways for allowed in way.values() for t in allowed})
        types = [t for t in types if edge.target in (None, t)]
        held = self._held(sources, [(type, code) for type, way in ways for code in way]) if types else {}
        meant = {canonical for canonicals in held.values() for canonical in canonicals}
        if not meant:
            return None
        tables = self._carrying(tuple(types), [(t, "url") for t in types], {url for url, _ in meant})
        return Found(*tables, lambda found: [v for v in found if _names(_own(v)) & meant])

    def inward(self, edge: Include, carried: Sequence[Version]) -> Found | None:
        """The resources with a canonical that means one of these."""
        own = {canonical for v in carried if v.type in carriers() for canonical in _names(_own(v))}
        types = (edge.source,) if edge.source else load().resource_types
        names = [(t, code) for t in types for code in followed(t, edge.code)] if own else []
        if not names:
            return None

        def kept(found: list[Version]) -> list[Version]:
            held = self._held(found, names) if found else {}
            return [v for v in found if held.get(v.rid, set()) & own]

        return Found(*self._carrying(types, names, {url for url, _ in own}), kept)

    def _carrying(
        self, types: tuple[str, ...], names: list[tuple[str, str]], urls: Iterable[str]
    ) -> tuple[Sql, Sql, str]:
        """Resources with one of these texts; a canonical with a version stands in the index without it, too."""
        u, dialect = self._opener.name("u"), self._tests.dialect
        r, opened = self._opener.resource(types)
        texts = sorted(urls)
        head = among(dialect, f"{u}.value", sorted({text[:LONGEST] for text in texts}))
        whole = among(dialect, f"coalesce({u}.long, {u}.value)", texts)
        way = Sql(f"{r.patient} = {u}.patient AND {r.rid} = {u}.rid")
        where = both((self._tests.params(names, u), head, whole, way, opened))
        return Sql(f"string {u} CROSS JOIN resource {r.name}"), where, r.name

    def _held(self, sources: Sequence[Version], names: list[tuple[str, str]]) -> dict[int, set[Canonical]]:
        """The canonicals in these by rid, without the bare urls that stand beside those with a version."""
        u = self._opener.name("u")
        tables = table_of(self._tests.dialect, "m", [(v.patient, v.rid) for v in sources])
        tables = tables.also(Sql(f"CROSS JOIN string {u}"))
        where = both((Sql(f"{u}.patient = m.a AND {u}.rid = m.b"), self._tests.params(names, u)))
        sql = choose(f"{u}.rid, coalesce({u}.long, {u}.value)", tables, where, True)
        held: dict[int, set[Canonical]] = {}
        for rid, text in self._connection.rows(sql.text, sql.params):
            held.setdefault(rid, set()).add(_parts(text))
        return {rid: all - {(url, None) for url, version in all if version} for rid, all in held.items()}


def _parts(canonical: str) -> Canonical:
    """url and version; a fragment points into the resource."""
    url, _, version = canonical.partition("#")[0].partition("|")
    return url, version or None


def _own(version: Version) -> Canonical:
    resource = orjson.loads(version.body)
    return resource.get("url", ""), resource.get("version")


def _names(own: Canonical) -> set[Canonical]:
    """The canonicals that mean a resource with this url and version."""
    return {own, (own[0], None)} if own[0] else set()
