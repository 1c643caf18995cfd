"""The search parameters that this node adds to R4's: what active SearchParameter records say, and full text.

The records decide; the index follows them, also after a stop, and a parameter is offered when its index is complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from hoso.access.actor import Actor
from hoso.access.audit.running import Turn
from hoso.access.working import Working
from hoso.core.errors import Refused
from hoso.fhir.added import DISPLAY, WORDS, Definition, active, read
from hoso.fhir.json import parse as parse_json
from hoso.fhir.model import load
from hoso.fhir.search import parse
from hoso.fhir.search.offered import NOTHING, Offer, Offered
from hoso.store import filling
from hoso.store.added import GOING, READY, Snapshot
from hoso.store.contract import Draft, Store
from hoso.store.record_store import RecordStore
from hoso.store.visible import Visible

TYPE = "SearchParameter"
MOST = 200
"""Active ones of a node: each costs every write of its types something."""
SECONDS = 1.0


class Parameters:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._offered: tuple[Snapshot, Offered] | None = None

    def offered(self) -> Offered:
        """What may be searched by, and what will be."""
        snapshot = self._store.added
        if not snapshot.parameters:
            return NOTHING
        known = self._offered
        if known is None or known[0] is not snapshot:
            known = self._offered = snapshot, self._made(snapshot)
        return known[1]

    def _made(self, snapshot: Snapshot) -> Offered:
        found: dict[str, dict[str, Offer]] = {}
        for one in snapshot.parameters:
            if one.state != GOING:
                share = None if one.state == READY else self._store.share(one)
                for type in one.definition.types or load().resource_types:
                    found.setdefault(type, {})[one.definition.code] = Offer(one.definition.param(one.number), share)
        return found

    def check(self, actor: Actor, drafts: Iterable[Draft]) -> None:
        """Raises Refused for a parameter that cannot be, or is not this caller's to say."""
        for draft in drafts:
            if draft.type != TYPE:
                continue
            if actor.role or actor.patient:
                raise Refused.because(403, "forbidden", "rest.forbidden", type=TYPE, right="u")
            if draft.resource is not None and active(draft.resource):
                self._check_free(read(draft.resource), draft.id)

    def _check_free(self, wanted: Definition, id: str) -> None:
        others = [one for one in self._store.added.parameters if one.state != GOING and one.record not in ("", id)]
        for one in others:
            shared = set(one.definition.types) & set(wanted.types)
            if one.definition.code == wanted.code and shared:
                type = min(shared)
                raise Refused.because(
                    422, "duplicate", "added.taken", "SearchParameter.code", type=type, value=wanted.code
                )
        if len(others) >= MOST:
            raise Refused.because(422, "too-costly", "added.many", limit=str(MOST))

    def settle(self, text: bool | None = None) -> None:
        """Brings the index in line with the records; `text`: whether full text is kept, None for as it is."""
        wanted: dict[str, list[Definition]] = {}
        taken: set[tuple[str, str]] = set()
        query = parse(TYPE, [("status", "active"), ("_sort", "_id")])
        for version in self._store.scan(query, Visible(frozenset({TYPE}))):
            try:
                one = read(parse_json(version.body))
            except Refused:
                continue  # kept before it was asked what it means
            names = {(type, one.code) for type in one.types}
            if not names & taken:
                taken |= names
                wanted[version.id] = [one]
        if text or (text is None and any(one.record == "" for one in self._store.added.parameters)):
            wanted[""] = [Definition(code, "words") for code in (*WORDS, DISPLAY)]
        self._store.settle_added(wanted)


def keep(parameters: Parameters, store: RecordStore, folder: Path, text: bool) -> Working:
    """While the node serves, by one process at a time."""
    return Working("parameters", partial(_step, parameters, store, text), Turn(folder / "parameters.lock"), SECONDS)


def _step(parameters: Parameters, store: RecordStore, text: bool) -> bool:
    parameters.settle(text)
    return filling.step(store)
