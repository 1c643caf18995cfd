"""What a search is called: in the log, and as the lock of conditional writes that mean the same."""

from __future__ import annotations

from hoso.core.errors import Refused
from hoso.core.escaping import escaped
from hoso.fhir.number_systems import number_space
from hoso.fhir.search import Query
from hoso.fhir.search.query import Compartment


def text_of(query: Query) -> str:
    """A search as the log has it, however its parameters were escaped."""
    place = ",".join(query.types) if not query.all_types else ""
    within = next((one for one in query.conditions if isinstance(one, Compartment)), None)
    if within is not None:
        place = f"{within.type}/{within.id}/{place or '*'}"
    return f"{place}?{escaped(query.self_pairs)}"


def type_of(criteria: Query) -> str:
    if len(criteria.types) != 1:
        raise Refused.because(400, "required", "rest.criteria-type")
    return criteria.types[0]


def lock_name(criteria: Query) -> str:
    """What two conditional writes on the same criteria have in common, however their parameters were ordered and
    whichever address they name a number by."""
    return f"{type_of(criteria)}?{sorted(map(_by_space, criteria.self_pairs))}"


def _by_space(pair: tuple[str, str]) -> tuple[str, str]:
    system, bar, value = pair[1].partition("|")
    return pair[0], f"{number_space(system, value)}{bar}{value}"
