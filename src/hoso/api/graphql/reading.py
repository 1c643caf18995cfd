"""The records that a document asks for: read, looked up by reference, searched; each once and within the budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from hoso.access import Version
from hoso.access.errand import Errand
from hoso.access.notes import Notes
from hoso.access.trail import TYPE as AUDIT
from hoso.api.doors import Doors
from hoso.api.graphql.budget import Budget
from hoso.api.graphql.values import Pairs
from hoso.api.message import Request
from hoso.core.errors import Refused
from hoso.fhir.graphql import Fault, Place
from hoso.fhir.json import exact
from hoso.fhir.model import load
from hoso.fhir.search import Query
from hoso.fhir.search import parse as parse_search

Key = tuple[str, str]
Tree = dict[str, Any]
_EACH = 200
"""Records that a search without `_count` asks for at once."""


class Found(NamedTuple):
    """A page of a search: `following` is the token of the next one, `total` how many there are, when it was asked."""

    trees: list[Tree]
    following: str | None
    total: int | None
    size: int


class Reading:
    def __init__(self, doors: Doors, request: Request, budget: Budget) -> None:
        self._doors, self._request, self._budget = doors, request, budget
        self._errand: Errand = replace(request.errand, notes=Notes())
        self._known: dict[Key, Tree | None] = {}

    def told(self, what: str) -> None:
        """Tells what was shown, one event for each patient, before anything of it leaves. Raises Unavailable."""
        self._doors.records.noted(self._errand, what, "read")

    def one(self, type: str, id: str, place: Place) -> Tree | None:
        """A record by its name; None when it is not there, or not for this caller."""
        if (type, id) not in self._known:
            version = self._doors.records.read(self._errand, type, id)
            self._keep((type, id), version, place)
        return self._known[type, id]

    def known(self, key: Key) -> Tree | None:
        return self._known.get(key)

    def fetch(self, keys: Iterable[Key], place: Place) -> None:
        """What references name, all at once. Types that the caller may not read are as if nothing were there."""
        permits = self._request.actor.scopes.permits
        fresh = [key for key in dict.fromkeys(keys) if key not in self._known]
        readable = [key for key in fresh if key[0] != AUDIT and permits(key[0], "r")]
        self._known.update(dict.fromkeys(fresh))
        self._budget.expect(len(readable), place)
        heads = self._doors.records.heads(self._errand, readable) if readable else {}
        for key, version in heads.items():
            self._keep(key, version, place)

    def local(self, text: Any) -> Key | None:
        """Type and id of a reference to a record here."""
        if not isinstance(text, str):
            return None
        parts = text.removeprefix(f"{self._request.base}/").split("/")
        here = len(parts) in (2, 4) and parts[0] in load().type_number
        return (parts[0], parts[1]) if here else None

    def all(self, type: str, pairs: Pairs, place: Place) -> list[Tree]:
        """Every match: a list that was cut without a word would be taken for whole."""
        if any(name == "_count" for name, _ in pairs):
            return self._page(self._query(type, pairs, place), None, place).trees
        query = self._query(type, [*pairs, ("_count", str(_EACH))], place)
        found: list[Tree] = []
        for page in self._pages(query, place):
            found += page.trees
        return found

    def connection(self, type: str, pairs: Pairs, token: str | None, counted: bool, place: Place) -> Found:
        more = [("_total", "accurate")] if counted else []
        query = self._query(type, [*pairs, *more], place)
        cursor = None
        if token is not None:
            cursor = self._doors.seal.cursor(self._request.actor.id, _sealed(type), query.self_pairs, token)
        return self._page(query, cursor, place)

    def _query(self, type: str, pairs: Sequence[tuple[str, str]], place: Place) -> Query:
        if type == AUDIT:
            raise Fault("graphql.no-field", place, "not-supported", name=f"{type}List", type="Query")
        return parse_search(type, list(pairs), base=self._request.base)

    def _pages(self, query: Query, place: Place) -> Iterator[Found]:
        page = self._page(query, None, place)
        yield page
        while page.following is not None:
            actor, pairs = self._request.actor.id, query.self_pairs
            cursor = self._doors.seal.cursor(actor, _sealed(query.types[0]), pairs, page.following)
            page = self._page(query, cursor, place)
            yield page

    def _page(self, query: Query, cursor: str | None, place: Place) -> Found:
        self._budget.searched(place)
        page = self._doors.records.search(self._errand, query, cursor)
        trees = [self._taken(version, place) for version in page.matches]
        following = None
        if page.cursor is not None and not query.counts_only:
            actor = self._request.actor.id
            following = self._doors.seal.token(actor, _sealed(query.types[0]), query.self_pairs, page.cursor)
        return Found(trees, following, page.total, query.count)

    def _keep(self, key: Key, version: Version | None, place: Place) -> None:
        live = version is not None and not version.deleted
        self._known[key] = self._taken(version, place) if version is not None and live else None

    def _taken(self, version: Version, place: Place) -> Tree:
        self._budget.read(len(version.body), place)
        tree: Tree = exact(version.body)
        return tree


def _sealed(type: str) -> str:
    return f"$graphql {type}"


def forgiven(refused: Refused) -> bool:
    """Whether one field failed; what concerns the whole request is not the field's to tell."""
    return refused.status in (400, 403, 404, 410, 412, 413, 422)
