"""The one door to records: every call names an errand, is decided here, and only then meets the store.

`_decide` is the single place each permitted and each refused call passes. What is shown, refused or written is told to
the audit log first: nothing leaves here that has no event.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from threading import Lock
from typing import Any, NamedTuple, TypeVar, cast

from hoso.access.audit import Journal, PlainJournal
from hoso.access.audit.event import legible
from hoso.access.code_lists import CodeLists, kept_apart
from hoso.access.criteria import lock_name, text_of, type_of
from hoso.access.demands import Demands
from hoso.access.errand import Errand
from hoso.access.intake import Accepted, accept
from hoso.access.looking import Looking
from hoso.access.notes import subject
from hoso.access.parameters import TYPE as PARAMETER
from hoso.access.parameters import Parameters
from hoso.access.persons import Arrivals, Unready, asks_for_persons
from hoso.access.rehearsal import rehearse
from hoso.access.scope import Right
from hoso.access.subscribing.admission import TYPE as SUBSCRIPTION
from hoso.access.subscribing.admission import Admission
from hoso.access.telling import Teller, listed
from hoso.access.together import Together
from hoso.access.view import RIGHTS, View, is_limited
from hoso.core.clock import Clock
from hoso.core.errors import Issue, Refused
from hoso.core.ids import new_id
from hoso.fhir.search import Query
from hoso.fhir.terminology import Library
from hoso.store.audit import AuditRow
from hoso.store.contract import (
    Conflict,
    Draft,
    HistoryPage,
    Origin,
    Page,
    Reading,
    Saved,
    Store,
    Stretch,
    Transaction,
    Unavailable,
    Version,
)
from hoso.store.people import PeopleRows

T = TypeVar("T")
_PATCH_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Written:
    """What a write came to; `matched` tells that a conditional create found the record there and changed nothing."""

    saved: Saved
    warnings: Sequence[Issue] = ()
    matched: bool = False


class _Arriving(NamedTuple):
    """Drafts that concern identity, with what it prepared for them."""

    errand: Errand
    drafts: Sequence[Draft]
    prepared: Any


class Records:
    """Reads and writes of records on behalf of somebody. One per node; safe for many threads."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        arrivals: Arrivals | None = None,
        journal: Journal | None = None,
        admission: Admission | None = None,
    ) -> None:
        """`journal` is that of the node's log; by itself the events go to the store all the same. `admission`: of
        Subscriptions; without it they are records like any other, which nobody carries out."""
        self._store = store
        self.clock = clock
        self.code_lists = CodeLists(store)
        self.parameters = Parameters(store)
        self.demands: Demands | None = None
        """What the node asks of records beyond R4, if it asks for anything."""
        self._arrivals, self._admission = arrivals, admission
        self._journal = journal or PlainJournal(store)
        self._teller = Teller(self._journal, clock)
        self._together: Together[Origin, _Arriving, list[Saved]] = Together(self._arrive)
        self._turn = Lock()
        """One thread after the other works on arrivals. Side by side they would fight for the interpreter, and whoever
        holds the database would wait for it at every statement."""

    # Reading

    def read(self, errand: Errand, type: str, id: str) -> Version | None:
        """The current version, also when it is a deletion; None when absent or not for this actor."""
        self._decide(errand, "r", type, id)
        head = self._store.read(type, id)
        return self._told(errand, "read", f"{type}/{id}", self._seen(errand, head), head)

    def heads(self, errand: Errand, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Version]:
        """The current versions of many records by (type, id), deletions included; absent ones are left out."""
        for type in sorted({type for type, _ in keys}):
            self._decide(errand, "r", type)
        heads = self._store.heads(keys)
        view = self._view(errand)
        closed = [version for version in heads.values() if not view.lets("r", version)]
        self._teller.closed(errand, closed)
        for version in closed:
            del heads[version.type, version.id]
        heads = dict(zip(heads, view.shown(list(heads.values())), strict=True))
        self._teller.shown(errand, "read", listed([f"{type}/{id}" for type, id in keys]), list(heads.values()))
        return heads

    def among(self, errand: Errand, type: str, ids: Collection[str]) -> Collection[str] | None:
        """Those of the ids whose records this actor may meet, None for all; nothing is shown, so nothing is told."""
        if not is_limited(errand.actor):
            return None
        view = self._view(errand)
        heads = self._store.heads([(type, id) for id in ids])
        return {id for (_, id), head in heads.items() if view.lets("r", head)}

    def vread(self, errand: Errand, type: str, id: str, version: str) -> Version | None:
        self._decide(errand, "r", type, id)
        what = f"{type}/{id}/{version}"
        if is_limited(errand.actor):
            head = self._store.read(type, id)
            if self._seen(errand, head) is None:
                return self._told(errand, "vread", what, None, head)
        stored = self._store.vread(type, id, version)
        return self._told(errand, "vread", what, self._seen(errand, stored), stored)

    def history(
        self,
        errand: Errand,
        type: str | None = None,
        id: str | None = None,
        *,
        since: int | None = None,
        at: tuple[int, int] | None = None,
        count: int = 100,
        cursor: str | None = None,
    ) -> HistoryPage:
        """Versions, newest first: of one record, of a type, or of everything the actor may search."""
        right: Right = "s" if id is None else "r"
        self._decide(errand, right, type, id)
        view = self._view(errand)
        visible = view.visible(right)
        types = sorted(visible.types) if type is None and visible.types is not None else None
        page = self._store.history(
            type, id, since=since, at=at, count=count, cursor=cursor, types=types, visible=visible
        )
        what = f"{type or ''}/{id or ''}/_history".strip("/")
        if not is_limited(errand.actor):
            self._teller.shown(errand, "history", what, page.versions)
            return replace(page, versions=view.shown(page.versions))
        if type is not None and id is not None:  # what is closed now is closed with all its versions
            head = self._store.read(type, id)
            if head is None or not view.lets(right, head):
                self._teller.refused(errand, right, what, subject(head) if head else 0)
                return HistoryPage([], None, None)
        # a version that was of another category is not told, nor that it is there
        seen = view.shown([version for version in page.versions if view.lets(right, version)])
        self._teller.shown(errand, "history", what, seen)
        return HistoryPage(seen, None, page.cursor)

    def search(self, errand: Errand, query: Query, cursor: str | None = None) -> Page:
        self._decide_search(errand, query)
        view = self._view(errand)
        query = view.settled(query, self.code_lists)
        page = self._store.search(query, view.visible("s", asks_for_persons(query)), cursor)
        page = Page(view.shown(page.matches), view.shown(page.included), page.total, page.cursor)
        self._teller.shown(errand, "search", text_of(query), [*page.matches, *page.included])
        return page

    def scan(self, errand: Errand, query: Query) -> Iterator[Version]:
        """All matches, streamed without a cap; for exports."""
        self._decide_search(errand, query)
        view = self._view(errand)
        query = view.settled(query, self.code_lists)
        found = self._store.scan(query, view.visible("s", asks_for_persons(query)))
        shown = (view.shown([version])[0] for version in found)
        return self._teller.streamed(errand, "search", text_of(query), shown)

    def everything(
        self, errand: Errand, patient: str, *, since: int | None = None, types: Sequence[str] = ()
    ) -> Iterator[Version]:
        """A patient's whole record as far as the actor may see it, streamed; `types` narrows it."""
        for type in types or ("Patient",):
            self._decide(errand, "s", type)
        view = self._view(errand)
        found = self._store.everything(patient, view.visible("s"), since=since, types=types)
        shown = (view.shown([version])[0] for version in found)
        return self._teller.streamed(errand, "everything", f"Patient/{patient}/$everything", shown)

    def feed(self, errand: Errand, type: str, after: int, count: int) -> Stretch:
        """Changes of one type behind a feed number, in the order in which they were committed."""
        self._decide(errand, "s", type, whole=True)
        if errand.actor.role:  # its numbers count what others wrote
            self._teller.refused(errand, "s", type)
            raise Refused.because(403, "forbidden", "rest.forbidden", type=type, right="s")
        view, found = self._view(errand), self._store.feed_of((type,), after, count)
        stretch = replace(found, changes=[change for change in found.changes if view.lets("s", change.version)])
        self._teller.shown(errand, "feed", f"{type} after {after}", [change.version for change in stretch.changes])
        return stretch

    # Writing

    def create(self, errand: Errand, type: str, body: bytes, criteria: Query | None = None) -> Written:
        """Stores a new record under an id of ours; with `criteria` only when nothing matches them."""
        self._decide(errand, "c", type)
        accepted = accept(body, type)
        draft = accepted.draft("POST", new_id(), None)
        if criteria is None:
            return self._save(errand, draft, accepted)
        self._decide(errand, "s", type)
        settled = self.settled(errand, criteria)

        def work(transaction: Transaction) -> Written:
            transaction.lock([lock_name(settled)])
            found = self.match(errand, transaction, settled)
            if found is not None:
                return Written(_as_saved(found), accepted.warnings, matched=True)
            return Written(self._put(errand, transaction, [draft])[0], accepted.warnings)

        return self._transact(errand, [("c", type)], work)

    def update(self, errand: Errand, type: str, id: str, body: bytes, base: str | None = "any") -> Written:
        """Stores the next version under `id`, the first one included; `base` as in `Draft`."""
        self._decide(errand, "u", type, id)
        accepted = accept(body, type, id)
        return self._save(errand, accepted.draft("PUT", id, base), accepted)

    def update_where(self, errand: Errand, criteria: Query, body: bytes, base: str | None = "any") -> Written:
        """Updates the one record that matches, or creates it when none does; more than one is 412."""
        type = type_of(criteria)
        self._decide(errand, "u", type)
        self._decide(errand, "s", type)
        accepted = accept(body, type)
        named = accepted.resource.get("id")
        settled = self.settled(errand, criteria)

        def work(transaction: Transaction) -> Written:
            transaction.lock([lock_name(settled)])
            found = self.match(errand, transaction, settled)
            if found is not None and named not in (None, found.id):
                raise Refused.because(400, "invalid", "rest.wrong-id", f"{type}.id", id=found.id)
            if found is None and base not in ("any", None):
                raise Refused.because(412, "not-found", "rest.no-match", type=type)
            id, expected = (found.id, base) if found else (named or new_id(), None)
            draft = accepted.draft("PUT", id, expected)
            return Written(self._put(errand, transaction, [draft])[0], accepted.warnings)

        return self._transact(errand, [("u", type)], work)

    def patch(
        self,
        errand: Errand,
        type: str,
        id: str,
        change: Callable[[bytes], bytes],
        base: str | None = "any",
    ) -> Written | None:
        """Stores what `change` makes of the current text; None when there is no live record."""
        self._decide(errand, "u", type, id)
        for attempt in range(_PATCH_ATTEMPTS):
            head = self._seen(errand, self._store.read(type, id), "u")
            if head is None or head.deleted:
                return None
            if base not in ("any", head.version):
                raise Conflict(type, id, head.version)
            accepted = accept(change(head.body), type, id)
            try:
                return self._save(errand, accepted.draft("PATCH", id, head.version), accepted)
            except Conflict:  # somebody was quicker; patch what they left, unless one version was asked for
                if base != "any" or attempt == _PATCH_ATTEMPTS - 1:
                    raise
        return None

    def delete(self, errand: Errand, type: str, id: str, base: str | None = "any") -> Saved | None:
        """Marks the record deleted; None when nothing was ever there. Its versions stay."""
        self._decide(errand, "d", type, id)
        if self._seen(errand, self._store.read(type, id), "d") is None:
            return None
        draft = Draft("DELETE", type, id, b"", None, base)
        return self._save_all(errand, [draft])[0]

    def find(self, errand: Errand, criteria: Query) -> Version | None:
        """The one record a conditional interaction means; None for no match, 412 for several."""
        self._decide_search(errand, criteria)
        return self.match(errand, self._store, self.settled(errand, criteria))

    def settled(self, errand: Errand, query: Query) -> Query:
        """The search as it runs for this actor, for what has to know before a transaction begins."""
        return self._view(errand).settled(query, self.code_lists)

    def lists(self, errand: Errand) -> Library:
        return self._view(errand).lists(self.code_lists)

    def write(
        self,
        errand: Errand,
        rights: Sequence[tuple[Right, str]],
        criteria: Sequence[str],
        work: Callable[[Transaction], Sequence[Draft]],
    ) -> list[Saved]:
        """All drafts of `work` or none, in one transaction; `criteria` serialise conditional writes."""
        for right, type in rights:
            self._decide(errand, right, type)

        def guarded(transaction: Transaction) -> list[Saved]:
            if criteria:
                transaction.lock(criteria)
            return self._put(errand, transaction, work(transaction))

        return self._transact(errand, rights, guarded)

    def save(self, errand: Errand, rights: Sequence[tuple[Right, str]], drafts: Sequence[Draft]) -> list[Saved]:
        """All drafts or none, when nothing has to be looked up first."""
        for right, type in rights:
            self._decide(errand, right, type)
        return self._save_all(errand, drafts)

    def rehearse(self, errand: Errand, drafts: Sequence[Draft], look: Callable[[Transaction, Sequence[Saved]], T]) -> T:
        """What saving them would come to, as `look` sees it inside; nothing of it stays. Raises what `save` raises."""
        rights = [(RIGHTS[draft.method], draft.type) for draft in drafts]
        for right, type in rights:
            self._decide(errand, right, type)
        saving = partial(self._put, errand, drafts=drafts)
        return rehearse(lambda work: self._transact(errand, rights, work), saving, look, self._arrivals)

    def transact(self, errand: Errand, rights: Sequence[tuple[Right, str]], work: Callable[[Transaction], T]) -> T:
        """For identity, whose events and pictures of persons nobody else may write: they arrive from nowhere."""
        for right, type in rights:
            self._decide(errand, right, type, whole=True)

        def told(transaction: Transaction) -> T:
            result = work(transaction)
            self._journal.put(transaction, self._teller.decided(errand, transaction.saved))
            return result

        with self._reporting(errand, rights):
            return self._store.write(told, _origin(errand))

    def look(self, errand: Errand, rights: Sequence[tuple[Right, str]], what: str, work: Callable[[Reading], T]) -> T:
        """For identity: what stands at one moment. All that `work` reads is told as shown, under the name `what`."""
        for right, type in rights:
            self._decide(errand, right, type, whole=True)

        def looked(reading: Reading) -> tuple[T, Looking]:
            looking = Looking(reading)
            return work(looking), looking

        result, looking = self._store.look(looked)
        self._teller.shown(errand, "read", what, list(looking.met.values()))
        return result

    def people(self, errand: Errand) -> PeopleRows:
        """Who belongs to whom, to read."""
        self._decide(errand, "s", "Patient", whole=True)
        return self._store.people

    def match(
        self, errand: Errand, reading: Reading, criteria: Query, *, without: Collection[str] = ()
    ) -> Version | None:
        """Looks for the single match of settled criteria inside `reading`, among what the actor may search."""
        found = self.matches(errand, reading, criteria, without=without)
        if len(found) > 1:
            raise Refused.because(412, "multiple-matches", "rest.several", type=type_of(criteria))
        return found[0] if found else None

    def matches(
        self, errand: Errand, reading: Reading, criteria: Query, *, without: Collection[str] = ()
    ) -> Sequence[Version]:
        """Up to two matches: all it takes to tell none, one and several apart. `without` are records ("Type/id")

        that a transaction is about to delete or to replace.
        """
        view = self._view(errand)
        visible = view.visible("s", persons=False)  # which are nobody's to write
        found = reading.search(replace(criteria, count=2 + len(without), total="none"), visible).matches
        found = [version for version in found if f"{version.type}/{version.id}" not in without][:2]
        within = None if reading is self._store else cast(Transaction, reading)
        self._teller.shown(errand, "search", text_of(criteria), found, within)
        return found

    def to_change(self, errand: Errand, reading: Reading | None, type: str, id: str) -> Version | None:
        """The head that a patch is applied to, inside `reading`; None when it is not there for this actor."""
        return self._seen(errand, (reading or self._store).read(type, id), "u", told=reading is None)

    def readers(self, transaction: Transaction, patients: Collection[int], since: int, until: int) -> list[str]:
        """Who was shown anything of these Patients from one moment to another (milliseconds), in the order of time.

        For identity, which says it to whoever looks after a mixed record.
        """
        seen: dict[str, None] = {}
        for text in transaction.told(patients):
            event = legible(text)
            shown = event is not None and event.action in "RE" and event.outcome == "ok"
            if event is not None and shown and event.patient in patients and since <= event.time <= until:
                seen[event.actor] = None
        return list(seen)

    def noted(self, errand: Errand, what: str, kind: str = "view") -> None:
        """Tells what was shown for an errand with notes. For its door, before the first byte. Raises Unavailable."""
        self._teller.noted(errand, kind, what)

    def acted(self, errand: Errand, kind: str, what: str) -> None:
        """Tells of something done that is neither reading nor writing a record. Raises Unavailable."""
        self._teller.act(errand, kind, what)

    def stranger(self, address: str) -> None:
        """Somebody came with a token that nobody has."""
        self._teller.stranger(address)

    def alive(self) -> None:
        """Asks the store for something small. Raises Unavailable when it cannot answer."""
        self._store.read("Patient", "-")

    def _decide_search(self, errand: Errand, query: Query) -> None:
        """Every type that is named must be permitted; a search that names none finds what the actor may see."""
        for type in (None,) if query.all_types else query.types:
            self._decide(errand, "s", type)

    def _save(self, errand: Errand, draft: Draft, accepted: Accepted) -> Written:
        return Written(self._save_all(errand, [draft])[0], accepted.warnings)

    def _save_all(self, errand: Errand, drafts: Sequence[Draft]) -> list[Saved]:
        rights = [(RIGHTS[draft.method], draft.type) for draft in drafts]
        subscribes = self._admission is not None and any(draft.type == SUBSCRIPTION for draft in drafts)
        if is_limited(errand.actor) or subscribes:  # what is looked at first must not change before it is written
            return self._transact(errand, rights, lambda t: self._put(errand, t, drafts))
        arrivals, origin = self._arrivals, _origin(errand)
        with self._reporting(errand, rights):
            self._demand(errand, drafts)
        with self._turn if arrivals else nullcontext():
            prepared = arrivals.prepare(drafts) if arrivals else None
        with self._reporting(errand, rights):
            if arrivals is None or prepared is None:
                return self._store.save(drafts, origin, told=partial(self._rows, errand))
            return self._together.run(origin, _Arriving(errand, drafts, prepared), len(drafts))

    def _arrive(self, origin: Origin, arriving: Callable[[], Sequence[_Arriving]]) -> list[list[Saved]]:
        """All of them in one transaction, each with its own events."""
        arrivals = self._arrivals
        assert arrivals is not None

        def store(transaction: Transaction) -> list[list[Saved]]:
            with self._turn:
                parts = arriving()
                drafts = [draft for one in parts for draft in one.drafts]
                prepared = arrivals.joined([(one.prepared, len(one.drafts)) for one in parts])
                saved = iter(arrivals.store(transaction, prepared, drafts, origin))
                answers = [list(islice(saved, len(one.drafts))) for one in parts]
                told = [self._teller.written(one.errand, answer) for one, answer in zip(parts, answers, strict=True)]
                self._journal.put(transaction, [event for events in told for event in events])
                return answers

        return self._attempt(store, origin)

    def _rows(self, errand: Errand, saved: Sequence[Saved]) -> list[AuditRow]:
        return self._journal.rows(self._teller.written(errand, saved))

    def _transact(self, errand: Errand, rights: Sequence[tuple[Right, str]], work: Callable[[Transaction], T]) -> T:
        with self._reporting(errand, rights):
            return self._attempt(work, _origin(errand))

    def _attempt(self, work: Callable[[Transaction], T], origin: Origin) -> T:
        last: list[Transaction] = []

        def attempt(transaction: Transaction) -> T:
            last[:] = [transaction]
            return work(transaction)

        while True:
            try:
                done = self._store.write(attempt, origin)
            except Unready as lacking:
                assert self._arrivals is not None
                self._arrivals.ready(lacking.number)
                continue
            if self._arrivals is not None:
                self._arrivals.settled(last[0])
            return done

    def _put(self, errand: Errand, transaction: Transaction, drafts: Sequence[Draft]) -> list[Saved]:
        """Saves inside a transaction, and tells of it in the same."""
        self._demand(errand, drafts)
        if is_limited(errand.actor):
            self._view(errand, transaction).check(drafts, transaction)

        def save(drafts: Sequence[Draft]) -> list[Saved]:
            prepared = self._arrivals.prepare(drafts) if self._arrivals else None
            if self._arrivals is None or prepared is None:
                return transaction.save(drafts)
            return self._arrivals.store(transaction, prepared, drafts, _origin(errand))

        settle = partial(self.settled, errand)
        admission = self._admission
        saved = admission.saved(errand, transaction, drafts, save, settle) if admission else save(drafts)
        self._journal.put(transaction, self._teller.written(errand, saved))
        return saved

    def _demand(self, errand: Errand, drafts: Sequence[Draft]) -> None:
        """Raises Unfit for what does not hold the profiles asked for here, Refused for lists of the operator."""
        kept_apart(errand, drafts)
        self.parameters.check(errand.actor, drafts)
        if self.demands is not None:
            self.demands.check(drafts)

    @contextmanager
    def _reporting(self, errand: Errand, rights: Sequence[tuple[Right, str]]) -> Iterator[None]:
        """A write that came to nothing is told, too: its answer says how the records stand."""
        try:
            yield
        except (Refused, Conflict) as error:
            right, types = (rights[0][0] if rights else "u"), sorted({type for _, type in rights})
            denied = isinstance(error, Refused) and error.status == 403
            self._teller.refused(errand, right, listed(types), outcome="denied" if denied else "failed")
            raise
        if any(type == PARAMETER for _, type in rights):
            with suppress(Unavailable):  # it is stored; the index follows in a second
                self.parameters.settle()

    def _decide(
        self,
        errand: Errand,
        right: Right,
        type: str | None,
        id: str | None = None,
        *,
        whole: bool = False,
    ) -> None:
        """Permits the call or raises. What a scope refuses depends on the type alone, so it reveals no record.

        `whole`: for what is shown of all records of a type or of none; a token for some of them is refused.
        """
        actor = errand.actor
        if type is None:
            permitted = bool(actor.scopes.rights or actor.scopes.grains)
        else:
            permitted = actor.scopes.everywhere(type, right) if whole else actor.scopes.permits(type, right)
        if not permitted:
            self._teller.refused(errand, right, f"{type or '*'}/{id}" if id else type or "*")
            raise Refused.because(403, "forbidden", "rest.forbidden", type=type or "*", right=right)

    def _view(self, errand: Errand, reading: Reading | None = None) -> View:
        return View(self._store, errand, self.clock(), reading)

    def _seen(
        self, errand: Errand, version: Version | None, right: Right = "r", *, told: bool = True
    ) -> Version | None:
        """A version that the actor may meet, as it may be shown; any other is as if it were not there.

        `told`: not inside a transaction, which is told of as a whole.
        """
        if version is None or (version.labels is None and not is_limited(errand.actor)):
            return version
        view = self._view(errand)
        if view.lets(right, version):
            return view.shown([version])[0]
        if told:
            self._teller.refused(errand, right, f"{version.type}/{version.id}", subject(version))
        return None

    def _told(
        self, errand: Errand, kind: str, what: str, version: Version | None, stored: Version | None
    ) -> Version | None:
        """What is stored and not shown was told as a denial: once, so that it takes no longer than what is absent."""
        if version is not None or stored is None:
            self._teller.shown(errand, kind, what, [] if version is None else [version])
        return version


def _origin(errand: Errand) -> Origin:
    return Origin(errand.actor.id, errand.purpose)


def _as_saved(version: Version) -> Saved:
    return Saved(version.type, version.id, version.version, version.updated, "unchanged", version.body)
