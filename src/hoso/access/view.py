"""What a narrowed token lets through: as a predicate for queries, and by itself for a record in hand.

Who belongs to the patient is asked at each call, so linking and unlinking records counts at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, partial
from typing import Any

from hoso.access.actor import Actor
from hoso.access.grain import Grain, Right
from hoso.core.errors import Refused
from hoso.fhir.extract import extract
from hoso.fhir.indexed import Indexed
from hoso.fhir.json import parse
from hoso.store.contract import Draft, Reading, Store, Version
from hoso.store.visible import Part, Visible

_RIGHTS: dict[str, Right] = {"POST": "c", "PUT": "u", "PATCH": "u", "DELETE": "d"}


class View:
    """One call's view of the records, for an actor whose scopes are not the same for every record."""

    def __init__(self, store: Store, actor: Actor) -> None:
        self._store, self._actor = store, actor

    def visible(self, right: Right, persons: bool = True) -> Visible:
        return Visible(self._actor.scopes.types(right), persons, partial(self._parts, right))

    def lets(self, right: Right, version: Version) -> bool:
        """Whether a stored version may be met. Of a deleted record nothing tells its category."""
        grains = self._actor.scopes.narrowed(version.type, right)
        if grains is None:
            return True
        near = [grain for grain in grains if grain.context != "patient" or version.patient in self._patients]
        if not near or all(not grain.criteria for grain in near):
            return bool(near)
        if version.deleted:
            return any(not grain.criteria for grain in near)
        found = extract(parse(version.body))
        return any(_meets(grain, found) for grain in near)

    def check(self, drafts: Iterable[Draft], reading: Reading) -> None:
        """Each draft within the view as it stands and as it would stand. Raises Refused: 404 for what is not seen."""
        for draft in drafts:
            right = _RIGHTS[draft.method]
            if self._actor.scopes.narrowed(draft.type, right) is None:
                continue
            head = reading.read(draft.type, draft.id)
            if draft.method != "POST" and (head is None or not self.lets(right, head)):
                raise Refused.because(404, "not-found", "rest.not-found", type=draft.type, id=draft.id[:64])
            if draft.resource is not None and not self._admits(right, draft.type, draft.resource):
                raise Refused.because(403, "forbidden", "rest.outside-scope", type=draft.type, right=right)

    def _admits(self, right: Right, type: str, resource: dict[str, Any]) -> bool:
        found = extract(resource)
        grains = self._actor.scopes.narrowed(type, right) or ()
        return any(
            _meets(grain, found) and (grain.context != "patient" or self._is_theirs(found.patient)) for grain in grains
        )

    def _is_theirs(self, id: str | None) -> bool:
        return id is not None and self._store.people.rids([id]).get(id) in self._patients

    @cached_property
    def _patients(self) -> frozenset[int]:
        return self._store.people.whole(self._actor.patient) if self._actor.patient else frozenset()

    def _parts(self, right: Right, type: str) -> tuple[Part, ...] | None:
        grains = self._actor.scopes.narrowed(type, right)
        return None if grains is None else tuple(self._part(type, grain) for grain in grains)

    def _part(self, type: str, grain: Grain) -> Part:
        codes = tuple(self._store.codes(type, one.param, one.values) for one in grain.criteria)
        return Part(self._patients if grain.context == "patient" else None, codes)


def _meets(grain: Grain, found: Indexed) -> bool:
    return all(
        any(
            param == criterion.param and any(code == c and s in (None, system or "") for s, c in criterion.values)
            for param, system, code in found.tokens
        )
        for criterion in grain.criteria
    )
