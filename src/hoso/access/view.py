"""What a narrowed token and a role let through: as a predicate for queries, and by itself for a record in hand.

Who belongs to the patient is asked at each call, so linking and unlinking records counts at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from hoso.access.actor import Actor
from hoso.access.code_lists import CodeLists
from hoso.access.errand import Errand
from hoso.access.grain import Grain, Right
from hoso.access.organisation import guard
from hoso.access.policy.bound import Bound
from hoso.access.policy.guard import forbidden_change
from hoso.access.policy.mask import Masks, is_masked, masked, refuse_masked
from hoso.access.policy.rules import UNLABELLED
from hoso.access.policy.sight import Sight
from hoso.access.terms import Terms
from hoso.core.dates import VIETNAM
from hoso.core.errors import Refused
from hoso.fhir.extract import extract
from hoso.fhir.indexed import Indexed
from hoso.fhir.json import parse
from hoso.fhir.labels import NOBODY, everything, mask, shown
from hoso.fhir.search import Query, coded
from hoso.fhir.terminology import Library
from hoso.fhir.terminology.reading import TYPES
from hoso.store.contract import Draft, Reading, Store, Version
from hoso.store.reach import All, Clause, Coded, Either, Of, Showable, Unlabelled
from hoso.store.visible import Visible

_SHOWABLE = Showable()
RIGHTS: dict[str, Right] = {"POST": "c", "PUT": "u", "PATCH": "u", "DELETE": "d"}


def labelled(version: Version) -> Version:
    """With the labels it has."""
    if version.labels is None or not version.body:
        return version
    return version._replace(body=shown(version.body, version.labels))


def is_limited(actor: Actor) -> bool:
    """Whether not all records are the same to an actor: by its scopes, its labels, or because it acts in a role."""
    return bool(actor.scopes.grains or actor.role or actor.labels is not None)


class View:
    """One call's view of the records; of an actor who is not limited it asks nothing and takes nothing out."""

    def __init__(self, store: Store, errand: Errand, now: datetime, reading: Reading | None = None) -> None:
        self._store, self._actor, self._now = store, errand.actor, now
        self._sight = Sight(reading or store, errand, now) if errand.actor.role else None
        labels, actor = errand.actor.labels, errand.actor
        alone = labels is not None and not actor.role and not actor.patient
        self._bound = Bound(reading or store, errand, now) if alone else None
        self._hidden = everything() & ~mask(labels) | NOBODY if labels is not None else NOBODY
        self._unlimited = not is_limited(actor)

    def visible(self, right: Right, persons: bool = True) -> Visible:
        return Visible(self._actor.scopes.types(right), persons, partial(self._clause, right))

    @property
    def masks(self) -> Masks:
        """The elements of a type that the role is not shown."""
        row = self._sight.role if self._sight else None
        return row.masks if row else {}

    def shown(self, versions: Sequence[Version]) -> list[Version]:
        """The versions as they may be shown: with their labels, and without masked elements."""
        masks = self.masks
        found = [version if version.labels is None else labelled(version) for version in versions]
        return [version._replace(body=masked(version.body, masks)) for version in found] if masks else found

    def settled(self, query: Query, lists: CodeLists) -> Query:
        """The search as it runs. Raises what an unknown parameter does for one that would ask for what is masked."""
        if self.masks:
            refuse_masked(query, self.masks)
        if not coded.asks(query):
            return query
        day = self._now.astimezone(VIETNAM).date().isoformat()
        return coded.settled(query, Terms(day, self.lists(lists), self._read))

    def lists(self, lists: CodeLists) -> Library:
        """What is known of codes; of the lists that are kept here, those that may be read."""
        if not is_limited(self._actor) and all(self._actor.scopes.permits(type, "r") for type in TYPES):
            return lists.library()
        return lists.readable(self._may_read)

    def _may_read(self, version: Version) -> bool:
        """Of one that came without its body; that is read where the scopes ask for what it says."""
        if not self._actor.scopes.permits(version.type, "r"):
            return False
        if any(grain.criteria for grain in self._actor.scopes.narrowed(version.type, "r") or ()):
            return self._read(version.type, version.id) is not None
        return self.lets("r", version)

    def _read(self, type: str, id: str) -> Version | None:
        """A record that lives and may be read."""
        head = self._store.read(type, id) if self._actor.scopes.permits(type, "r") else None
        return head if head is not None and not head.deleted and self.lets("r", head) else None

    def lets(self, right: Right, version: Version) -> bool:
        """Whether a stored version may be met."""
        if self._sight is not None and not self._sight.of(right, version).permit:
            return False
        if self._sight is None and self._closed(version.type, version.labels or 0):
            return False
        if self._bound is not None and not self._bound.lets(right, version):
            return False
        return self._lets_grains(right, version)

    def _closed(self, type: str, labels: int) -> bool:
        """Of an actor without a role: by a label it is not cleared for."""
        return bool(labels & (NOBODY if type in UNLABELLED else self._hidden))

    def _lets_grains(self, right: Right, version: Version) -> bool:
        """Of a deleted record nothing tells its category."""
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
        drafts = list(drafts)
        fresh = frozenset(draft.id for draft in drafts if draft.type == "Patient" and draft.method == "POST")
        coming = guard.coming(drafts)
        for draft in drafts:
            right = RIGHTS[draft.method]
            narrowed = self._actor.scopes.narrowed(draft.type, right) is not None
            if draft.type in guard.GOVERNED:
                old = None if draft.method == "POST" else reading.read(draft.type, draft.id)
                guard.check(self._actor, draft, old, reading, coming)
            if self._sight is None and not narrowed and (self._actor.labels is None or draft.method == "POST"):
                continue
            head = reading.read(draft.type, draft.id)
            if head is None and self._sight is None and not narrowed:
                continue
            if draft.method != "POST":
                self._check_head(draft, right, head)
            if draft.resource is None:
                continue
            if self._sight is not None:
                self._check_new(self._sight, draft, right, head, fresh)
            if not self._admits(right, draft.type, draft.resource):
                raise Refused.because(403, "forbidden", "rest.outside-scope", type=draft.type, right=right)

    def _check_head(self, draft: Draft, right: Right, head: Version | None) -> None:
        """What the caller does not see is not found, be it there or not; so nobody makes a record under a chosen id."""
        if head is None or not (self.lets(right, head) or self._readable(head)):
            raise Refused.because(404, "not-found", "rest.not-found", type=draft.type, id=draft.id[:64])
        if not self.lets(right, head):
            raise Refused.because(403, "forbidden", "rest.not-yours", type=draft.type)

    def _readable(self, head: Version) -> bool:
        return self._sight is not None and self._actor.scopes.permits(head.type, "r") and self.lets("r", head)

    def _check_new(self, sight: Sight, draft: Draft, right: Right, head: Version | None, fresh: frozenset[str]) -> None:
        """The record as it would stand: somebody's whom the caller is tied to, and no less closed than it was."""
        assert draft.resource is not None
        if is_masked(draft.resource) or (head is not None and self._shown_in_part(head)):
            raise Refused.because(403, "forbidden", "rest.masked", type=draft.type)
        if not sight.admits(draft, fresh):
            raise Refused.because(403, "forbidden", "rest.not-yours", type=draft.type)
        if head is not None and not head.deleted:
            changed = forbidden_change(draft.type, parse(head.body), draft.resource)
            if changed:
                raise Refused.because(403, "forbidden", "rest.not-to-change", changed, element=changed)

    def _shown_in_part(self, head: Version) -> bool:
        """Whether writing it would lose what the caller does not see of it, or say what that is."""
        masks = self.masks
        return head.type in masks or (not head.deleted and bool(masks) and masked(head.body, masks) is not head.body)

    def _admits(self, right: Right, type: str, resource: dict[str, Any]) -> bool:
        grains = self._actor.scopes.narrowed(type, right)
        if grains is None:
            return True
        found = extract(resource)
        return any(
            _meets(grain, found) and (grain.context != "patient" or self._is_theirs(found.patient)) for grain in grains
        )

    def _is_theirs(self, id: str | None) -> bool:
        return id is not None and self._store.people.rids([id]).get(id) in self._patients

    @cached_property
    def _patients(self) -> frozenset[int]:
        return self._store.people.whole(self._actor.patient) if self._actor.patient else frozenset()

    def _clause(self, right: Right, type: str) -> Clause | None:
        if self._unlimited:  # the same of all types, of which an include may ask a hundred and more
            return _SHOWABLE
        grains = self._actor.scopes.narrowed(type, right)
        asked: list[Clause] = []
        if grains is not None:
            asked.append(Either(tuple(self._of_grain(type, grain) for grain in grains)))
        if self._sight is not None and (clause := self._sight.clause(right, type)) is not None:
            asked.append(clause)
        if self._sight is None:
            whole = self._hidden == NOBODY or type in UNLABELLED
            asked.append(Showable() if whole else Unlabelled(self._hidden))
        if self._bound is not None and (clause := self._bound.clause(right, type)) is not None:
            asked.append(clause)
        return All(tuple(asked)) if asked else None

    def _of_grain(self, type: str, grain: Grain) -> Clause:
        asked: list[Clause] = [Of(self._patients)] if grain.context == "patient" else []
        return All((*asked, *(Coded(self._store.codes(type, one.param, one.values)) for one in grain.criteria)))


def _meets(grain: Grain, found: Indexed) -> bool:
    return all(
        any(
            param == criterion.param and any(code == c and s in (None, system or "") for s, c in criterion.values)
            for param, system, code in found.tokens
        )
        for criterion in grain.criteria
    )
