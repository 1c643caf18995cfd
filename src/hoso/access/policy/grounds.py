"""Why somebody reaches a person's records. Each ground says it twice, of facts in hand and of rows of a table.

Which records a ground opens (kinds, labels) stands with it, so that one right never lends its labels to another.
"""

from __future__ import annotations

from collections.abc import Iterator

from hoso.access.policy.ask import Ask, Facts, Ground
from hoso.access.policy.matrix import OPEN_KINDS, kinds, representation
from hoso.fhir.consents import FREE
from hoso.fhir.extraction.authors import AUTHORS
from hoso.fhir.labels import labels, mask, sealed
from hoso.fhir.model import load
from hoso.fhir.relations import KINDS
from hoso.store.consents import Call, Permitted
from hoso.store.reach import Author, Clause, Either, Of, Tied

TIES = tuple(KINDS.index(kind) + 1 for kind in KINDS if kind != "guardian")
TREATING = tuple(KINDS.index(kind) + 1 for kind in KINDS if kind in ("visit", "referral", "team"))
VISIT = (KINDS.index("visit") + 1,)
GUARDIAN = KINDS.index("guardian") + 1
_OPEN = frozenset(type for kind in OPEN_KINDS for type in kinds()[kind])
_LONG_AGO, _NEVER = -(1 << 61), 1 << 61
_EVERY = frozenset(label.name for label in labels())


def grounds(ask: Ask) -> tuple[Ground, ...]:
    """The likeliest first."""
    return tuple(_grounds(ask))


def _grounds(ask: Ask) -> Iterator[Ground]:
    yield Ground("open", lambda facts: facts.type in _OPEN, None, _OPEN, frozenset())
    match ask.role.reach:
        case "all":
            yield Ground("all", lambda facts: True, None, None, ask.role.labels)
        case "tied":
            yield _tied("tied", TIES, ask, ask.role.labels)
            if ask.role.treating:
                yield _tied("treating", TREATING, ask, ask.role.labels | ask.role.treating)
            yield from _given(ask)
            if ask.permits:
                yield from _permitted(ask)
            if ask.authors:
                yield _author(ask)
        case "visited":
            yield _tied("visited", VISIT, ask, ask.role.labels, over=True)
        case "own":
            yield from _citizen(ask)


def _tied(name: str, kinds: tuple[int, ...], ask: Ask, cleared: frozenset[str], *, over: bool = False) -> Ground:
    """`over`: also by a relation that has ended."""
    grantees, now, wanted = frozenset(ask.grantees), ask.now, frozenset(kinds)

    def holds(facts: Facts) -> bool:
        for kind, grantee, since, until, _ in facts.ties:
            if since <= now and (over or now < until) and grantee in grantees and kind in wanted:
                return True
        return False

    return Ground(name, holds, Tied(kinds, ask.grantees, now, over=over), None, cleared)


def _given(ask: Ask) -> Iterator[Ground]:
    """A grant of the citizen or a colleague lends what the role is cleared for; an emergency all but what is sealed.

    An emergency counts in a role that may open one: in another no page would say that it is open.
    """
    for kind in ("grant", "delegation", "emergency"):
        patients = ask.given.get(kind, frozenset())
        if patients and (kind != "emergency" or ask.role.emergency):
            cleared = _EVERY - sealed() if kind == "emergency" else ask.role.labels
            yield _of(kind, patients, None, cleared)


def _permitted(ask: Ask) -> Iterator[Ground]:
    """A Consent that names the caller opens what it says, one ground for each type."""
    for type in sorted(ask.role.types[ask.activity] - FREE):
        call = ask.call(type)

        def holds(facts: Facts, call: Call = call) -> bool:
            return call.permitted(facts.consents, facts.rid, mask(facts.labels))

        yield Ground("consent", holds, Permitted(call), frozenset({type}), ask.role.labels)


def _author(ask: Ask) -> Ground:
    mine = frozenset(ask.authors)
    numbers = load().type_number
    keys = tuple(
        numbers[type] << 7 | load().search_params[type][param].bit << 1
        for type, params in AUTHORS.items()
        for param in params
    )
    return Ground(
        "author",
        lambda facts: bool(mine & facts.authors),
        Author(keys, ask.authors),
        frozenset(AUTHORS),
        _EVERY - sealed(),
    )


def _citizen(ask: Ask) -> Iterator[Ground]:
    rules = representation()
    full = ask.role.labels
    if ask.own:
        yield _of("self", ask.own, None, full)
    if ask.citizen:
        child, shared, adult = ask.ages
        yield _guardian("guardian", ask, child, _NEVER, None, full)
        yield _guardian("guardian-shared", ask, shared, child, None, full - rules.private)
        yield _guardian("guardian-summary", ask, adult, shared, rules.summary, full - rules.private)
    if patients := ask.given.get("representative"):
        yield _of("representative", patients, None, full - rules.private)
    if patients := ask.given.get("summary"):
        yield _of("representative-summary", patients, rules.summary, frozenset())


def _guardian(
    name: str, ask: Ask, after: int, until: int, types: frozenset[str] | None, cleared: frozenset[str]
) -> Ground:
    """Of somebody born after one moment and not after another; of whom no birth date is known, nobody is guardian."""
    grantee, now = ask.citizen, ask.now

    def holds(facts: Facts) -> bool:
        return any(
            t.kind == GUARDIAN
            and t.grantee == grantee
            and t.since <= now < t.until
            and any(after < high <= until for high in t.born)
            for t in facts.ties
        )

    clause = Tied((GUARDIAN,), (grantee,), now, (ask.birthdate, after, until))
    return Ground(name, holds, clause, types, cleared)


def _of(name: str, patients: frozenset[int], types: frozenset[str] | None, cleared: frozenset[str]) -> Ground:
    return Ground(name, lambda facts: facts.patient in patients, Of(patients), types, cleared)


def one_of(clauses: list[Clause | None]) -> Clause | None:
    """None when one of them holds for every record."""
    found = [clause for clause in clauses if clause is not None]
    return Either(tuple(found)) if len(found) == len(clauses) else None
